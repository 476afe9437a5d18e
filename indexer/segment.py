"""A segment: an immutable batch of entries as flat arrays, in memory or mapped from files.

Words are kept as postings: for each word (by a 64-bit hash) the rows that hold it and their weights. Attributes likewise: for each
value the rows that have it. Vectors lie in a FAISS index of 16-bit numbers, searched exactly. Rows are in order of ids.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.entries import Among, Entry, Filter, Vector

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Postings:
    """Rows by key: those of `keys[i]` stand in `rows[starts[i]:starts[i + 1]]`, ascending."""

    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.float16] | None = None

    def span(self, key: int) -> tuple[int, int]:
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        if at == len(self.keys) or int(self.keys[at]) != key:
            return 0, 0
        return int(self.starts[at]), int(self.starts[at + 1])

    def holding(self, key: int) -> NDArray[np.int32]:
        start, end = self.span(key)
        return self.rows[start:end]


@dataclass(frozen=True)
class Segment:
    ids: NDArray[np.int64]
    words: Postings
    values: Postings
    """Keyed by attribute and value together."""
    numbers: Mapping[str, Numbers]
    """One number a row by attribute; NaN where it is not stated."""
    vectors: faiss.Index | None

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], Mask]:
        """For each id its row, and whether it is here at all."""
        if not len(self.ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return at, self.ids[at] == ids

    def passing(self, filter: Filter) -> Mask | None:
        """The rows that pass; None for all."""
        allowed: Mask | None = None
        for condition in filter:
            mask = np.zeros(len(self), np.bool_)
            if isinstance(condition, Among):
                for value in condition.values:
                    mask[self.values.holding(key_of(f"{condition.attribute}={value}"))] = True
            elif (numbers := self.numbers.get(condition.attribute)) is not None:
                mask = (numbers >= condition.low) & (numbers <= condition.high)
            allowed = mask if allowed is None else allowed & mask
        return allowed

    def near(self, vector: Vector, k: int, allowed: Mask | None) -> list[tuple[int, float]]:
        if self.vectors is None or not self.vectors.ntotal:
            return []
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)))  # type: ignore[call-arg]
        k = asked = min(k, len(self))
        while True:  # which of equal ones FAISS leaves out is its own affair: ask on until the last place is no tie
            asked = min(2 * asked, len(self))
            found, places = self.vectors.search(vector[None, :], asked, params=parameters)
            cosines, rows = found[0][places[0] >= 0], places[0][places[0] >= 0]
            if len(rows) < asked or asked == len(self) or cosines[-1] < cosines[k - 1]:
                best = np.lexsort((rows, -cosines))[:k]
                return [(int(self.ids[row]), float(c)) for row, c in zip(rows[best], cosines[best], strict=True)]

    def holding(self, words: Mapping[str, float], k: int, allowed: Mask | None) -> list[tuple[int, float]]:
        total = np.zeros(len(self), np.float32)
        for word, rare in words.items():
            start, end = self.words.span(key_of(word))
            if end > start and self.words.weights is not None:
                total[self.words.rows[start:end]] += np.float32(rare) * self.words.weights[start:end].astype(np.float32)
        if allowed is not None:
            total[~allowed] = 0
        return [(int(self.ids[row]), float(total[row])) for row in highest(total, k)]

    def word_scores(self, rows: NDArray[np.int64], words: Mapping[str, float]) -> Vector:
        total = np.zeros(len(rows), np.float32)
        for word, rare in words.items():
            start, end = self.words.span(key_of(word))
            if end == start or self.words.weights is None:
                continue
            held = self.words.rows[start:end]
            at = np.minimum(np.searchsorted(held, rows), len(held) - 1)
            weights = self.words.weights[start:end][at].astype(np.float32)
            total += np.where(held[at] == rows, np.float32(rare) * weights, np.float32(0))
        return total

    def cosines(self, rows: NDArray[np.int64], vector: Vector) -> Vector:
        if self.vectors is None or not len(rows):
            return np.zeros(len(rows), np.float32)
        # summed in 64 bits: in 32, the last digit would depend on which other rows are asked for at the same time
        found = self.vectors.reconstruct_batch(rows).astype(np.float64) @ vector.astype(np.float64)
        return found.astype(np.float32)


def highest(scores: Vector, k: int) -> NDArray[np.int64]:
    """The rows of the k highest positive scores, best first; of equal ones the first rows."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > k:
        least = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        above = rows[scores[rows] > least]
        rows = np.concatenate([above, rows[scores[rows] == least][: k - len(above)]])
    return rows[np.lexsort((rows, -scores[rows]))]


