"""A sheet of demands in, a list of matches out: the answers of `match`, whole after any kill."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from corpus.intake import read_file
from corpus.records import Demand
from corpus.store import Store
from indexer.fusion import BANDS
from service.answers import match
from service.bulk import bulk, kept_in
from service.installation import Installation, sample_files
from service.resuming import StartedOtherwise, UnderWay, resumed
from service.viewer import MACHINE
from tests.service.conftest import Run

SHEET = """企业需求汇总表（二〇二五年）,,,
需求名称,需求编号,需求描述,最低就绪度
磁铁放半年起泡掉皮,X-1,烧结磁钢镀层在仓库里起泡、掉皮，要耐盐雾,5
,X-2,,
=cmd|' /C calc'!A0,X-3,风机低速嗡嗡响，要求空载 45 dB 以下,
成熟度写错了,X-4,印染废水回用,五十
"""
REFUSED = [(4, "缺少需求名称"), (6, "最低就绪度应为数字，这里是“五十”")]


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "需求.csv"
    path.write_text(SHEET, "utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_every_demand_of_a_sheet_is_answered_as_a_stored_one_is(
    installation: Installation, tmp_path: Path, mode: Any
) -> None:
    out = tmp_path / "匹配.jsonl"
    with sample_files() as (_, demands):
        done = bulk(installation, demands, out, viewer=MACHINE, limit=10, mode=mode, where=["trl=3..9"])
        rows = list(read_file(demands, kind=Demand))
    found = lines(out)
    assert done.demands == len(found) == len(rows) == 85
    for one in found:
        stored = installation.store.find("demand", "sample", one["source_id"])
        assert stored is not None
        answer = match(installation, viewer=MACHINE, id=stored.id, limit=10, mode=mode, where=["trl=3..9"])
        told = [(hit["id"], hit["score"], hit["band"], hit["parts"], hit["quotes"]) for hit in one["hits"]]
        assert told == [
            (
                hit.record.id,
                hit.score,
                hit.band,
                hit.parts,
                [{"field": quote.field, "text": quote.text} for quote in hit.quotes],
            )
            for hit in answer.hits
        ]
        assert [hit["rank"] for hit in one["hits"]] == list(range(1, len(told) + 1))
        assert (one["note"], one["revision"]) == (answer.note, answer.revision)
        assert str(one["model"]).startswith("model@")


def test_a_sheet_is_read_as_an_import_reads_it_and_nothing_is_saved(
    run: Run, home: Path, sheet: Path, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{home}/duijie.db")
    before = store.revision()
    refused, out = tmp_path / "退回.csv", tmp_path / "匹配.jsonl"
    answer = run("bulk", sheet, "-o", out, "--refused", refused, "--json")
    assert answer.code == 0
    assert store.revision() == before
    assert {**answer.json, "seconds": 0, "rate": 0} == {
        "demands": 2, "refused": 2, "matches": 40, "resumed": 0, "seconds": 0, "rate": 0, "out": str(out),
    }  # fmt: skip
    assert [(one["line"], one["source"], one["source_id"]) for one in lines(out)] == [
        (3, "需求", "X-1"),
        (5, "需求", "X-3"),
    ]
    mend = [(int(row["原行号"]), row["退回原因"]) for row in table(refused)]
    imported = run("import", sheet, "--kind", "demand", "--json").json["refused"]
    assert mend == REFUSED == [(row["line"], row["reason"]) for row in imported]
    assert not list(tmp_path.glob("*.partial*")) + list(tmp_path.glob(".*"))
    store.close()


def test_refused_rows_are_told_and_columns_that_were_not_used(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "需求.csv"
    file.write_text("需求名称,紧急程度\n磁铁起泡,高\n,低\n", "utf-8")
    answer = run("bulk", file, "-o", tmp_path / "匹配.csv", "--limit", "3")
    assert "匹配需求 1 条，给出成果 3 条，退回 1 行" in answer.out
    assert "需求.csv 第 3 行：缺少需求名称" in answer.out
    assert "没有用到：紧急程度" in answer.err


def test_csv_opens_in_a_chinese_excel_and_holds_no_formula(installation: Installation, sheet: Path) -> None:
    out = sheet.with_name("匹配.csv")
    bulk(installation, sheet, out, viewer=MACHINE, limit=2)
    assert out.read_bytes().startswith("\ufeff需求文件,行号,需求编号,需求名称,名次,".encode())
    rows = table(out)
    assert [(row["行号"], row["需求编号"], row["名次"]) for row in rows] == [
        ("3", "X-1", "1"), ("3", "X-1", "2"), ("5", "X-3", "1"), ("5", "X-3", "2"),
    ]  # fmt: skip
    assert rows[2]["需求名称"] == "'=cmd|' /C calc'!A0"
    demand = next(row.record for row in read_file(sheet, kind=Demand) if not hasattr(row, "reason"))
    installation.store.save([demand])
    stored = installation.store.find("demand", "需求", "X-1")
    assert stored is not None
    best = match(installation, viewer=MACHINE, id=stored.id, limit=1).hits[0]
    assert best.band is not None
    assert (rows[0]["成果名称"], rows[0]["成果单位"], rows[0]["档次"], float(rows[0]["得分"])) == (
        best.record.title, best.record.organisation, BANDS[best.band], best.score,
    )  # fmt: skip
    assert float(rows[0]["得分"]) == pytest.approx(sum(float(rows[0][part]) for part in ("词语", "语义", "原样出现")))
    assert rows[0]["引文"] == best.quotes[0].text


def test_a_workbook_has_matches_refused_rows_and_what_it_was_made_with(run: Run, sheet: Path) -> None:
    out = sheet.with_name("匹配.xlsx")
    assert run("bulk", sheet, "-o", out, "--limit", "2", "--where", "trl=5..9").code == 0
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["匹配", "退回", "说明"]
    matches = list(book["匹配"].values)
    assert [row[1:5] for row in matches[1:]] == [
        (3, "X-1", "磁铁放半年起泡掉皮", 1),
        (3, "X-1", "磁铁放半年起泡掉皮", 2),
        (5, "X-3", "=cmd|' /C calc'!A0", 1),
        (5, "X-3", "=cmd|' /C calc'!A0", 2),
    ]
    assert book["匹配"]["D4"].data_type == "s"
    assert list(book["退回"].values) == [("文件", "行号", "原因"), *(("需求.csv", *row) for row in REFUSED)]
    about = {row[0]: row[1] for row in book["说明"].values}
    assert (about["列名对照"], about["筛选"]) == ("无", "trl=5..9")
    assert (about["最多几条"], about["检索方式"], about["修订号"]) == (2, "hybrid", 405)
    assert str(about["向量模型"]).startswith("model@")
    assert "词语 0." in str(about["权重"])
    assert (about["需求条数"], about["退回行数"], about["匹配条数"]) == (2, 2, 4)


def test_more_matches_than_a_sheet_holds_go_on_in_another(
    installation: Installation, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.listing.ROWS", 3)
    for limit, held in ((1, [2]), (3, [3, 3]), (2, [3, 1])):
        bulk(installation, sheet, sheet.with_name("匹配.xlsx"), viewer=MACHINE, limit=limit)
        book = openpyxl.load_workbook(sheet.with_name("匹配.xlsx"))
        titles = ["匹配", "匹配 2"][: len(held)]
        assert [title for title in book.sheetnames if title.startswith("匹配")] == titles
        assert [len(list(book[title].values)) - 1 for title in titles] == held


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx"])
def test_a_workbook_of_demands_and_an_empty_list(run: Run, tmp_path: Path, ending: str) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["需求名称", "需求编号"])
    book.active.append(["，。", 123456])
    book.save(tmp_path / "需求.xlsx")
    out = tmp_path / f"匹配.{ending}"
    assert run("bulk", tmp_path / "需求.xlsx", "-o", out, "--mode", "keyword", "--json").json["matches"] == 0
    if ending == "jsonl":
        assert [(one["source_id"], one["hits"]) for one in lines(out)] == [("123456", [])]
    elif ending == "csv":
        assert table(out) == []
    else:
        assert [len(list(sheet.values)) for sheet in openpyxl.load_workbook(out).worksheets[:2]] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("空.csv", "-o", "匹配.csv"), "里面没有一行记录"),
        (("需求.csv", "-o", "匹配.doc"), "匹配只能写成 .csv、.xlsx 或 .jsonl"),
        (("需求.csv", "-o", "需求.csv"), "--out 不能写在需求文件 需求.csv 上"),
        (("需求.csv", "-o", "没有/匹配.csv"), "不存在或不能写入"),
        (("需求.csv", "-o", "匹配.csv", "--refused", "匹配.csv"), "--refused 不能写在匹配的文件 匹配.csv 上"),
        (("需求.csv", "-o", "匹配.csv", "--where", "colour=red"), "没有名为“colour”的字段"),
        (("需求.pdf", "-o", "匹配.csv"), "只认识 .csv、.xlsx 和 .jsonl"),
        (("没有.csv", "-o", "匹配.csv"), "没有.csv"),
    ],
)
def test_bad_input_is_told_with_status_2_and_leaves_nothing(
    run: Run, sheet: Path, arguments: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sheet.parent)
    for name in ("空.csv", "需求.pdf"):
        Path(name).write_text("需求名称,需求编号\n", "utf-8")
    before = {path: path.read_bytes() for path in sheet.parent.iterdir() if path.is_file()}
    answer = run("bulk", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert {path: path.read_bytes() for path in sheet.parent.iterdir() if path.is_file()} == before


class Stopped(Exception):
    """The run was stopped."""


def stop_after(count: int) -> Any:
    left = count

    def progress(done: int) -> None:
        nonlocal left
        left -= done
        if left <= 0:
            raise Stopped

    return progress


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_run_that_broke_off_anywhere_in_a_line_goes_on_to_the_same_bytes(
    installation: Installation, sheet: Path, ending: str
) -> None:
    whole, out, refused = (
        sheet.with_name(f"一次.{ending}"),
        sheet.with_name(f"两次.{ending}"),
        sheet.with_name("退.csv"),
    )
    bulk(installation, sheet, whole, viewer=MACHINE, limit=3)
    with pytest.raises(Stopped):
        bulk(installation, sheet, out, viewer=MACHINE, limit=3, progress=stop_after(3))
    assert not out.exists()
    begun = kept_in(out).read_bytes()
    ends = [len(begun[:at]) + 1 for at, byte in enumerate(begun) if byte == ord("\n")]
    for cut, left in [(len(begun), 2), (ends[2] + 9, 1), (ends[1], 1), (ends[0] - 1, 0), (0, 0)]:
        kept_in(out).write_bytes(begun[:cut])
        done = bulk(installation, sheet, out, viewer=MACHINE, limit=3, refused=refused)
        assert out.read_bytes() == whole.read_bytes()
        assert (done.demands, done.refused, done.matches, done.resumed) == (2, 2, 6, left)
        assert [int(row["原行号"]) for row in table(refused)] == [4, 6]
        assert not kept_in(out).exists()
    kept_in(out).write_bytes(begun[: ends[1]] + bytes(40) + b"\n")  # the power went
    bulk(installation, sheet, out, viewer=MACHINE, limit=3)
    assert out.read_bytes() == whole.read_bytes()


def test_a_run_started_with_something_else_asked_says_what_and_only_anew_begins_again(
    run: Run, installation: Installation, sheet: Path
) -> None:
    out = sheet.with_name("匹配.csv")
    with pytest.raises(Stopped):
        bulk(installation, sheet, out, viewer=MACHINE, progress=stop_after(2))
    begun = kept_in(out).read_bytes()
    other = run("bulk", sheet, "-o", out, "--limit", "3", "--mode", "keyword", "--where", "trl=5..9")
    assert (other.code, other.out) == (2, "")
    assert "当时的最多几条、筛选、检索方式、权重与这次不同" in other.err
    assert "--anew" in other.err
    sheet.write_text(SHEET + "又一条,X-5,,\n", "utf-8")
    with pytest.raises(StartedOtherwise, match="当时的需求文件的内容与这次不同"):
        bulk(installation, sheet, out, viewer=MACHINE)
    sheet.write_text(SHEET, "utf-8")
    record = installation.store.latest("achievement", 1)[0]
    installation.store.delete([record.id])
    with pytest.raises(StartedOtherwise, match="当时的修订号与这次不同"):
        bulk(installation, sheet, out, viewer=MACHINE)
    assert kept_in(out).read_bytes() == begun
    assert not out.exists()
    assert run("bulk", sheet, "-o", out, "--limit", "3", "--anew", "--json").json["matches"] == 6
    assert len(table(out)) == 6


def test_processes_of_their_own_find_the_same_as_threads(installation: Installation, tmp_path: Path) -> None:
    shared, apart = tmp_path / "一起.jsonl", tmp_path / "分头.jsonl"
    with sample_files() as (_, demands):
        bulk(installation, demands, shared, viewer=MACHINE, limit=5, where=["trl>=4"])
        done = bulk(installation, demands, apart, viewer=MACHINE, limit=5, where=["trl>=4"], many=True)
    assert done.demands == len(lines(apart)) == 85
    assert apart.read_bytes() == shared.read_bytes()


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    file = tmp_path / "匹配.csv.partial.jsonl"
    with resumed(file, {}) as kept:
        kept.append({"line": 1})
        with pytest.raises(UnderWay, match=r"另一个进程正在往 匹配.csv.partial.jsonl 里写"), resumed(file, {}):
            pass
        assert list(kept.steps()) == [{"line": 1}]


def test_half_characters_and_control_signs_of_a_row_do_no_harm(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "需求.jsonl"
    file.write_text(
        '{"需求名称": "磁铁\\ud800起泡\\u0001"}\n{"需求名称": "坏", "地区": "火\\ud800星\\u0001"}\n{"需求名称": \n',
        "utf-8",
    )
    for ending in ("csv", "xlsx", "jsonl"):
        refused = tmp_path / f"退回.{ending}"
        done = bulk(installation, file, tmp_path / f"匹配.{ending}", viewer=MACHINE, limit=1, refused=refused)
        assert (done.demands, done.refused) == (1, 2)
        assert refused.exists()
    assert lines(tmp_path / "匹配.jsonl")[0]["title"] == "磁铁起泡"


RUN = """
import sys
from pathlib import Path
from service.bulk import bulk
from service.installation import Installation
from service.settings import Settings
from service.viewer import MACHINE
with Installation(Settings(home=Path(sys.argv[1]))) as installation:
    bulk(installation, Path(sys.argv[2]), Path(sys.argv[3]), viewer=MACHINE, progress=lambda count: print(count, flush=True))
