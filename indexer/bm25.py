"""BM25 in two halves, so that a new record never changes an old one's weights.

A record holds the saturated frequency of each of its words, a question holds the rarity of its own; the sum of their products is
BM25 (Robertson and Zaragoza, *The Probabilistic Relevance Framework*, 2009), with one difference: the length a record is compared
with is a constant, not the library's mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

K1 = 1.2
B = 0.75
USUAL_LENGTH = 150
"""Words and character pairs of a record of medium length. A constant: a mean would move with every record that comes in."""


STEP = 2.0**-14
"""Every weight of a record is a whole number of these: 16 bits hold it exactly, and none reaches four."""


def record_half(counts: Mapping[str, int], length: int | None = None) -> dict[str, float]:
    """tf·(k1+1) / (tf + k1·(1−b+b·length/usual length)) for each word, rounded to steps, as every engine stores it.

    `length` is given where not every word counts for it.
    """
    if not counts:
        return {}
    frequencies = np.fromiter(counts.values(), np.float32, len(counts))
    room = K1 * (1 - B + B * (float(frequencies.sum()) if length is None else length) / USUAL_LENGTH)
    saturated = frequencies * (K1 + 1) / (frequencies + room)
    return dict(zip(counts, (np.maximum(1, np.rint(saturated / STEP)) * STEP).tolist(), strict=True))


def rarity(total: int, holding: int) -> float:
    """Inverse document frequency: log(1 + (N − n + ½) / (n + ½))."""
    return math.log1p((total - holding + 0.5) / (holding + 0.5))
