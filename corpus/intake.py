"""How records come in: file → rows → record or refusal with line and reason → store.

Good rows go in, batch by batch, each batch on disk before it is counted; refused rows come back with what they held, so that they can
be mended and brought again.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl

from corpus.cells import LONGEST, UNSEEN, in_words, record_of
from corpus.errors import BadInput, RecordRefused
from corpus.headings import fields_of, guess_kind
from corpus.records import KINDS, Record
from corpus.sheets import FileUnreadable, Row, rows
from corpus.store import Store

BATCH = 500
"""Records of one transaction."""


class KindUnknown(BadInput):
    """看不出 {file} 里是成果还是需求。请加 --kind achievement 或 --kind demand。"""


@dataclass(frozen=True)
class Refusal:
    """A row that did not go in: where it stands, why, and its cells, with the source and the kind under which it would have gone in."""

    file: str
    line: int
    reason: str
    cells: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass
class Intake:
    """What came of an import so far."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    unreadable: list[FileUnreadable] = field(default_factory=list)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    """Columns of each file that no field was recognised in."""

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
) -> Intake:
    """Import files one after another into the store; `progress` is told after each batch that is on disk.

    `intake`, if given, is filled as the work goes on, so that a caller who is interrupted still knows what went in. A file that cannot
    be read is noted in `unreadable` and the others go on. Raises KindUnknown.
    """
    report = intake if intake is not None else Intake()
    for path in paths:
        try:
            _import_file(store, path, kind, source, mapping or {}, progress, report)
        except FileUnreadable as unreadable:
            report.unreadable.append(unreadable)
            report.refused.append(Refusal(path.name, 0, str(unreadable)))
    return report


def _import_file(
    store: Store,
    path: Path,
    kind: type[Record] | None,
    source: str | None,
    mapping: Mapping[str, str],
    progress: Callable[[Intake], None],
    report: Intake,
) -> None:
    read = rows(path, mapping)
    first = list(islice(read, BATCH))
    headings = list(dict.fromkeys(heading for row in first for heading in row.cells if not row.problem))
    found = kind or _kind_of(first, headings, path)
    if found is None:
        if any(not row.problem for row in first):
            raise KindUnknown(file=path.name)
        found = KINDS["achievement"]
    known = {"kind", *fields_of(found, headings, mapping)}
    report.ignored[path.name] = [heading for heading in headings if heading not in known]
    seen: dict[tuple[str, str, str], int] = {}
    for batch in _batches(first, read):
        records = []
        for row in batch:
            own = kind or _own_kind(row) or found
            try:
                record = read_row(own, row, mapping, source, path.stem)
                _once(record, row.line, seen)
                records.append(record)
            except RecordRefused as refused:
                report.refused.append(_refusal(path, row, str(refused.facts["reason"]), own, source, mapping))
        saved = store.save(records)
        report.added += len(saved.added)
        report.changed += len(saved.changed)
        report.unchanged += len(saved.unchanged)
        progress(report)


def _kind_of(first: Sequence[Row], headings: Sequence[str], path: Path) -> type[Record] | None:
    return next((kind for row in first if (kind := _own_kind(row))), None) or guess_kind(headings, path.name)


def _own_kind(row: Row) -> type[Record] | None:
    """The kind a row itself names, as the API's records and refused rows do."""
    named = row.cells.get("kind")
    return KINDS.get(named) if isinstance(named, str) else None


def _refusal(
    path: Path, row: Row, reason: str, kind: type[Record], source: str | None, mapping: Mapping[str, str]
) -> Refusal:
    names = fields_of(kind, row.cells, mapping).values()
    told = {} if "source" in names and not source else {"来源": source or path.stem}
    return Refusal(path.name, row.line, reason, {**row.cells, **told, "kind": kind.kind})


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


def _once(record: Record, line: int, seen: dict[tuple[str, str, str], int]) -> None:
    """Raises RecordRefused for a second row of the same number in one file: which of the two is meant, only a person knows."""
    key = (record.kind, record.source, record.source_id)
    if key in seen:
        raise RecordRefused(reason=f"来源编号“{record.source_id}”与第 {seen[key]} 行重复")
    seen[key] = line


def _batches(first: list[Row], rest: Iterator[Row]) -> Iterator[list[Row]]:
    batch = first
    while batch:
        yield batch
        batch = list(islice(rest, BATCH))


def write_refused(refusals: Iterable[Refusal], path: Path) -> int:
    """Write refused rows with their reasons to a file (.csv, .xlsx or .jsonl) that can be mended and imported; returns how many.

    Raises FileUnreadable for another kind of file.
    """
    lines = [{**dict(r.cells), "退回原因": r.reason, "原文件": r.file, "原行号": r.line} for r in refusals if r.cells]
    if path.suffix.lower() == ".jsonl":
        written = (json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
        path.write_text("".join(written), "utf-8", errors="replace")
        return len(lines)
    headings = list(dict.fromkeys(heading for line in lines for heading in line)) or ["退回原因"]
    table = [headings, *([_as_cell(line.get(heading)) for heading in headings] for line in lines)]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as out:
            csv.writer(out).writerows(table)
    elif path.suffix.lower() == ".xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("退回的行")
        for row in table:
            sheet.append(row)
        book.save(path)
    else:
        raise FileUnreadable(file=path.name, reason="退回的行只能写成 .csv、.xlsx 或 .jsonl")
    return len(lines)


def _as_cell(value: Any) -> Any:
    items = value if isinstance(value, list) else [] if value is None else [value]
    written = "；".join(in_words(item) if isinstance(item, Mapping) else str(item) for item in items)
    return UNSEEN.sub("", written)
