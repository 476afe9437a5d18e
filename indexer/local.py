"""The local engine: a mapped base, and in memory what came since.

Its state is a tuple of segments with a mask of living rows each, replaced as a whole: a search works on the state it began with,
whatever is applied meanwhile. Small segments are merged into larger ones as they gather, so there are never more than a few.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.base import (
    BaseDamaged,
    BaseNotWritten,
    Manifest,
    current,
    gathering_folder,
    open_base,
    publish,
    put_aside,
    read_manifest,
)
from indexer.entries import Entry, Filter, Vector
from indexer.gathering import Columns, columns_of, joined, merged, segment_of
from indexer.parts import Part, part_of, without
from indexer.segment import NONE, Found

_SMALL = 256
"""Entries up to which a segment is merged with whatever comes after it: that takes no longer, and a search has fewer segments to go through."""
_GATHERED = 20_000
"""Entries that are gathered in memory before they are put aside."""


@dataclass(frozen=True)
class _State:
    revision: int = 0
    parts: tuple[Part, ...] = ()
    base: Path | None = None
    base_revision: int = 0
    vectors: bool = True
    """Whether every entry has one."""


class LocalEngine:
    """Entries in a folder (None: in memory only), cut by rules `words` and embedded by `model` (None: by no model).

    A base that is damaged, or was made with other rules or another model, is not used: `out_of_step` then says why, and the engine is empty.
    """

    def __init__(self, folder: Path | None, *, words: str, model: str | None, empty: bool = False) -> None:
        self.folder, self.words, self.model = folder, words, model
        self.out_of_step: str | None = None
        self._state = _State(vectors=model is not None)
        self._lock = threading.Lock()
        self._pointed: Path | None = None
        if not empty:
            self._open()

    @property
    def revision(self) -> int:
        return self._state.revision

    @property
    def has_vectors(self) -> bool:
        return self._state.vectors

    @property
    def base_revision(self) -> int:
        """The revision of the base in use; 0 without one."""
        return self._state.base_revision

    @property
    def is_superseded(self) -> bool:
        """Whether another base was published since this engine was opened."""
        return self.folder is not None and current(self.folder) != self._pointed

    def _open(self) -> None:
        """Open the published base, if it can be used. It may be replaced and removed between reading the pointer and its files."""
        self._pointed = current(self.folder) if self.folder else None
        if self._pointed is None:
            return
        try:
            manifest = read_manifest(self._pointed)
            self.out_of_step = mismatch(manifest, self.words, self.model)
            if self.out_of_step:
                return
            segment, manifest = open_base(self._pointed)
        except BaseDamaged as damaged:
            if self.is_superseded:
                self._open()
            else:
                self.out_of_step = str(damaged)
            return
        vectors = self.model is not None and (segment.vectors is not None or not len(segment))
        self._state = _State(manifest.revision, (part_of(segment),), self._pointed, manifest.revision, vectors)

    def apply(self, changed: Sequence[Entry], gone: Sequence[int], revision: int) -> None:
        """What came since, searchable on return."""
        with self._lock:
            state = self._state
            parts = without(state.parts, [entry.id for entry in changed], gone)
            parts += [part_of(segment_of(changed))] if changed else []
            first = 1 if state.base else 0
            while len(parts) - first >= 2 and len(parts[-2].segment) <= max(_SMALL, 2 * len(parts[-1].segment)):
                parts[-2:] = [part_of(merged([(part.segment, part.alive) for part in parts[-2:]]))]
            vectors = state.vectors and all(entry.vector is not None for entry in changed)
            self._state = replace(state, revision=max(revision, state.revision), parts=tuple(parts), vectors=vectors)

    def build(self, batches: Iterable[tuple[Sequence[Entry] | Columns, Sequence[int]]], revision: int) -> Manifest:
        """Publish a new base of the present entries and the batches of (changed entries, gone ids) that follow; this engine stays as it is.

        What was gathered is put into files on the way: memory does not grow with the library. Raises BaseNotWritten.
        """
        assert self.folder is not None
        try:
            with gathering_folder(self.folder) as beside:
                parts = self._gathered(batches, beside)
                described = Manifest(revision, 0, self.words, self.model, None)
                return publish(self.folder, [(part.segment, part.alive) for part in parts], described)
        except OSError as error:
            raise BaseNotWritten(reason=error.strerror or str(error)) from error

    def _gathered(self, batches: Iterable[tuple[Sequence[Entry] | Columns, Sequence[int]]], beside: Path) -> list[Part]:
        parts = list(self._state.parts)
        waiting: list[Columns] = []
        for entries, gone in batches:
            changed = entries if isinstance(entries, Columns) else columns_of(entries)
            parts = without(parts, changed.ids, gone)
            waiting = [*_kept(waiting, changed.ids, gone), changed]
            if sum(map(len, waiting)) >= _GATHERED:
                parts.append(part_of(put_aside(segment_of(joined(waiting)), beside)))
                waiting = []
        return [*parts, part_of(segment_of(joined(waiting)))] if waiting else parts

    def near(self, vector: Vector, k: int, filter: Filter) -> list[tuple[int, float]]:
        found: list[Found] = []
        above = -math.inf
        for part in self._state.parts:
            ids, cosines = part.near(vector, k, filter, above)
            above = max(above, float(cosines[-1])) if len(ids) == k else above  # those below cannot be among the k best
            found.append((ids, cosines))
        return _best(found, k)

    def holding(self, words: Mapping[str, float], k: int, filter: Filter) -> list[tuple[int, float]]:
        return _best([part.holding(words, k, filter) for part in self._state.parts], k)

    def scores(self, ids: Sequence[int], vector: Vector | None, words: Mapping[str, float]) -> tuple[Vector, Vector]:
        wanted = np.array(ids, np.int64)
        cosines, held = np.zeros(len(wanted), np.float32), np.zeros(len(wanted), np.float32)
        for part in self._state.parts:
            rows, here = part.living(wanted)
            if here.any():
                held[here] = part.segment.word_scores(rows[here], words)
                if vector is not None:
                    cosines[here] = part.segment.cosines(rows[here], vector)
        return cosines, held

    def frequencies(self, words: Sequence[str], filter: Filter) -> tuple[int, dict[str, int]]:
        counts = [part.word_counts(words, filter) for part in self._state.parts]
        holding = zip(words, map(sum, zip(*counts, strict=True)), strict=True) if counts else ((w, 0) for w in words)
        return self.count(filter), dict(holding)

    def browse(self, k: int, filter: Filter, by: str | None = None, *, least: bool = False) -> list[int]:
        first: list[tuple[float, int]] = []
        for part in self._state.parts:
            first += part.first(k, filter, by, least=least)
        return [id for _, id in sorted(first, reverse=True)[:k]]

    def count(self, filter: Filter) -> int:
        return sum(part.count(filter) for part in self._state.parts)

    def tally(self, attribute: str, values: Sequence[str], filter: Filter) -> dict[str, int]:
        each = [part.value_counts(attribute, values, filter) for part in self._state.parts]
        counts = map(sum, zip(*each, strict=True))
        return {value: count for value, count in zip(values, counts, strict=False) if count}

    def spread(self, attribute: str, filter: Filter) -> dict[float, int]:
        counts: Counter[float] = Counter()
        for part in self._state.parts:
            counts += part.number_counts(attribute, filter)
        return dict(sorted(counts.items()))

    def vectors(self, ids: Sequence[int]) -> Vector:
        wanted, found = np.array(ids, np.int64), np.zeros((len(ids), 0), np.float32)
        for part in self._state.parts:
            rows, here = part.living(wanted)
            if part.segment.vectors is not None and here.any():
                held = part.segment.vectors.stored(rows[here])
                found = found if found.shape[1] else np.zeros((len(ids), held.shape[1]), np.float32)
                found[here] = held
        return found


def _kept(waiting: Sequence[Columns], changed: NDArray[np.int64], gone: Sequence[int]) -> list[Columns]:
    """What waits, less what changed or went since."""
    ids = np.array([*changed, *gone], np.int64)
    return [left for columns in waiting if len(left := columns.without(ids))]


def mismatch(manifest: Manifest, words: str, model: str | None) -> str | None:
    """Why a base does not fit the present dictionary and model; None if it does."""
    if manifest.words != words:
        return "索引是用另一版分词规则或词典建立的，请运行 duijie index"
    if model is not None and manifest.records and manifest.model != model:
        made = "没有向量模型时" if manifest.model is None else "用另一个向量模型"
        return f"索引是{made}建立的，请运行 duijie index"
    return None


def _best(found: Sequence[Found], k: int) -> list[tuple[int, float]]:
    """The k best of several findings, equal ones by id."""
    some = [(ids, scores) for ids, scores in found if len(ids)]
    ids, scores = map(np.concatenate, zip(*some, strict=True)) if some else NONE
    if len(some) > 1:
        order = np.lexsort((ids, -scores))[:k]
        ids, scores = ids[order], scores[order]
    return list(zip(ids.tolist(), scores.tolist(), strict=True))