def key_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def segment_of(entries: Sequence[Entry]) -> Segment:
    """A segment in memory. Ids must differ."""
    entries = sorted(entries, key=lambda entry: entry.id)
    names = {name for e in entries for name, value in e.attributes.items() if not isinstance(value, tuple)}
    numbers = {name: np.full(len(entries), np.nan) for name in sorted(names)}
    for row, entry in enumerate(entries):
        for name in names & entry.attributes.keys():
            numbers[name][row] = entry.attributes[name]
    held = [entry.vector for entry in entries if entry.vector is not None]
    return Segment(
        ids=np.array([entry.id for entry in entries], np.int64),
        words=_postings([entry.words for entry in entries]),
        values=_unweighted(_postings([_value_keys(entry) for entry in entries])),
        numbers=numbers,
        vectors=vector_index(np.stack(held)) if held and len(held) == len(entries) else None,
    )


def _value_keys(entry: Entry) -> dict[str, float]:
    listed = ((name, value) for name, value in entry.attributes.items() if isinstance(value, tuple))
    return {f"{name}={value}": 1.0 for name, values in listed for value in values}


def _postings(weights_of_rows: Sequence[Mapping[str, float]]) -> Postings:
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    lengths = [len(weights) for weights in weights_of_rows]
    total = sum(lengths)
    keys = np.fromiter((numbers[w] for weights in weights_of_rows for w in weights), np.int64, total)
    weights = np.fromiter((x for weights in weights_of_rows for x in weights.values()), np.float32, total)
    hashes = np.fromiter((key_of(word) for word in numbers), np.uint64, len(numbers))
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    return sorted_postings(hashes[keys] if total else np.zeros(0, np.uint64), rows, weights.astype(np.float16))


def sorted_postings(
    hashes: NDArray[np.uint64], rows: NDArray[np.int32], weights: NDArray[np.float16] | None
) -> Postings:
    """Postings of (hash, row, weight) triples in any order."""
    order = np.lexsort((rows, hashes))
    hashes = hashes[order]
    keys, starts = np.unique(hashes, return_index=True)
    ends = np.append(starts, len(hashes)).astype(np.int64)
    return Postings(keys, ends, rows[order].astype(np.int32), None if weights is None else weights[order])


def _unweighted(postings: Postings) -> Postings:
    return Postings(postings.keys, postings.starts, postings.rows)


def vector_index(vectors: Vector) -> faiss.Index:
    """An exact inner-product index of 16-bit numbers over vectors of shape (n, dimensions)."""
    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.add(np.ascontiguousarray(vectors, np.float32))
    return index


def merged(parts: Sequence[tuple[Segment, Mask | None]]) -> Segment:
    """One segment of the living rows of several (None: all live). Ids must differ; nothing is cut or embedded again."""
    alive = [np.ones(len(s), np.bool_) if mask is None else mask for s, mask in parts]
    ids = np.concatenate([s.ids[m] for (s, _), m in zip(parts, alive, strict=True)] or [np.zeros(0, np.int64)])
    order = np.argsort(ids)
    place = np.empty(len(ids), np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    moved: list[NDArray[np.int32]] = []
    before = 0
    for mask in alive:  # for each part: old row → new row, -1 for the dead
        rows = np.full(len(mask), -1, np.int32)
        rows[mask] = place[before : before + int(mask.sum())]
        before += int(mask.sum())
        moved.append(rows)
    segments = [segment for segment, _ in parts]
    return Segment(
        ids=ids[order],
        words=_merged_postings([s.words for s in segments], moved, weighted=True),
        values=_merged_postings([s.values for s in segments], moved, weighted=False),
        numbers=_merged_numbers(segments, moved, len(ids)),
        vectors=_merged_vectors(segments, alive, order),
    )


def _merged_postings(parts: Sequence[Postings], moved: Sequence[NDArray[np.int32]], *, weighted: bool) -> Postings:
    hashes, rows, weights = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)], [np.zeros(0, np.float16)]
    for part, places in zip(parts, moved, strict=True):
        new = places[part.rows]
        kept = new >= 0
        hashes.append(np.repeat(part.keys, np.diff(part.starts))[kept])
        rows.append(new[kept])
        if part.weights is not None:
            weights.append(part.weights[kept])
    return sorted_postings(np.concatenate(hashes), np.concatenate(rows), np.concatenate(weights) if weighted else None)


def _merged_numbers(segments: Sequence[Segment], moved: Sequence[NDArray[np.int32]], total: int) -> dict[str, Numbers]:
    merged_numbers: dict[str, Numbers] = {}
    for name in sorted({name for segment in segments for name in segment.numbers}):
        column = np.full(total, np.nan)
        for segment, places in zip(segments, moved, strict=True):
            if name in segment.numbers:
                column[places[places >= 0]] = segment.numbers[name][places >= 0]
        merged_numbers[name] = column
    return merged_numbers


def _merged_vectors(segments: Sequence[Segment], alive: Sequence[Mask], order: NDArray[np.int64]) -> faiss.Index | None:
    living = [(s, m) for s, m in zip(segments, alive, strict=True) if m.any()]
    if not living or any(segment.vectors is None for segment, _ in living):
        return None
    vectors = np.concatenate([s.vectors.reconstruct_n(0, len(s))[m] for s, m in living])  # type: ignore[union-attr]
    return vector_index(vectors[order])
