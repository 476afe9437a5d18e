"""Kernels: the loops over postings and vectors that numpy would go through too slowly, compiled by numba and kept on disk.

They let go of the interpreter's lock, so several questions are answered at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


_IN_CACHE = 1 << 17
"""Rows whose totals stay in a core's cache: half a megabyte."""
_TOLD_OFF = 64


def compiled(function: Function, *, any_order: bool = False) -> Function:
    """Compiled at the first call; kept beside the code, or for this process alone where nobody may write.

    With `any_order`, sums are added up in the order that suits the processor, the same for every row.
    """
    fast = {"reassoc", "contract"} if any_order else False
    try:
        return cast("Function", njit(nogil=True, cache=True, fastmath=fast)(function))
    except RuntimeError:  # numba found no folder to keep it in
        return cast("Function", njit(nogil=True, fastmath=fast)(function))


@partial(compiled, any_order=True)
def products(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inner product of each of the vectors, shape (rows, dimensions), with one; summed in 64 bits, so that equal ones come to the same.

    The matrix library would be no quicker, and would start threads of its own, which wait for each other where several questions are answered.
    """
    found = np.empty(len(vectors), np.float32)
    for row in range(len(vectors)):
        total = 0.0
        for place in range(len(vector)):
            total += np.float64(vectors[row, place]) * np.float64(vector[place])
        found[row] = total
    return found


@partial(compiled, any_order=True)
def half_products(
    codes: NDArray[np.uint16], rows: NDArray[np.int64], vector: NDArray[np.float64]
) -> NDArray[np.float32]:
    """`products` of the vectors of some rows, which are kept as 16-bit floating-point numbers, of which `codes`, shape (all rows, dimensions), are the bits.

    A 16-bit number's exponent and fraction, put where a 32-bit one has them, give the number over 2¹¹². Rows lie apart in memory: some are fetched
    together, so that none is waited for.
    """
    found = np.empty(len(rows), np.float32)
    together = np.empty((64, len(vector)), np.uint16)
    for start in range(0, len(rows), 64):
        some = min(64, len(rows) - start)
        for place in range(some):
            together[place] = codes[rows[start + place]]
        for place in range(some):
            total = 0.0
            for at in range(len(vector)):
                code = np.uint32(together[place, at])
                sign = (code & np.uint32(0x8000)) << np.uint32(16)
                bits = np.uint32(sign | ((code & np.uint32(0x7FFF)) << np.uint32(13)))
                total += np.float64(bits.view(np.float32)) * vector[at]
            found[start + place] = total * 2.0**112
    return found


@compiled
def accumulate(
    total: NDArray[np.float32],
    rows: NDArray[np.int32],
    weights: NDArray[np.uint16],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    factors: NDArray[np.float32],
) -> None:
    """Put into `total`, shape (rows,), the sum of each row's postings, each a weight times its word's factor, one word after the other.

    Some rows at a time, which stay in the processor's cache while the words that they hold are gone through: a third less time than word by word.
    """
    reached = starts.copy()
    for low in range(0, len(total), _IN_CACHE):
        high = min(len(total), low + _IN_CACHE)
        total[low:high] = 0
        for word in range(len(reached)):
            start, end, factor = reached[word], ends[word], factors[word]
            if high < len(total):
                end = start + np.searchsorted(rows[start:end], high)
            for place in range(start, end):
                total[rows[place]] += factor * np.float32(weights[place])
            reached[word] = end


@compiled
def standing(
    allowed: NDArray[np.bool_], rows: NDArray[np.int32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many of the rows from each start to its end are allowed, shape (starts,)."""
    counts = np.zeros(len(starts), np.int64)
    for span in range(len(starts)):
        for place in range(starts[span], ends[span]):
            counts[span] += allowed[rows[place]]
    return counts


@compiled
def standing_among(
    few: NDArray[np.int64], rows: NDArray[np.int32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many of the rows from each start to its end are among a few; both in order. Shape (starts,)."""
    counts = np.zeros(len(starts), np.int64)
    for span in range(len(starts)):
        held = rows[starts[span] : ends[span]]
        if len(held) < len(few):
            for row in held:
                at = np.searchsorted(few, row)
                counts[span] += at < len(few) and few[at] == row
        else:
            for row in few:
                at = np.searchsorted(held, row)
                counts[span] += at < len(held) and held[at] == row
    return counts


@compiled
def _keep(scores: NDArray[np.float32], kept: NDArray[np.int64], count: int, score: float, row: int) -> None:
    """Put a row, later than those kept, into a heap of which `count` places are taken and whose root is the worst; a full one loses its root."""
    if count < len(scores):
        place = count
        while place > 0 and score <= scores[(place - 1) // 2]:  # of equal ones the later row is the worse
            scores[place], kept[place] = scores[(place - 1) // 2], kept[(place - 1) // 2]
            place = (place - 1) // 2
    else:
        place = 0
        while True:
            child = 2 * place + 1
            if child >= len(scores):
                break
            other = child + 1
            if other < len(scores) and (
                scores[other] < scores[child] or (scores[other] == scores[child] and kept[other] > kept[child])
            ):
                child = other
            if scores[child] >= score:
                break
            scores[place], kept[place] = scores[child], kept[child]
            place = child
    scores[place], kept[place] = score, row


@compiled
def highest(total: NDArray[np.float32], allowed: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """The rows of the k highest positive totals, best first, of equal ones the first rows; of the rows allowed, or of all where `allowed` is empty.

    Most rows are told off many at once, by the highest bits among them: the bits of positive numbers are ordered as the numbers are, and
    whole numbers are compared sixteen at a time.
    """
    bits = total.view(np.int32)
    scores = np.empty(k, np.float32)
    kept = np.empty(k, np.int64)
    count = 0
    least, least_bits = np.float32(0), np.int32(0)
    for start in range(0, len(total), _TOLD_OFF):
        end = min(len(total), start + _TOLD_OFF)
        if end - start == _TOLD_OFF:  # a number that the compiler knows
            most_bits = np.int32(0)
            for place in range(_TOLD_OFF):
                most_bits = max(most_bits, bits[start + place])
            if most_bits <= least_bits:
                continue
        for row in range(start, end):
            if total[row] <= least or (len(allowed) and not allowed[row]):
                continue
            _keep(scores, kept, count, total[row], row)
            count = min(count + 1, k)
            if count == k:
                least, least_bits = scores[0], scores.view(np.int32)[0]
    order = np.argsort(kept[:count])
    order = order[np.argsort(-scores[:count][order], kind="mergesort")]
    return kept[:count][order]


@compiled
def count_living(
    total: NDArray[np.int64],
    every: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    starts: NDArray[np.int64],
    rows: NDArray[np.int32],
    moved: NDArray[np.int32],
) -> None:
    """Add to `total`, shape (every,), how many rows of each key live on: are `moved` to one that is not -1. All keys ascend and are among `every`."""
    at = 0
    for key in range(len(keys)):
        while every[at] < keys[key]:
            at += 1
        for place in range(starts[key], starts[key + 1]):
            total[at] += moved[rows[place]] >= 0


@compiled
def move_living(
    into_rows: NDArray[np.int32],
    into_weights: NDArray[np.uint16],
    free: NDArray[np.int64],
    every: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    starts: NDArray[np.int64],
    rows: NDArray[np.int32],
    weights: NDArray[np.uint16],
    moved: NDArray[np.int32],
) -> None:
    """Put the living rows of each key, where they are `moved` to, and their weights into the place that is `free` for it among `every`. Keys ascend; those
    without a living row need not be among them."""
    at = 0
    for key in range(len(keys)):
        while at < len(every) and every[at] < keys[key]:
            at += 1
        for place in range(starts[key], starts[key + 1]):
            row = moved[rows[place]]
            if row >= 0:
                into_rows[free[at]], into_weights[free[at]] = row, weights[place]
                free[at] += 1


@compiled
def sort_within(rows: NDArray[np.int32], weights: NDArray[np.uint16], starts: NDArray[np.int64]) -> None:
    """Put the rows of each key into order, the weights with them; what is in order already is only looked at."""
    for key in range(len(starts) - 1):
        start, end = starts[key], starts[key + 1]
        place = start + 1
        while place < end and rows[place] >= rows[place - 1]:
            place += 1
        if place < end:
            _sort_from(rows[start:end], weights[start:end], place - start)


@compiled
def _sort_from(rows: NDArray[np.int32], weights: NDArray[np.uint16], first: int) -> None:
    """Sort rows of which those before `first` are in order: those from there on among themselves, then into the others from the back. A few old records
    among a million are mostly what came last; sorting all anew would take numba's quicksort the square of their number.
    """
    order = np.argsort(rows[first:], kind="mergesort")
    late_rows, late_weights = rows[first:][order], weights[first:][order]
    early, place = first - 1, len(rows) - 1
    for late in range(len(order) - 1, -1, -1):
        while early >= 0 and rows[early] > late_rows[late]:
            rows[place], weights[place] = rows[early], weights[early]
            early -= 1
            place -= 1
        rows[place], weights[place] = late_rows[late], late_weights[late]
        place -= 1
