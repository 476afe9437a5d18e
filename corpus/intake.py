"""How records come in: file → rows → record or refusal with line and reason → store.

Good rows go in, batch by batch, each batch on disk before it is counted; refused rows come back with what they held, so that they can
be mended and brought again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.cells import LONGEST, record_of
from corpus.errors import BadInput, RecordRefused
from corpus.headings import fields_of, guess_kind
from corpus.records import KINDS, Record
from corpus.refusals import Refusal
from corpus.rows import FileUnreadable, Row, Sheet
from corpus.sheets import sheets
from corpus.store import Store

BATCH = 500
"""Records of one transaction."""


class KindUnknown(BadInput):
    """看不出 {file} 里是成果还是需求。请加 --kind achievement 或 --kind demand。"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that makes a record, and where it stands."""

    file: str
    line: int
    record: Record
    cells: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


Admit = Callable[[Record, Record | None], Record]
"""What goes in for a record, given the one that is held under its number. Raises RecordRefused."""


@dataclass
class Intake:
    """What came of an import so far."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    unreadable: list[FileUnreadable] = field(default_factory=list)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    """Of each file the columns that no field was recognised in, and of each worksheet without headings that it is one."""

    @property
    def accepted(self) -> int:
        return self.added + self.changed + self.unchanged

    def as_json(self) -> dict[str, Any]:
        refused = [{"file": r.file, "line": r.line, "reason": r.reason} for r in self.refused]
        return {"added": self.added, "changed": self.changed, "unchanged": self.unchanged, "refused": refused}


def import_files(
    store: Store,
    paths: Sequence[Path],
    *,
    kind: type[Record] | None = None,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Callable[[Intake], None] = lambda intake: None,
    intake: Intake | None = None,
    admit: Admit | None = None,
) -> Intake:
    """Import files one after another into the store; `progress` is told after each batch that is on disk, `admit` asked of each record.

    `intake`, if given, is filled as the work goes on, so that a caller who is interrupted still knows what went in. A file that cannot
    be read is noted in `unreadable` and the others go on. Raises KindUnknown.
    """
    report = intake if intake is not None else Intake()
    importing = _Import(store, _Reading(kind, source, mapping or {}, report.ignored), progress, report, admit)
    for path in paths:
        try:
            importing.file(path)
        except FileUnreadable as unreadable:
            report.unreadable.append(unreadable)
            report.refused.append(Refusal(path.name, 0, str(unreadable)))
    return report


def read_file(
    path: Path,
    *,
    kind: type[Record] | None = None,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    ignored: dict[str, list[str]] | None = None,
) -> Iterator[Taken | Refusal]:
    """The rows of a file in order, each as an import would take or refuse it, without a store.

    `ignored`, if given, is filled as `Intake.ignored` is. Raises KindUnknown, FileUnreadable.
    """
    reading = _Reading(kind, source, mapping or {}, ignored if ignored is not None else {})
    for batch in reading.batches(path):
        yield from batch


@dataclass(frozen=True)
class _Import:
    """One import of files: where to, and what came of it so far."""

    store: Store
    reading: _Reading
    progress: Callable[[Intake], None]
    report: Intake
    admit: Admit | None = None

    def file(self, path: Path) -> None:
        for batch in map(self._admitted, self.reading.batches(path)):
            self.report.refused += [row for row in batch if isinstance(row, Refusal)]
            saved = self.store.save([row.record for row in batch if isinstance(row, Taken)])
            self.report.added += len(saved.added)
            self.report.changed += len(saved.changed)
            self.report.unchanged += len(saved.unchanged)
            self.progress(self.report)

    def _admitted(self, batch: Sequence[Taken | Refusal]) -> Sequence[Taken | Refusal]:
        if self.admit is None:
            return batch
        held = self.store.held([row.record for row in batch if isinstance(row, Taken)])
        return [_asked(self.admit, row, held) if isinstance(row, Taken) else row for row in batch]


def _asked(admit: Admit, row: Taken, held: Mapping[tuple[str, str, str], Record]) -> Taken | Refusal:
    record = row.record
    try:
        return replace(row, record=admit(record, held.get((record.kind, record.source, record.source_id))))
    except RecordRefused as refused:
        told = {"来源": record.source, "kind": record.kind}
        return Refusal(row.file, row.line, str(refused.facts["reason"]), {**row.cells, **told})


@dataclass(frozen=True)
class _Reading:
    """One reading of files: what was asked for, the columns that no field was recognised in, and where each record stood."""

    kind: type[Record] | None
    source: str | None
    mapping: Mapping[str, str]
    ignored: dict[str, list[str]]
    seen: dict[tuple[str, str, str], _Place] = field(default_factory=dict)

    def batches(self, path: Path) -> Iterator[list[Taken | Refusal]]:
        is_empty = True
        for sheet in sheets(path, self.mapping):
            if sheet.without_headings:
                self.ignored[sheet.name] = ["整张工作表，没有认识的表头"]
            elif first := list(islice(sheet.rows, BATCH)):
                is_empty = False
                yield from self._sheet(path, sheet, first)
        if is_empty:
            raise FileUnreadable(file=path.name, reason="里面没有一行记录")

    def _sheet(self, path: Path, sheet: Sheet, first: list[Row]) -> Iterator[list[Taken | Refusal]]:
        headings = list(dict.fromkeys(heading for row in first for heading in row.cells if not row.problem))
        found = self.kind or _kind_of(first, headings, path, sheet)
        if found is None:
            if any(not row.problem for row in first):
                raise KindUnknown(file=sheet.name)
            found = KINDS["achievement"]
        known = {"kind", *fields_of(found, headings, self.mapping)}
        self.ignored[sheet.name] = [heading for heading in headings if heading not in known]
        there = path.resolve()
        for batch in _batches(first, sheet.rows):
            yield [self._row(path, there, sheet, row, self.kind or _own_kind(row) or found) for row in batch]

    def _row(self, path: Path, there: Path, sheet: Sheet, row: Row, kind: type[Record]) -> Taken | Refusal:
        try:
            record = read_row(kind, row, self.mapping, self.source, path.stem)
            _once(record, _Place(there, sheet.name, row.line), self.seen)
            return Taken(sheet.name, row.line, record, row.cells)
        except RecordRefused as refused:
            return _refusal(path, sheet, row, str(refused.facts["reason"]), kind, self.source, self.mapping)


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    sheet: str
    line: int


def _kind_of(first: Sequence[Row], headings: Sequence[str], path: Path, sheet: Sheet) -> type[Record] | None:
    named = next((kind for row in first if (kind := _own_kind(row))), None)
    return named or guess_kind(headings, sheet.title) or guess_kind(headings, path.name)


def _own_kind(row: Row) -> type[Record] | None:
    """The kind a row itself names, as the API's records and refused rows do."""
    named = row.cells.get("kind")
    return KINDS.get(named) if isinstance(named, str) else None


