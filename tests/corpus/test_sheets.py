"""Files become rows with the line on which they stand, or a sentence that says why the file cannot be read."""

import io
import random
import re
import struct
import zipfile
import zlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.rows import FileUnreadable, Row
from corpus.sheets import rows


def read(folder: Path, name: str, content: str | bytes, mapped: tuple[str, ...] = ()) -> list[Row]:
    """The rows of a file of that content."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows(file, mapped))


def workbook(*lines: list[Any], text_columns: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in lines:
        sheet.append(line)
    for column in text_columns:
        for cell in sheet[column]:
            cell.number_format = "@"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


TWO = "成果名称,编号,地区\n耐蚀涂层,0012,杭州\n污泥干化,330108199001011234,\n"
TWO_ROWS = [
    Row(2, {"成果名称": "耐蚀涂层", "编号": "0012", "地区": "杭州"}),
    Row(3, {"成果名称": "污泥干化", "编号": "330108199001011234"}),
]


@pytest.mark.parametrize(
    "content",
    [
        TWO.encode(),
        TWO.encode("utf-8-sig"),
        TWO.encode("gb18030"),
        TWO.replace(",", "\t").encode(),
        TWO.replace(",", ";").encode(),
        TWO.replace("\n", "\r\n").encode(),
        TWO.replace("\n", "\r").encode(),
        TWO.rstrip("\n").encode(),
        TWO.replace("涂层", "涂\x00层").encode(),
        TWO.replace("成果名称,编号", ' "成果名称" ,编号'.strip()).encode(),
    ],
    ids=["utf-8", "bom", "gb18030", "tab", "semicolon", "crlf", "cr", "no-last-newline", "nul", "quoted-heading"],
)
def test_a_csv_file_is_read_whatever_its_encoding_and_separator(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, "成果.csv", content) == TWO_ROWS


def test_rows_keep_their_line_across_quoted_newlines_and_empty_lines(tmp_path: Path) -> None:
    content = '成果名称,简介\n\n耐蚀涂层,"第一行\n第二行\n第三行"\n,\n污泥干化,短\n'
    assert read(tmp_path, "成果.csv", content) == [
        Row(3, {"成果名称": "耐蚀涂层", "简介": "第一行\n第二行\n第三行"}),
        Row(7, {"成果名称": "污泥干化", "简介": "短"}),
    ]


def test_a_doubled_quotation_mark_and_an_inch_are_text(tmp_path: Path) -> None:
    content = '成果名称,简介\n显示屏,5" 屏\n涂层,"所谓""自愈"""\n'
    assert [row.cells["简介"] for row in read(tmp_path, "成果.csv", content)] == ['5" 屏', '所谓"自愈"']


def test_a_quotation_mark_without_a_partner_is_told_with_the_lines_it_swallowed(tmp_path: Path) -> None:
    content = '成果名称,简介\n涂层,"没有写完\n污泥干化,好\n轴承,好\n'
    (row,) = read(tmp_path, "成果.csv", content)
    assert (row.line, row.problem) == (2, "引号没有配对，第 2 到 4 行被当成了一行")


def test_a_row_with_more_cells_than_headings_is_told_with_what_it_held(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "成果.csv", "成果名称,简介\n涂层,耐酸,耐碱,\n")
    assert row == Row(
        2,
        {"成果名称": "涂层", "简介": "耐酸", "多出的第 1 格": "耐碱"},
        "这一行比表头多出 1 格，可能是引号或分隔符写错",
    )


@pytest.mark.parametrize("separator", [",", "\t", ";"], ids=["comma", "tab", "semicolon"])
def test_a_title_and_notes_may_stand_above_the_headings(tmp_path: Path, separator: str) -> None:
    lines = [
        "2025年度科技成果汇总表",
        "填表单位：某局, 2025年",
        "",
        "成果名称,编号".replace(",", separator),
        f"涂层{separator}01",
    ]
    assert read(tmp_path, "成果.csv", "\n".join(lines)) == [Row(5, {"成果名称": "涂层", "编号": "01"})]


def test_headings_that_only_a_mapping_knows_are_found(tmp_path: Path) -> None:
    content = "题名;代号\n涂层;01\n"
    assert read(tmp_path, "表.csv", content, mapped=("题名", "代号")) == [Row(2, {"题名": "涂层", "代号": "01"})]
    with pytest.raises(FileUnreadable, match=r"前 10 行里找不到认识的表头（第一行是“题名;代号”），可用映射文件说明"):
        read(tmp_path, "表.csv", content)


