"""A real encoder without a model: texts that share pairs of characters lie near each other."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from indexer.normalise import fold


class PairEncoder:
    """Implements `indexer.encoder.Encoder`: each pair of neighbouring characters adds a vector of its own, drawn by its hash.

    `encoded` lists every text it was ever asked for.
    """

    def __init__(self, dimensions: int = 64, fingerprint: str = "pairs@1") -> None:
        self.name, self.is_light, self.is_small = "pairs", False, False
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], *, asking: bool = False) -> NDArray[np.float32]:
        self.encoded += texts
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for one, other in pairwise(fold(text)):
                vectors[row] += self._drawn(one + other)
            length = float(np.linalg.norm(vectors[row]))
            vectors[row] /= length or 1.0
        return vectors

    def _drawn(self, pair: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.blake2b(pair.encode(), digest_size=8).digest(), "little")
        return np.random.default_rng(seed).normal(size=self.dimensions).astype(np.float32)
