"""All results in one table: on the terminal, and as Markdown for `docs/performance.md`.

A cell of speed is the median and the 95th percentile in milliseconds and, in brackets, the median against the floor's and against Duijie's.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown

from benchmarks.peers import NAMES

OURS = "duijie"
FLOOR = "floor"
RIVALS = ("zvec", "txtai", "pgvector")
"""Those that Duijie has to be ahead of."""
_NOTHING = "–"
_TIMED = {
    "short": ("short", "all"),
    "paragraph": ("paragraph", "all"),
    "page": ("page", "all"),
    "paragraph, 50 %": ("paragraph", "50 %"),
    "paragraph, 5 %": ("paragraph", "5 %"),
    "paragraph, 0.1 %": ("paragraph", "0.1 %"),
}
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def read(folder: Path, records: int) -> list[Document]:
    """The results of one size of library, Duijie's first, then the peers' in their order."""
    order = (OURS, *NAMES)
    files = (folder / f"{name}-{records}.json" for name in order)
    return [json.loads(file.read_text("utf-8")) for file in files if file.exists()]


def tables(documents: Sequence[Document]) -> list[Table]:
    """Speed, recall, cost, and what each cannot do."""
    return [_speed(documents), _recall(documents), _cost(documents), _limits(documents)]


def _speed(documents: Sequence[Document]) -> Table:
    rows = []
    for document in documents:
        for label, key in ((document["name"], "hybrid"), (f"{document['name']}, 12 rarest words", "hybrid_rarest")):
            if key in document or key == "hybrid":
                rows.append(
                    [label, *(_times(documents, document, key, kind, under) for kind, under in _TIMED.values())]
                )
    return Table("hybrid search, ms: p50 / p95 (p50 to the floor's, to Duijie's)", ["engine", *_TIMED], rows)


def _times(documents: Sequence[Document], document: Document, key: str, kind: str, under: str) -> str:
    timed = at(document, key, kind, under)
    if timed is None:
        return _NOTHING
    against = [at(named(documents, name), "hybrid", kind, under, "p50") for name in (FLOOR, OURS)]
    ratios = ", ".join(f"{timed['p50'] / other:.1f} ×" if other else _NOTHING for other in against)
    few = f" [{timed['asked']} asked]" if timed.get("asked", 200) < 50 else ""
    return f"{timed['p50']:.1f} / {timed['p95']:.1f} ({ratios}){few}"


def _recall(documents: Sequence[Document]) -> Table:
    kinds, under = ("short", "paragraph", "page"), ("all", "50 %", "5 %", "0.1 %")
    headings = ["engine", *(kind if share == "all" else f"{kind}, {share}" for kind in kinds for share in under)]
    rows = [
        [
            document["name"],
            *(_put(at(document, "recall", kind, share), "{:.3f}".format) for kind in kinds for share in under),
        ]
        for document in documents
    ]
    return Table("dense recall@10 against exact search", headings, rows)


def _cost(documents: Sequence[Document]) -> Table:
    def row(document: Document) -> list[str]:
        return [
            document["name"],
            _put(at(document, "build", "seconds"), "{:,.0f} s".format),
            _put(at(document, "build", "peak_bytes"), _megabytes),
            _put(at(document, "build", "disk_bytes"), _megabytes),
            _put(at(document, "serving", "open_seconds"), "{:.1f} s".format),
            _put(at(document, "serving", "bytes"), _megabytes),
        ]

    headings = ["engine", "build", "peak memory", "disk", "open", "memory serving"]
    return Table("what it costs", headings, [row(document) for document in documents])


def _limits(documents: Sequence[Document]) -> Table:
    def row(document: Document) -> list[str]:
        settings = ", ".join(f"{name} {value}" for name, value in document.get("settings", {}).items())
        versions = ", ".join(f"{name} {value}" for name, value in document.get("versions", {}).items())
        cannot = "; ".join(document.get("cannot", ())) or _NOTHING
        return [document["name"], document.get("state", ""), cannot, settings or _NOTHING, versions or _NOTHING]

    headings = ["engine", "state", "cannot", "settings", "versions"]
    return Table("what each cannot do", headings, [row(document) for document in documents])


def headlines(documents: Sequence[Document]) -> list[str]:
    """Duijie against the floor and against the best of its rivals."""
    ours, floor = named(documents, OURS), named(documents, FLOOR)
    lines = []
    mine, least = (at(document, "hybrid", "paragraph", "all", "p95") for document in (ours, floor))
    if mine and least:
        lines.append(f"p95 on paragraphs: {mine / least:.2f} × the floor's")
    for under in ("all", "5 %"):
        own = at(ours, "hybrid", "paragraph", under, "p50")
        theirs = {name: at(named(documents, name), "hybrid", "paragraph", under, "p50") for name in RIVALS}
        known = {name: taken for name, taken in theirs.items() if taken}
        if own and known:
            best = min(known, key=lambda name: known[name])
            recalls = [_share(at(one, "recall", "paragraph", under)) for one in (ours, named(documents, best))]
            ahead = f"{known[best] / own:.1f} × ahead of the best rival, {best}"
            lines.append(f"paragraphs, filter {under}: {ahead}, at recall {recalls[0]} against {recalls[1]}")
    return lines


def machine() -> str:
    """The machine in one line, without its name."""
    try:
        models = [
            line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")
        ]
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, ValueError):
        models, memory = [], 0.0
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def show(documents: Sequence[Document], console: Console) -> None:
    """On the terminal."""
    for table in tables(documents):
        shown = Shown(*table.headings, title=table.title)
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for line in headlines(documents):
        console.print(line)


def markdown(documents: Sequence[Document], records: int) -> str:
    """For a file."""
    parts = [f"# {records:,} records\n\n{machine()}\n"]
    for table in tables(documents):
        lines = [table.headings, ["---"] * len(table.headings), *table.rows]
        parts.append(f"## {table.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    if lines_of := headlines(documents):
        parts.append("\n".join(f"- {line}" for line in lines_of) + "\n")
    return "\n".join(parts)


def named(documents: Sequence[Document], name: str) -> Document:
    return next((document for document in documents if document["name"] == name), {})


def at(document: Document, *path: str) -> Any:
    """What lies at a path of a document; None where it ends early."""
    found: Any = document
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _put(value: Any, written: Callable[[Any], str]) -> str:
    return _NOTHING if value is None else written(value)


def _share(value: float | None) -> str:
    return _put(value, "{:.3f}".format)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"
