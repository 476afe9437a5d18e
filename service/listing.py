"""A list of matches as a file for people and programs: CSV that a Chinese Excel opens, a workbook, JSON lines.

It is written beside its place and moved there in one step; matches stream through.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from corpus.cells import UNSEEN
from corpus.errors import BadInput
from corpus.formulas import disarmed
from corpus.refusals import Refusal
from indexer.fusion import BANDS, LABELS

HEADINGS = (
    "需求文件", "行号", "需求编号", "需求名称", "名次", "成果记录号", "成果来源", "成果编号", "成果名称", "成果单位",
    "得分", "档次", *LABELS.values(), "引文",
)  # fmt: skip
ROWS = 1_048_575
"""Of one worksheet, below its headings."""


@dataclass(frozen=True)
class Listing:
    """What is written: demands with their hits and refused rows, both as often as asked for, and what people should know of the whole."""

    demands: Callable[[], Iterator[Mapping[str, Any]]]
    refused: Callable[[], Iterator[Refusal]]
    about: Mapping[str, Any]


def write(listing: Listing, path: Path) -> None:
    """Write it as the file's ending says (.csv, .xlsx or .jsonl). Raises BadInput where the disk refuses."""
    part = path.with_name(f".{path.name}.part")
    try:
        _WRITERS[path.suffix.lower()](listing, part)
        with part.open("rb+") as whole:
            os.fsync(whole.fileno())
        part.replace(path)
    except OSError as error:
        raise BadInput(reason=f"写不了文件 {path.name}（{error.strerror or error}）") from error
    finally:
        with suppress(OSError):
            part.unlink()


def write_rows(headings: Iterable[str], rows: Iterable[Iterable[Any]], path: Path, *, title: str) -> None:
    """Write rows as CSV that a Chinese Excel opens, or as a workbook of one sheet; by the file's ending."""
    if path.suffix.lower() == ".xlsx":
        book = openpyxl.Workbook(write_only=True)
        _add(book, title, headings, rows)
        book.save(path)
    else:
        _write_sheet(headings, rows, path)


def _write_json(listing: Listing, path: Path) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        out.writelines(json.dumps(demand, ensure_ascii=False) + "\n" for demand in listing.demands())


def _write_csv(listing: Listing, path: Path) -> None:
    with path.open("wb") as out:
        out.writelines(csv_lines(listing.demands()))


def _write_sheet(headings: Iterable[str], rows: Iterable[Iterable[Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as out:
        csv.writer(out).writerows(map(disarmed, row) for row in chain([headings], rows))


def csv_lines(demands: Iterable[Mapping[str, Any]], *, headings: bool = True) -> Iterator[bytes]:
    """The lines of a CSV file, a demand's together; with the mark by which Excel knows UTF-8, where they begin with the headings."""
    if headings:
        yield "\ufeff".encode() + _csv([HEADINGS])
    for demand in demands:
        yield _csv(_rows([demand]))


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(disarmed, row) for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _write_workbook(listing: Listing, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    _add(book, "匹配", HEADINGS, _rows(listing.demands()))
    _add(book, "退回", ("文件", "行号", "原因"), ((r.file, r.line, r.reason) for r in listing.refused()))
    _add(book, "说明", ("项目", "内容"), ((name, _in_words(value)) for name, value in listing.about.items()))
    book.save(path)


def _add(book: Any, title: str, headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A sheet of rows, and further ones where they are more than a sheet holds."""
    waiting, number = iter(rows), 1
    block: Iterator[Iterable[Any]] | None = islice(waiting, ROWS)
    while block is not None:
        sheet = book.create_sheet(title if number == 1 else f"{title} {number}")
        sheet.freeze_panes = "A2"
        for row in chain([headings], block):
            sheet.append([_cell(sheet, value) for value in row])
        following = next(waiting, None)
        block = None if following is None else chain([following], islice(waiting, ROWS - 1))
        number += 1


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, UNSEEN.sub("", value))
    cell.data_type = "s"  # text, also where it begins like a formula
    return cell


def _rows(demands: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """One a match, under `HEADINGS`."""
    for demand in demands:
        asked = (demand["file"], demand["line"], demand["source_id"], demand["title"])
        for hit in demand["hits"]:
            found = (hit[name] for name in ("rank", "id", "source", "source_id", "title", "organisation", "score"))
            parts = (hit["parts"].get(name) for name in LABELS)
            quote = hit["quotes"][0]["text"] if hit["quotes"] else None
            yield (*asked, *found, BANDS[hit["band"]] if hit["band"] else None, *parts, quote)


def _in_words(value: Any) -> str | int:
    if isinstance(value, Mapping):
        parts = (f"{name} {part:g}" if isinstance(part, float) else f"{name} {part}" for name, part in value.items())
        return "，".join(parts) or "无"
    if isinstance(value, list | tuple):
        return "；".join(map(str, value)) or "无"
    return "无" if value is None else value if isinstance(value, int) else str(value)


_WRITERS: Mapping[str, Callable[[Listing, Path], None]] = {
    ".jsonl": _write_json,
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
}
