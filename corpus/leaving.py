"""How records go out: a file that an import reads again, without what is confidential.

JSON lines hold every field by its name; CSV and a workbook one column a field, under its label, in the words that a cell is read by.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from corpus.cells import UNSEEN, in_words
from corpus.errors import BadInput
from corpus.formulas import disarmed
from corpus.records import KINDS, Record, about, is_stated, plain, public, stated_fields
from corpus.vocabulary import KIND

FORMATS = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


class OneKindOnly(BadInput):
    """CSV 只有一张表，放不下两种记录。请指明要成果（achievement）还是需求（demand），或换成 xlsx、jsonl。"""


def columns(kind: type[Record]) -> dict[str, str]:
    """Field → heading, of what goes out of a kind."""
    return {name: about(kind, name).label for name in stated_fields(kind) if not about(kind, name).confidential}


def as_lines(records: Iterable[Record]) -> Iterator[str]:
    """JSON lines."""
    return (json.dumps(public(record), ensure_ascii=False) + "\n" for record in records)


def as_csv(records: Iterable[Record], kind: type[Record]) -> Iterator[str]:
    """Lines of a CSV that a Chinese Excel opens. A text that it would take for a formula stands behind an apostrophe."""
    yield "\ufeff"
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer)
    named = columns(kind)
    for row in _table(records, named):
        out.writerow(map(disarmed, row))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def write_workbook(records: Mapping[type[Record], Iterable[Record]], path: Path) -> None:
    """A sheet a kind."""
    book = openpyxl.Workbook(write_only=True)
    for kind, of_kind in records.items():
        sheet = book.create_sheet(KIND.name(kind.kind))
        sheet.freeze_panes = "A2"
        for row in _table(of_kind, columns(kind)):
            cells = [WriteOnlyCell(sheet, UNSEEN.sub("", cell) if isinstance(cell, str) else cell) for cell in row]
            for cell, value in zip(cells, row, strict=True):
                if isinstance(value, str):
                    cell.data_type = "s"  # text, also where it begins like a formula
            sheet.append(cells)
    book.save(path)


def kind_named(code: str | None, format: str) -> type[Record] | None:
    """Raises OneKindOnly for a CSV of both, UnknownValue."""
    if code is None and format == "csv":
        raise OneKindOnly()
    return KINDS[KIND.code(code)] if code else None


def _table(records: Iterable[Record], named: Mapping[str, str]) -> Iterator[list[Any]]:
    yield list(named.values())
    for record in records:
        yield [_cell(type(record), name, getattr(record, name)) for name in named]


def _cell(kind: type[Record], name: str, value: Any) -> str | int | float | None:
    """What a cell says of a value; None where it is not stated."""
    if not is_stated(value):
        return None
    if isinstance(value, tuple):
        return "；".join(_word(kind, name, item) for item in value)
    return value if isinstance(value, int | float) else _word(kind, name, value)


def _word(kind: type[Record], name: str, item: Any) -> str:
    """Codes of short lists by their label, those of trees as codes: several places of a tree may have one name."""
    vocabulary = about(kind, name).vocabulary
    if vocabulary:
        return str(item) if vocabulary().pattern else vocabulary().name(item)
    shown = plain((item,))[0]
    if isinstance(shown, Mapping):
        return in_words(shown)
    return item.isoformat() if isinstance(item, date) else str(shown)
