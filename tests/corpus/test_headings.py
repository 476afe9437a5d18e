"""Which field a column heading means."""

from pathlib import Path

import pytest

from corpus.headings import MappingUnreadable, fields_of, guess_kind, looks_like_headings, read_mapping
from corpus.records import Achievement, Demand, Record


@pytest.mark.parametrize(
    ("kind", "heading", "field"),
    [
        (Achievement, "成果名称", "title"),
        (Achievement, "title", "title"),
        (Achievement, "*成果名称", "title"),
        (Achievement, "成果名称（必填）", "title"),
        (Achievement, "★成果名称*（不超过 50 字）", "title"),
        (Achievement, " 成果 名称： ", "title"),
        (Achievement, "Source ID", "source_id"),
        (Achievement, "SOURCE_ID", "source_id"),
        (Achievement, "价格（万元）", "price_max"),
        (Achievement, "ＴＲＬ", "trl"),
        (Achievement, "技术就绪度(1-9)", "trl"),
        (Demand, "需求描述", "problem"),
        (Demand, "企业名称", "organisation"),
        (Demand, "预算（万元）", "budget_max"),
        (Demand, "Deadline", "deadline"),
    ],
)
def test_a_heading_is_recognised(kind: type[Record], heading: str, field: str) -> None:
    assert fields_of(kind, [heading], {}) == {heading: field}


@pytest.mark.parametrize("heading", ["", "备注", "评审专家", "（）", "成果名称2"])
def test_a_heading_that_means_no_field_is_left_alone(heading: str) -> None:
    assert fields_of(Achievement, [heading], {}) == {}


def test_each_field_is_given_once_and_its_own_name_outranks_other_words() -> None:
    assert fields_of(Achievement, ["编号", "名称", "成果名称", "项目编号"], {}) == {
        "编号": "source_id",
        "成果名称": "title",
    }
    assert fields_of(Demand, ["kind", "id", "source_id", "title"], {}) == {"source_id": "source_id", "title": "title"}


def test_a_mapping_is_heard_first() -> None:
    mapping = {"内部代号": "source_id", "备注": "title"}
    assert fields_of(Achievement, ["编号", "成果名称", "备注", "内部代号", "地区"], mapping) == {
        "备注": "title",
        "内部代号": "source_id",
        "地区": "region",
    }


@pytest.mark.parametrize(
    ("cells", "is_heading"),
    [
        (["成果名称", "编号", "评审专家"], True),
        (["成果名称"], True),
        (["成果名称", "备注"], True),
        (["序号栏", "需求标题", "备注"], True),
        (["title", None, "source_id"], True),
        (["2025年成果汇总表", None, None], False),
        (["耐蚀涂层", "CG-1", "甬江大学（示例）"], False),
        (["名称", "张三", "李四"], False),
        ([None, "", " "], False),
        ([], False),
    ],
)
def test_a_line_of_headings_is_told_from_titles_and_data(cells: list[str | None], is_heading: bool) -> None:
    assert looks_like_headings(cells) is is_heading


def test_headings_that_only_a_mapping_knows_are_headings() -> None:
    assert looks_like_headings(["代号", "题名", "其他"], {"代号": "source_id", "题名": "title"})


@pytest.mark.parametrize(
    ("headings", "file", "kind"),
    [
        (["成果名称", "完成单位", "地区"], "表.csv", Achievement),
        (["需求名称", "预算（万元）", "地区"], "表.csv", Demand),
        (["名称", "单位", "地区", "TRL"], "需求.csv", Achievement),
        (["名称", "单位", "地区"], "2026年企业需求.csv", Demand),
        (["名称", "单位", "地区"], "成果库.xlsx", Achievement),
        (["名称", "单位", "地区"], "Demands.csv", Demand),
        (["名称", "单位", "地区"], "表1.csv", None),
    ],
)
def test_the_kind_is_guessed_from_the_headings_and_then_from_the_file_s_name(
    headings: list[str], file: str, kind: type[Record] | None
) -> None:
    assert guess_kind(headings, file) is kind


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("列名.json", '{"代号": "source_id", "题名": "title"}'),
        ("列名.toml", '"代号" = "source_id"\n"题名" = "title"\n'),
    ],
)
def test_a_mapping_file_is_json_or_toml(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text("\ufeff" + text, "utf-8")
    assert read_mapping(file) == {"代号": "source_id", "题名": "title"}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", '{"代号": "source"', "读不了映射文件 a.json：Expecting"),
        ("a.toml", "代号 = source", "读不了映射文件 a.toml：Invalid"),
        ("a.json", '["代号"]', "应是一个对象"),
        ("a.json", '{"代号": "number"}', "“代号”指向的字段“number”不存在"),
        ("a.json", '{"代号": ["source_id"]}', r"“代号”指向的字段“\['source_id'\]”不存在"),
    ],
)
def test_a_mapping_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    with pytest.raises(MappingUnreadable, match=reason):
        read_mapping(file)


def test_a_mapping_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingUnreadable, match=r"读不了映射文件 没有\.json"):
        read_mapping(tmp_path / "没有.json")
