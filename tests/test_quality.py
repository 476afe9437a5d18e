"""The figures of the README, measured again on the public data where it lies beside the project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"

SETS = {
    "brokers": ["--library", "brokers-achievements.jsonl", "--demands", "brokers-demands-dev.jsonl",
                "--judgements", "brokers-judgements-dev.jsonl", "--judged-only"],
    "firm": ["--library", "chinaxiv-papers.jsonl", "--library", "csl-dev.jsonl", "--demands", "firm-demands-dev.jsonl",
             "--judgements", "firm-judgements-dev.jsonl"],
}  # fmt: skip
SETS |= {f"{name}, contextual": ["--model", "contextual", *arguments] for name, arguments in SETS.items()}

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data does not lie beside the project, in ../shared/data"),
]


def measured(name: str) -> dict[str, dict[str, Any]]:
    arguments = [str(DATA / argument) if argument.endswith(".jsonl") else argument for argument in SETS[name]]
    code = "from service.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "evaluate", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    modes: dict[str, dict[str, Any]] = json.loads(ran.stdout)["modes"]
    return modes


def shown(name: str) -> dict[str, list[str]]:
    """The README's rows of a set: mode → nDCG@10, source@10, MRR, recall@100 as they stand there."""
    rows = re.findall(rf"^\| {name} \| (\w+) \| (.+?) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    return {mode: [cell.strip() for cell in cells.split("|")] for mode, cells in rows}


@pytest.mark.parametrize("name", SETS)
def test_the_readme_shows_what_is_measured_and_hybrid_is_ahead_of_keyword(name: str) -> None:
    modes, rows = measured(name), shown(name)
    assert set(rows) == set(modes) == {"hybrid", "semantic", "keyword"}
    for mode, cells in rows.items():
        values = [modes[mode][figure] for figure in ("ndcg@10", "source@10", "mrr", "recall@100")]
        for cell, value in zip(cells, values, strict=True):
            assert (
                cell == "–"
                if value is None or (name.startswith("brokers") and value == 1.0)
                else float(cell) == pytest.approx(value, abs=0.0015)
            )
    for figure in ("ndcg@10", "source@10", "mrr"):
        if modes["hybrid"][figure] is not None:
            assert modes["hybrid"][figure] > modes["keyword"][figure]
