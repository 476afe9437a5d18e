"""A small transformer read with numpy: words in their context, beside the static model's mean of words.

A text is read as the static model's words, with a sign where a sentence ends and one in front that says whether it asks or is kept. Its vector is that of
the static model and that of the transformer end to end, so weighed that cosines add up: (1 - share) · static + share · contextual. An engine needs to
know nothing of it. The folder holds 8-bit weights with a scale a row; importing torch to read them would cost seconds and 300 MB.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from indexer.static import StaticEncoder

Numbers = NDArray[np.float32]

SENTENCE_END = re.compile(r"(?<=[。；;！？\n])|(?<=\D\.)(?=\D)")
SHAPE, WEIGHTS = "contextual.json", "model.safetensors"
SIGNS = 8
"""Rows of the table after those of the words."""
ABSENT, HIDDEN, BETWEEN, ASKED, STOP, KEPT = range(6)
"""Signs, as numbers after the last word: no word, a word to be guessed, the end of a text, a question's start, a sentence's end, a record's start."""
HEAD = 64
"""Numbers of a head of attention."""


@dataclass(frozen=True)
class Shape:
    """What the folder's numbers mean. `words`: fingerprint of the static model whose words it reads; `share`: its part in a cosine."""

    words: str
    layers: int
    width: int
    dimensions: int
    longest: int = 160
    share: float = 0.3


def is_contextual(folder: Path) -> bool:
    return (folder / SHAPE).is_file()


def write_contextual(folder: Path, shape: Shape, weights: dict[str, Numbers]) -> None:
    """Put the weights into the folder, matrices as 8-bit numbers: `name` and `name.scale`, a scale for each row."""
    folder.mkdir(parents=True, exist_ok=True)
    kept: dict[str, NDArray[np.int8] | Numbers] = {}
    for name, rows in weights.items():
        if rows.ndim == 1:
            kept[name] = rows.astype(np.float32)
            continue
        scale = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
        kept[name] = np.round(rows / scale[:, None]).astype(np.int8)
        kept[f"{name}.scale"] = scale.astype(np.float32)
    save_file(kept, str(folder / WEIGHTS))
    (folder / WEIGHTS).chmod(0o644)
    (folder / SHAPE).write_text(json.dumps(asdict(shape), indent=2) + "\n", "utf-8")


