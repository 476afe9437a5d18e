"""Gathering: entries into segments, and several segments into one; nothing is cut or embedded twice.

entries → columns: the same as flat arrays → a segment → segments merged, in memory or straight into the files of a base
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer import kernels
from indexer.bm25 import STEP
from indexer.entries import Attributes, Entry, Vector
from indexer.neighbours import Block, Mask, Neighbours, neighbours
from indexer.segment import Numbers, Postings, Segment, key_of, value_key

Moved = NDArray[np.int32]
"""For each row of a segment its row in the merged one, -1 for the dead."""
Space = Callable[[str, int, Any], NDArray[Any]]
"""Room for an array of a base: name, length, type of number."""


@dataclass(frozen=True)
class Columns:
    """Entries as flat arrays: entry i holds the `lengths[i]` keys and weights that follow those of the entries before it."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    keys: NDArray[np.uint64]
    weights: NDArray[np.uint16]
    vectors: NDArray[np.float32] | None
    """Shape (entries, dimensions); None where not every entry has one."""
    attributes: Sequence[Attributes]

    def __len__(self) -> int:
        return len(self.ids)

    def without(self, ids: NDArray[np.int64]) -> Columns:
        left = np.flatnonzero(~np.isin(self.ids, ids))
        return self if len(left) == len(self) else self.taken(left)

    def taken(self, places: NDArray[np.int64]) -> Columns:
        """The entries at these places, in their order."""
        lengths = self.lengths[places]
        held = _runs((np.cumsum(self.lengths) - self.lengths)[places], lengths)
        vectors = None if self.vectors is None else self.vectors[places]
        attributes = [self.attributes[place] for place in places]
        return Columns(self.ids[places], lengths, self.keys[held], self.weights[held], vectors, attributes)


def columns_of(entries: Sequence[Entry]) -> Columns:
    held = [entry.vector for entry in entries if entry.vector is not None]
    keys, weights = flat_words([entry.words for entry in entries])
    return Columns(
        ids=np.array([entry.id for entry in entries], np.int64),
        lengths=np.array([len(entry.words) for entry in entries], np.int64),
        keys=keys,
        weights=weights,
        vectors=np.stack(held) if held and len(held) == len(entries) else None,
        attributes=[entry.attributes for entry in entries],
    )


def flat_words(halves: Sequence[Mapping[str, float]]) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    """The keys of all words of records, end to end, and their weights in steps."""
    total = sum(map(len, halves))
    keys = np.fromiter((key_of(word) for half in halves for word in half), np.uint64, total)
    weights = np.fromiter((weight for half in halves for weight in half.values()), np.float64, total)
    return keys, np.rint(weights / STEP).astype(np.uint16)


def joined(parts: Sequence[Columns]) -> Columns:
    """All entries of the parts, in order of ids. Ids must differ."""
    vectors = [part.vectors for part in parts if part.vectors is not None]
    together = Columns(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate(vectors) if len(vectors) == len(parts) else None,
        [one for part in parts for one in part.attributes],
    )
    return together.taken(np.argsort(together.ids))


def segment_of(entries: Sequence[Entry] | Columns) -> Segment:
    """A segment in memory. Ids must differ."""
    columns = joined([entries if isinstance(entries, Columns) else columns_of(entries)])
    vectors = columns.vectors
    return Segment(
        ids=columns.ids,
        words=_postings(columns.keys, columns.weights, columns.lengths),
        values=_values(columns.attributes),
        numbers=_numbers(columns.attributes),
        vectors=None if vectors is None else neighbours(len(vectors), vectors.shape[1], _rows_of(vectors)),
    )


def _rows_of(vectors: NDArray[np.float32]) -> Block:
    return lambda start, end: vectors[start:end]


def _postings(keys: NDArray[np.uint64], weights: NDArray[np.uint16], lengths: NDArray[np.int64]) -> Postings:
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    order = np.argsort(keys, kind="stable")
    known, starts = np.unique(keys[order], return_index=True)
    return Postings(known, np.append(starts, len(keys)).astype(np.int64), rows[order], weights[order])


def _values(attributes: Sequence[Attributes]) -> Postings:
    keys = [
        [
            value_key(name, one)
            for name, value in row.items()
            if isinstance(value, tuple)
            for one in dict.fromkeys(value)
        ]
        for row in attributes
    ]
    flat = np.array([key for row in keys for key in row], np.uint64)
    return _postings(flat, np.ones(len(flat), np.uint16), np.array(list(map(len, keys)), np.int64))


def _numbers(attributes: Sequence[Attributes]) -> dict[str, Numbers]:
    columns: defaultdict[str, Numbers] = defaultdict(lambda: np.full(len(attributes), np.nan))
    for row, stated in enumerate(attributes):
        for name, value in stated.items():
            if not isinstance(value, tuple):
                columns[name][row] = value
    return {name: columns[name] for name in sorted(columns)}


def in_memory(name: str, length: int, kind: Any) -> NDArray[Any]:
    return np.empty(length, kind)


