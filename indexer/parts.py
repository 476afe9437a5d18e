"""What an engine searches: segments of which some rows have died.

Every change of an old record is the death of a row. What passes a filter is not reckoned anew for it: the last few to die are asked for one by one,
and left out of what is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import sub

import numpy as np
from numpy.typing import NDArray

from indexer.entries import Filter, Vector
from indexer.neighbours import Mask
from indexer.scopes import Scopes
from indexer.segment import Found, Segment

Rows = NDArray[np.int64]
_LATE = 256
"""Rows that may have died late; with more, what passes is reckoned anew."""


@dataclass(frozen=True)
class Part:
    """A segment, less the rows that are dead in its scopes and those that died `late`, in order."""

    scopes: Scopes
    late: Rows = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def segment(self) -> Segment:
        return self.scopes.segment

    @property
    def alive(self) -> Mask | None:
        """The rows that live; None for all."""
        if not len(self.late):
            return self.scopes.alive
        alive = np.ones(len(self.segment), np.bool_) if self.scopes.alive is None else self.scopes.alive.copy()
        alive[self.late] = False
        return alive

    def living(self, ids: NDArray[np.int64]) -> tuple[Rows, Mask]:
        """For each id its row, and whether it lives here."""
        rows, here = self.segment.rows_of(ids)
        if self.scopes.alive is not None and len(self.scopes.alive):
            here &= self.scopes.alive[rows]
        if len(self.late):
            here &= ~_among(self.late, rows)
        return rows, here

    def without(self, ids: NDArray[np.int64]) -> Part:
        """The part once those went; what passes filters is shared, this one answers as before."""
        rows, here = self.living(ids)
        if not here.any():
            return self
        dead = replace(self, late=np.unique(np.append(self.late, rows[here])))
        return dead if len(dead.late) <= _LATE else part_of(self.segment, dead.alive)

    def near(self, vector: Vector, k: int, filter: Filter, above: float) -> Found:
        """Of the rows that pass, the k of the highest cosine; those below `above` may be left out."""
        return self._left(self.scopes.near(vector, k + len(self.late), filter, above), k)

    def holding(self, words: Mapping[str, float], k: int, filter: Filter) -> Found:
        """Of the rows that pass, the k of the highest word scores."""
        return self._left(self.scopes.holding(words, k + len(self.late), filter), k)

    def _left(self, found: Found, k: int) -> Found:
        if not len(self.late):
            return found
        ids, scores = found
        left = np.flatnonzero(~_among(self.segment.ids[self.late], ids))[:k]
        return ids[left], scores[left]

    def count(self, filter: Filter) -> int:
        return self.scopes.under(filter).count - len(self._gone(filter))

    def word_counts(self, words: Sequence[str], filter: Filter) -> list[int]:
        """How many of the rows that pass hold each word."""
        counts, gone = self.scopes.word_counts(words, filter), self._gone(filter)
        return [*map(sub, counts, self.segment.word_counts_among(words, gone))] if len(gone) else counts

    def value_counts(self, attribute: str, values: Sequence[str], filter: Filter) -> list[int]:
        """How many of the rows that pass have each value."""
        counts = self.segment.value_counts(attribute, values, self.scopes.under(filter).allowed)
        gone = self._gone(filter)
        return [*map(sub, counts, self.segment.value_counts_among(attribute, values, gone))] if len(gone) else counts

    def number_counts(self, attribute: str, filter: Filter) -> Counter[float]:
        """How many of the rows that pass have each number."""
        counts = self.segment.number_counts(attribute, self.scopes.under(filter).allowed)
        return counts - self.segment.number_counts_among(attribute, self._gone(filter))

    def first(self, k: int, filter: Filter, by: str | None, *, least: bool) -> list[tuple[float, int]]:
        """Of the rows that pass, the k that come first, as (height, id), in no order; a few more where rows died late."""
        found = self.segment.first(k + len(self.late), self.scopes.under(filter).allowed, by, least=least)
        dead = frozenset(self.segment.ids[self.late].tolist())
        return [(height, id) for height, id in found if id not in dead]

    def _gone(self, filter: Filter) -> Rows:
        """Those of the rows that died late which would pass."""
        allowed = self.scopes.under(filter).allowed if len(self.late) else None
        return self.late if allowed is None else self.late[allowed.mask[self.late]]


def _among(few: Rows, some: Rows) -> Mask:
    """Which of some numbers are among a few, which are in order; numpy's `isin` takes seven times as long."""
    found: Mask = few[np.minimum(np.searchsorted(few, some), len(few) - 1)] == some
    return found


def part_of(segment: Segment, alive: Mask | None = None) -> Part:
    return Part(Scopes(segment, alive))


def without(parts: Sequence[Part], changed: Sequence[int] | NDArray[np.int64], gone: Sequence[int]) -> list[Part]:
    """The parts once entries changed and ids went: the old rows dead."""
    ids = np.array([*changed, *gone], np.int64)
    return [part.without(ids) for part in parts]
