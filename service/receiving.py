"""A request's body into a file, however large, and what kind of sheet it is.

application/json                  an array of demands, or {"demands": [...]}
application/x-ndjson, …/jsonl     a demand a line
text/csv                          with headings, as an import reads them
application/vnd.openxml…sheet     a workbook, likewise
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ijson
from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from corpus.errors import BadInput, DuijieError

LARGEST = 200_000_000
"""Bytes of a body."""
MOST = 100_000
"""Demands of one job."""
_PART = 1 << 20
_DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_DEEPEST = 20
"""Brackets within brackets."""
Event = tuple[str, Any]
"""Of ijson: what, its value."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "text/csv": ".csv",
    WORKBOOK: ".xlsx",
}


class KindNotTaken(DuijieError):
    """不认识的内容类型“{given}”。请发 application/json、application/x-ndjson、text/csv 或 XLSX，并写明 Content-Type。"""


class TooLarge(DuijieError):
    """内容太大：最多 {most} MB。请分几次提交。"""


class TooManyDemands(DuijieError):
    """一次最多 {most} 条需求，这里有 {given} 条。请分几次提交。"""


class NotJson(BadInput):
    """读不了这份 JSON：{reason}。应是一个数组，或 demands 里的一个数组，每一项是一条需求。"""


@dataclass(frozen=True)
class Received:
    """What was sent, in a file."""

    file: Path
    digest: str


def ending_of(request: Request) -> str:
    """Raises KindNotTaken."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in ENDINGS:
        raise KindNotTaken(given=given[:60])
    return ENDINGS[given]


async def kept(parts: AsyncIterator[bytes], file: Path, *, largest: int = LARGEST) -> Received:
    """The parts in a file, which is removed where they are too large or end too early. Raises TooLarge."""
    digest, size, held = hashlib.sha256(), 0, bytearray()
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("wb") as out:
            async for part in parts:
                size += len(part)
                if size > largest:
                    raise TooLarge(most=largest // 1_000_000)
                held += part
                digest.update(part)
                if len(held) >= _PART:
                    await run_in_threadpool(out.write, bytes(held))
                    held.clear()
            await run_in_threadpool(out.write, bytes(held))
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return Received(file, digest.hexdigest())


def as_lines(file: Path) -> Path:
    """The items of a JSON array as a file of lines, in the array's place. Raises NotJson."""
    lines, count = file.with_suffix(".jsonl"), 0
    try:
        with file.open("rb") as given, lines.open("w", encoding="utf-8", errors="backslashreplace") as out:
            start = given.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            given.seek(3 if given.seek(0) == 0 and given.read(3) == b"\xef\xbb\xbf" else 0)
            items = "demands.item" if start == b"{" else "item"
            events = _shallow(ijson.basic_parse(given, use_float=True))
            for item in ijson.items(ijson.parse(events), items):
                out.write(json.dumps(item, ensure_ascii=False) + "\n")
                count += 1
    except (ijson.JSONError, UnicodeError, ValueError) as error:
        said = " ".join(str(error).partition("\n")[0].split())
        raise NotJson(reason=f"写得不完整，或有一处不对（{said[:100]}）") from error
    if not count:
        raise NotJson(reason="里面没有一条需求")
    file.unlink()
    return lines


def _shallow(events: Iterable[Event]) -> Iterator[Event]:
    """The events of a JSON text, as long as it is no deeper than demands are. Raises NotJson."""
    depth = 0
    for event in events:
        depth += _DEEPER.get(event[0], 0)
        if (
            depth > _DEEPEST
        ):  # where it is told for each of 100,000 brackets in which others it lies, that takes gigabytes
            raise NotJson(reason=f"括号套得太深，超过 {_DEEPEST} 层")
        yield event


def at_most(file: Path) -> int:
    """No fewer rows than a sheet has, quickly: its lines; of a workbook that was read already, and is none that unpacks to too much."""
    if file.suffix != ".xlsx":
        with file.open("rb") as given:
            return 1 + sum(part.count(b"\n") for part in iter(lambda: given.read(_PART), b""))
    try:
        with zipfile.ZipFile(file) as book:
            return sum(_rows(book, name) for name in book.namelist() if name.startswith("xl/worksheets/"))
    except zipfile.BadZipFile:
        return 0  # whoever reads it says so


def _rows(book: zipfile.ZipFile, name: str) -> int:
    count, end = 0, b""
    with book.open(name) as sheet:
        while part := sheet.read(_PART):
            whole = end + part
            count += whole.count(b"<row ") + whole.count(b"<row>")
            end = whole[-4:]
    return count
