"""A segment: an immutable batch of entries as flat arrays, in memory or mapped from files.

Words are kept as postings: for each word (by a 64-bit hash) the rows that hold it and their weights. Attributes likewise: for each
value the rows that have it. Rows are in order of ids.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer import kernels
from indexer.bm25 import STEP
from indexer.entries import Among, Filter, Vector
from indexer.neighbours import Allowed, Mask, Neighbours

Numbers = NDArray[np.float64]
_LOOKED_UP = 4
"""Words of which single rows are looked up; for more it is quicker to add up all rows."""
_FEW_PASS = 8
"""Where one row in so many passes a filter or fewer, those are taken out before the best of them are looked for."""
ALL: Mask = np.zeros(0, np.bool_)
"""For the kernels: every row is allowed."""
Found = tuple[NDArray[np.int64], Vector]
"""Ids and their scores, best first, shape (found,) each."""
NONE: Found = np.zeros(0, np.int64), np.zeros(0, np.float32)


@dataclass(frozen=True)
class Postings:
    """Rows by key: those of `keys[i]` stand in `rows[starts[i]:starts[i + 1]]`, ascending. Weights are whole numbers of `STEP`."""

    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.uint16]

    def span(self, key: int) -> tuple[int, int]:
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        if at == len(self.keys) or int(self.keys[at]) != key:
            return 0, 0
        return int(self.starts[at]), int(self.starts[at + 1])

    def spans(self, keys: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the rows of each key begin and end, shape (keys,) each; twice the same place for one that is not here."""
        wanted = np.array(keys, np.uint64)
        if not len(self.keys):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return self.starts[at], np.where(self.keys[at] == wanted, self.starts[at + 1], self.starts[at])

    def holding(self, key: int) -> NDArray[np.int32]:
        start, end = self.span(key)
        return self.rows[start:end]


class _Scratch(threading.local):
    """What a thread added up last: every row's score for `words`."""

    words: Mapping[str, float] | None = None
    total: Vector | None = None


