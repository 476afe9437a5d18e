"""The command: makes the library, measures Duijie and every peer, each in its own process, and prints one table.

python -m benchmarks.run --records 100000 --file PASSAGES.jsonl.zst --work DIR --out DIR
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import report
from benchmarks.library import make
from benchmarks.passages import FILE
from benchmarks.peers import NAMES
from benchmarks.peers.measured import LIMIT
from benchmarks.questions import DEMANDS

_path = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--records", default=1_000_000, help="Records of the library.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=FILE)
@click.option("--demands", type=_path, default=DEMANDS, help="Demands to ask with; without them, passages are.")
@click.option("--work", type=_path, default=Path("var/bench"), help="Where the library and the indexes go.")
@click.option("--out", type=_path, default=Path("var/bench/results"), help="Where results and the table go.")
@click.option("--peer", "chosen", multiple=True, type=click.Choice([report.OURS, *NAMES]), help="Only these.")
@click.option("--limit", default=LIMIT, help="Seconds for a peer.")
def main(records: int, file: Path, demands: Path, work: Path, out: Path, chosen: tuple[str, ...], limit: float) -> None:
    """Measure Duijie and its peers on a library of real passages. What was measured before stays in the table."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    started = time.monotonic()
    library = make(work / str(records), file, records, demands if demands.exists() else None)
    console.print(f"{library.count:,} records ready after {time.monotonic() - started:.0f} s in {library.folder}")
    out.mkdir(parents=True, exist_ok=True)
    for name, command in _commands(library.folder, limit).items():
        if chosen and name not in chosen:
            continue
        document = _run(name, command)
        target = out / f"{name}-{records}.json"
        target.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
        console.print(f"{name}: {document['state']}")
    documents = report.read(out, records)
    report.show(documents, console)
    (out / f"table-{records}.md").write_text(report.markdown(documents, records), "utf-8")


def _commands(folder: Path, limit: float) -> dict[str, list[str]]:
    """What to start for each engine."""
    peers = {name: ["-m", f"benchmarks.peers.{name}", str(folder), "--limit", str(limit)] for name in NAMES}
    ours = {report.OURS: ["-m", "benchmarks.ours", str(folder)]} if find_spec("benchmarks.ours") else {}
    return ours | peers


def _run(name: str, command: list[str]) -> dict[str, Any]:
    """The document that an engine's process prints last."""
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"name": name, "state": f"failed with exit status {done.returncode}"}
    document: dict[str, Any] = {"state": "measured", **json.loads(lines[-1])}
    return document


if __name__ == "__main__":
    main()
