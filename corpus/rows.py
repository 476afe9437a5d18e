"""A table's lines as rows: what stands under its headings.

A row is its line in the file and its cells by heading, as they stand there; text stays text, so `0012` and eighteen digits survive.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl.utils.exceptions import InvalidFileException

from corpus.errors import BadInput
from corpus.headings import looks_like_headings

HEADING_WITHIN = 10
"""Lines of a table of which one must look like headings."""
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
Line = tuple[int, Sequence[Any], str | None]
"""Where a line stands, its cells, and why it is none at all."""


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


@contextmanager
def telling(path: Path, damage: str = "") -> Iterator[None]:
    """What the system or a reader of workbooks raises, told as FileUnreadable."""
    try:
        yield
    except OSError as error:
        raise FileUnreadable(file=path.name, reason=error.strerror or str(error)) from error
    except _DAMAGED as error:
        if not damage:
            raise
        raise FileUnreadable(file=path.name, reason=f"{damage}，请用表格软件重新另存") from error


def under_headings(lines: Iterable[Line], path: Path, mapped: Collection[str]) -> Iterator[Row]:
    """Rows below the first line that looks like headings; a title or a note may stand above it."""
    above: list[tuple[int, Sequence[Any]]] = []
    headings: list[str] | None = None
    for number, cells, problem in lines:
        if headings is None:
            above.append((number, cells))
            if looks_like_headings(cells, mapped):
                headings = _named(cells)
            elif len(above) >= HEADING_WITHIN:
                break
            continue
        if any(not is_empty(cell) for cell in cells):
            yield _row(number, headings, cells, problem)
    if headings is None and any(not is_empty(cell) for _, cells in above for cell in cells):
        seen = "、".join(str(cell) for cell in above[0][1] if not is_empty(cell))[:60]
        raise FileUnreadable(
            file=path.name, reason=f"前 {HEADING_WITHIN} 行里找不到认识的表头（第一行是“{seen}”），可用映射文件说明"
        )


def _row(line: int, headings: Sequence[str], cells: Sequence[Any], problem: str | None) -> Row:
    named = {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading and not is_empty(cell)}
    extra = [cell for cell in cells[len(headings) :] if not is_empty(cell)]
    if extra and not problem:
        problem = f"这一行比表头多出 {len(extra)} 格，可能是引号或分隔符写错"
    return Row(line, named | {f"多出的第 {n} 格": cell for n, cell in enumerate(extra, start=1)}, problem)


def _named(cells: Sequence[Any]) -> list[str]:
    return ["" if is_empty(cell) else str(cell).strip() for cell in cells]


def is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
