"""Two runs compared: what came, went and moved, whichever form they have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.bulk import bulk
from service.comparing import RunUnreadable, compared
from service.installation import Installation, sample_files
from service.viewer import MACHINE
from tests.service.conftest import Run


def run_of(path: Path, **demands: list[tuple[str, float]]) -> Path:
    """A run in lines: demand → hits as (number, score)."""

    def hit(id: str, score: float) -> dict[str, Any]:
        return {"source": "库", "source_id": id, "title": f"成果 {id}", "score": score}

    rows = [
        {"source_id": name, "title": f"需求 {name}", "hits": [hit(*each) for each in hits]}
        for name, hits in demands.items()
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_what_came_went_and_moved(tmp_path: Path, run: Run) -> None:
    old = run_of(
        tmp_path / "a.jsonl",
        same=[("1", 0.5)],
        other=[("1", 0.9), ("2", 0.8), ("3", 0.7)],
        scores=[("1", 0.5)],
        gone=[],
    )
    new = run_of(
        tmp_path / "b.jsonl",
        same=[("1", 0.5)],
        other=[("2", 0.9), ("1", 0.8), ("4", 0.7)],
        scores=[("1", 0.6)],
        came=[],
    )
    told = run("bulk", "diff", old, new, "--json").json
    assert told == {
        "same": 1, "changed": 1, "rescored": 1, "new_first": 1, "overlap": 0.8333, "only_before": ["gone"], "only_after": ["came"],
        "changes": [
            {"demand": "other", "title": "需求 other", "came": ["库/4"], "went": ["库/3"], "moved": {"库/1": [1, 2], "库/2": [2, 1]}, "new_first": True},
            {"demand": "scores", "title": "需求 scores", "came": [], "went": [], "moved": {}, "new_first": False},
        ],
    }  # fmt: skip
    said = run("bulk", "diff", old, new).out
    assert "来  库/4  成果 4" in said
    assert "移  库/1  成果 1：1 → 2" in said
    assert (
        "两次都有的需求 3 条：1 条一样，1 条不同（其中 1 条换了第一名），1 条只是得分不同，匹配平均有 83.3% 相同。"
        in said
    )


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_run_is_the_same_in_every_form_and_repeated(installation: Installation, tmp_path: Path, ending: str) -> None:
    with sample_files() as (_, demands):
        for name in ("a.jsonl", f"b.{ending}"):
            bulk(installation, demands, tmp_path / name, viewer=MACHINE, limit=3)
    found = compared(tmp_path / "a.jsonl", tmp_path / f"b.{ending}")
    assert (found.same, found.changes, found.overlap, found.only_before) == (85, (), 1.0, ())


def test_what_is_no_run_is_told(tmp_path: Path, run: Run) -> None:
    good = run_of(tmp_path / "a.jsonl")
    for name, text in (("b.jsonl", "{}\n"), ("b.csv", "甲,乙\n"), ("b.xlsx", "x"), ("b.doc", "x")):
        (tmp_path / name).write_text(text, "utf-8")
        with pytest.raises(RunUnreadable, match="duijie bulk"):
            compared(good, tmp_path / name)
    answer = run("bulk", "diff", good, tmp_path / "b.csv")
    assert (answer.code, answer.out) == (2, "")
