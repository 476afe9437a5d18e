"""Searches by one client over HTTP: by themselves, and while a job of thousands of demands is worked on.

python -m benchmarks.beside_jobs HOME
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import httpx

from benchmarks import memory
from benchmarks.over_http import Asker, percentiles, served, session_of
from benchmarks.passages import FILE, passages
from benchmarks.questions import DEMANDS, demand_texts, paragraphs
from service.access import SESSION

_ELSEWHERE = 110_000
"""Passages at the beginning of the file that demands are not made of: the library may hold them."""
_JOBS = "/api/v1/bulk-matches"
_WARMING = 5.0


_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(context_settings={"show_default": True})
@click.argument("home", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--demands", default=5_000, help="Of the job.")
@click.option("--limit", default=20, help="Achievements for each demand of the job.")
@click.option("--seconds", default=30.0, help="Of asking: before the job, while it runs, after it.")
@click.option("--file", type=_file, default=FILE, help="Passages to make the job's demands of.")
@click.option("--questions", type=_file, default=DEMANDS, help="Demands to ask with.")
def main(home: Path, demands: int, limit: int, seconds: float, file: Path, questions: Path) -> None:
    """Ask a server over the installation in HOME before a job, while it runs and after it; print the figures as JSON."""
    asked = paragraphs(demand_texts(questions))
    rows = _rows(islice(passages(file, _ELSEWHERE + demands), _ELSEWHERE, None))
    figures = beside_a_job(home.resolve(), asked, "".join(rows).encode(), limit=limit, seconds=seconds)
    click.echo(json.dumps(figures, indent=1))


def _rows(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield (
            json.dumps({"source_id": f"D{number:06d}", "title": text[:30], "problem": text}, ensure_ascii=False) + "\n"
        )


def beside_a_job(home: Path, texts: Sequence[str], demands: bytes, *, limit: int, seconds: float) -> dict[str, Any]:
    """Percentiles in milliseconds; rows that the job does in a second while somebody asks and while nobody does; bytes that the processes hold."""
    session, waiting = session_of(home), cycle(texts)
    signed_in = {SESSION: session}
    with (
        served(home) as (address, _, process),
        httpx.Client(base_url=address, timeout=120, cookies=signed_in) as client,
    ):

        def asking(seconds: float) -> dict[str, float]:
            until, taken = time.monotonic() + seconds, []
            with closing(Asker(address, session)) as asker:
                while time.monotonic() < until:
                    taken.append(asker.searched(next(waiting)))
            return {"asked": len(taken), **percentiles(taken)}

        asking(_WARMING)
        before = asking(seconds)
        job = _begun(client, demands, limit)
        rates: dict[str, float] = {}
        with _counted(client, job, rates, "while_somebody_asks"):
            during = asking(seconds)
        with _counted(client, job, rates, "while_nobody_does"):
            time.sleep(seconds / 2)
        held = {"server": memory.of_process(process), "job": memory.of_children(process)}
        client.post(f"{_JOBS}/{job}/cancel").raise_for_status()
        time.sleep(_WARMING)
        after = asking(seconds)
    quiet = (before["p95"] + after["p95"]) / 2
    return {
        "search": {"before": before, "while_a_job_runs": during, "after": after},
        "p95_ratio": round(during["p95"] / quiet, 2),
        "job_rows_a_second": rates,
        "bytes": held,
    }


def _begun(client: httpx.Client, demands: bytes, limit: int) -> str:
    """A job that has done its first rows."""
    kind = {"Content-Type": "application/x-ndjson"}
    sent = client.post(_JOBS, content=demands, headers=kind, params={"limit": limit}).raise_for_status()
    job: str = sent.json()["id"]
    while not _done(client, job):
        time.sleep(0.1)
    return job


@contextmanager
def _counted(client: httpx.Client, job: str, rates: dict[str, float], name: str) -> Iterator[None]:
    """Raises AssertionError where the job was over before the block was: it is too small to measure beside it."""
    started, before = time.monotonic(), _done(client, job)
    yield
    told = client.get(f"{_JOBS}/{job}").json()
    assert told["state"] == "running", told
    rates[name] = round((told["done"] - before) / (time.monotonic() - started), 1)


def _done(client: httpx.Client, job: str) -> int:
    done: int = client.get(f"{_JOBS}/{job}").raise_for_status().json()["done"]
    return done


if __name__ == "__main__":
    main()