@pytest.mark.parametrize(
    "content", ["", "\n\n", "成果名称,编号\n", "\ufeff"], ids=["empty", "blank", "headings-only", "bom-only"]
)
def test_a_csv_file_without_rows_has_none(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, "空.csv", content) == []


def test_a_workbook_is_read_as_a_person_sees_it(tmp_path: Path) -> None:
    content = workbook(
        ["2025年成果汇总", None, None, None, None],
        ["成果名称", "编号", "价格（万元）", "完成日期", "备注"],
        ["涂层", "330108199001011234", 12.5, date(2025, 3, 1), None],
        [None, None, None, None, None],
        ["干化", "0012", 30.0, datetime(2025, 3, 1, 8, 30), True],
        text_columns=("B",),
    )
    assert read(tmp_path, "成果.xlsx", content) == [
        Row(3, {"成果名称": "涂层", "编号": "330108199001011234", "价格（万元）": "12.5", "完成日期": date(2025, 3, 1)}),
        Row(5, {"成果名称": "干化", "编号": "0012", "价格（万元）": "30", "完成日期": datetime(2025, 3, 1, 8, 30), "备注": "True"}),
    ]  # fmt: skip


def test_a_row_with_a_formula_that_nobody_calculated_is_told(tmp_path: Path) -> None:
    content = workbook(["成果名称", "价格"], ["涂层", "=10+2"], ["干化", 30])
    formula, good = read(tmp_path, "成果.xlsx", content)
    problem = "单元格 B2 的公式没有算出的值，请用表格软件打开并保存，或改成数值"
    assert (formula, good) == (Row(2, {"成果名称": "涂层"}, problem), Row(3, {"成果名称": "干化", "价格": "30"}))


@pytest.mark.parametrize(
    ("cell", "cells"),
    [
        (b'<c r="B2"><f>10+2</f><v>12</v></c>', {"成果名称": "涂层", "简介": "12"}),
        (b'<c r="B2" t="str"><f>A1&amp;A2</f><v>x</v></c>', {"成果名称": "涂层", "简介": "x"}),
        (b'<c r="B2" t="str"><f>IF(A1,1,A2)</f><v></v></c>', {"成果名称": "涂层"}),
    ],
    ids=["number", "text", "empty-text"],
)
def test_a_formula_is_its_calculated_value(tmp_path: Path, cell: bytes, cells: dict[str, str]) -> None:
    whole, calculated = io.BytesIO(workbook(["成果名称", "简介"], ["涂层", "=0"])), io.BytesIO()
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(calculated, "w") as after:
        for name in before.namelist():
            after.writestr(name, re.sub(rb"<c r=\"B2\".*?</c>", cell, before.read(name)))
    assert read(tmp_path, "成果.xlsx", calculated.getvalue()) == [Row(2, cells)]


def test_a_long_number_of_which_the_workbook_kept_fifteen_digits_is_shown_as_that(tmp_path: Path) -> None:
    """A workbook holds 330108199001011234 as a number only as 3.30108199001011E+17; the import then refuses it as an identifier."""
    (row,) = read(tmp_path, "成果.xlsx", workbook(["成果名称", "编号"], ["涂层", 3.30108199001011e17]))
    assert row.cells["编号"] == "3.30108199001011E+17"


PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
WHOLE = workbook(["成果名称", "编号"], *([f"题{n}", f"{n:04}"] for n in range(200)))


