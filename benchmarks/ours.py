"""Duijie on the same library: import and index, search in process, bulk, search over HTTP while others write, a new base, an import into a server.

python -m benchmarks.ours WORKFOLDER
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import memory
from benchmarks.much_at_once import bulk, imported, renewed
from benchmarks.over_http import SOURCE, serve
from benchmarks.peers.measured import recalls, timed, timings
from benchmarks.plausible import Ranged
from benchmarks.shelf import KINDS, Library
from corpus.intake import import_files
from corpus.records import Achievement
from indexer.attributes import read_filter, scope
from indexer.reading import Reading
from service.installation import Installation
from service.settings import Settings

_STEPS = ("build", "ask", "bulk", "serve", "renew", "import")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--step", type=click.Choice(_STEPS), multiple=True, help="Only these; what an earlier build left is asked."
)
@click.option("--here", type=click.Choice(_STEPS), hidden=True)
def main(folder: Path, step: tuple[str, ...], here: str | None) -> None:
    """Measure Duijie on the library in FOLDER and print the figures as JSON, each step in a process of its own."""
    library, home = Library(folder), folder.resolve() / "peers" / "duijie"
    steps = {"build": build, "ask": ask, "bulk": bulk, "serve": serve, "renew": renewed, "import": imported}
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


if __name__ == "__main__":
    main()
