"""Scopes: the rows of a segment that pass a filter.

What passes is kept for the filters that were asked last; one that passes nearly the same rows as another is made from that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import add

import numpy as np
from numpy.typing import NDArray

from indexer.entries import Among, Filter, Vector
from indexer.neighbours import Allowed, Mask, Neighbours
from indexer.segment import Found, Segment

_SCOPES = 64
"""Filters of which what passes is kept, a byte a row each: more than the map of supply and demand asks for somebody who sees more than most."""
_RARE = 100
"""A value that fewer rows have than one in so many is rare: what it adds to a scope is counted apart."""
_WORDS_KEPT = 100_000
_SIDE_BY_SIDE = 4
"""Filters whose vectors are kept side by side: 31 MB each at most, in a million records of 256 numbers."""


@dataclass
class Scope:
    """The rows that pass a filter (None: all of them), and how many of them hold a word, as far as was asked."""

    allowed: Allowed | None
    count: int
    nearly: Filter | None = None
    """A filter that others ask as well, under which all of these rows pass but those `apart`."""
    apart: NDArray[np.int64] | None = None
    holding: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    """How often something near was asked for under the filter."""


@dataclass(frozen=True)
class Passing:
    """The rows that pass a filter, and their vectors side by side."""

    rows: NDArray[np.int64]
    vectors: Neighbours


@dataclass(frozen=True)
class Scopes:
    """Those of a segment of which some rows may be dead (`alive` None: none)."""

    segment: Segment
    alive: Mask | None = None
    _scopes: dict[Filter, Scope] = field(default_factory=dict, compare=False, repr=False)
    _passing: dict[Filter, Passing] = field(default_factory=dict, compare=False, repr=False)

    def under(self, filter: Filter) -> Scope:
        """What passes the filter; kept for the filters that were asked last."""
        scope = self._scopes.pop(filter, None) or self._made(filter)
        for oldest in list(self._scopes)[: 1 - _SCOPES]:  # other threads add and drop at the same time
            self._scopes.pop(oldest, None)
        self._scopes[filter] = scope
        return scope

    def _made(self, filter: Filter) -> Scope:
        """By what is kept for a filter that passes nearly the same rows, where there is one: what a firm may see is what every firm may, and
        a few rows more."""
        for condition in filter:
            if isinstance(condition, Among) and (few := self.segment.rare(condition, len(self.segment) // _RARE)):
                return self._widened(filter, condition, few)
        mask = self.segment.passing(filter)
        if self.alive is not None:
            mask = self.alive if mask is None else self.alive & mask
        if mask is None:
            return Scope(None, len(self.segment))
        allowed = Allowed(mask)
        return Scope(allowed, allowed.count)

    def _widened(self, filter: Filter, condition: Among, few: frozenset[str]) -> Scope:
        common = replace(condition, values=condition.values - few)
        nearly = tuple(common if other is condition else other for other in filter)
        base = self.under(nearly)
        if base.allowed is None:
            return base
        rows = self.segment.rows_with(condition.attribute, few)
        others = self.under(tuple(other for other in filter if other is not condition)).allowed
        rows = rows[~base.allowed.mask[rows] if others is None else others.mask[rows] & ~base.allowed.mask[rows]]
        mask = base.allowed.mask.copy()
        mask[rows] = True
        return Scope(Allowed(mask), base.count + len(rows), nearly, rows)

    def near(self, vector: Vector, k: int, filter: Filter, above: float) -> Found:
        """Of the rows that pass, the k of the highest cosine; those below `above` may be left out."""
        passing = self._side_by_side(filter)
        if passing is None:
            return self.segment.near(vector, k, self.under(filter).allowed, above)
        rows, cosines = passing.vectors.nearest(vector, k, above=above)
        return self.segment.ids[passing.rows[rows]], cosines

    def _side_by_side(self, filter: Filter) -> Passing | None:
        """From the second question under a filter on, where it is worth it; kept for the filters that were asked last."""
        scope, vectors = self.under(filter), self.segment.vectors
        scope.asked += 1
        if vectors is None or scope.allowed is None or scope.asked == 1 or not vectors.is_better_apart(scope.count):
            return None
        passing = self._passing.pop(filter, None)
        if passing is None:
            passing = Passing(scope.allowed.rows, vectors.taken(scope.allowed.rows))
        for oldest in list(self._passing)[: 1 - _SIDE_BY_SIDE]:
            self._passing.pop(oldest, None)
        self._passing[filter] = passing
        return passing

    def holding(self, words: Mapping[str, float], k: int, filter: Filter) -> Found:
        """Of the rows that pass, the k of the highest word scores."""
        return self.segment.holding(words, k, self.under(filter).allowed)

    def word_counts(self, words: Sequence[str], filter: Filter) -> list[int]:
        """How many of the rows that pass hold each word."""
        scope = self.under(filter)
        unknown = [word for word in words if word not in scope.holding]
        counted = dict(zip(unknown, self._counted(unknown, scope), strict=True))
        if len(scope.holding) < _WORDS_KEPT:
            scope.holding.update(counted)
        return [counted[word] if word in counted else scope.holding[word] for word in words]

    def _counted(self, words: Sequence[str], scope: Scope) -> list[int]:
        if scope.nearly is None or scope.apart is None:
            return self.segment.word_counts(words, scope.allowed)
        apart = self.segment.word_counts_among(words, scope.apart)
        return [*map(add, self.word_counts(words, scope.nearly), apart)] if words else []
