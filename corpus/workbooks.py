"""Workbooks: the visible worksheets of an XLSX file as sheets of rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.xml.functions import iterparse

from corpus.headings import looks_like_headings
from corpus.packed import is_bomb
from corpus.rows import HEADING_WITHIN, FileUnreadable, Line, Row, Sheet, is_empty, telling, under_headings

_EXACT = 1e15
"""Of a longer number a workbook has kept fifteen digits only."""


def worksheets(path: Path, mapped: Collection[str]) -> Iterator[Sheet]:
    """Those that are visible and hold something. Raises FileUnreadable."""
    with telling(path, "不是完好的 XLSX 工作簿"):
        if is_bomb(path):
            raise FileUnreadable(file=path.name, reason="这本工作簿展开后太大，请分成几份")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        with telling(path, "工作簿的内容已损坏"):
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            held = [
                sheet for sheet in visible if any(not is_empty(cell) for _, row, _ in _lines(sheet) for cell in row)
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
    with telling(path, "工作簿的内容已损坏"):
        missing = _uncalculated(sheet)
        lines = ((line, cells, missing.get(line)) for line, cells, _ in _lines(sheet))
        yield from under_headings(lines, path, mapped)


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
    return any(looks_like_headings(cells, mapped) for _, cells, _ in islice(_lines(sheet), HEADING_WITHIN))


def _lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield line, [_as_text(cell) for cell in cells], None


def _as_text(cell: Any) -> Any:
    """A workbook's number as the digits a person sees; dates stay dates."""
    if isinstance(cell, datetime):
        return cell.date() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell
    if cell is None or isinstance(cell, date | str):
        return cell
    if isinstance(cell, float):
        if abs(cell) >= _EXACT:
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)
