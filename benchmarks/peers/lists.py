"""Vectors of eight bits a number in lists around centres, by FAISS; as many lists are gone through as it takes to find 0.97 of the nearest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.fused import CANDIDATES
from benchmarks.peers.measured import recall
from benchmarks.shelf import Library

WANTED = 0.97
"""Recall@10 on questions of a paragraph."""
_LISTS = 1024
_LEARNT_FROM = 39
"""Vectors a list, at least."""
_FEW = 0.1
"""Share of records passing a filter below which every list is gone through."""
_AT_ONCE = 50_000


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    """The lists, and how many of them are gone through: found by trying."""
    vectors = library.vectors
    lists = min(_LISTS, 2 ** int(np.log2(max(1, library.count / _LEARNT_FROM))))
    index = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    step = max(1, library.count // (256 * lists))
    index.train(np.asarray(vectors[::step], np.float32))
    for start in range(0, library.count, _AT_ONCE):
        index.add(np.asarray(vectors[start : start + _AT_ONCE], np.float32))
    faiss.write_index(index, str(folder / "lists.faiss"))
    settings = {"lists": lists, **_visited(library, Lists(index, lists))}
    (folder / "lists.json").write_text(json.dumps(settings), "utf-8")
    return settings


def _visited(library: Library, held: Lists) -> dict[str, float]:
    """The fewest lists that reach the wanted recall, of steps by a quarter, and what they reach."""
    asking = library.question_vectors
    held.visited, reached = 1, 0.0
    while True:
        reached = recall(library, lambda number, _: held.near(asking[number], None), "paragraph", None) or 0.0
        if reached >= WANTED or held.visited == held.lists:
            return {"visited": held.visited, "recall": reached}
        held.visited = min(held.lists, held.visited + max(1, held.visited // 4))


def open_lists(folder: Path) -> Lists:
    """As it was built."""
    settings = json.loads((folder / "lists.json").read_text("utf-8"))
    held = Lists(faiss.read_index(str(folder / "lists.faiss")), settings["lists"])
    held.visited = settings["visited"]
    return held


class Lists:
    """An opened index of lists."""

    def __init__(self, index: Any, lists: int) -> None:
        self.index = index
        self.lists = lists
        self.visited = lists

    def near(self, vector: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> list[int]:
        """The nearest of the records that the mask lets pass."""
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = self.visited
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters.sel = selector
            parameters.nprobe = self.lists if mask.mean() < _FEW else self.visited
        _, ids = self.index.search(vector[None, :], CANDIDATES, params=parameters)
        return [id for id in ids[0].tolist() if id >= 0]
