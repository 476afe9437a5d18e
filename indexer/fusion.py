"""One score from what was measured: each part has a weight, and the parts add up to the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")

WEIGHTS: Mapping[Mode, Mapping[str, float]] = {
    "hybrid": {"words": 0.7, "meaning": 0.3, "exact": 0.2},
    "semantic": {"meaning": 1.0},
    "keyword": {"words": 1.0, "exact": 0.2},
}
"""`words`: the square root of the share of the question's word weight that the record holds; `meaning`: the cosine of the two vectors, not below 0;
`exact`: the share of the question's weight that lies on what the record holds letter by letter. Chosen on judged pairs, see docs/decisions.md."""

LABELS = {"words": "词语", "meaning": "语义", "exact": "原样出现"}


def parts_of(mode: Mode, *, words: float, meaning: float, exact: float) -> dict[str, float]:
    """What each part adds to the score, rounded to six places so that equal records score equal in every engine."""
    values = {"words": words, "meaning": max(0.0, meaning), "exact": exact}
    return {name: round(weight * values[name], 6) for name, weight in WEIGHTS[mode].items()}


def score_of(parts: Mapping[str, float]) -> float:
    return round(sum(parts.values()), 6)
