"""Duijie over HTTP: one client, eight for a minute, a write until another process finds it, searches while another process writes new records and while
it changes old ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import numpy as np

from benchmarks import memory
from benchmarks.shelf import Library
from corpus.accounts import Accounts
from corpus.store import Store
from service.access import SESSION
from service.settings import Settings

CLIENTS = 8
SUSTAINED = 60.0
"""Seconds."""
WRITES_A_SECOND = 100
_WRITTEN = 2000
SOURCE = "bench"
"""Of the library's records; what is written besides comes from elsewhere."""
Row = Mapping[str, Any]
_READY = 60.0


def serve(library: Library, home: Path) -> dict[str, Any]:
    """The figures of two servers over one home."""
    texts = [library.questions[number].text for number in library.of_kind("paragraph")]
    session = session_of(home)
    with served(home) as (first, ready, process), served(home) as (second, _, _):
        with closing(Asker(first, session)) as asker:
            for text in texts[:10]:
                asker.searched(text)
            quiet = percentiles([asker.searched(text) for text in texts])
        sustained = _sustained(first, texts)
        with httpx.Client(timeout=60, cookies={SESSION: session}) as client:
            found_after = percentiles([_until_found(client, first, second, number) for number in range(20)])
        busy = _while_written(first, session, texts, _new(texts))
        changing = _while_written(first, session, texts, _changed(library))
        return {
            "http": {
                "ready_seconds": round(ready, 2),
                "bytes": memory.of_process(process),
                "search": quiet,
                "sustained": sustained,
                "write_until_found": found_after,
                "while_written": busy,
                "while_changed": changing,
            }
        }


def session_of(home: Path) -> str:
    """The session of an operator made for this run."""
    store = Store(Settings(home=home).database_url)
    accounts = Accounts(store.engine)
    token = accounts.begin(accounts.add(f"bench-{time.time_ns()}", os.urandom(12).hex(), role="operator"))
    store.close()
    return token


@contextmanager
def served(home: Path, *options: str, database: str | None = None) -> Iterator[tuple[str, float, int]]:
    """A server on a free port: its address, the seconds until it was ready, its process. `options` are those of `duijie serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = duijie("serve", "--port", port, *options)
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    told = {"DUIJIE_HOME": str(home), **({"DUIJIE_DATABASE": database} if database else {})}
    process = subprocess.Popen(command, env=os.environ | told, **quiet)  # type: ignore[call-overload]  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        while time.perf_counter() - started < _READY and not _is_ready(address):
            time.sleep(0.02)
        yield address, time.perf_counter() - started, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def duijie(*arguments: object) -> list[str]:
    """The command line of this version, wherever it is installed."""
    return [sys.executable, "-c", "from service.cli import main; main()", *map(str, arguments)]


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


class Asker:
    """One who asks over one connection, and leaves the cores to the server: httpx takes a tenth as long to ask as the server to answer."""

    def __init__(self, address: str, session: str | None = None) -> None:
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = {"Accept-Encoding": "gzip"} | ({"Cookie": f"{SESSION}={session}"} if session else {})

    def searched(self, text: str) -> float:
        """Milliseconds of a search, until the answer is there, still packed. Raises HTTPException where there is none."""
        asked = "/api/v1/search?" + urlencode({"q": text, "kind": "achievement", "limit": 10})
        started = time.perf_counter()
        self._answered("GET", asked, None, HTTPStatus.OK)
        return 1000 * (time.perf_counter() - started)

    def wrote(self, row: Row) -> None:
        """Store an achievement, new or changed. Raises HTTPException where it was not."""
        self._answered("POST", "/api/v1/achievements", json.dumps(row).encode(), HTTPStatus.CREATED, HTTPStatus.OK)

    def _answered(self, method: str, path: str, body: bytes | None, *wanted: HTTPStatus) -> None:
        kind = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, body, {**self._headers, **kind})
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status not in wanted:
            raise HTTPException(answer.status, told)

    def close(self) -> None:
        self._connection.close()


def _sustained(address: str, texts: Sequence[str]) -> dict[str, float]:
    """Searches a second by several clients at once, and how many failed."""
    taken: list[float] = []
    failed: list[str] = []
    end = time.perf_counter() + SUSTAINED

    def ask(offset: int) -> None:
        with closing(Asker(address)) as asker:
            number = offset
            while time.perf_counter() < end:
                try:
                    taken.append(asker.searched(texts[number % len(texts)]))
                except (HTTPException, OSError) as error:
                    failed.append(str(error))
                number += CLIENTS

    threads = [threading.Thread(target=ask, args=(offset,)) for offset in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"a_second": round(len(taken) / SUSTAINED, 1), "failed": len(failed), **percentiles(taken)}


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


def _new(texts: Sequence[str]) -> list[Row]:
    return [{"title": f"边写边查的成果 {number}", "summary": texts[number % len(texts)]} for number in range(_WRITTEN)]


def _changed(library: Library) -> list[Row]:
    """Records from all over the library, each under a title that it never had."""
    with (library.folder / "records.jsonl").open(encoding="utf-8") as lines:
        some = [json.loads(line) for line in islice(lines, 0, None, max(1, library.count // _WRITTEN))]
    return [{**record, "source": SOURCE, "title": f"{record['title']} {time.time_ns()}"} for record in some]


def _while_written(address: str, session: str, texts: Sequence[str], rows: Sequence[Row]) -> Mapping[str, float]:
    """Searches by one client while another process writes the rows one by one."""
    here, there = get_context("spawn").Pipe()
    writer = get_context("spawn").Process(target=_writing, args=(there, address, session, rows))
    writer.start()
    here.recv()
    taken: list[float] = []
    with closing(Asker(address, session)) as asker:
        while writer.is_alive() and not here.poll():
            taken.append(asker.searched(texts[len(taken) % len(texts)]))
    written, seconds = here.recv()
    writer.join()
    return {"written_a_second": round(written / seconds, 1), **percentiles(taken)}


def _writing(there: Any, address: str, session: str, rows: Sequence[Row]) -> None:
    """Tells when it begins, and at the end how many it wrote in how many seconds."""
    with closing(Asker(address, session)) as writer:
        there.send("begun")
        started = time.perf_counter()
        for written, row in enumerate(rows, start=1):
            writer.wrote(row)
            time.sleep(max(0.0, started + written / WRITES_A_SECOND - time.perf_counter()))
        there.send((len(rows), time.perf_counter() - started))


def percentiles(taken: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(taken, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}
