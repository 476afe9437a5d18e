"""Reading a static model's folder with numpy: a vector for each token, the mean of a text's tokens, scaled to length one.

The folder is an ordinary sentence-transformers model (a `StaticEmbedding`, with or without a `Normalize` after it); importing torch
to read it would cost seconds and 300 MB.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

_AT_ONCE = 2048
_REMEMBERED = 64
"""Texts asked last whose vectors are kept."""
_LONGEST = 20_000
"""Characters of a text that are read; far above any record, below what a pasted book would cost."""


def is_static(folder: Path) -> bool:
    """Whether the folder's modules are a StaticEmbedding, perhaps followed by Normalize."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])


class StaticEncoder:
    """Implements `indexer.encoder.Encoder`. Questions and records are read alike."""

    is_light = True
    is_small = True

    def __init__(self, folder: Path, fingerprint: str) -> None:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        place = folder / modules[0].get("path", "")
        weights = load_file(place / "model.safetensors")
        rows = weights["embedding.weight"] if "embedding.weight" in weights else weights["embeddings"]
        self.name = folder.name if folder.name != "model" else "duijie-static-zh"
        self.fingerprint = fingerprint
        self.rows: NDArray[np.float32] = rows.astype(np.float32)
        self.dimensions = int(rows.shape[1])
        self.tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        self.tokenizer.no_padding()
        self._asked = lru_cache(maxsize=_REMEMBERED)(lambda text: self._encoded([text])[0])

    def encode(self, texts: Sequence[str], *, asking: bool = False) -> NDArray[np.float32]:
        """Unit vectors of shape (texts, dimensions); a text without a known token gets zeros."""
        if asking and texts:  # a search asks twice with one text: of which trades it speaks, and what lies near it
            return np.stack([self._asked(text) for text in texts])
        return self._encoded(texts)

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            some = [text[:_LONGEST] for text in texts[start : start + _AT_ONCE]]
            encoded = self.tokenizer.encode_batch_fast(some, add_special_tokens=False)
            for row, tokens in enumerate(encoded, start=start):
                if tokens.ids:
                    vectors[row] = self.rows[tokens.ids].mean(axis=0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors
