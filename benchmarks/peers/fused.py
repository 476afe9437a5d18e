"""Two rankings into one: reciprocal rank fusion, the same for every peer that leaves it to us."""

from __future__ import annotations

from collections.abc import Iterable

CANDIDATES = 200
"""Taken from each half."""
SHOWN = 20
RANK = 60


def fused(*halves: Iterable[int]) -> list[int]:
    """The SHOWN ids of the highest sums of 1/(RANK + place)."""
    scores: dict[int, float] = {}
    for half in halves:
        for place, id in enumerate(half, start=1):
            scores[id] = scores.get(id, 0.0) + 1 / (RANK + place)
    return sorted(scores, key=scores.__getitem__, reverse=True)[:SHOWN]
