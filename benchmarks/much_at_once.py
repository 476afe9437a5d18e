"""Duijie with much at once: thousands of demands matched by `duijie bulk`, and a tenth of the library imported while a server answers."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx

from benchmarks import memory
from benchmarks.over_http import Asker, duijie, percentiles, served
from benchmarks.shelf import Library

DEMANDS = 10_000
MATCHES = 20
"""Of each demand."""
IMPORTED = 0.1
"""Of the library's records, as many new ones."""
_PATIENCE = 1800.0
"""Seconds after which what was imported should have been found."""


def bulk(library: Library, home: Path) -> dict[str, Any]:
    """Seconds for `DEMANDS` demands of a paragraph each, all of the command: starting, matching, quoting, writing."""
    demands, matches = library.folder / "bulk-demands.jsonl", library.folder / "bulk-matches.jsonl"
    _write(demands, _demands(library))
    with memory.Peak(library.folder) as peak:
        seconds = _run(home, "bulk", "match", demands, "-o", matches, "--limit", MATCHES, "--anew", "--json")
    with matches.open("rb") as lines:
        written = sum(1 for _ in lines)
    figures = {"demands": DEMANDS, "seconds": round(seconds, 1), "written": written, "peak_bytes": peak.bytes}
    for file in (demands, matches):
        file.unlink()
    return {"bulk": figures}


def renewed(library: Library, home: Path) -> dict[str, Any]:
    """Seconds for a new base of the present one and what was written and changed since."""
    return {"renewed": {"seconds": round(_run(home, "index", "--json"), 1)}}


def imported(library: Library, home: Path) -> dict[str, Any]:
    """Milliseconds of one client's searches before an import, while the command runs, and from then until the last record is found."""
    texts = cycle(library.questions[number].text for number in library.of_kind("paragraph"))
    rows = library.folder / "imported.jsonl"
    last = f"LAST-{time.time_ns() % 10**12}"
    _write(rows, _new(library, last))
    with served(home) as (address, _, _), closing(Asker(address)) as asker:
        for text in islice(texts, 50):
            asker.searched(text)
        before = [asker.searched(text) for text in islice(texts, 200)]
        command = duijie("import", rows, "--json")
        with subprocess.Popen(command, env=_told(home), stdout=subprocess.DEVNULL) as process:  # noqa: S603
            started = time.monotonic()
            during = _asked_while(asker, texts, lambda: process.poll() is None)
        ended = time.monotonic()
        after = _asked_while(
            asker, texts, lambda: not _is_found(address, last) and time.monotonic() < ended + _PATIENCE
        )
        found = time.monotonic()
    rows.unlink()
    return {
        "imported": {
            "records": int(library.count * IMPORTED),
            "import_seconds": round(ended - started, 1),
            "found_after_seconds": round(found - started, 1),
            "search": {
                name: _figures(taken) for name, taken in (("before", before), ("during", during), ("after", after))
            },
        }
    }


def _asked_while(asker: Asker, texts: Iterator[str], going: Callable[[], bool]) -> list[float]:
    taken = []
    while going():
        taken += [asker.searched(text) for text in islice(texts, 10)]
    return taken


def _is_found(address: str, title: str) -> bool:
    hits = httpx.get(f"{address}/api/v1/search", params={"q": title, "limit": 1}, timeout=60).json()["hits"]
    return bool(hits) and title in hits[0]["title"]


def _figures(taken: Sequence[float]) -> dict[str, float]:
    return {"asked": len(taken), **percentiles(taken), "most": round(max(taken), 1)} if taken else {"asked": 0}


def _demands(library: Library) -> Iterator[dict[str, Any]]:
    """Each the latter two thirds of a record's passage: what it says, in other sentences than it begins with."""
    for number, record in enumerate(islice(_records(library), 0, None, max(1, library.count // DEMANDS))):
        if number < DEMANDS:
            text = record["body"][len(record["body"]) // 3 :]
            yield {"source_id": f"D{number:05d}", "title": text[:30], "problem": text}


def _new(library: Library, last: str) -> Iterator[dict[str, Any]]:
    """Records whose passages are put together of two of the library's; the last has a title of its own."""
    count = int(library.count * IMPORTED)
    records = _records(library)
    for number, (one, other) in enumerate(islice(zip(records, records, strict=False), count)):
        half = one["body"][: len(one["body"]) // 2] + other["body"][len(other["body"]) // 2 :]
        title = f"样机 {last}" if number == count - 1 else f"新到 {one['title']}"
        yield {**one, "title": title, "body": half, "source": "imported", "source_id": f"I{time.time_ns()}{number}"}


def _records(library: Library) -> Iterator[dict[str, Any]]:
    with (library.folder / "records.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _write(file: Path, rows: Iterator[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _run(home: Path, *arguments: object) -> float:
    """Seconds that a command took."""
    started = time.monotonic()
    subprocess.run(duijie(*arguments), env=_told(home), stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return time.monotonic() - started


def _told(home: Path) -> dict[str, str]:
    return {**os.environ, "DUIJIE_HOME": str(home)}