def _refusal(
    path: Path,
    sheet: Sheet,
    row: Row,
    reason: str,
    kind: type[Record],
    source: str | None,
    mapping: Mapping[str, str],
) -> Refusal:
    names = fields_of(kind, row.cells, mapping).values()
    told = {} if "source" in names and not source else {"来源": source or path.stem}
    return Refusal(sheet.name, row.line, reason, {**row.cells, **told, "kind": kind.kind})


def read_row(
    kind: type[Record], row: Row, mapping: Mapping[str, str], source: str | None, default_source: str
) -> Record:
    """The record of one row. Raises RecordRefused.

    A row without a number of its own is known by its title: within one source that is what people keep apart by.
    """
    if row.problem:
        raise RecordRefused(reason=row.problem)
    fields = fields_of(kind, row.cells, mapping)
    cells = {name: row.cells[heading] for heading, name in fields.items()}
    record = record_of(kind, cells)
    number = record.source_id or record.title[: LONGEST["source_id"]]
    return replace(record, source=source or record.source or default_source, source_id=number)


def _once(record: Record, place: _Place, seen: dict[tuple[str, str, str], _Place]) -> None:
    """Raises RecordRefused for another row of the same number in one import: which of the two is meant, only a person knows."""
    first = seen.setdefault((record.kind, record.source, record.source_id), place)
    if first == place:
        return
    if first.path != place.path:
        raise RecordRefused(
            reason=f"来源编号“{record.source_id}”与 {first.path} 第 {first.line} 行重复（来源都是“{record.source}”）；"
            "若是不同的记录，请分开导入，各用 --source 给出来源"
        )
    where = "" if first.sheet == place.sheet else f" {first.sheet} "
    raise RecordRefused(reason=f"来源编号“{record.source_id}”与{where}第 {first.line} 行重复")


def _batches(first: list[Row], rest: Iterator[Row]) -> Iterator[list[Row]]:
    batch = first
    while batch:
        yield batch
        batch = list(islice(rest, BATCH))
