"""The index of an installation: records in, ranked records out.

    a record: texts → words + vector + attributes → entry → engine

It is handed records and changes, never a database, and says why when it has to do without a model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from filelock import FileLock

from corpus.records import Change, Record, searched_texts
from indexer.classes import Tag
from indexer.encoder import DEFAULT_MODEL, Encoder, ModelNotLoaded, fingerprint, load_encoder, named
from indexer.entries import Entry, Filter
from indexer.fusion import Bands, Fusion, Mode, read_fusion
from indexer.local import LocalEngine
from indexer.making import Made, Making, Recipe, embedded_text, made_in_processes
from indexer.matching import Ranked, find
from indexer.reading import Reader, Reading, load_reader, own_state
from indexer.refining import Leaning
from indexer.segmenter import Segmenter
from indexer.vectors import VectorCache
from indexer.words import Words

BATCH = 1000
"""Records that are cut and embedded together."""
MANY = 5_000
"""Changes from which processes of their own are worth starting."""

Progress = Callable[[int], None]
"""Told how many changes were just taken in."""

ChangesAfter = Callable[[int], Iterable[Change]]
"""The changes after a revision, in any order, each id once."""


@dataclass
class Built:
    """What building a base did."""

    records: int
    taken: int
    revision: int
    model: str | None
    seconds: float


class Index:
    """Opens the index in `folder` (None: in memory). `model` is a folder or hub name, None for the model in the package, `contextual` for the other."""

    def __init__(self, folder: Path | None, *, model: str | None = None, own: Path | None = None) -> None:
        self.encoder: Encoder | None = None
        self.no_model: str | None = None
        try:
            self.encoder = load_encoder(model)
        except ModelNotLoaded as reason:
            self.no_model = f"{reason}已改用关键词检索。"
        self.words = Words(Segmenter(own))
        self._own, self._model = own, str(named(model))
        self._read_by = own_state(own), load_reader(self.words, own)
        self.fusion = self._fitted(model, own)
        kept = folder is not None and self.encoder is not None and not self.encoder.is_light
        self._kept = folder / "vectors.sqlite" if folder and kept else None
        self.making = Making(self.words, VectorCache(self.encoder, self._kept) if self.encoder else None)
        self.folder = folder
        self.engine = self.opened()

    def _fitted(self, model: str | None, own: Path | None) -> Fusion:
        """Weights and bands: the operator's, else those kept with the model; without a model, of the keywords alone."""
        beside = Path(named(model)).expanduser()
        shipped = read_fusion([DEFAULT_MODEL], fingerprint(DEFAULT_MODEL))
        if self.encoder is None:
            return shipped
        folders = [folder for folder in (own, beside) if folder]
        found = read_fusion(folders, self.encoder.fingerprint)
        of_keywords: dict[Mode, Bands] = {mode: bands for mode, bands in shipped.bands.items() if mode == "keyword"}
        return found if found.bands else replace(found, bands=of_keywords, ordinary=shipped.ordinary)

    @property
    def reader(self) -> Reader:
        """Reads by the operator's lists as they are now: loads them anew where they changed. Raises ListUnreadable."""
        state = own_state(self._own)
        if state != self._read_by[0]:
            self._read_by = state, load_reader(self.words, self._own)
        return self._read_by[1]

    @property
    def degraded(self) -> str | None:
        """Why search goes by keywords alone; None where it need not."""
        if self.no_model is None and not self.engine.has_vectors:
            return "部分记录入库时没有向量模型，已改用关键词检索；请运行 duijie index。"
        return self.no_model

    def entries(self, records: Sequence[Record]) -> list[Entry]:
        """The entries of records, in their order."""
        return self.making.entries(records)

    def take_in(
        self, engine: LocalEngine, changes_after: ChangesAfter, revision: int, progress: Progress = lambda count: None
    ) -> None:
        """Bring what changed up to `revision` into an engine's memory; searchable on return."""
        for batch in _batches(changes_after(engine.revision), progress):
            changed = self.entries([change.record for change in batch if change.record])
            engine.apply(changed, [change.id for change in batch if change.record is None], engine.revision)
        engine.apply([], [], revision)

    def catch_up(self, changes_after: ChangesAfter, revision: int, progress: Progress = lambda count: None) -> None:
        """Bring what changed up to `revision` into memory, on top of the newest base; searchable on return.

        A search that runs meanwhile keeps the engine it began with.
        """
        engine = self.opened() if self.engine.is_superseded else self.engine
        self.take_in(engine, changes_after, revision, progress)
        self.engine = engine

    def build(
        self, changes_after: ChangesAfter, revision: int, *, anew: bool = False, progress: Progress = lambda count: None
    ) -> Built:
        """Publish a base that holds every change up to `revision`: the present base and what came since, or all of it `anew`."""
        started = time.perf_counter()
        engine = self.opened(empty=anew)
        taken = 0

        def counted(count: int) -> None:
            nonlocal taken
            taken += count
            progress(count)

        batches = _batches(changes_after(engine.revision), counted)
        manifest = engine.build(self._made(batches, many=revision - engine.revision > MANY), revision)
        seconds = round(time.perf_counter() - started, 3)
        return Built(manifest.records, taken, revision, manifest.model, seconds)

    def _made(self, batches: Iterable[Sequence[Change]], *, many: bool) -> Iterator[Made]:
        """What changed, made ready: on every core where it is much and the model is no burden to them."""
        if many and (self.encoder is None or self.encoder.is_small):
            return made_in_processes(Recipe(self._own, self._model if self.encoder else None, self._kept), batches)
        return map(self.making.of_changes, batches)

    def opened(self, *, empty: bool = False) -> LocalEngine:
        """An engine over the newest base, or over none."""
        model = self.encoder.fingerprint if self.encoder else None
        return LocalEngine(self.folder, words=self.words.version, model=model, empty=empty)

    def building(self) -> FileLock:
        """Held by the one process that builds; the system lets go of it when that process ends, however it ends."""
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "LOCK")

    def find(
        self,
        reading: Reading,
        *,
        mode: Mode = "hybrid",
        kind: str | None = None,
        filter: Filter = (),
        seen: Filter = (),
        limit: int = 10,
        among: Sequence[int] | None = None,
        fusion: Fusion | None = None,
        leaning: Leaning | None = None,
    ) -> tuple[Mode, list[Ranked]]:
        """The mode that was possible, and the best records of those `seen` by the asker, best first; by the weights of `fusion` where other than the fitted ones are tried."""
        used: Mode = "keyword" if self.degraded else mode
        encoder = self.encoder if used != "keyword" else None
        engine = copy(self.engine)  # the state as it is now: what is applied meanwhile must not be half seen
        found = find(
            engine,
            encoder,
            reading,
            mode=used,
            kind=kind,
            filter=filter,
            seen=seen,
            limit=limit,
            among=among,
            fusion=fusion or self.fusion,
            leaning=leaning,
        )
        return used, found

    def tags(self, record: Record) -> tuple[Tag, ...]:
        """The classes that a record speaks of, whatever it states itself."""
        return self.reader.classes.of(embedded_text(searched_texts(record)))


def _batches(changes: Iterable[Change], progress: Progress) -> Iterator[list[Change]]:
    waiting = iter(changes)
    while batch := list(islice(waiting, BATCH)):
        yield batch
        progress(len(batch))
