"""What the benchmark is fed with is real text, cut at sentence ends, and what it prints says what was measured and what was not."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks import growth, report
from benchmarks.passages import LEAST, cut, passages

SENTENCE = "磁钢镀层在盐雾里七十二小时就起泡，老板说退货退怕了。"


def test_a_text_is_cut_at_sentence_ends() -> None:
    found = list(cut(SENTENCE * 20))
    assert found == [SENTENCE * 5] * 4
    assert len(found[0]) == LEAST
    assert list(cut(SENTENCE * 5, shift=3)) == []


def test_more_passages_than_there_are_come_from_shifted_borders(tmp_path: Path) -> None:
    rows = [{"paragraphs": [SENTENCE * 12, "<table>", "[1] 参考"]}, {"text": SENTENCE * 12}]
    file = tmp_path / "papers.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    once, more = list(passages(file, 4)), list(passages(file, 8))
    assert (len(once), len(more)) == (4, 8)
    assert more[:4] == once
    assert more[4] not in once
    assert not any("<table>" in passage or "[1]" in passage for passage in more)


@pytest.fixture
def documents() -> list[report.Document]:
    def timed(p50: float, p95: float) -> dict[str, object]:
        return {"paragraph": {"all": {"p50": p50, "p95": p95, "asked": 200}}}

    return [
        {"name": "duijie", "state": "measured", "hybrid": timed(4.0, 6.0), "recall": {"paragraph": {"all": 0.991}}},
        {"name": "floor", "state": "measured", "hybrid": timed(2.0, 5.0)},
        {"name": "zvec", "state": "measured", "hybrid": timed(12.0, 15.0), "recall": {"paragraph": {"all": 0.998}}},
        {"name": "txtai", "state": "over 900 s at step build"},
    ]


def test_the_table_holds_ratios_and_says_what_was_not_measured(documents: list[report.Document]) -> None:
    written = report.markdown(documents, 1000)
    assert "| duijie | – | 4.0 / 6.0 (2.0 ×, 1.0 ×) |" in written
    assert "0.991" in written
    assert "over 900 s at step build" in written
    assert "p95 on paragraphs: 1.20 × the floor's" in written
    assert "filter all: 3.0 × ahead of the best rival, zvec, at recall 0.991 against 0.998" in written
    console = Console(width=300, record=True)
    report.show(documents, console)
    assert "4.0 / 6.0 (2.0 ×, 1.0 ×)" in console.export_text()


def test_growth_is_drawn_for_every_size_that_was_measured(documents: list[report.Document], tmp_path: Path) -> None:
    for size in (10, 1000):
        for document in documents:
            (tmp_path / f"{document['name']}-{size}.json").write_text(json.dumps(document), "utf-8")
    ran = CliRunner().invoke(growth.main, [str(tmp_path), "-o", str(tmp_path / "growth.svg")])
    assert ran.output.endswith("10, 1,000 records\n")
    drawn = (tmp_path / "growth.svg").read_text("utf-8")
    assert drawn.count('<g id="axes_') == len(growth.PANELS)
