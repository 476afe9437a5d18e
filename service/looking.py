"""A file looked at before it is imported: which sheet holds what, which column is which field, and what its first rows would come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from corpus.headings import fields_of, guess_kind
from corpus.intake import KindUnknown, Taken, read_file
from corpus.records import KINDS, Record, about, stated_fields
from corpus.refusals import Refusal
from corpus.rows import FileUnreadable, Sheet
from corpus.sheets import sheets

LOOKED_AT = 2000
"""Rows that are tried."""
_HEADED = 200
"""Rows of a sheet that its headings are taken from."""
_SAMPLES = 3


@dataclass(frozen=True)
class Column:
    """`field` is None where no field was recognised; `samples` are cells as they stand."""

    heading: str
    field: str | None
    samples: Sequence[str]


@dataclass(frozen=True)
class SheetSeen:
    """`kind` is None for a sheet that is passed over, having no headings, or that does not say what it holds."""

    name: str
    kind: str | None
    columns: Sequence[Column]


@dataclass(frozen=True)
class Look:
    """`whole` tells whether all rows were tried, `problem` why the file cannot be imported as it is."""

    sheets: Sequence[SheetSeen]
    taken: int = 0
    refused: Sequence[Refusal] = ()
    whole: bool = True
    problem: str | None = None


def look(path: Path, kind: type[Record] | None, source: str | None, mapping: Mapping[str, str]) -> Look:
    """The first rows of a file, each as an import would take or refuse it, without a store."""
    seen: list[SheetSeen] = []
    try:
        seen += [_seen(sheet, kind, mapping) for sheet in sheets(path, mapping)]
        rows = read_file(path, kind=kind, source=source, mapping=mapping)
        first = list(islice(rows, LOOKED_AT))
        refused = [row for row in first if isinstance(row, Refusal)]
        return Look(seen, sum(isinstance(row, Taken) for row in first), refused, next(rows, None) is None)
    except KindUnknown as unknown:
        return Look(seen, problem=f"看不出 {unknown.facts['file']} 里是成果还是需求，请在下面选定。")
    except FileUnreadable as unreadable:
        return Look(seen, problem=str(unreadable))


def fields_named(kind: str) -> dict[str, str]:
    """What a column may be mapped to: field → label."""
    return {name: about(KINDS[kind], name).label for name in stated_fields(KINDS[kind])}


def _seen(sheet: Sheet, kind: type[Record] | None, mapping: Mapping[str, str]) -> SheetSeen:
    first = [row for row in islice(sheet.rows, _HEADED) if not row.problem]
    headings = list(dict.fromkeys(heading for row in first for heading in row.cells))
    found = None if sheet.without_headings else kind or guess_kind(headings, sheet.title) or guess_kind(headings, sheet.name)  # fmt: skip
    known = fields_of(found, headings, mapping) if found else {}
    told = {heading: [str(row.cells[heading]) for row in first if row.cells.get(heading)] for heading in headings}
    columns = [Column(heading, known.get(heading), cells[:_SAMPLES]) for heading, cells in told.items()]
    return SheetSeen(sheet.name, found.kind if found else None, columns)
