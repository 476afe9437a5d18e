"""The exact ten nearest records of every question, without a filter and under each, and how many of them an engine found.

Vectors are held as 16-bit numbers and compared as 32-bit ones, block by block. A record counts as found when its cosine is at least the tenth's
less TIE: which of equal ones an engine lists is its own affair.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEAREST = 10
TIE = 1e-3
NONE = -1
"""In place of an id where fewer records pass than asked for."""
_BLOCK = 20_000


def exact(
    vectors: NDArray[np.float16], asking: NDArray[np.float32], masks: Sequence[NDArray[np.bool_] | None]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cosines and ids, best first, of shape (masks, questions, NEAREST). A mask of None lets all pass."""
    shape = (len(masks), len(asking), NEAREST)
    scores, ids = np.full(shape, -np.inf, np.float32), np.full(shape, NONE, np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[start : start + _BLOCK], np.float32)
        cosines = asking @ block.T
        for place, mask in enumerate(masks):
            rows = np.arange(len(block)) if mask is None else np.flatnonzero(mask[start : start + _BLOCK])
            among = np.concatenate([scores[place], cosines[:, rows]], axis=1)
            named = np.concatenate([ids[place], np.broadcast_to(start + rows, (len(asking), len(rows)))], axis=1)
            best = np.argpartition(-among, NEAREST - 1, axis=1)[:, :NEAREST]
            scores[place] = np.take_along_axis(among, best, 1)
            ids[place] = np.take_along_axis(named, best, 1)
    order = np.argsort(-scores, axis=2, kind="stable")
    return np.take_along_axis(scores, order, 2), np.take_along_axis(ids, order, 2)


def found(
    vectors: NDArray[np.float16],
    asking: NDArray[np.float32],
    answer: Sequence[int],
    scores: NDArray[np.float32],
    passing: NDArray[np.bool_] | None,
) -> float | None:
    """The share of one question's nearest that stand in an engine's first ten; None where no record passes."""
    there = int(np.isfinite(scores).sum())
    if not there:
        return None
    ids = np.array(sorted(set(answer[:NEAREST])), np.int64)
    if passing is not None and len(ids):
        ids = ids[passing[ids]]
    cosines = vectors[ids].astype(np.float32) @ asking if len(ids) else np.zeros(0, np.float32)
    return min(1.0, int((cosines >= scores[there - 1] - TIE).sum()) / there)