def in_files(folder: Path) -> Space:
    """Room in files of the folder, mapped; the system writes them out as it sees fit. Raises OSError where the disk has none."""

    def space(name: str, length: int, kind: Any) -> NDArray[Any]:
        if not length:  # a file of no bytes cannot be mapped
            np.save(folder / f"{name}.npy", np.zeros(0, kind))
            return np.zeros(0, kind)
        file = folder / f"{name}.npy"
        array = np.lib.format.open_memmap(file, mode="w+", dtype=kind, shape=(length,))
        _reserve(file)
        return array

    return space


def _reserve(file: Path) -> None:
    """A mapped file has no room on the disk until it is written to, and on a full one writing to it ends the process."""
    with file.open("r+b") as opened:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)


def merged(parts: Sequence[tuple[Segment, Mask | None]], space: Space = in_memory) -> Segment:
    """One segment of the living rows of several (None: all live). Ids must differ."""
    alive = [np.ones(len(segment), np.bool_) if mask is None else mask for segment, mask in parts]
    segments = [segment for segment, _ in parts]
    ids = np.concatenate([s.ids[m] for s, m in zip(segments, alive, strict=True)] or [np.zeros(0, np.int64)])
    order = np.argsort(ids)
    moved = _moved(alive, order)
    kept = space("ids", len(ids), np.int64)
    kept[:] = ids[order]
    return Segment(
        ids=kept,
        words=_merged_postings([s.words for s in segments], moved, "words", space),
        values=_merged_postings([s.values for s in segments], moved, "values", space),
        numbers=_merged_numbers(segments, moved, len(ids), space),
        vectors=_merged_vectors(segments, alive, order),
    )


def _moved(alive: Sequence[Mask], order: NDArray[np.int64]) -> list[Moved]:
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    moved, before = [], 0
    for mask in alive:
        rows = np.full(len(mask), -1, np.int32)
        living = int(mask.sum())
        rows[mask] = place[before : before + living]
        before += living
        moved.append(rows)
    return moved


def _merged_postings(parts: Sequence[Postings], moved: Sequence[Moved], name: str, space: Space) -> Postings:
    """The postings of each key, those of one part after those of the other; only where parts lie within each other are rows sorted."""
    every = _distinct(np.concatenate([part.keys for part in parts] or [np.zeros(0, np.uint64)]))
    total = np.zeros(len(every), np.int64)
    for part, places in zip(parts, moved, strict=True):
        kernels.count_living(total, every, part.keys, part.starts, part.rows, places)
    keys = space(f"{name}.keys", int((total > 0).sum()), np.uint64)
    keys[:] = every[total > 0]
    starts = space(f"{name}.starts", len(keys) + 1, np.int64)
    starts[:] = np.append(0, np.cumsum(total[total > 0]))
    rows = space(f"{name}.rows", int(starts[-1]), np.int32)
    weights = space(f"{name}.weights", int(starts[-1]), np.uint16)
    free = np.array(starts[:-1])
    for part, places in zip(parts, moved, strict=True):
        kernels.move_living(rows, weights, free, keys, part.keys, part.starts, part.rows, part.weights, places)
    kernels.sort_within(rows, weights, np.asarray(starts))
    return Postings(keys, starts, rows, weights)


def _distinct(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Ascending. By sorting: numpy's `unique` puts whole numbers into a hash table, which takes ten times as long."""
    ordered = np.sort(keys)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))]


def _runs(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each start on, as many as its length says, end to end."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)


def _merged_numbers(
    segments: Sequence[Segment], moved: Sequence[Moved], total: int, space: Space
) -> dict[str, Numbers]:
    columns: dict[str, Numbers] = {}
    for name in sorted({name for segment in segments for name in segment.numbers}):
        columns[name] = space(f"numbers.{name}", total, np.float64)
        columns[name][:] = np.nan
        for segment, places in zip(segments, moved, strict=True):
            if name in segment.numbers:
                columns[name][places[places >= 0]] = segment.numbers[name][places >= 0]
    return columns


def _merged_vectors(segments: Sequence[Segment], alive: Sequence[Mask], order: NDArray[np.int64]) -> Neighbours | None:
    living = [(s.vectors, np.flatnonzero(m)) for s, m in zip(segments, alive, strict=True) if m.any()]
    kept = [vectors for vectors, _ in living if vectors is not None]
    if not living or len(kept) < len(living):
        return None
    part_of = np.repeat(np.arange(len(living)), [len(rows) for _, rows in living])[order]
    row_of = np.concatenate([rows for _, rows in living])[order]
    dimensions = kept[0].dimensions

    def block(start: int, end: int) -> Vector:
        found = np.empty((min(end, len(order)) - start, dimensions), np.float32)
        parts, rows = part_of[start:end], row_of[start:end]
        for part in np.unique(parts):
            found[parts == part] = kept[part].stored(rows[parts == part])
        return found

    return neighbours(len(order), dimensions, block)