class ContextualEncoder:
    """Implements `indexer.encoder.Encoder`, in the folder's weights and the `static` model's. Raises ValueError where the two do not belong together."""

    is_light = False
    is_small = True

    def __init__(self, folder: Path, fingerprint: str, static: StaticEncoder) -> None:
        self.shape = Shape(**json.loads((folder / SHAPE).read_text("utf-8")))
        if self.shape.words != static.fingerprint:
            raise ValueError(f"made for the words of {self.shape.words}, not for those of {static.fingerprint}")
        self.name, self.fingerprint, self.static = "duijie-contextual-zh", fingerprint, static
        self.dimensions = static.dimensions + self.shape.dimensions
        self.words = len(static.rows)
        self._weights = _read(folder / WEIGHTS)
        self._turns = _turns(self.shape.longest)

    def encode(self, texts: Sequence[str], *, asking: bool = False) -> Numbers:
        """Unit vectors of shape (texts, dimensions); a text without a known word gets zeros."""
        share = self.shape.share
        plain = self.static.encode(texts, asking=asking)
        both = np.zeros((len(texts), self.dimensions), np.float32)
        both[:, : plain.shape[1]] = math.sqrt(1 - share) * plain
        for row in np.flatnonzero(plain.any(axis=1)).tolist():
            both[row, plain.shape[1] :] = math.sqrt(share) * self.in_context(self.signed(texts[row], asking))
        return both

    def signed(self, text: str, asking: bool) -> list[int]:
        """The sign in front and the first words of a text."""
        words = numbered(self.static, text[: 6 * self.shape.longest])
        return [self.words + (ASKED if asking else KEPT), *words][: self.shape.longest]

    def in_context(self, numbers: Sequence[int]) -> Numbers:
        """The unit vector of a text."""
        known = self._weights
        x = known["table"][list(numbers)]
        for layer in range(self.shape.layers):
            at = f"blocks.{layer}"
            x += self._attended(normed(x, known[f"{at}.n1"]), at)
            x += bent(normed(x, known[f"{at}.n2"]) @ known[f"{at}.up"]) @ known[f"{at}.down"]
        mean = normed(x, known["n"]).mean(axis=0) @ known["single"]
        unit: Numbers = mean / np.linalg.norm(mean)
        return unit

    def _attended(self, x: Numbers, at: str) -> Numbers:
        """What each word takes over from the others, head by head."""
        count, width = x.shape
        asks, answers, says = (x @ self._weights[f"{at}.qkv"]).reshape(count, 3, width // HEAD, HEAD).swapaxes(0, 1)
        asks, answers = self._turned(asks), self._turned(answers)
        heed = asks.transpose(1, 0, 2) @ answers.transpose(1, 2, 0)
        heed -= heed.max(axis=2, keepdims=True)
        heed /= np.float32(math.sqrt(HEAD))
        np.exp(heed, out=heed)
        heed /= heed.sum(axis=2, keepdims=True)
        taken = (heed @ says.transpose(1, 0, 2)).transpose(1, 0, 2).reshape(count, width)
        given: Numbers = taken @ self._weights[f"{at}.o"]
        return given

    def _turned(self, x: Numbers) -> Numbers:
        """Turned by an angle that grows with the place, so that likeness knows how far apart two words stand (Su et al. 2021)."""
        cos, sin = (part[: len(x), None] for part in self._turns)
        one, other = x[..., : HEAD // 2], x[..., HEAD // 2 :]
        return np.concatenate((one * cos - other * sin, other * cos + one * sin), axis=-1)


def numbered(static: StaticEncoder, text: str) -> list[int]:
    """The numbers of a text's words by the static model, with signs where sentences end."""
    some = [part for part in SENTENCE_END.split(text) if part.strip()]
    numbers: list[int] = []
    for sentence in static.tokenizer.encode_batch_fast(some, add_special_tokens=False):
        if sentence.ids and numbers:
            numbers.append(len(static.rows) + STOP)
        numbers += sentence.ids
    return numbers


def normed(x: Numbers, weight: Numbers) -> Numbers:
    """Each row scaled to a mean square of one (Zhang and Sennrich 2019)."""
    scaled: Numbers = x / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + np.float32(1e-6)) * weight
    return scaled


def bent(x: Numbers) -> Numbers:
    """The Gaussian error linear unit, by the hyperbolic tangent (Hendrycks and Gimpel 2016).

    Step by step in one place: to fetch fresh memory for each would take longer than to compute.
    """
    out: Numbers = np.square(x)
    out *= np.float32(0.7978845608 * 0.044715)
    out += np.float32(0.7978845608)
    out *= x
    np.tanh(out, out=out)
    out += np.float32(1)
    out *= x
    out *= np.float32(0.5)
    return out


def _turns(longest: int) -> tuple[Numbers, Numbers]:
    pace = 10_000.0 ** (-np.arange(HEAD // 2) / (HEAD // 2))
    angles = np.arange(longest)[:, None] * pace[None]
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _read(file: Path) -> dict[str, Numbers]:
    """The weights; matrices but the table lie as they are multiplied by."""
    stored = load_file(str(file))
    weights = {
        name: rows.astype(np.float32) * stored[f"{name}.scale"][:, None] if f"{name}.scale" in stored else rows
        for name, rows in stored.items()
        if not name.endswith(".scale")
    }
    return {
        name: np.ascontiguousarray(rows.T) if rows.ndim == 2 and name != "table" else rows
        for name, rows in weights.items()
    }
