"""The encoder: texts in, unit vectors out.

Any sentence-transformers model will do, by folder or hub name. A static model, such as the one in the package, is read without
importing torch; a test says that both ways of reading it agree. So is the other one in the package, `contextual`: it reads words in their context, better and slower.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import DuijieError
from indexer.contextual import ContextualEncoder, is_contextual
from indexer.fusion import FILE
from indexer.static import StaticEncoder, is_static

DEFAULT_MODEL = Path(__file__).parent / "model"
"""The static Chinese model in the package."""
CONTEXTUAL = "contextual"
CONTEXTUAL_MODEL = Path(__file__).parent / "contextual_model"
"""What the package calls by that name: the static model, and a small transformer beside it."""

_PATIENCE = 10.0
"""Seconds for the hub to say whether it has a model."""


class ModelNotLoaded(DuijieError):
    """向量模型 {name} 加载不了：{reason}。"""


class Encoder(Protocol):
    """`fingerprint` changes when the model's weights do: it stands in the index's manifest and keys the cached vectors."""

    name: str
    fingerprint: str
    dimensions: int
    is_light: bool
    """Whether making a vector costs no more than reading one from a file."""
    is_small: bool
    """Whether every core may hold one."""

    def encode(self, texts: Sequence[str], *, asking: bool = False) -> NDArray[np.float32]:
        """Unit vectors of shape (texts, dimensions), of questions if `asking`, else of records."""
        ...


@cache
def packaged() -> StaticEncoder:
    """The model in the package, read once."""
    return StaticEncoder(DEFAULT_MODEL, fingerprint(DEFAULT_MODEL))


class TransformerEncoder:
    """A model that sentence-transformers loads, with its own prompts for questions and documents."""

    is_light = False
    is_small = False

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.model = model
        self.fingerprint = fingerprint(name)
        self.dimensions = int(model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], *, asking: bool = False) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        encode = self.model.encode_query if asking else self.model.encode_document
        vectors = encode(list(texts), convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def load_encoder(name: str | None = None) -> Encoder:
    """The encoder of a folder or hub name; None for the one in the package, `contextual` for the other. Raises ModelNotLoaded with the reason in Chinese.

    sentence-transformers has to be installed even where torch is not imported: what a model's folder means is its to say, and an
    installation that lacks it could not load any other model.
    """
    chosen = str(named(name))
    if find_spec("sentence_transformers") is None:
        raise ModelNotLoaded(
            name=chosen, reason="没有安装 sentence-transformers，请运行 pip install sentence-transformers"
        )
    folder = Path(chosen).expanduser()
    if folder.is_file():
        raise ModelNotLoaded(name=chosen, reason="这是一个文件，请给出模型所在的文件夹")
    if _is_path(chosen) and not folder.is_dir():
        raise ModelNotLoaded(name=chosen, reason="没有这个文件夹")
    try:
        if folder.is_dir() and is_static(folder):
            return packaged() if folder == DEFAULT_MODEL else StaticEncoder(folder, fingerprint(str(folder)))
        if folder.is_dir() and is_contextual(folder):
            return ContextualEncoder(folder, fingerprint(folder), packaged())
        return TransformerEncoder(chosen, _transformer(str(folder) if folder.is_dir() else chosen))
    except ModelNotLoaded:
        raise
    except Exception as error:  # whatever a model's own code raises, search goes on without it
        raise ModelNotLoaded(name=chosen, reason=_first_line(error)) from error


def named(name: str | None) -> str | Path:
    """The folder of a model in the package; any other name as it is."""
    return DEFAULT_MODEL if not name else CONTEXTUAL_MODEL if name == CONTEXTUAL else name


def _transformer(name: str) -> Any:
    """The model from its folder or the local cache; else from the hub, if that can be reached at all.

    The hub's own client tries a dead network for a minute and a half, file by file.
    """
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(name, local_files_only=True)
    except OSError:
        if _is_path(name):
            raise
    from huggingface_hub import model_info

    try:
        model_info(name, timeout=_PATIENCE)
    except Exception as error:
        reason = f"本机没有它的副本，也连不上模型库（{_first_line(error)}）。可在能联网的机器上下载，再给出文件夹"
        raise ModelNotLoaded(name=name, reason=reason) from error
    return SentenceTransformer(name)


def _is_path(name: str) -> bool:
    """Whether a name is meant as a folder; `bert-base-chinese` and `BAAI/bge-m3` are names of the hub."""
    looks_like_one = name.startswith((".", "~", os.sep)) or name.endswith(os.sep) or name.count(os.sep) > 1
    return looks_like_one or Path(name).exists()


def fingerprint(name: str | Path) -> str:
    """Of a folder: sizes, and the first and last megabyte of each file of the model; of a hub model: its name."""
    digest = hashlib.blake2b(digest_size=12)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return f"{name}@hub"
    for file in sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md" and path.name != FILE
    ):
        digest.update(f"{file.relative_to(folder)} {file.stat().st_size}\n".encode())
        with file.open("rb") as content:
            digest.update(content.read(1 << 20))
            if file.stat().st_size > 2 << 20:
                content.seek(-(1 << 20), os.SEEK_END)
                digest.update(content.read())
    return f"{folder.resolve().name}@{digest.hexdigest()}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200].rstrip('。.')}" if lines else type(error).__name__
