"""Outcome: what a job of bulk matching has so far, or in the end: matches, refused rows, how they were made; as lines, CSV, a workbook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.errors import DuijieError
from corpus.refusals import Refusal
from indexer.processes import in_background
from service.bulk import kept_in
from service.listing import Listing, csv_lines, write


class NotListed(DuijieError):
    """没有做成这张工作簿。请再试一次，或改用 CSV。"""


def lines(folder: Path, after: int = 0, without: Collection[int] = ()) -> Iterator[bytes]:
    """The lines of matches that are there by now, one a demand, without the first `after` ones; of each, without some records."""
    return (_but(line, without) for line in islice(_lines(folder), after, None))


def _but(line: bytes, without: Collection[int]) -> bytes:
    """A line without some records, the others ranked as if those had never been there."""
    if not without:
        return line
    demand = json.loads(line)
    left = [hit for hit in demand["hits"] if hit["id"] not in without]
    if len(left) == len(demand["hits"]):
        return line
    demand["hits"] = [{**hit, "rank": rank} for rank, hit in enumerate(left, start=1)]
    return json.dumps(demand, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _lines(folder: Path) -> Iterator[bytes]:
    whole = folder / "matches.jsonl"
    for file in (whole, kept_in(whole), whole):  # the list may have become whole in between
        with suppress(FileNotFoundError), file.open("rb") as kept:
            for line in kept:
                if line.endswith(b"\n") and not line.startswith((b'{"asked"', b'{"refused"')):
                    yield line
            return


def refused(folder: Path) -> Iterator[Refusal]:
    """The refused rows that are known by now, with what they held."""
    with suppress(FileNotFoundError), kept_in(folder / "matches.jsonl").open("rb") as kept:
        for line in kept:
            if line.endswith(b"\n") and line.startswith(b'{"refused"'):
                yield Refusal(**json.loads(line)["refused"])
        return
    with suppress(FileNotFoundError), (folder / "refused.jsonl").open(encoding="utf-8") as written:
        for row in map(json.loads, written):
            place = {"reason": row.pop("退回原因"), "file": row.pop("原文件"), "line": row.pop("原行号")}
            yield Refusal(**place, cells=row)


def about(folder: Path) -> Mapping[str, Any]:
    """How the matches were made; of a part of them, that it is one."""
    with suppress(FileNotFoundError), (folder / "about.json").open(encoding="utf-8") as written:
        told: Mapping[str, Any] = json.load(written)
        return told
    with suppress(FileNotFoundError), kept_in(folder / "matches.jsonl").open("rb") as kept:
        return {**json.loads(next(kept))["asked"], "注意": "还没有做完，这里是已有的部分"}
    return {"注意": "还没有开始"}


def csv_of(folder: Path, after: int = 0, without: Collection[int] = ()) -> Iterator[bytes]:
    return csv_lines(map(json.loads, lines(folder, after, without)), headings=not after)


def workbook_of(folder: Path, out: Path, without: Collection[int] = ()) -> None:
    """Written by a process of low priority: a large one takes a while, in which others search. Raises NotListed."""
    command = in_background(__name__, "write_workbook", folder, out)
    left_out = json.dumps(sorted(without)).encode()
    if subprocess.run(command, input=left_out, capture_output=True, check=False).returncode:  # noqa: S603
        raise NotListed()


def write_workbook() -> None:
    """What that process does; it is handed what to leave out."""
    folder, out = map(Path, sys.argv[1:3])
    demands = partial(_parsed, folder, frozenset(json.load(sys.stdin)))
    write(Listing(demands, partial(refused, folder), about(folder)), out)


def _parsed(folder: Path, without: Collection[int]) -> Iterator[Mapping[str, Any]]:
    return map(json.loads, lines(folder, 0, without))
