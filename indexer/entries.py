"""What an engine holds, and the filter it is asked under.

An entry is a record as the engines see it: an id, a unit vector, sparse word weights and attributes. A filter is a set of conditions
that must all hold; each engine turns it into what it can test quickly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""A unit vector, shape (dimensions,)."""

Attributes = Mapping[str, "tuple[str, ...] | float"]
"""Values by attribute: codes and names as texts, years and levels as numbers. What is not stated is left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`words` holds the record's half of BM25 by word; `vector` is None where no model was at hand."""

    id: int
    vector: Vector | None
    words: Mapping[str, float]
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Among:
    """The attribute has at least one of these values; of a number, it is one of those written here."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Between:
    """The attribute is stated and lies within the bounds, both included."""

    attribute: str
    low: float = float("-inf")
    high: float = float("inf")


Filter = tuple[Among | Between, ...]
"""Conditions that all must hold, which is what `passes` says; the empty filter lets everything pass."""


def passes(attributes: Attributes, filter: Filter) -> bool:
    """The definition of a filter, for one entry; engines test theirs against it."""
    for condition in filter:
        value = attributes.get(condition.attribute)
        if isinstance(condition, Among):
            held = value if isinstance(value, tuple) else () if value is None else (f"{value:.15g}",)
            if not condition.values.intersection(held):
                return False
        elif not (isinstance(value, int | float) and condition.low <= value <= condition.high):
            return False
    return True


class Engine(Protocol):
    """Takes inner products of entries with a question, under a filter. Scores are rounded nowhere; ties go to the lower id."""

    @property
    def revision(self) -> int:
        """The change of the store up to which the entries are known."""
        ...

    @property
    def has_vectors(self) -> bool: ...

    def apply(self, changed: Sequence[Entry], gone: Sequence[int], revision: int) -> None:
        """What came since, searchable on return."""
        ...

    def near(self, vector: Vector, k: int, filter: Filter) -> list[tuple[int, float]]:
        """The k entries of the highest cosine: (id, cosine), best first."""
        ...

    def holding(self, words: Mapping[str, float], k: int, filter: Filter) -> list[tuple[int, float]]:
        """The k entries of the highest, positive word score: (id, score), best first. `words` is the question's half of BM25."""
        ...

    def scores(self, ids: Sequence[int], vector: Vector | None, words: Mapping[str, float]) -> tuple[Vector, Vector]:
        """Exact cosines and word scores of given entries, in their order; zeros where there is no vector or no word."""
        ...

    def frequencies(self, words: Sequence[str], filter: Filter) -> tuple[int, dict[str, int]]:
        """How many entries pass the filter, and how many of them hold each word."""
        ...

    def browse(self, k: int, filter: Filter, by: str | None = None, *, least: bool = False) -> list[int]:
        """The ids of the k latest entries (highest ids) that pass; `by` a number the highest of it first, or the `least`, not stated last."""
        ...

    def count(self, filter: Filter) -> int: ...

    def tally(self, attribute: str, values: Sequence[str], filter: Filter) -> dict[str, int]:
        """How many of the entries that pass have each of the values; those that none has are left out."""
        ...

    def spread(self, attribute: str, filter: Filter) -> dict[float, int]:
        """How many of the entries that pass have each number of an attribute, ascending."""
        ...

    def vectors(self, ids: Sequence[int]) -> Vector:
        """The vectors of entries as they are kept, shape (ids, dimensions); zeros where there is none."""
        ...
