"""Files of records as rows: CSV (UTF-8 with or without BOM, GB18030), XLSX and JSON lines.

A row is its line in the file and its cells by heading, as they stand there; text stays text, so `0012` and eighteen digits survive.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.functions import iterparse

from corpus.errors import BadInput
from corpus.headings import looks_like_headings

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson")
_LONGEST_CELL = 10_000_000
_HEADING_WITHIN = 10
_EXACT = 1e15
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    EOFError,
    SyntaxError,  # of the XML in it
    ValueError,
    LookupError,
    TypeError,
    NotImplementedError,
    RuntimeError,
)
"""What the readers of ZIP, XML and workbooks raise on a file that is not whole."""
_Line = tuple[int, Sequence[Any], str | None]


class FileUnreadable(BadInput):
    """读不了文件 {file}：{reason}。"""


@dataclass(frozen=True)
class Row:
    """`line` counts from 1 as the program that shows the file counts. `problem` says why a line is not a row at all."""

    line: int
    cells: dict[str, Any]
    problem: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A table of a file, under the name by which a person finds it: the file's, and the worksheet's where several are used.

    Its rows are to be read before the next sheet is asked for. None stand in a worksheet `without_headings`.
    """

    name: str
    rows: Iterator[Row]
    title: str = ""
    without_headings: bool = False


def rows(path: Path, mapped: Collection[str] = ()) -> Iterator[Row]:
    """The rows of a file, in order; empty ones are left out. `mapped` are headings of a mapping file. Raises FileUnreadable."""
    for sheet in sheets(path, mapped):
        yield from sheet.rows


