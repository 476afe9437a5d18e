"""How the figures of an engine grow with the library, as a chart: `python -m benchmarks.growth RESULTS -o docs/growth.svg`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.report import FLOOR, OURS, Document, at, named, read

Drawn = Callable[[Document], float | None]

PANELS: Mapping[str, Drawn] = {
    "paragraph, p50 in ms": lambda d: at(d, "hybrid", "paragraph", "all", "p50"),
    "paragraph under the 5 % filter, p50 in ms": lambda d: at(d, "hybrid", "paragraph", "5 %", "p50"),
    "paragraph by HTTP, p50 in ms": lambda d: at(d, "http", "search", "p50"),
    "searches a second, eight clients": lambda d: at(d, "http", "sustained", "a_second"),
    "bulk, 10,000 demands in s": lambda d: at(d, "bulk", "seconds"),
    "build in s": lambda d: at(d, "build", "seconds"),
    "index on disk in MB": lambda d: _mega(at(d, "build", "disk_bytes")),
    "memory serving in MB": lambda d: _mega(at(d, "serving", "bytes")),
}


@click.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def main(results: Path, out: Path) -> None:
    """Draw what lies in RESULTS for every size of library that was measured."""
    sizes = sorted({int(file.stem.rpartition("-")[2]) for file in results.glob(f"{OURS}-*.json")})
    draw({size: read(results, size) for size in sizes}, out)
    click.echo(f"{out}: {', '.join(f'{size:,}' for size in sizes)} records")


def draw(documents: Mapping[int, Sequence[Document]], out: Path) -> None:
    """A panel a figure, both axes in powers of ten: what grows in proportion is a line that climbs one square a square."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 6.2), layout="constrained")
    for axes, (title, drawn) in zip(figure.subplots(2, len(PANELS) // 2).flat, PANELS.items(), strict=True):
        for name, style in ((OURS, "o-"), (FLOOR, "s--")):
            points = [
                (size, found) for size, all_ in documents.items() if (found := drawn(named(all_, name))) is not None
            ]
            if points:
                axes.plot(*zip(*points, strict=True), style, label=name, linewidth=1.4, markersize=4)
        axes.set(xscale="log", yscale="log", title=title, xlabel="records")
        axes.title.set_fontsize(9)
        axes.grid(visible=True, which="major", linewidth=0.4)
        if axes.lines:
            heights = [height for line in axes.lines for height in line.get_ydata()]
            axes.set_ylim(10 ** math.floor(math.log10(min(heights))), 10 ** math.ceil(math.log10(max(heights))))
            axes.legend(fontsize=8, frameon=False)
    figure.savefig(out, metadata={"Date": None, "Creator": None})


def _mega(size: Any) -> float | None:
    return None if size is None else size / 1e6


if __name__ == "__main__":
    main()
