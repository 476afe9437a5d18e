"""The loop around every peer: build in one process, open and ask in a second one, print one JSON document.

Building may use two threads, asking one. Each kind of question is asked for PATIENCE at most, so that a slow engine is timed on fewer
questions instead of not at all; `asked` says on how many.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import memory
from benchmarks.plausible import Ranged
from benchmarks.shelf import KINDS, Library
from benchmarks.truth import found

LIMIT = 900.0
"""Seconds for a peer in all."""
PATIENCE = 15.0
"""Seconds for one kind of question under one filter."""
_WARM = 10
_WARM_SECONDS = 2.0
_THREADS = {"build": "2", "ask": "1"}
_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True)
class Asked:
    """A question as engines get it."""

    words: Sequence[str]
    vector: NDArray[np.float32]


class Engine(Protocol):
    """An opened index. Ids are the places of records in the library."""

    def near(self, asked: Asked, ranged: Ranged | None) -> Sequence[int]:
        """The half of a search that goes by vectors: nearest first."""
        ...

    def search(self, asked: Asked, ranged: Ranged | None) -> Sequence[int]:
        """Hybrid search: best first."""
        ...


@dataclass(frozen=True)
class Peer:
    """An engine to measure. `modules` maps what it imports to the package that holds it; `cannot` says what it does not do."""

    name: str
    modules: Mapping[str, str]
    build: Callable[[Library, Path], Mapping[str, Any]]
    open: Callable[[Library, Path], Engine]
    cannot: tuple[str, ...] = ()
    most: int | None = None
    """Records above which it is not tried."""
    also_rarest: bool = False
    """Asked a second time with the rarest words of each question only."""


def main(peer: Peer) -> None:
    """The command line of a peer's module."""

    @click.command(help=f"Measure {peer.name} on the library in FOLDER and print the figures as JSON.")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--limit", default=LIMIT, show_default=True, help="Seconds for building and asking together.")
    @click.option("--step", type=click.Choice(list(_THREADS)), hidden=True)
    def command(folder: Path, limit: float, step: str | None) -> None:
        library, place = Library(folder), folder.resolve() / "peers" / peer.name
        steps = {"build": _built, "ask": _answered}
        result = steps[step](peer, library, place) if step else measured(peer, library, place, limit)
        click.echo(json.dumps(result, ensure_ascii=False))

    command()


def measured(peer: Peer, library: Library, place: Path, limit: float) -> dict[str, Any]:
    """All figures of a peer, or why there are none."""
    document: dict[str, Any] = {"name": peer.name, "records": library.count, "cannot": peer.cannot}
    if missing := [package for module, package in peer.modules.items() if find_spec(module) is None]:
        return {**document, "state": f"not installed: {', '.join(missing)}"}
    if peer.most and library.count > peer.most:
        return {**document, "state": f"not tried above {peer.most:,} records"}
    document["versions"] = {package: version(package) for package in peer.modules.values()}
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    end = time.monotonic() + limit
    for step in _THREADS:
        try:
            document |= _in_its_own_process(step, library.folder, end - time.monotonic())
        except subprocess.TimeoutExpired:
            return {**document, "state": f"over {limit:.0f} s at step {step}"}
        except (subprocess.CalledProcessError, ValueError, IndexError) as error:
            return {**document, "state": f"failed at step {step}: {error}"}
        finally:
            for server in memory.servers(place):
                os.kill(server, signal.SIGINT)
    return {**document, "state": "measured"}


def _in_its_own_process(step: str, folder: Path, seconds: float) -> dict[str, Any]:
    """A step of the module that was started, with its number of threads; the last line it prints is its result."""
    module = sys.modules["__main__"].__spec__
    assert module
    command = [sys.executable, "-m", module.name, str(folder), "--step", step]
    environment = os.environ | dict.fromkeys(_VARIABLES, _THREADS[step])
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603
    try:
        printed, _ = process.communicate(timeout=max(1.0, seconds))
    except BaseException:  # of a time limit, or of someone who does not want to wait
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, module.name)
    result: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return result


