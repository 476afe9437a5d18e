"""Files of records as sheets of rows: CSV (UTF-8 with or without BOM, GB18030), XLSX and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from corpus.formulas import armed
from corpus.headings import looks_like_headings
from corpus.rows import HEADING_WITHIN, FileUnreadable, Line, Row, Sheet, telling, under_headings
from corpus.workbooks import worksheets

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson")
_LONGEST_CELL = 10_000_000
_LONGEST_LINE = 20_000_000


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
        yield from worksheets(path, mapped)
    elif suffix in (".jsonl", ".ndjson"):
        yield Sheet(path.name, _json_rows(path))
    else:
        yield Sheet(path.name, _csv_rows(path, mapped))


def _json_rows(path: Path) -> Iterator[Row]:
    with telling(path), path.open(encoding=_encoding(path), errors="strict") as lines:
        begun = False
        for number, line in enumerate(_bounded(path, lines), start=1):
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
    with telling(path), path.open(encoding=_encoding(path), newline="") as text:
        start = text.read(65536)
        text.seek(0)
        quotes = _Quotes(_bounded(path, text))
        reader = csv.reader(quotes, delimiter=_delimiter(start, mapped))
        try:
            yield from under_headings(_numbered(reader, quotes), path, mapped)
        except csv.Error as error:
            raise FileUnreadable(
                file=path.name, reason=f"第 {reader.line_num} 行附近的引号或分隔符不完整（{error}）"
            ) from error


def _bounded(path: Path, text: TextIO) -> Iterator[str]:
    """The lines of a text: one that never ends is not read into memory as a whole. Raises FileUnreadable."""
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise FileUnreadable(file=path.name, reason=f"第 {number} 行太长，超过 {_LONGEST_LINE:,} 个字符")
        yield line


@dataclass
class _Quotes:
    """The lines of a file, and how many quotation marks stood in those read last."""

    lines: Iterable[str]
    count: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.count += line.count('"')
            yield line.replace("\x00", "")


def _numbered(reader: Any, quotes: _Quotes) -> Iterator[Line]:
    """CSV records with the line on which each begins. One whose quotation mark has no partner has swallowed the lines below it."""
    line = 1
    for cells in reader:
        swallowed = reader.line_num > line and quotes.count % 2 == 1
        problem = f"引号没有配对，第 {line} 到 {reader.line_num} 行被当成了一行" if swallowed else None
        yield line, [armed(cell) for cell in cells], problem
        line, quotes.count = reader.line_num + 1, 0


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
    for line in start.splitlines()[:HEADING_WITHIN]:
        delimiter = max(",\t;", key=line.count)
        if looks_like_headings([cell.strip().strip('"') for cell in line.split(delimiter)], mapped):
            return delimiter
    return ","
