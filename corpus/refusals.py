"""Rows that did not go in, and the file they are written to, to be mended and imported again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from corpus.cells import UNSEEN, in_words
from corpus.errors import BadInput
from corpus.rows import FileUnreadable


@dataclass(frozen=True)
class Refusal:
    """A row that did not go in: where it stands, why, and its cells, with the source and the kind under which it would have gone in."""

    file: str
    line: int
    reason: str
    cells: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def write_refused(refusals: Iterable[Refusal], path: Path) -> int:
    """Write refused rows with their reasons to a file (.csv, .xlsx or .jsonl) that can be mended and imported; returns how many.

    A file that is there stays as it is until the new one is whole, and where there is nothing to write. Raises FileUnreadable for another
    kind of file, BadInput where the disk refuses.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise FileUnreadable(file=path.name, reason="退回的行只能写成 .csv、.xlsx 或 .jsonl")
    lines = [{**dict(r.cells), "退回原因": r.reason, "原文件": r.file, "原行号": r.line} for r in refusals if r.cells]
    if not lines and path.exists():
        return 0
    part = path.with_name(f".{path.name}.part")
    try:
        write(lines, part)
        part.replace(path)
    except OSError as error:
        raise BadInput(reason=f"写不了文件 {path.name}（{error.strerror or error}），退回的行没有写出") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return len(lines)


def _write_json(lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    written = (json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
    path.write_text("".join(written), "utf-8", errors="replace")


def _write_csv(lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as out:
        csv.writer(out).writerows(_table(lines))


def _write_workbook(lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("退回的行")
    for row in _table(lines):
        cells = [WriteOnlyCell(sheet, text) for text in row]
        for cell in cells:
            cell.data_type = "s"  # text, also where it begins like a formula
        sheet.append(cells)
    book.save(path)


_WRITERS = {".jsonl": _write_json, ".csv": _write_csv, ".xlsx": _write_workbook}


def _table(lines: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    headings = list(dict.fromkeys(heading for line in lines for heading in line)) or ["退回原因"]
    return [headings, *([_as_cell(line.get(heading)) for heading in headings] for line in lines)]


def _as_cell(value: Any) -> str:
    items = value if isinstance(value, list) else [] if value is None else [value]
    written = "；".join(in_words(item) if isinstance(item, Mapping) else str(item) for item in items)
    return UNSEEN.sub("", written)