def _built(peer: Peer, library: Library, place: Path) -> dict[str, Any]:
    started = time.perf_counter()
    with memory.Peak(place) as peak:
        settings = peer.build(library, place)
    seconds = time.perf_counter() - started
    build = {"seconds": round(seconds, 2), "peak_bytes": peak.bytes, "disk_bytes": memory.on_disk(place)}
    return {"build": build, "settings": dict(settings)}


def _answered(peer: Peer, library: Library, place: Path) -> dict[str, Any]:
    started = time.perf_counter()
    engine = peer.open(library, place)
    seconds = time.perf_counter() - started
    every = _asked(library)
    hybrid = timings(library, lambda number, ranged: engine.search(every[number], ranged))
    serving = {"open_seconds": round(seconds, 3), "bytes": memory.resident(place)}
    document: dict[str, Any] = {"serving": serving, "hybrid": hybrid}
    if peer.also_rarest:
        rarest = _asked(library, rarest=True)
        document["hybrid_rarest"] = timings(library, lambda number, ranged: engine.search(rarest[number], ranged))
    document["vectors"] = {
        kind: timed(lambda number, ranged: engine.near(every[number], ranged), library.of_kind(kind), None)
        for kind in KINDS
    }
    document["recall"] = recalls(library, lambda number, ranged: engine.near(every[number], ranged))
    return document


def _asked(library: Library, *, rarest: bool = False) -> list[Asked]:
    return [
        Asked(question.rarest if rarest else question.words, vector)
        for question, vector in zip(library.questions, library.question_vectors, strict=True)
    ]


Ask = Callable[[int, Ranged | None], Sequence[int]]
"""Answers the question of a number, under a filter."""


def timings(library: Library, ask: Ask) -> dict[str, dict[str, dict[str, float]]]:
    """Milliseconds by kind of question and filter: every kind without a filter, paragraphs under each."""
    return {
        kind: {
            _name(ranged): timed(ask, library.of_kind(kind), ranged)
            for ranged in (None, *(library.filters if kind == "paragraph" else ()))
        }
        for kind in KINDS
    }


def timed(ask: Ask, numbers: Sequence[int], ranged: Ranged | None) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, once warm, and how many questions were asked."""
    for number in _while_patient(numbers[:_WARM], _WARM_SECONDS):
        ask(number, ranged)
    taken: list[float] = []
    for number in _while_patient(numbers, PATIENCE):
        started = time.perf_counter()
        ask(number, ranged)
        taken.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(taken, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "asked": len(taken)}


def recalls(library: Library, ask: Ask) -> dict[str, dict[str, float | None]]:
    """Mean dense recall@10 by kind of question and filter."""
    return {
        kind: {_name(ranged): recall(library, ask, kind, ranged) for ranged in (None, *library.filters)}
        for kind in KINDS
    }


def recall(library: Library, ask: Ask, kind: str, ranged: Ranged | None) -> float | None:
    """Against the exact nearest; None where no record passes the filter."""
    passing = ranged.passing(library.columns) if ranged else None
    exact = library.exact_scores[library.filters.index(ranged) + 1 if ranged else 0]
    shares = [
        found(library.vectors, library.question_vectors[number], ask(number, ranged), exact[number], passing)
        for number in _while_patient(library.of_kind(kind), PATIENCE)
    ]
    known = [share for share in shares if share is not None]
    return round(float(np.mean(known)), 4) if known else None


def _while_patient(numbers: Sequence[int], seconds: float) -> Sequence[int] | Any:
    end = time.perf_counter() + seconds
    return takewhile(lambda number: number == numbers[0] or time.perf_counter() < end, numbers)


def _name(ranged: Ranged | None) -> str:
    return ranged.name if ranged else "all"