@dataclass(frozen=True)
class Segment:
    ids: NDArray[np.int64]
    words: Postings
    values: Postings
    """Keyed by attribute and value together."""
    numbers: Mapping[str, Numbers]
    """One number a row by attribute; NaN where it is not stated."""
    vectors: Neighbours | None
    _scratch: _Scratch = field(default_factory=_Scratch, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], Mask]:
        """For each id its row, and whether it is here at all."""
        if not len(self.ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return at, self.ids[at] == ids

    def passing(self, filter: Filter) -> Mask | None:
        """The rows that pass; None for all."""
        allowed: Mask | None = None
        for condition in filter:
            mask = np.zeros(len(self), np.bool_)
            if isinstance(condition, Among):
                if (numbers := self.numbers.get(condition.attribute)) is not None:
                    mask = np.isin(numbers, [float(value) for value in condition.values])
                for value in condition.values if numbers is None else ():
                    mask[self.values.holding(value_key(condition.attribute, value))] = True
            elif (numbers := self.numbers.get(condition.attribute)) is not None:
                mask = (numbers >= condition.low) & (numbers <= condition.high)
            allowed = mask if allowed is None else allowed & mask
        return None if allowed is not None and allowed.all() else allowed

    def near(self, vector: Vector, k: int, allowed: Allowed | None, above: float) -> Found:
        """Rows whose cosine is below `above` may be left out."""
        if self.vectors is None:
            return NONE
        rows, cosines = self.vectors.nearest(vector, k, allowed, above=above)
        return self.ids[rows], cosines

    def holding(self, words: Mapping[str, float], k: int, allowed: Allowed | None) -> Found:
        if not (len(self) and k):
            return NONE
        total = self._totals(words)
        if allowed is not None and allowed.count < len(self) // _FEW_PASS:
            rows = allowed.rows[kernels.highest(total[allowed.rows], ALL, k)]
        else:
            rows = kernels.highest(total, ALL if allowed is None else allowed.mask, k)
        return self.ids[rows], total[rows]

    def word_scores(self, rows: NDArray[np.int64], words: Mapping[str, float]) -> Vector:
        if self._scratch.words is not words and len(words) <= _LOOKED_UP:
            return self._looked_up(rows, words)
        return self._totals(words)[rows]

    def word_counts(self, words: Iterable[str], allowed: Allowed | None) -> list[int]:
        """How many rows hold each word, of those allowed."""
        return _counts(self.words, map(key_of, words), allowed)

    def value_counts(self, attribute: str, values: Iterable[str], allowed: Allowed | None) -> list[int]:
        """How many rows have each value, of those allowed."""
        return _counts(self.values, (value_key(attribute, value) for value in values), allowed)

    def word_counts_among(self, words: Iterable[str], rows: NDArray[np.int64]) -> list[int]:
        """How many of a few rows, in order, hold each word."""
        return _counts_among(self.words, map(key_of, words), rows)

    def value_counts_among(self, attribute: str, values: Iterable[str], rows: NDArray[np.int64]) -> list[int]:
        """How many of a few rows, in order, have each value."""
        return _counts_among(self.values, (value_key(attribute, value) for value in values), rows)

    def number_counts(self, attribute: str, allowed: Allowed | None) -> Counter[float]:
        """How many rows have each number, of those allowed."""
        numbers = self.numbers.get(attribute)
        return _numbers(numbers if allowed is None or numbers is None else numbers[allowed.mask])

    def number_counts_among(self, attribute: str, rows: NDArray[np.int64]) -> Counter[float]:
        """How many of a few rows have each number."""
        numbers = self.numbers.get(attribute)
        return _numbers(None if numbers is None else numbers[rows])

    def first(self, k: int, allowed: Allowed | None, by: str | None, *, least: bool) -> list[tuple[float, int]]:
        """The k rows that come first, as (height, id), in no order: by id, or by a number and then by id; what is not stated stands lowest."""
        rows = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed.mask)
        numbers = self.numbers.get(by) if by else None
        if numbers is None:
            return [(-np.inf, id) for id in self.ids[rows[len(rows) - min(k, len(rows)) :]].tolist()]
        heights = np.where(np.isnan(numbers[rows]), -np.inf, -numbers[rows] if least else numbers[rows])
        if 0 < k < len(rows):
            high = heights >= np.partition(heights, len(rows) - k)[len(rows) - k]
            rows, heights = rows[high], heights[high]
        order = np.lexsort((rows, heights))[::-1][:k]
        return list(zip(heights[order].tolist(), self.ids[rows[order]].tolist(), strict=True))

    def rare(self, condition: Among, most: int) -> frozenset[str]:
        """The values of a condition that fewer than `most` rows have, where it has others, too."""
        counts = {value: len(self.values.holding(value_key(condition.attribute, value))) for value in condition.values}
        few = frozenset(value for value, count in counts.items() if count < most)
        return few if len(few) < len(counts) else frozenset()

    def rows_with(self, attribute: str, values: Iterable[str]) -> NDArray[np.int64]:
        """The rows that have one of the values, each once, ascending."""
        mask = np.zeros(len(self), np.bool_)
        for value in values:
            mask[self.values.holding(value_key(attribute, value))] = True
        return np.flatnonzero(mask)

    def cosines(self, rows: NDArray[np.int64], vector: Vector) -> Vector:
        if self.vectors is None or not len(rows):
            return np.zeros(len(rows), np.float32)
        return self.vectors.cosines(rows, vector)

    def _totals(self, words: Mapping[str, float]) -> Vector:
        """Every row's score, shape (rows,): the thread's own until it asks for other words. They must not change in between."""
        scratch = self._scratch
        if scratch.total is None:
            scratch.total = np.zeros(len(self), np.float32)
        if scratch.words is not words:
            starts, ends = self.words.spans([key_of(word) for word in words])
            factors = np.array([rare * STEP for rare in words.values()], np.float32)
            kernels.accumulate(scratch.total, self.words.rows, self.words.weights, starts, ends, factors)
            scratch.words = words
        return scratch.total

    def _looked_up(self, rows: NDArray[np.int64], words: Mapping[str, float]) -> Vector:
        total = np.zeros(len(rows), np.float32)
        for word, rare in words.items():
            start, end = self.words.span(key_of(word))
            if end > start:
                held = self.words.rows[start:end]
                at = np.minimum(np.searchsorted(held, rows), len(held) - 1)
                weights = self.words.weights[start:end][at].astype(np.float32)
                total += np.where(held[at] == rows, np.float32(rare * STEP) * weights, np.float32(0))
        return total


def _counts(postings: Postings, keys: Iterable[int], allowed: Allowed | None) -> list[int]:
    """How many rows stand under each key, of those allowed."""
    starts, ends = postings.spans(list(keys))
    counts = ends - starts if allowed is None else kernels.standing(allowed.mask, postings.rows, starts, ends)
    found: list[int] = counts.tolist()
    return found


def _counts_among(postings: Postings, keys: Iterable[int], rows: NDArray[np.int64]) -> list[int]:
    """How many of the rows stand under each key."""
    counts: list[int] = kernels.standing_among(rows, postings.rows, *postings.spans(list(keys))).tolist()
    return counts


def _numbers(stated: Numbers | None) -> Counter[float]:
    """How often each number is stated."""
    if stated is None:
        return Counter()
    values, counts = np.unique(stated[np.isfinite(stated)], return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


@lru_cache(maxsize=1 << 18)
def key_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def value_key(attribute: str, value: str) -> int:
    return key_of(f"{attribute}={value}")