def sheets(path: Path, mapped: Collection[str] = ()) -> Iterator[Sheet]:
    """The tables of a file: one, or the visible worksheets that hold something. Raises FileUnreadable."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileUnreadable(file=path.name, reason="只认识 .csv、.xlsx 和 .jsonl")
    if suffix == ".xlsx":
        yield from _worksheets(path, mapped)
    elif suffix in (".jsonl", ".ndjson"):
        yield Sheet(path.name, _json_rows(path))
    else:
        yield Sheet(path.name, _csv_rows(path, mapped))


@contextmanager
def _telling(path: Path, damage: str = "") -> Iterator[None]:
    """What the system or a reader of workbooks raises, told as FileUnreadable."""
    try:
        yield
    except OSError as error:
        raise FileUnreadable(file=path.name, reason=error.strerror or str(error)) from error
    except _DAMAGED as error:
        if not damage:
            raise
        raise FileUnreadable(file=path.name, reason=f"{damage}，请用表格软件重新另存") from error


def _json_rows(path: Path) -> Iterator[Row]:
    with _telling(path), path.open(encoding=_encoding(path), errors="strict") as lines:
        begun = False
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if not begun and line.lstrip().startswith("["):
                raise FileUnreadable(
                    file=path.name, reason="它以“[”开头；.jsonl 不是一个数组，每一行应是一个 JSON 对象"
                )
            begun = True
            try:
                cells = json.loads(line)
            except (ValueError, RecursionError) as error:
                where = f"（第 {error.pos + 1} 个字符处）" if isinstance(error, json.JSONDecodeError) else ""
                yield Row(number, {"原文": line.rstrip("\n")}, f"这一行不是完整的 JSON{where}")
                continue
            if isinstance(cells, dict):
                yield Row(number, cells)
            else:
                yield Row(number, {"原文": line.rstrip("\n")}, "这一行应是一个 JSON 对象")


def _csv_rows(path: Path, mapped: Collection[str]) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    with _telling(path), path.open(encoding=_encoding(path), newline="") as text:
        start = text.read(65536)
        text.seek(0)
        quotes = _Quotes(text)
        reader = csv.reader(quotes, delimiter=_delimiter(start, mapped))
        try:
            yield from _under_headings(_numbered(reader, quotes), path, mapped)
        except csv.Error as error:
            raise FileUnreadable(
                file=path.name, reason=f"第 {reader.line_num} 行附近的引号或分隔符不完整（{error}）"
            ) from error


@dataclass
class _Quotes:
    """The lines of a file, and how many quotation marks stood in those read last."""

    lines: Iterable[str]
    count: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.count += line.count('"')
            yield line.replace("\x00", "")


def _numbered(reader: Any, quotes: _Quotes) -> Iterator[_Line]:
    """CSV records with the line on which each begins. One whose quotation mark has no partner has swallowed the lines below it."""
    line = 1
    for cells in reader:
        swallowed = reader.line_num > line and quotes.count % 2 == 1
        problem = f"引号没有配对，第 {line} 到 {reader.line_num} 行被当成了一行" if swallowed else None
        yield line, [armed(cell) for cell in cells], problem
        line, quotes.count = reader.line_num + 1, 0


def disarmed(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, made a text: behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def armed(cell: str) -> str:
    """The text of a cell that `disarmed` made."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _worksheets(path: Path, mapped: Collection[str]) -> Iterator[Sheet]:
    with _telling(path, "不是完好的 XLSX 工作簿"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        with _telling(path, "工作簿的内容已损坏"):
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            held = [
                sheet for sheet in visible if any(not _is_empty(cell) for _, row, _ in _lines(sheet) for cell in row)
            ]
            used = [sheet for sheet in held if _has_headings(sheet, mapped)]
        for sheet in used or held[:1]:  # where none has headings, the first says so
            name = f"{path.name}［{sheet.title}］" if len(used) > 1 else path.name
            yield Sheet(name, _worksheet_rows(sheet, path, mapped), sheet.title)
        for sheet in held:
            if sheet not in used:
                yield Sheet(f"{path.name}［{sheet.title}］", iter(()), sheet.title, without_headings=True)
    finally:
        book.close()


def _worksheet_rows(sheet: Any, path: Path, mapped: Collection[str]) -> Iterator[Row]:
    with _telling(path, "工作簿的内容已损坏"):
        missing = _uncalculated(sheet)
        lines = ((line, cells, missing.get(line)) for line, cells, _ in _lines(sheet))
        yield from _under_headings(lines, path, mapped)


def _uncalculated(sheet: Any) -> dict[int, str]:
    """Of lines with a formula that no program has calculated, the problem: the workbook holds no value for it."""
    problems: dict[int, str] = {}
    with sheet._get_source() as source:
        if not any(b"<f" in part for part in _overlapping(source)):
            return problems
    with sheet._get_source() as source:
        for _, element in iterparse(source):
            at = re.fullmatch(r"[A-Z]+(\d+)", element.get("r") or "") if element.tag.endswith("}c") else None
            has_value = element.findtext("{*}v") or element.get("t") == "str"  # a text may be calculated and empty
            if at and element.find("{*}f") is not None and not has_value:
                problems.setdefault(
                    int(at[1]), f"单元格 {at[0]} 的公式没有算出的值，请用表格软件打开并保存，或改成数值"
                )
            elif element.tag.endswith("}row"):
                element.clear()
    return problems


def _overlapping(source: Any) -> Iterator[bytes]:
    """The bytes of a file in parts of which each begins with the end of the one before."""
    end = b""
    while part := source.read(1 << 20):
        yield end + part
        end = part[-1:]


def _has_headings(sheet: Any, mapped: Collection[str]) -> bool:
    return any(looks_like_headings(cells, mapped) for _, cells, _ in islice(_lines(sheet), _HEADING_WITHIN))


def _lines(sheet: Any) -> Iterator[_Line]:
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield line, [_as_text(cell) for cell in cells], None


def _under_headings(lines: Iterable[_Line], path: Path, mapped: Collection[str]) -> Iterator[Row]:
    """Rows below the first line that looks like headings; a title or a note may stand above it."""
    above: list[tuple[int, Sequence[Any]]] = []
    headings: list[str] | None = None
    for number, cells, problem in lines:
        if headings is None:
            above.append((number, cells))
            if looks_like_headings(cells, mapped):
                headings = _named(cells)
            elif len(above) >= _HEADING_WITHIN:
                break
            continue
        if any(not _is_empty(cell) for cell in cells):
            yield _row(number, headings, cells, problem)
    if headings is None and any(not _is_empty(cell) for _, cells in above for cell in cells):
        seen = "、".join(str(cell) for cell in above[0][1] if not _is_empty(cell))[:60]
        raise FileUnreadable(
            file=path.name, reason=f"前 {_HEADING_WITHIN} 行里找不到认识的表头（第一行是“{seen}”），可用映射文件说明"
        )


def _row(line: int, headings: Sequence[str], cells: Sequence[Any], problem: str | None) -> Row:
    named = {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading and not _is_empty(cell)}
    extra = [cell for cell in cells[len(headings) :] if not _is_empty(cell)]
    if extra and not problem:
        problem = f"这一行比表头多出 {len(extra)} 格，可能是引号或分隔符写错"
    return Row(line, named | {f"多出的第 {n} 格": cell for n, cell in enumerate(extra, start=1)}, problem)


def _named(cells: Sequence[Any]) -> list[str]:
    return ["" if _is_empty(cell) else str(cell).strip() for cell in cells]


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _as_text(cell: Any) -> Any:
    """A workbook's number as the digits a person sees; dates stay dates."""
    if isinstance(cell, datetime):
        return cell.date() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell
    if cell is None or isinstance(cell, date | str):
        return cell
    if isinstance(cell, float):
        if abs(cell) >= _EXACT:  # of a longer number the workbook has kept fifteen digits only
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def _encoding(path: Path) -> str:
    """UTF-8 if the whole file is that, else GB18030. Raises FileUnreadable if it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as text:
                while text.read(1 << 20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
    raise FileUnreadable(file=path.name, reason="文字编码既不是 UTF-8 也不是 GB18030")


def _delimiter(start: str, mapped: Collection[str]) -> str:
    """The sign that parts the first line that then looks like headings."""
    for line in start.splitlines()[:_HEADING_WITHIN]:
        delimiter = max(",\t;", key=line.count)
        if looks_like_headings([cell.strip().strip('"') for cell in line.split(delimiter)], mapped):
            return delimiter
    return ","
