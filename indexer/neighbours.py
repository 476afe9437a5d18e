"""Neighbours: the rows whose vectors lie nearest to a question's, by FAISS.

Few vectors are compared one by one, as 16-bit numbers. Many lie in lists around centres and are kept twice: as codes of four bits for two numbers, by
which the nearest lists are gone through, and as 16-bit numbers, by which the best of those are compared again. Where few rows pass a filter they are
compared one by one, however many there are in all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.entries import Vector

Mask = NDArray[np.bool_]
Block = Callable[[int, int], NDArray[np.float32]]
"""The vectors of the rows from one number to another, shape (rows, dimensions)."""

FEW = 20_000
"""Vectors up to which none is passed over."""
_FEW_PASS = 5_000
"""Rows passing a filter up to which they are compared one by one."""
_COMPARED_AGAIN = 2_000
"""Rows that are compared again as 16-bit numbers."""
_SHARE = 1 / 4
"""Of the lists, those gone through; half as many again where a filter leaves less than a tenth. docs/performance.md has the recall."""
_TIE = 1e-6
"""Within which FAISS's sums of equal vectors lie."""
_FEWEST_LISTS = 32
"""Lists that are gone through in any case: where there are few, each is wide and its neighbours matter."""
_SAMPLED = 51_200
_AT_ONCE = 20_000
_TOGETHER = 64


def neighbour_index(count: int, dimensions: int, block: Block) -> faiss.Index:
    """An inner-product index over `count` unit vectors. The same vectors give the same index."""
    index: faiss.Index
    if count <= FEW or dimensions % 2:
        index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    else:
        lists = 2 ** round(math.log2(math.sqrt(count)))
        index = faiss.index_factory(
            dimensions, f"IVF{lists},PQ{dimensions // 2}x4fs,Refine(SQfp16)", faiss.METRIC_INNER_PRODUCT
        )
        index.train(_sample(count, block))
    for start in range(0, count, _AT_ONCE):
        index.add(np.ascontiguousarray(block(start, min(start + _AT_ONCE, count)), np.float32))
    return index


def _sample(count: int, block: Block) -> NDArray[np.float32]:
    """Runs of rows from all over, to learn centres and codes from."""
    starts = np.linspace(0, max(0, count - _TOGETHER), max(1, min(count, _SAMPLED) // _TOGETHER)).astype(int)
    return np.ascontiguousarray(np.concatenate([block(start, start + _TOGETHER) for start in starts]), np.float32)


def nearest(index: faiss.Index, vector: Vector, k: int, allowed: Mask | None) -> tuple[NDArray[np.int64], Vector]:
    """The rows of the highest cosines and these, best first, at most k; of the rows allowed, None for all. Exact where `FEW` holds."""
    passing = index.ntotal if allowed is None else int(np.count_nonzero(allowed))
    if allowed is not None and passing <= _FEW_PASS:
        return _best(index, np.flatnonzero(allowed), vector, k)
    parameters = _parameters(index, k, passing / max(1, index.ntotal), allowed)
    with _one_thread():
        return _asked(index, vector, min(k, passing), parameters, exact=not _has_lists(index))


def _asked(
    index: faiss.Index, vector: Vector, k: int, parameters: Any, *, exact: bool
) -> tuple[NDArray[np.int64], Vector]:
    """Which of equal ones FAISS leaves out is its own affair: where nothing is passed over, ask on until the last place is no tie."""
    asked = k
    while True:
        asked = min(2 * asked, index.ntotal) if exact else asked
        found, places = index.search(vector[None, :], asked, params=parameters)
        rows, near = places[0][places[0] >= 0], found[0][places[0] >= 0]
        if not exact:
            return rows, near
        if len(rows) < asked or asked == index.ntotal or near[-1] < near[k - 1] - _TIE:
            return _best(index, rows[near >= near[min(k, len(near)) - 1] - _TIE], vector, k)


def _best(index: faiss.Index, rows: NDArray[np.int64], vector: Vector, k: int) -> tuple[NDArray[np.int64], Vector]:
    near = cosines(index, rows, vector)
    order = np.lexsort((rows, -near))[:k]
    return rows[order], near[order]


def cosines(index: faiss.Index, rows: NDArray[np.int64], vector: Vector) -> Vector:
    """Of rows, as their vectors are kept; summed in 64 bits: in 32, the last digit would depend on which other rows are asked for."""
    found: Vector = (stored(index, rows).astype(np.float64) @ vector.astype(np.float64)).astype(np.float32)
    return found


def _parameters(index: faiss.Index, k: int, share: float, allowed: Mask | None) -> Any:
    made: Any = faiss  # its signatures say nothing of the arguments by name that it takes
    selector = None if allowed is None else made.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if not _has_lists(index):
        return made.SearchParameters(sel=selector)
    lists = faiss.extract_index_ivf(_known(index).base_index).nlist
    visited = max(_FEWEST_LISTS, math.ceil(lists * _SHARE * (1.5 if share < 0.1 else 1)))
    return made.IndexRefineSearchParameters(
        k_factor=max(1.0, _COMPARED_AGAIN / max(1, k)),
        base_index_params=made.SearchParametersIVF(sel=selector, nprobe=min(visited, lists)),
    )


def stored(index: faiss.Index, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vectors of rows as they are kept, shape (rows, dimensions)."""
    exact = _known(index).refine_index if _has_lists(index) else index
    found: NDArray[np.float32] = _known(exact).reconstruct_batch(np.ascontiguousarray(rows, np.int64))
    return found


def _has_lists(index: faiss.Index) -> bool:
    return isinstance(_known(index), faiss.IndexRefine)


def _known(index: faiss.Index) -> Any:
    """The index as the class it is of; FAISS hands out what it reads as the bare `Index`."""
    return faiss.downcast_index(index)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One question is answered by one thread; the others answer other questions."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