"""


@pytest.mark.parametrize(("round_", "ending"), [(0, "csv"), (1, "jsonl")])
def test_a_run_killed_and_resumed_gives_the_same_bytes_as_an_undisturbed_one(
    installation: Installation, home: Path, tmp_path: Path, round_: int, ending: str
) -> None:
    """Real `kill -9`, twice, each at an unforeseen moment."""
    chance = random.Random(round_)
    whole, out = tmp_path / f"一次.{ending}", tmp_path / f"两次.{ending}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DUIJIE_")}
    with sample_files() as (_, demands):
        bulk(installation, demands, whole, viewer=MACHINE)
        for _ in range(2):
            command = [sys.executable, "-c", RUN, str(home), str(demands), str(out)]
            running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            assert running.stdout is not None
            for _ in range(chance.randrange(5, 25)):
                running.stdout.readline()
            for _ in range(chance.randrange(100_000)):
                pass
            running.send_signal(signal.SIGKILL)
            running.communicate()
        kept = kept_in(out).read_bytes().count(b"\n") - 1 if kept_in(out).exists() else 0
        assert kept >= 5 or out.exists()  # it was done where this test had to wait so long
        done = bulk(installation, demands, out, viewer=MACHINE)
    assert (done.demands, done.resumed) == (85, kept)
    assert out.read_bytes() == whole.read_bytes()
    assert not kept_in(out).exists()
