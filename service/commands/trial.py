"""A library for one measurement: built from files in a temporary folder, asked, and gone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from corpus.errors import BadInput
from corpus.intake import import_files
from corpus.labels import labels
from corpus.records import Achievement
from indexer.evaluation import Judged
from indexer.fusion import Fusion, Mode
from indexer.matching import DEEPEST, Ranked
from indexer.reading import Reading
from service.answers import asked_text
from service.commands import counting, told
from service.installation import Installation
from service.settings import Settings


class NotInLibrary(BadInput):
    """评判里有 {count} 个成果不在给出的成果文件里，例如 {example}。请检查 --library。"""


@contextmanager
def trial(files: Sequence[Path], settings: Settings, *, quiet: bool) -> Iterator[Installation]:
    """An installation of the achievements in the files; says how many rows were refused."""
    with (
        tempfile.TemporaryDirectory(prefix="duijie-trial-") as home,
        Installation(replace(settings, home=Path(home), database=None)) as installation,
    ):
        intake = import_files(installation.store, files, kind=Achievement, source="trial")
        if intake.refused:
            told.print(f"注意：成果文件里有 {len(intake.refused)} 行没有收入，例如{intake.refused[0].reason}")
        with counting("建立索引", installation.behind(), quiet=quiet) as progress:
            installation.build(progress=progress)
        yield installation


def decided(installation: Installation) -> list[Judged]:
    """What the installation's own brokers and firms decided, as far as it speaks of relevance; achievements by the library's number."""
    found = labels(installation.matches)
    held = installation.store.get_many({id for label in found for id in (label.demand_id, label.achievement_id)})
    judged = []
    for id, group in groupby(found, key=lambda label: label.demand_id):
        levels = {str(label.achievement_id): label.level for label in group if label.achievement_id in held}
        if levels and (demand := held.get(id)):
            judged.append(Judged(id=str(id), text=asked_text(demand), title=demand.title, levels=levels))
    return judged


def of_source(achievement: Achievement) -> str:
    """The number under which its source knows an achievement."""
    return achievement.source_id


def of_library(achievement: Achievement) -> str:
    """The number under which the library itself knows an achievement, whatever its source calls it."""
    return str(achievement.id)


class Asked:
    """Ranks an installation's achievements for judged demands, by the numbers that the judgements use. Raises NotInLibrary."""

    def __init__(
        self, installation: Installation, judged: Sequence[Judged], number: Callable[[Achievement], str] = of_source
    ) -> None:
        self.installation, self.index = installation, installation.fresh()
        changes = installation.store.changes_after(0, installation.store.revision())
        self.names: Mapping[int, str] = {
            change.id: number(change.record) for change in changes if isinstance(change.record, Achievement)
        }
        self._ids = {name: id for id, name in self.names.items()}
        wanted = {name for demand in judged for name in (*demand.levels, *filter(None, [demand.source]))}
        if missing := sorted(wanted - self._ids.keys()):
            raise NotInLibrary(count=len(missing), example=missing[0])

    def read(self, demand: Judged) -> Reading:
        return self.index.reader.read(demand.text, demand.title)

    def ranked(
        self, demand: Judged, mode: Mode, pool: Sequence[str] | None, fusion: Fusion | None = None
    ) -> list[Ranked]:
        """Of the whole library as far down as a ranking goes, or of a pool."""
        among = [self._ids[name] for name in pool] if pool is not None else None
        limit = DEEPEST if among is None else len(among)
        return self.index.find(
            self.read(demand), mode=mode, kind="achievement", limit=limit, among=among, fusion=fusion
        )[1]
