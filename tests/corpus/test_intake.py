"""file → rows → record or refusal with line and reason → store."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from corpus import intake as intake_module
from corpus.errors import BadInput
from corpus.headings import read_mapping
from corpus.intake import Intake, KindUnknown, import_files
from corpus.records import Achievement, Demand, Record, public
from corpus.refusals import Refusal, write_refused
from corpus.rows import FileUnreadable
from corpus.store import Store
from tests.corpus.generated import FULL


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def library(store: Store) -> list[Record]:
    """Everything in the store, in the order in which it came in."""
    return [change.record for change in store.changes_after(0, store.revision()) if change.record]


MIXED = """成果名称,编号,技术就绪度,地区
耐蚀涂层,CG-1,7级,杭州
污泥干化,CG-2,12,火星
,CG-3,5,宁波
永磁轴承,CG-4,6,
"""
REFUSED = [
    Refusal("成果.csv", 3, "“地区”不认识“火星”。可用：北京市；天津市；河北省；石家庄市；唐山市；秦皇岛市；邯郸市；邢台市；保定市；张家口市；承德市；沧州市；廊坊市；衡水市……；技术就绪度应在 1 到 9 之间，这里是“12”"),
    Refusal("成果.csv", 4, "缺少成果名称"),
]  # fmt: skip


def test_good_rows_go_in_and_the_others_are_refused_with_line_and_reason(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(memory_store, [file(tmp_path, "成果.csv", MIXED)])
    assert (report.added, report.changed, report.unchanged, report.accepted) == (2, 0, 0, 2)
    assert report.refused == REFUSED
    assert library(memory_store) == [
        Achievement(source="成果", source_id="CG-1", title="耐蚀涂层", trl=7, region="330100"),
        Achievement(source="成果", source_id="CG-4", title="永磁轴承", trl=6),
    ]


def test_the_same_file_again_changes_nothing(memory_store: Store, tmp_path: Path) -> None:
    path = file(tmp_path, "成果.csv", MIXED)
    import_files(memory_store, [path])
    before = memory_store.revision()
    report = import_files(memory_store, [path])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert memory_store.revision() == before


def test_a_mended_file_changes_what_was_mended(memory_store: Store, tmp_path: Path) -> None:
    import_files(memory_store, [file(tmp_path, "成果.csv", MIXED)])
    report = import_files(
        memory_store, [file(tmp_path, "成果.csv", MIXED.replace("7级", "8级").replace("12,火星", "5,绍兴"))]
    )
    assert (report.added, report.changed, report.unchanged) == (1, 1, 1)
    assert memory_store.counts() == {"achievement": 3, "demand": 0}


def test_a_second_row_of_the_same_number_is_refused(memory_store: Store, tmp_path: Path) -> None:
    text = "需求名称,需求编号\n风机啸叫,X1\n轴承发热,X2\n风机啸叫（改）,X1\n"
    report = import_files(memory_store, [file(tmp_path, "需求.csv", text)])
    assert report.refused == [Refusal("需求.csv", 4, "来源编号“X1”与第 2 行重复")]
    assert [record.title for record in library(memory_store)] == ["风机啸叫", "轴承发热"]


def test_a_row_that_another_file_of_the_same_import_held_is_refused(memory_store: Store, tmp_path: Path) -> None:
    (tmp_path / "甲").mkdir()
    (tmp_path / "乙").mkdir()
    first = file(tmp_path / "甲", "成果.csv", "成果名称,编号\n涂层,1\n")
    second = file(tmp_path / "乙", "成果.csv", "成果名称,编号\n干化,2\n轴承,1\n")
    report = import_files(memory_store, [first, second, first])
    reason = f"来源编号“1”与 {first} 第 2 行重复（来源都是“成果”）；若是不同的记录，请分开导入，各用 --source 给出来源"
    assert report.refused == [Refusal("成果.csv", 3, reason)]
    assert (report.added, report.unchanged) == (2, 1)  # the first file, given twice, is the same file
    assert [record.title for record in library(memory_store)] == ["涂层", "干化"]


SHEETS: dict[str, list[list[str | None]]] = {
    "成果": [["成果名称", "编号", "技术就绪度"], ["涂层", "1", "7"], ["干化", "2", "很高"]],
    "说明": [["请逐行填写"], ["填表人：某局"]],
    "空": [],
    "需求": [["2026年企业需求"], ["需求名称", "需求编号", "评审"], ["风机啸叫", "1", "甲"], [None, "2", None]],
}


def workbook(path: Path, sheets: dict[str, list[list[str | None]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
        sheet.sheet_state = "hidden" if title == hidden else "visible"
    book.save(path)
    return path


def test_every_worksheet_with_headings_is_read_under_its_own_kind(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(memory_store, [workbook(tmp_path / "汇总.xlsx", SHEETS)])
    assert [(type(record), record.title) for record in library(memory_store)] == [
        (Achievement, "涂层"),
        (Demand, "风机啸叫"),
    ]
    assert report.refused == [
        Refusal("汇总.xlsx［成果］", 3, "技术就绪度应为数字，这里是“很高”"),
        Refusal("汇总.xlsx［需求］", 4, "缺少需求名称"),
    ]
    assert report.ignored == {
        "汇总.xlsx［成果］": [],
        "汇总.xlsx［需求］": ["评审"],
        "汇总.xlsx［说明］": ["整张工作表，没有认识的表头"],
    }


def test_a_single_worksheet_with_headings_is_called_by_its_file(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(memory_store, [workbook(tmp_path / "汇总.xlsx", SHEETS, hidden="需求")])
    assert [refusal.file for refusal in report.refused] == ["汇总.xlsx"]
    assert memory_store.counts() == {"achievement": 1, "demand": 0}


def test_a_worksheet_s_name_tells_the_kind_before_the_file_s(memory_store: Store, tmp_path: Path) -> None:
    plain: list[list[str | None]] = [["名称", "单位"], ["涂层", "某大学（示例）"]]
    import_files(memory_store, [workbook(tmp_path / "需求.xlsx", {"成果": plain, "其他": plain})])
    assert [type(record) for record in library(memory_store)] == [Achievement, Demand]


def test_one_number_in_two_worksheets_is_refused_with_the_place_of_the_first(
    memory_store: Store, tmp_path: Path
) -> None:
    sheets: dict[str, list[list[str | None]]] = {name: [["成果名称", "编号"], [name, "1"]] for name in ("一月", "二月")}
    report = import_files(memory_store, [workbook(tmp_path / "成果.xlsx", sheets)])
    assert report.refused == [Refusal("成果.xlsx［二月］", 2, "来源编号“1”与 成果.xlsx［一月］ 第 2 行重复")]


@pytest.mark.parametrize("content", ["", "\n\n", "成果名称,编号\n"], ids=["empty", "blank", "headings-only"])
def test_a_file_without_rows_is_named(memory_store: Store, tmp_path: Path, content: str) -> None:
    report = import_files(memory_store, [file(tmp_path, "空.csv", content), workbook(tmp_path / "空.xlsx", {"表": []})])
    assert [str(unreadable) for unreadable in report.unreadable] == [
        "读不了文件 空.csv：里面没有一行记录。",
        "读不了文件 空.xlsx：里面没有一行记录。",
    ]


def test_a_row_without_a_number_is_known_by_its_title(memory_store: Store, tmp_path: Path) -> None:
    import_files(memory_store, [file(tmp_path, "一月.csv", "需求名称,预算（万元）\n风机啸叫,30\n")], source="走访")
    report = import_files(
        memory_store, [file(tmp_path, "二月.csv", "需求名称,预算（万元）\n风机啸叫,50\n")], source="走访"
    )
    assert (report.added, report.changed) == (0, 1)
    assert library(memory_store) == [Demand(source="走访", source_id="风机啸叫", title="风机啸叫", budget_max=50)]


@pytest.mark.parametrize(
    ("given", "text", "source"),
    [
        (None, "成果名称,编号\n涂层,1\n", "文件名"),
        (None, "成果名称,编号,来源\n涂层,1,成果库\n", "成果库"),
        ("指定", "成果名称,编号,来源\n涂层,1,成果库\n", "指定"),
    ],
)
def test_the_source_is_the_one_given_or_the_row_s_or_the_file_s_name(
    memory_store: Store, tmp_path: Path, given: str | None, text: str, source: str
) -> None:
    import_files(memory_store, [file(tmp_path, "文件名.csv", text)], source=given)
    assert [record.source for record in library(memory_store)] == [source]


def test_a_number_that_a_spreadsheet_spoilt_is_refused(memory_store: Store, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["成果名称", "编号"], ["涂层", 3.30108199001011e17], ["干化", "330108199001011234"]):
        book.worksheets[0].append(line)
    book.save(tmp_path / "成果.xlsx")
    report = import_files(memory_store, [tmp_path / "成果.xlsx"])
    assert [(r.line, r.reason[:38]) for r in report.refused] == [
        (2, "来源编号“3.30108199001011E+17”被表格软件写成了科学计数")
    ]
    assert [record.source_id for record in library(memory_store)] == ["330108199001011234"]


def test_an_unreadable_file_does_not_keep_the_good_ones_out(memory_store: Store, tmp_path: Path) -> None:
    paths = [
        file(tmp_path, "甲.csv", "成果名称,编号\n涂层,1\n"),
        file(tmp_path, "坏.xlsx", "这不是工作簿"),
        file(tmp_path, "乙.csv", "成果名称,编号\n干化,2\n"),
    ]
    report = import_files(memory_store, paths)
    assert report.added == 2
    assert [str(unreadable) for unreadable in report.unreadable] == [
        "读不了文件 坏.xlsx：不是完好的 XLSX 工作簿，请用表格软件重新另存。"
    ]
    assert report.as_json() == {
        "added": 2, "changed": 0, "unchanged": 0,
        "refused": [{"file": "坏.xlsx", "line": 0, "reason": "读不了文件 坏.xlsx：不是完好的 XLSX 工作簿，请用表格软件重新另存。"}],
    }  # fmt: skip


def test_a_file_of_which_the_kind_cannot_be_told_asks_for_it(memory_store: Store, tmp_path: Path) -> None:
    path = file(tmp_path, "表1.csv", "名称,单位\n涂层,某大学（示例）\n")
    with pytest.raises(
        KindUnknown, match=r"看不出 表1\.csv 里是成果还是需求。请加 --kind achievement 或 --kind demand。"
    ):
        import_files(memory_store, [path])
    assert import_files(memory_store, [path], kind=Demand).added == 1


def test_columns_in_which_no_field_was_recognised_are_told(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(memory_store, [file(tmp_path, "成果.csv", "成果名称,编号,评审专家,备注\n涂层,1,甲,乙\n")])
    assert report.ignored == {"成果.csv": ["评审专家", "备注"]}


def test_a_mapping_names_columns_that_nobody_could_guess(memory_store: Store, tmp_path: Path) -> None:
    mapping = read_mapping(file(tmp_path, "列名.json", '{"T": "title", "K": "keywords", "N": "source_id"}'))
    path = file(tmp_path, "导出.csv", "N,T,K\n1,涂层,防腐；耐酸\n")
    import_files(memory_store, [path], kind=Achievement, mapping=mapping)
    assert library(memory_store) == [Achievement(source="导出", source_id="1", title="涂层", keywords=("防腐", "耐酸"))]


def test_progress_is_told_after_each_batch_that_is_on_disk(
    memory_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "BATCH", 3)
    path = file(tmp_path, "成果.csv", "成果名称,编号\n" + "".join(f"题{n},{n}\n" for n in range(7)))
    told: list[tuple[int, int]] = []

    def progress(so_far: Intake) -> None:
        told.append((so_far.added, memory_store.counts()["achievement"]))

    import_files(memory_store, [path], progress=progress)
    assert told == [(3, 3), (6, 6), (7, 7)]


def test_records_told_as_json_come_in_as_they_were(memory_store: Store, tmp_path: Path) -> None:
    """Achievements and demands in one file, with the numbers that another installation gave them."""
    lines = [
        json.dumps({**public(record), "id": 4711, "revision": 4712}, ensure_ascii=False) for record in FULL.values()
    ]
    report = import_files(memory_store, [file(tmp_path, "导出.jsonl", "\n".join(lines))])
    assert report.refused == []
    assert [public(r) | {"id": 0, "revision": 0, "saved_at": 0} for r in library(memory_store)] == [
        public(r) | {"id": 0, "revision": 0, "saved_at": 0} for r in FULL.values()
    ]


def test_a_kind_that_is_no_word_is_no_kind(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(
        memory_store, [file(tmp_path, "成果.jsonl", '{"kind": ["demand"], "title": "涂层", "trl": 7}\n')]
    )
    assert (report.added, memory_store.counts()["achievement"]) == (1, 1)


def test_half_a_character_in_a_json_line_does_not_stop_the_import(memory_store: Store, tmp_path: Path) -> None:
    text = r'{"title": "涂层\ud83d", "trl": 7}' + "\n" + r'{"title": "干化", "trl": 99, "body": "坏\ud83d"}' + "\n"
    report = import_files(memory_store, [file(tmp_path, "成果.jsonl", text)])
    assert [record.title for record in library(memory_store)] == ["涂层"]
    for suffix in (".csv", ".xlsx", ".jsonl"):
        assert write_refused(report.refused, tmp_path / f"退回{suffix}") == 1


def mend(path: Path, mends: dict[str, str]) -> None:
    """Replace words in a file of refused rows, as a person would with a spreadsheet."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        for cell in (cell for line in book.worksheets[0].iter_rows() for cell in line if cell.value in mends):
            cell.value = mends[str(cell.value)]
        book.save(path)
        return
    text = path.read_text("utf-8")
    for wrong, right in mends.items():
        text = text.replace(wrong, right)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_refused_rows_can_be_mended_and_brought_again(memory_store: Store, tmp_path: Path, suffix: str) -> None:
    """They go where they would have gone: the same source, the same kind, though both kinds stand in one file."""
    offer: dict[str, Any] = {
        "source_id": "CG-2", "title": "污泥\x01干化", "keywords": ["热泵", "除湿"], "region": "火星",
        "metrics": [{"name": "含水率", "op": "≤", "value": 30, "unit": "%"}, "产能 ≥ 5 t/d"],
        "ip": [{"kind": "invention", "status": "granted", "number": "ZL1"}],
    }  # fmt: skip
    paths = [
        file(tmp_path, "成果.jsonl", json.dumps(offer, ensure_ascii=False)),
        file(tmp_path, "需求.csv", "需求名称,需求编号,来源系统,预算（万元）\n风机啸叫,0012,走访,若干\n"),
    ]
    refused = tmp_path / f"退回{suffix}"
    assert write_refused(import_files(memory_store, paths).refused, refused) == 2
    mend(refused, {"火星": "宁波", "若干": "30"})
    report = import_files(memory_store, [refused])
    assert (report.added, report.refused) == (2, [])

    first = import_files(
        memory_store, [file(tmp_path, "成果.jsonl", json.dumps({**offer, "region": "宁波"}, ensure_ascii=False))]
    )
    second = import_files(memory_store, [file(tmp_path, "需求.csv", paths[1].read_text("utf-8").replace("若干", "30"))])
    assert [(report.added, report.changed, report.unchanged) for report in (first, second)] == [(0, 0, 1), (0, 0, 1)]


