"""The command line as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli import duijie
from tests.service.conftest import Run

COMMANDS = [
    "alerts",
    "bulk",
    "doctor",
    "evaluate",
    "export",
    "import",
    "index",
    "key",
    "match",
    "search",
    "serve",
    "suggest",
    "thesaurus",
    "train",
    "user",
]


SAMPLES = Path(__file__).parents[2] / "corpus" / "samples"
JUDGED = ("--library", SAMPLES / "achievements.jsonl", "--demands", SAMPLES / "demands.jsonl",
          "--judgements", SAMPLES / "judgements.jsonl")  # fmt: skip


def test_the_commands_are_these() -> None:
    assert sorted(duijie.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    answer = run(command, "--help")
    assert answer.code == 0
    assert "例：" in answer.out
    assert f"duijie {command}" in answer.out


def test_import_reports_in_json_and_a_second_time_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "成果.csv"
    file.write_text("成果名称,项目编号,简介\n磁环,001234567890123456,耐高温\n,2,没有名字\n", "utf-8")
    first = run("import", file, "--json", "--refused", tmp_path / "退回.csv")
    assert first.code == 0
    refused = [{"file": "成果.csv", "line": 3, "reason": "缺少成果名称"}]
    assert first.json == {"added": 1, "changed": 0, "unchanged": 0, "refused": refused}
    assert run("import", file, "--json").json == {"added": 0, "changed": 0, "unchanged": 1, "refused": refused}
    assert "没有名字" in (tmp_path / "退回.csv").read_text("utf-8-sig")
    hit = run("search", "磁环 耐高温", "--json", "--limit", "1").json["hits"][0]
    assert (hit["source"], hit["source_id"]) == ("成果", "001234567890123456")


def test_an_unreadable_file_does_not_keep_the_others_out(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "好.jsonl", tmp_path / "坏.xlsx"
    good.write_text('{"成果名称": "好成果"}\n', "utf-8")
    bad.write_bytes(b"PK\x03\x04 not a workbook")
    answer = run("import", bad, good, "--kind", "achievement", "--json")
    assert answer.code == 2
    assert answer.json["added"] == 1
    assert "读不了文件 坏.xlsx" in answer.err


def test_refused_rows_are_never_written_over_a_file_that_is_imported(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "成果.csv"
    file.write_text("成果名称,编号\n,2\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    answer = run("import", file, "--refused", "成果.csv")
    assert (answer.code, answer.out) == (2, "")
    assert "--refused 不能写在要导入的文件 成果.csv 上" in answer.err
    assert file.read_text("utf-8") == "成果名称,编号\n,2\n"


def test_a_folder_for_refused_rows_that_is_not_there_is_told_before_the_import(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "成果.csv"
    file.write_text("成果名称,编号\n涂层,1\n", "utf-8")
    answer = run("import", file, "--refused", tmp_path / "没有" / "退回.csv")
    assert (answer.code, answer.out) == (2, "")
    assert "不存在或不能写入" in answer.err
    assert run("import", file, "--json").json["added"] == 1


def test_what_went_in_is_reported_also_where_the_refused_rows_cannot_be_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "成果.csv"
    file.write_text("成果名称,编号\n涂层,1\n,2\n", "utf-8")
    (tmp_path / ".退回.csv.part").mkdir()
    answer = run("import", file, "--refused", tmp_path / "退回.csv")
    assert answer.code == 2
    assert "新增 1 条" in answer.out
    assert "写不了文件 退回.csv" in answer.err


def test_index_says_what_it_did_and_the_second_time_does_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "新.jsonl"
    file.write_text('{"成果名称": "全新的磁环"}\n', "utf-8")
    run("import", file, "--kind", "achievement")
    built = run("index", "--json").json
    assert (built["records"], built["taken"], built["revision"]) == (406, 1, 406)
    assert built["seconds"] > 0
    assert built["model"] == "duijie-static-zh"
    again = run("index", "--json").json
    assert (again["records"], again["taken"]) == (406, 0)
    assert run("index", "--rebuild", "--json").json["taken"] == 406


def test_search_answers_in_the_promised_shape(run: Run) -> None:
    answer = run("search", "磁钢 镀层 起泡", "--kind", "achievement", "--limit", "2", "--json").json
    assert set(answer) >= {"mode", "degraded", "reading", "revision", "hits"}
    assert set(answer["reading"]) >= {"text", "words", "codes"}
    assert set(answer["hits"][0]) >= {"id", "source", "source_id", "title", "score", "parts", "quotes"}
    assert len(answer["hits"]) == 2


def test_search_in_words_shows_title_and_quote(run: Run) -> None:
    answer = run("search", "640*512 短波红外")
    assert "640×512短波红外InGaAs焦平面相机组件" in answer.out
    assert "“" in answer.out


def test_match_of_a_stored_demand_and_of_a_text(run: Run) -> None:
    demand = run("search", "磁铁放仓库半年起泡掉皮", "--kind", "demand", "--limit", "1", "--json").json["hits"][0]
    matched = run("match", str(demand["id"]), "--limit", "3", "--json").json
    assert {hit["kind"] for hit in matched["hits"]} == {"achievement"}
    assert matched["hits"][0]["comparisons"]
    assert run("match", "--text", "磁铁起泡掉皮", "--json").json["hits"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("search", ""), "没有可查的内容"),
        (("search", "电机", "--where", "colour=red"), "没有名为“colour”的字段"),
        (("match",), "请给出记录编号"),
        (("match", "987654"), "没有编号为 987654 的记录"),
        (("serve", "--host", "0.0.0.0"), "请先在 DUIJIE_HOSTS 中写明"),
        (("import", "没有.csv"), "没有.csv"),
        (("nonsense",), "nonsense"),
    ],
)
def test_bad_input_is_told_in_a_sentence_with_status_2(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_without_a_model_everything_works_on_keywords_and_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_MODEL", str(tmp_path / "没有这个模型"))
    monkeypatch.setenv("DUIJIE_HOME", str(tmp_path / "空"))
    file = tmp_path / "成果.jsonl"
    file.write_text('{"成果名称": "钐钴磁环"}\n{"成果名称": "印染废水回用"}\n', "utf-8")
    assert run("import", file, "--kind", "achievement", "--json").json["added"] == 2
    assert "没有这个文件夹" in run("index", "--json").json["degraded"]
    answer = run("search", "废水", "--json").json
    assert answer["mode"] == "keyword"
    assert "已改用关键词检索" in answer["degraded"]
    assert [hit["title"] for hit in answer["hits"]] == ["印染废水回用"]
    assert run("match", "--text", "磁环", "--json").json["hits"][0]["title"] == "钐钴磁环"
    assert run("doctor").code == 1
    monkeypatch.delenv("DUIJIE_MODEL")
    assert run("search", "废水", "--json").json["mode"] == "hybrid"  # the model is back: what it missed is embedded


def test_without_sentence_transformers_search_goes_by_keywords(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentence_transformers", None)
    answer = run("search", "磁钢", "--json").json
    assert answer["mode"] == "keyword"
    assert "sentence-transformers" in answer["degraded"]


def test_evaluate_on_the_sample_library_gives_the_same_table_twice(run: Run) -> None:
    arguments = ("evaluate", *JUDGED, "--mode", "hybrid", "--mode", "keyword", "--json")
    first, second = run(*arguments).json["modes"], run(*arguments).json["modes"]
    for mode in ("hybrid", "keyword"):
        assert set(first[mode]) == {"demands", "ndcg@10", "source@10", "mrr", "recall@100", "told", "untold", "seconds"}
        assert {**first[mode], "seconds": 0} == {**second[mode], "seconds": 0}
    assert first["hybrid"]["ndcg@10"] > first["keyword"]["ndcg@10"] > 0.5


def test_evaluate_tells_of_each_demand_and_compares_with_an_earlier_run(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "成绩.json"
    first = run("evaluate", *JUDGED, "--mode", "keyword", "--each", "--save", file, "--json").json["modes"]["keyword"]
    assert len(first["demands_each"]) == first["demands"]
    assert sum(group["demands"] for name, group in first["groups"].items() if "字" in name) == first["demands"]
    again = run("evaluate", *JUDGED, "--mode", "keyword", "--against", file, "--json").json["against"]["keyword"]
    assert (again["difference"], again["p"], again["better"], again["worse"]) == (0.0, 1.0, [], [])
    shown = run("evaluate", *JUDGED, "--mode", "keyword", "--each", "--against", file)
    assert "0 条变好、0 条变差" in shown.out
    file.write_text("[]", "utf-8")
    assert "不是 duijie evaluate --save 存下的成绩" in run("evaluate", *JUDGED, "--against", file).err


def test_weights_and_bands_are_fitted_on_judgements_and_used_from_then_on(run: Run, home: Path) -> None:
    fitted = run("train", "--ranker", "--bands", *JUDGED, "--json").json
    assert sum(fitted["ranker"]["weights"].values()) == pytest.approx(1, abs=0.002)
    assert 0.5 < fitted["ranker"]["before"] <= 1
    for mode in ("hybrid", "semantic", "keyword"):
        bands = fitted["bands"][mode]
        assert bands["strong"] >= bands["possible"] >= bands["weak"] > 0
    assert Path(fitted["file"]) == home / "ranking.json"
    hit = run("search", "磁钢", "--json").json["hits"][0]
    assert hit["parts"]["words"] <= fitted["ranker"]["weights"]["words"] + 1e-6
    said = run("train", "--ranker", *JUDGED).out
    assert "nDCG@10 由" in said
    assert "已写到" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ranker", "--library", SAMPLES / "achievements.jsonl"), "缺少 --demands 或 --judgements"),
        ((), "缺少 --data 或 --out"),
        (("--bands", "--demands", SAMPLES / "demands.jsonl"), "缺少 --demands 或"),
    ],
)
def test_training_says_what_it_lacks(run: Run, arguments: tuple[object, ...], said: str) -> None:
    answer = run("train", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_evaluate_names_a_judged_achievement_that_is_missing(run: Run, tmp_path: Path) -> None:
    library, demands, judgements = (tmp_path / name for name in ("库.jsonl", "需求.jsonl", "评判.jsonl"))
    library.write_text('{"id": "a", "title": "磁环"}\n', "utf-8")
    demands.write_text('{"id": "d", "content": "磁环"}\n', "utf-8")
    judgements.write_text('{"demand": "d", "achievement": "没有", "level": 1}\n', "utf-8")
    answer = run("evaluate", "--library", library, "--demands", demands, "--judgements", judgements)
    assert answer.code == 2
    assert "例如 没有" in answer.err


def test_doctor_finds_nothing_wrong_on_a_sound_installation_and_names_a_damaged_index(run: Run, home: Path) -> None:
    sound = run("doctor", "--json")
    assert (sound.code, sound.json["ok"]) == (0, True)
    words = next((home / "index").glob("base-*/words.rows.npy"))
    words.write_bytes(words.read_bytes()[:-8])
    ill = run("doctor", "--check", "--json")
    assert ill.code == 1
    assert "已损坏" in json.dumps(ill.json, ensure_ascii=False)
    assert run("search", "磁钢", "--json").json["hits"]  # answered from the store meanwhile
    (home / "index" / "base-0000000009-half").mkdir()
    mended = run("doctor", "--json")
    (index,) = [finding for finding in mended.json["findings"] if finding["name"] == "索引"]
    assert (mended.code, index["advice"]) == (0, None)
    assert "清除了中断的建索引留下的 1 个" in index["repaired"]
    assert "已损坏" in index["repaired"]
    assert "已由数据库建好" in index["repaired"]
    again = run("doctor", "--json")
    assert (again.code, [finding["repaired"] for finding in again.json["findings"]]) == (0, [None] * 6)


def test_doctor_notices_a_damaged_database_and_leaves_it_as_it_is(run: Run, home: Path) -> None:
    database = home / "duijie.db"
    content = bytearray(database.read_bytes())
    content[8192:40960] = bytes(32768)
    database.write_bytes(content)
    damaged = database.read_bytes()
    ill = run("doctor")
    assert ill.code == 1
    assert "文件已损坏：" in ill.out
    assert "用最近的备份换下 duijie.db" in ill.out
    assert database.read_bytes() == damaged
    answer = run("search", "磁钢")
    assert (answer.code, answer.err) == (1, "错误：数据库读写不成：database disk image is malformed。请稍后再试；若总是这样，请运行 duijie doctor。\n")  # fmt: skip
