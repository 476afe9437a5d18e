"""Duijie on the same library: import and index, search in process and over HTTP, writes that another process finds, bulk.

python -m benchmarks.ours WORKFOLDER
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

from benchmarks import memory
from benchmarks.peers.measured import recalls, timed, timings
from benchmarks.plausible import Ranged
from benchmarks.shelf import KINDS, Library
from corpus.intake import import_files
from corpus.records import Achievement
from indexer.attributes import read_filter, scope
from indexer.reading import Reading
from service.installation import Installation
from service.settings import Settings

SOURCE = "bench"
"""Of the library's records; what is written while serving comes from elsewhere."""
CLIENTS = 8
SUSTAINED = 60.0
"""Seconds."""
WRITES_A_SECOND = 100
_READY = 60.0
_STEPS = ("build", "ask", "serve")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--step", type=click.Choice(_STEPS), multiple=True, help="Only these; what an earlier build left is asked."
)
@click.option("--here", type=click.Choice(_STEPS), hidden=True)
def main(folder: Path, step: tuple[str, ...], here: str | None) -> None:
    """Measure Duijie on the library in FOLDER and print the figures as JSON, each step in a process of its own."""
    library, home = Library(folder), folder.resolve() / "peers" / "duijie"
    steps = {"build": build, "ask": ask, "serve": serve}
    if here:
        click.echo(json.dumps(steps[here](library, home), ensure_ascii=False))
        return
    document: dict[str, Any] = {"name": "duijie", "records": library.count, "cannot": []}
    for name in step or _STEPS:
        command = [sys.executable, "-m", "benchmarks.ours", str(folder), "--here", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        document |= json.loads(done.stdout.strip().splitlines()[-1])
        click.echo(f"duijie: {name} done", err=True)
    click.echo(json.dumps({**document, "state": "measured"}, ensure_ascii=False))


def settings(home: Path) -> Settings:
    return replace(Settings(), home=home)


def build(library: Library, home: Path) -> dict[str, Any]:
    """Import, embed and index from JSON lines."""
    shutil.rmtree(home, ignore_errors=True)
    started = time.perf_counter()
    with memory.Peak(library.folder) as peak, Installation(settings(home)) as installation:
        import_files(installation.store, [library.folder / "records.jsonl"], kind=Achievement, source=SOURCE)
        imported = time.perf_counter()
        installation.build()
        indexed = time.perf_counter()
    return {
        "build": {
            "seconds": round(indexed - started, 1),
            "import_seconds": round(imported - started, 1),
            "index_seconds": round(indexed - imported, 1),
            "peak_bytes": peak.bytes,
            "disk_bytes": memory.on_disk(home / "index"),
            "database_bytes": memory.on_disk(home) - memory.on_disk(home / "index"),
        }
    }


def ask(library: Library, home: Path) -> dict[str, Any]:
    """In process, one thread, as the peers are asked: with the words cut beforehand; `whole` is timed from the text."""
    started = time.perf_counter()
    with Installation(settings(home)) as installation:
        index = installation.fresh()
        opened = time.perf_counter() - started
        readings = [index.reader.read(question.text) for question in library.questions]
        changes = installation.store.changes_after(0, installation.store.revision())
        place_of = {
            change.id: int(change.record.source_id[1:])
            for change in changes
            if change.record and change.record.source == SOURCE
        }
        wheres = {ranged.name: read_filter(ranged.where) for ranged in library.filters}

        def found(reading: Reading, ranged: Ranged | None) -> list[int]:
            filter = wheres[ranged.name] if ranged else ()
            return [
                place_of.get(hit.id, -1) for hit in index.find(reading, kind="achievement", filter=filter, limit=20)[1]
            ]

        def near(number: int, ranged: Ranged | None) -> list[int]:
            filter = (*scope("achievement", ()), *(wheres[ranged.name] if ranged else ()))
            return [place_of.get(id, -1) for id, _ in index.engine.near(library.question_vectors[number], 10, filter)]

        def whole(number: int, ranged: Ranged | None) -> list[int]:
            return found(index.reader.read(library.questions[number].text), ranged)

        return {
            "hybrid": timings(library, lambda number, ranged: found(readings[number], ranged)),
            "whole": {kind: {"all": timed(whole, library.of_kind(kind), None)} for kind in KINDS},
            "vectors": {kind: {"all": timed(near, library.of_kind(kind), None)} for kind in KINDS},
            "recall": recalls(library, near),
            "serving": {"open_seconds": round(opened, 2), "bytes": memory.resident(home)},
        }


def serve(library: Library, home: Path) -> dict[str, Any]:
    """Over HTTP: one client, eight for a minute, a write until another process finds it, searches while records are written."""
    texts = [library.questions[number].text for number in library.of_kind("paragraph")]
    with _server(home) as (first, ready, process), _server(home) as (second, _, _), httpx.Client(timeout=60) as client:
        for text in texts[:10]:
            _search(client, first, text)
        quiet = _percentiles([_search(client, first, text) for text in texts])
        sustained = _sustained(first, texts)
        found_after = _percentiles([_until_found(client, first, second, number) for number in range(20)])
        busy = _while_written(client, first, texts)
        return {
            "http": {
                "ready_seconds": round(ready, 2),
                "bytes": memory.of_process(process),
                "search": quiet,
                "sustained": sustained,
                "write_until_found": found_after,
                "while_written": busy,
            }
        }


@contextmanager
def _server(home: Path) -> Iterator[tuple[str, float, int]]:
    """A server on a free port: its address, the seconds until it was ready, its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from service.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--port", str(port)]
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=os.environ | {"DUIJIE_HOME": str(home)}, **quiet)  # type: ignore[call-overload]  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        while time.perf_counter() - started < _READY and not _is_ready(address):
            time.sleep(0.02)
        yield address, time.perf_counter() - started, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def _search(client: httpx.Client, address: str, text: str) -> float:
    """Milliseconds of a search."""
    started = time.perf_counter()
    client.get(f"{address}/api/v1/search", params={"q": text, "kind": "achievement", "limit": 10}).raise_for_status()
    return 1000 * (time.perf_counter() - started)


def _sustained(address: str, texts: Sequence[str]) -> dict[str, float]:
    """Searches a second by several clients at once, and how many failed."""
    taken: list[float] = []
    failed: list[str] = []
    end = time.perf_counter() + SUSTAINED

    def ask(offset: int) -> None:
        with httpx.Client(timeout=60) as client:
            number = offset
            while time.perf_counter() < end:
                try:
                    taken.append(_search(client, address, texts[number % len(texts)]))
                except httpx.HTTPError as error:
                    failed.append(str(error))
                number += CLIENTS

    threads = [threading.Thread(target=ask, args=(offset,)) for offset in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"a_second": round(len(taken) / SUSTAINED, 1), "failed": len(failed), **_percentiles(taken)}


def _until_found(client: httpx.Client, first: str, second: str, number: int) -> float:
    """Milliseconds from the first byte of a write in one process until another's search returns the record."""
    code = f"FRESH-{number:04d}-{time.time_ns() % 10**9}"
    started = time.perf_counter()
    client.post(f"{first}/api/v1/achievements", json={"title": f"新到的样机 {code}"}).raise_for_status()
    while time.perf_counter() - started < _READY:
        hits = client.get(f"{second}/api/v1/search", params={"q": code, "limit": 1}).json()["hits"]
        if hits and code in hits[0]["title"]:
            break
    return 1000 * (time.perf_counter() - started)


def _while_written(client: httpx.Client, address: str, texts: Sequence[str]) -> dict[str, float]:
    """Searches by one client while another writes records one by one."""
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with httpx.Client(timeout=60) as writer:
            started = time.perf_counter()
            while not stop.is_set():
                row = {"title": f"边写边查的成果 {len(written)}", "summary": texts[len(written) % len(texts)]}
                writer.post(f"{address}/api/v1/achievements", json=row).raise_for_status()
                written.append(1)
                time.sleep(max(0.0, started + len(written) / WRITES_A_SECOND - time.perf_counter()))

    thread = threading.Thread(target=write)
    started = time.perf_counter()
    thread.start()
    taken = [_search(client, address, text) for text in (*texts, *texts)]
    stop.set()
    thread.join()
    return {"written_a_second": round(len(written) / (time.perf_counter() - started), 1), **_percentiles(taken)}


def _percentiles(taken: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(taken, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


if __name__ == "__main__":
    main()