def test_refused_rows_are_written_with_reason_file_and_line(memory_store: Store, tmp_path: Path) -> None:
    report = import_files(memory_store, [file(tmp_path, "成果.csv", MIXED)])
    write_refused(report.refused, tmp_path / "退回.csv")
    assert (tmp_path / "退回.csv").read_text("utf-8-sig").splitlines()[
        0
    ] == "成果名称,编号,技术就绪度,地区,来源,kind,退回原因,原文件,原行号"
    assert (
        (tmp_path / "退回.csv")
        .read_text("utf-8-sig")
        .splitlines()[2]
        .endswith("成果,achievement,缺少成果名称,成果.csv,4")
    )


def test_a_file_without_refused_rows_is_still_written(tmp_path: Path) -> None:
    assert write_refused([], tmp_path / "退回.csv") == 0
    assert (tmp_path / "退回.csv").read_text("utf-8-sig") == "退回原因\n"


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_a_file_stays_as_it_is_where_nothing_was_refused_or_the_disk_refuses(tmp_path: Path, suffix: str) -> None:
    kept = file(tmp_path, f"退回{suffix}", "上次退回的")
    assert write_refused([Refusal("坏.xlsx", 0, "读不了")], kept) == 0
    (tmp_path / f".{kept.name}.part").mkdir()  # where the new file would be written
    with pytest.raises(BadInput, match=f"写不了文件 {kept.name}（.+），退回的行没有写出"):
        write_refused([Refusal("成果.csv", 2, "缺少成果名称", {"编号": "1"})], kept)
    assert kept.read_text("utf-8") == "上次退回的"


@pytest.mark.parametrize("text", ["=1+1", "=HYPERLINK(A1)", "+5", "-5", "@甲", "#N/A"])
def test_a_refused_cell_that_looks_like_a_formula_stays_text(tmp_path: Path, text: str) -> None:
    write_refused([Refusal("成果.csv", 2, "缺少成果名称", {"简介": text})], tmp_path / "退回.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "退回.xlsx").worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_refused_rows_are_not_written_to_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"退回的行只能写成 \.csv、\.xlsx 或 \.jsonl"):
        write_refused([], tmp_path / "退回.pdf")


def test_a_title_that_is_really_a_paragraph_goes_in_and_serves_shortened_as_the_number(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "成果.jsonl"
    file.write_text(json.dumps({"成果名称": "长" * 900}, ensure_ascii=False) + "\n", "utf-8")
    import_files(store, [file], kind=Achievement, source="甲")
    held = store.find("achievement", "甲", "长" * 500)
    assert held
    assert held.title == "长" * 900
