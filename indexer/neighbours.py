"""Neighbours: the rows whose vectors lie nearest to a question's, by FAISS.

Few vectors are compared one by one, as the 16-bit numbers they are kept as. Many lie in lists around centres and are kept twice: as codes of four bits for two numbers, by
which the nearest lists are gone through, and as 16-bit numbers, by which the best of those are compared again. Where few rows pass a filter they are
compared one by one, however many there are in all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer import kernels
from indexer.entries import Vector

Mask = NDArray[np.bool_]
Block = Callable[[int, int], NDArray[np.float32]]
"""The vectors of the rows from one number to another, shape (rows, dimensions)."""

_FAISS: Any = faiss
"""Its signatures say nothing of the arguments by name that it takes."""
FEW = 20_000
"""Vectors up to which none is passed over."""
_FEW_PASS = 5_000
"""Rows passing a filter up to which they are compared one by one."""
_APART = 0.06
"""Share of the rows, passing a filter, up to which comparing all of them, side by side in memory, is quicker than lists."""
_COMPARED_AGAIN = 2_000
"""Rows that are compared again as 16-bit numbers."""
_SHARE = 5 / 16
"""Of the lists, those gone through. docs/performance.md has the recall."""
_SHARE_UNDER_FILTER = 1 / 4
"""The same under a filter, where every candidate is looked up before it is kept: so that a filter makes no search slower."""
_FEWEST_LISTS = 32
"""Lists that are gone through in any case: where there are few, each is wide and its neighbours matter."""
_SAMPLED = 51_200
_AT_ONCE = 20_000
_TOGETHER = 64


def neighbours(count: int, dimensions: int, block: Block) -> Neighbours:
    """`count` unit vectors made ready to be searched by inner product. The same vectors give the same index."""
    if count <= FEW:
        index = _side_by_side(dimensions)
        with _one_thread():  # a server adds a few beside its searches: threads would wait for cores that answer them
            index.add(np.ascontiguousarray(block(0, count), np.float32))
        return Neighbours(index)
    lists = 2 ** round(math.log2(math.sqrt(count)))
    codes = dimensions if dimensions % 2 else dimensions // 2
    index = faiss.index_factory(dimensions, f"IVF{lists},PQ{codes}x4fs,Refine(SQfp16)", faiss.METRIC_INNER_PRODUCT)
    index.train(_sample(count, block))
    for start in range(0, count, _AT_ONCE):
        index.add(np.ascontiguousarray(block(start, min(start + _AT_ONCE, count)), np.float32))
    return Neighbours(index)


def _side_by_side(dimensions: int) -> faiss.Index:
    return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _sample(count: int, block: Block) -> NDArray[np.float32]:
    """Runs of rows from all over, to learn centres and codes from."""
    starts = np.linspace(0, max(0, count - _TOGETHER), max(1, min(count, _SAMPLED) // _TOGETHER)).astype(int)
    return np.ascontiguousarray(np.concatenate([block(start, start + _TOGETHER) for start in starts]), np.float32)


@dataclass(frozen=True)
class Allowed:
    """The rows that may be found. What a search has to know of them is reckoned once, however many ask."""

    mask: Mask

    @cached_property
    def count(self) -> int:
        return int(np.count_nonzero(self.mask))

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """To be asked for where they are few: kept as long as the mask is."""
        return np.flatnonzero(self.mask)

    @cached_property
    def selector(self) -> Any:
        return _FAISS.IDSelectorBitmap(np.packbits(self.mask, bitorder="little"))


@dataclass(frozen=True)
class Neighbours:
    """Unit vectors by their rows, in an index of FAISS, which is also how they are written to a file."""

    index: faiss.Index

    def __len__(self) -> int:
        return int(self.index.ntotal)

    @property
    def dimensions(self) -> int:
        return int(self.index.d)

    def nearest(
        self, vector: Vector, k: int, allowed: Allowed | None = None, *, above: float = -math.inf
    ) -> tuple[NDArray[np.int64], Vector]:
        """The rows of the highest cosines and these, best first, at most k, equal ones by row; of the rows allowed, None for all.

        Rows whose cosine is below `above` may be left out. Exact where `FEW` holds, or few are allowed.
        """
        passing = len(self) if allowed is None else allowed.count
        if not passing or not k:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if self._plain is not None:
            rows = np.arange(len(self)) if allowed is None else allowed.rows
            vectors = self._plain if allowed is None else self._plain[rows]
            return _best(rows, kernels.products(vectors, vector), k, above)
        if allowed is not None and passing <= _FEW_PASS:
            return _best(allowed.rows, self.cosines(allowed.rows, vector), k, above)
        k = min(k, passing)
        with _one_thread():
            found, places = self.index.search(vector[None, :], k, params=self._parameters(k, allowed))
        return places[0][places[0] >= 0], found[0][places[0] >= 0]

    def cosines(self, rows: NDArray[np.int64], vector: Vector) -> Vector:
        """Of rows, as their vectors are kept."""
        return kernels.half_products(self._codes, rows, vector.astype(np.float64))

    def stored(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of rows as they are kept, shape (rows, dimensions)."""
        found: NDArray[np.float32] = self._exact.reconstruct_batch(np.ascontiguousarray(rows, np.int64))
        return found

    def is_better_apart(self, passing: int) -> bool:
        """Whether so many rows, passing a filter, are found sooner and better among vectors of their own (`taken`)."""
        return self._has_lists and _FEW_PASS < passing <= _APART * len(self)

    def taken(self, rows: NDArray[np.int64]) -> Neighbours:
        """The vectors of some rows, side by side."""
        index = _side_by_side(self.dimensions)
        index.add_sa_codes(self._codes[rows].view(np.uint8))
        return Neighbours(index)

    def _parameters(self, k: int, allowed: Allowed | None) -> Any:
        selector = allowed.selector if allowed else None
        if not self._has_lists:
            return _FAISS.SearchParameters(sel=selector)
        visited = max(_FEWEST_LISTS, math.ceil(self._lists * (_SHARE_UNDER_FILTER if allowed else _SHARE)))
        return _FAISS.IndexRefineSearchParameters(
            k_factor=max(1.0, _COMPARED_AGAIN / max(1, k)),
            base_index_params=_FAISS.SearchParametersIVF(sel=selector, nprobe=min(visited, self._lists)),
        )

    @cached_property
    def _known(self) -> Any:
        """The index as the class it is of; FAISS hands out what it reads as the bare `Index`."""
        return faiss.downcast_index(self.index)

    @property
    def _has_lists(self) -> bool:
        return isinstance(self._known, faiss.IndexRefine)

    @cached_property
    def _lists(self) -> int:
        return int(faiss.extract_index_ivf(faiss.downcast_index(self._known.base_index)).nlist)

    @cached_property
    def _exact(self) -> Any:
        """The part of the index that keeps 16-bit numbers."""
        return faiss.downcast_index(self._known.refine_index) if self._has_lists else self._known

    @cached_property
    def _codes(self) -> NDArray[np.uint16]:
        """The bits of the 16-bit numbers, shape (rows, dimensions): the index's own, which lives as long as this does."""
        exact = self._exact
        codes: NDArray[np.uint8] = faiss.rev_swig_ptr(exact.codes.data(), len(self) * exact.code_size)
        return codes.view(np.uint16).reshape(len(self), self.dimensions)

    @cached_property
    def _plain(self) -> NDArray[np.float32] | None:
        """All vectors as 32-bit numbers, where they are few: comparing them is then one product, a third of what FAISS takes."""
        if len(self) > FEW:
            return None
        plain: NDArray[np.float32] = self._known.reconstruct_n(0, len(self))
        return plain


def _best(rows: NDArray[np.int64], near: Vector, k: int, above: float) -> tuple[NDArray[np.int64], Vector]:
    """The k best of the rows and what they come to, none below `above`."""
    least = max(above, float(np.partition(near, -k)[-k])) if k < len(near) else above
    kept = near >= least
    rows, near = rows[kept], near[kept]
    order = np.lexsort((rows, -near))[:k]
    return rows[order], near[order]


@contextmanager
def _one_thread() -> Iterator[None]:
    """One question is answered by one thread; the others answer other questions."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