@pytest.mark.parametrize(
    "content",
    [b"", PNG + struct.pack(">I", zlib.crc32(PNG[12:])), WHOLE[: len(WHOLE) // 2], TWO.encode()],
    ids=["empty", "png", "truncated", "csv"],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileUnreadable, match=r"读不了文件 成果\.xlsx：不是完好的 XLSX 工作簿，请用表格软件重新另存"):
        read(tmp_path, "成果.xlsx", content)


def test_a_zip_file_that_holds_no_workbook_is_told(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("说明.txt", "不是工作簿")
    with pytest.raises(FileUnreadable, match="不是完好的 XLSX 工作簿"):
        read(tmp_path, "成果.xlsx", file.getvalue())


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@given(seed=st.integers(0, 2**32))
def test_a_damaged_workbook_is_read_or_told_but_never_crashes(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    content = bytearray(WHOLE)
    for _ in range(chance.choice([1, 3, 20])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        read(tmp_path_factory.getbasetemp(), "坏.xlsx", bytes(content))
    except FileUnreadable as told:
        assert told.facts["file"] == "坏.xlsx"  # noqa: PT017 (either outcome is right)


def test_json_lines_are_read_and_a_broken_one_is_told(tmp_path: Path) -> None:
    content = (
        '{"title": "涂层", "trl": 7}\n\n{"title": "干化", \n["不是对象"]\n{"title": "轴承"}\n'
        + f'{{"trl": {"9" * 5000}}}\n'
    )
    good, broken, no_object, good_again, too_long = read(tmp_path, "成果.jsonl", content)
    assert good == Row(1, {"title": "涂层", "trl": 7})
    assert broken == Row(3, {"原文": '{"title": "干化", '}, "这一行不是完整的 JSON（第 18 个字符处）")
    assert no_object == Row(4, {"原文": '["不是对象"]'}, "这一行应是一个 JSON 对象")
    assert good_again == Row(5, {"title": "轴承"})
    assert (too_long.line, too_long.problem) == (6, "这一行不是完整的 JSON")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_json_lines_are_read_whatever_their_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, "成果.jsonl", '{"成果名称": "涂层"}\n'.encode(encoding)) == [Row(1, {"成果名称": "涂层"})]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("成果.pdf", b"%PDF-1.7", "只认识 .csv、.xlsx 和 .jsonl"),
        ("成果", b"", "只认识 .csv、.xlsx 和 .jsonl"),
        ("成果.xls", b"\xd0\xcf\x11\xe0", "只认识 .csv、.xlsx 和 .jsonl"),
        ("成果.csv", TWO.encode("utf-16"), "文字编码既不是 UTF-8 也不是 GB18030"),
        ("成果.jsonl", '\n [\n{"title": "涂层"}\n]', "它以“\\[”开头；.jsonl 不是一个数组，每一行应是一个 JSON 对象"),
        ("成果.csv", "成果名称,编号\n" + "长" * 10_000_001, "第 2 行附近的引号或分隔符不完整"),
        ("成果.jsonl", '{"title": "涂层"}\n{"title": "' + "长" * 20_000_000, "第 2 行太长，超过 20,000,000 个字符"),
        ("成果.csv", "成果名称,编号\n" + "长,短," * 5_000_001, "第 2 行太长，超过 20,000,000 个字符"),
    ],
    ids=["pdf", "no-suffix", "xls", "utf-16", "json-array", "endless-cell", "endless-json", "endless-row"],
)
def test_a_file_that_cannot_be_read_is_told_with_the_reason(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    with pytest.raises(FileUnreadable, match=f"读不了文件 {name}：{reason}"):
        read(tmp_path, name, content)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"读不了文件 没有\.csv：No such file or directory"):
        list(rows(tmp_path / "没有.csv"))


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_would_fill_the_machine_is_refused_before_it_is_unpacked(tmp_path: Path, part: str) -> None:
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(io.BytesIO(workbook(["成果名称"], ["甲"]))) as book:
        parts = {name: book.read(name) for name in book.namelist() if name != part}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name, held in parts.items():
            out.writestr(name, held)
        with out.open(part, "w") as filled:
            for _ in range(210):
                filled.write(bytes(1_000_000))
    assert file.stat().st_size < 2_000_000
    with pytest.raises(FileUnreadable, match="展开后太大"):
        list(rows(file))


ENTITIES = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file://{secret}">]>"""


def test_entities_of_a_workbook_bring_in_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("不该读到的")
    with zipfile.ZipFile(io.BytesIO(workbook(["成果名称"], ["甲"]))) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    name, sheet = "xl/worksheets/sheet1.xml", parts["xl/worksheets/sheet1.xml"]
    assert "甲" in sheet
    parts[name] = ENTITIES.format(secret=secret) + sheet[sheet.index("<worksheet") :].replace("甲", "&secret;")
    file = tmp_path / "甲.xlsx"
    with zipfile.ZipFile(file, "w") as out:
        for name, text in parts.items():
            out.writestr(name, text)
    try:
        told = str(list(rows(file)))
    except FileUnreadable as unreadable:
        told = str(unreadable)
    assert "不该读到的" not in told
