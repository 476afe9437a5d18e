"""Every line that ships can be read and hangs on a class that exists; an operator's lines come and go, and nothing else in their file does."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.dictionary import ListUnreadable
from indexer.thesaurus import (
    LONGEST,
    MOST,
    OWN,
    LineNotUnderstood,
    Refused,
    Sense,
    Thesaurus,
    add_line,
    own_lines,
    own_thesaurus,
    read_line,
    read_thesaurus,
    remove_line,
    shipped_thesaurus,
)

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"
INDUSTRY = re.compile(r"[A-T]\d{4}")
GROUP = re.compile(r"[A-H]\d\d[A-Z]\d{1,4}/00")

part = st.text("断头多纱线a1,-=> 、，;\t", min_size=1, max_size=8)
side = st.lists(part, min_size=1, max_size=5).map("、".join)


@pytest.fixture(scope="module")
def shipped() -> Thesaurus:
    return shipped_thesaurus()


def test_every_line_that_ships_is_read(shipped: Thesaurus) -> None:
    assert shipped.refused == ()
    assert len(shipped.senses) >= 8_000


def test_every_line_hangs_on_a_class_of_industry_or_of_the_ipc(shipped: Thesaurus) -> None:
    codes = {sense.code for sense in shipped.senses}
    assert [code for code in codes if not (INDUSTRY.fullmatch(code) or GROUP.fullmatch(code))] == []
    assert codes == set(shipped.names)
    assert [code for code, name in shipped.names.items() if name == code] == []


def test_no_two_lines_that_ship_have_the_same_wordings(shipped: Thesaurus) -> None:
    lines = Counter(frozenset(sense.said) for sense in shipped.senses)
    assert [sorted(said) for said, count in lines.items() if count > 1] == []


def test_every_line_that_ships_says_more_than_it_was_told(shipped: Thesaurus) -> None:
    assert [str(sense) for sense in shipped.senses if set(sense.terms) <= set(sense.said)] == []


def test_no_wording_or_term_that_ships_is_a_scrap_of_one(shipped: Thesaurus) -> None:
    parts = {part for sense in shipped.senses for part in (*sense.said, *sense.terms)}
    assert [part for part in parts if len(part) < 2] == []
    assert [part for part in parts if part.count("(") != part.count(")") or part.count("（") != part.count("）")] == []
    assert [part for part in parts if not part.isprintable() or re.search(r"[\[\]【】→。！？…|]", part)] == []


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public data does not lie beside the project, in ../shared/data")
def test_every_class_exists(shipped: Thesaurus) -> None:
    tables = [(DATA / name).read_text("utf-8") for name in ("gbt4754-2017.tsv", "ipc.tsv")]
    known = {line.partition("\t")[0] for table in tables for line in table.splitlines()}
    assert sorted(set(shipped.names) - known) == []


@pytest.mark.parametrize(
    ("line", "said", "terms"),
    [
        ("老断头、接头多 → 断头率、强力", ("老断头", "接头多"), ("断头率", "强力")),
        ("  老断头,接头多 -> 断头率；强力 ", ("老断头", "接头多"), ("断头率", "强力")),
        ("老断头\t接头多=>断头率", ("老断头", "接头多"), ("断头率",)),
        ("老断头、、老断头、 → 断头率", ("老断头",), ("断头率",)),
        ("粗甘油没人要 → 1,3-丙二醇,氢解", ("粗甘油没人要",), ("1,3-丙二醇", "氢解")),
        ("T  型 槽 → 槽", ("T 型 槽",), ("槽",)),
    ],
)
def test_a_line_is_read_however_it_is_punctuated(line: str, said: tuple[str, ...], terms: tuple[str, ...]) -> None:
    assert read_line(line, "C1711") == Sense(said, terms, "C1711")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("断头率", "两边之间要有一个箭头（→ 或 ->）"),
        ("断头 → 断头率 → 强力", "两边之间要有一个箭头（→ 或 ->）"),
        (" 、 → 断头率", "箭头左边是空的"),
        ("断头 -> ", "箭头右边是空的"),
        ("断头、纱 → 断头率", "箭头左边有单个字的说法，它到处都会遇到"),
        (f"断头 → {'长' * (LONGEST + 1)}", f"箭头右边每个词最多 {LONGEST} 字，最多 {MOST} 个词"),
        (
            "、".join(f"说法{n}" for n in range(MOST + 1)) + "→断头率",
            f"箭头左边每个词最多 {LONGEST} 字，最多 {MOST} 个词",
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line: str, reason: str) -> None:
    with pytest.raises(LineNotUnderstood) as told:
        read_line(line)
    assert str(told.value) == f"“{line}”不是一条叙词：{reason}。应写成“大家怎么说、另一种说法 → 技术名词、技术名词”。"


@given(said=side, terms=side, arrow=st.sampled_from(["→", "->", "=>", " → "]))
def test_a_line_that_was_read_reads_the_same_again(said: str, terms: str, arrow: str) -> None:
    try:
        sense = read_line(said + arrow + terms)
    except LineNotUnderstood:
        return
    assert read_line(str(sense)) == sense


def test_the_operators_lines_come_after_those_of_the_package(tmp_path: Path, shipped: Thesaurus) -> None:
    (tmp_path / OWN).write_text("[C1711] 我们的叫法\n布起球 → 抗起毛起球性 # 王工\n不成一条\n", "utf-8")
    every = read_thesaurus(tmp_path)
    assert every.senses == (*shipped.senses, Sense(("布起球",), ("抗起毛起球性",), "C1711"))
    assert every.names == shipped.names
    [refused] = every.refused
    assert (refused.file, refused.line) == (OWN, 3)
    assert refused.reason.startswith("“不成一条”不是一条叙词")
    assert isinstance(refused, Refused)


def test_without_an_operators_file_there_are_the_packages_lines(tmp_path: Path, shipped: Thesaurus) -> None:
    assert read_thesaurus(tmp_path).senses == read_thesaurus().senses == shipped.senses
    assert own_lines(tmp_path) == []


def test_a_line_is_found_by_a_word_of_either_side(shipped: Thesaurus) -> None:
    lines = Thesaurus([Sense(("上机就断", "MVR"), ("断头率",)), Sense(("色花",), ("匀染性",))])
    assert [sense.terms for sense in lines.holding("断頭率")] == [("断头率",)]
    assert [sense.terms for sense in lines.holding(" ｍｖｒ ")] == [("断头率",)]
    assert lines.holding("花匀") == lines.holding(" ") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_editor_on_windows_may_save_the_file(tmp_path: Path, encoding: str) -> None:
    (tmp_path / OWN).write_bytes("# 我们厂的话\r\n布起球 → 抗起毛起球性\r\n".encode(encoding))
    assert own_thesaurus(tmp_path).senses == (Sense(("布起球",), ("抗起毛起球性",)),)
    add_line(tmp_path, "布发硬 → 柔软整理")
    assert (tmp_path / OWN).read_text("utf-8") == "# 我们厂的话\n布起球 → 抗起毛起球性\n布发硬 → 柔软整理\n"


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / OWN).write_bytes(b"\x00\x01\xff\xfe\x00")
    with pytest.raises(ListUnreadable, match=r"thesaurus\.txt 不是文本文件"):
        add_line(tmp_path, "布起球 → 抗起毛起球性")


def test_adding_and_removing_keeps_comments_headings_and_what_is_no_line(tmp_path: Path) -> None:
    written = "# 开头\n\n不成一条\n[C1711] 棉纺\n上机就断 → 断头率 # 王工说的\n"
    (tmp_path / OWN).write_text(written, "utf-8")
    assert add_line(tmp_path, "布起球,布 发毛 -> 抗起毛起球性") == Sense(("布起球", "布 发毛"), ("抗起毛起球性",))
    assert own_lines(tmp_path) == [
        "# 开头",
        "",
        "不成一条",
        "布起球、布 发毛 → 抗起毛起球性",
        "[C1711] 棉纺",
        "上机就断 → 断头率 # 王工说的",
    ]
    assert [sense.code for sense in own_thesaurus(tmp_path).senses] == ["", "C1711"]
    assert remove_line(tmp_path, "布起球；布  发毛=>抗起毛起球性")
    assert (tmp_path / OWN).read_text("utf-8") == written
    assert remove_line(tmp_path, "上机就断 → 断头率")
    assert not remove_line(tmp_path, "上机就断 → 断头率")
    assert own_lines(tmp_path) == ["# 开头", "", "不成一条", "[C1711] 棉纺"]


def test_a_line_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("[C1711] 棉纺\n上机就断 , 接头多 -> 断头率 # 王工\n", "utf-8")
    add_line(tmp_path, "上机就断、接头多 → 断头率")
    assert len(own_lines(tmp_path)) == 2


@pytest.mark.parametrize(
    "line", ["[C1711] 棉纺 → 断头率", "布#起球 → 抗起球", "布起球 → 抗起球 # 王工", "布\u200b起球 → 抗起球", "布起球"]
)
def test_what_the_file_would_read_otherwise_is_not_added(tmp_path: Path, line: str) -> None:
    with pytest.raises(LineNotUnderstood):
        add_line(tmp_path, line)
    assert own_lines(tmp_path) == []


def test_a_line_that_was_pasted_over_two_lines_is_one(tmp_path: Path) -> None:
    add_line(tmp_path, "布 \n起球 → 抗起球\n")
    assert own_lines(tmp_path) == ["布 起球 → 抗起球"]
    assert remove_line(tmp_path, "布\n起球 → 抗起球")


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("# 开头\n" + "".join(f"旧说法{n} → 旧词\n" for n in range(20)), "utf-8")
    with ThreadPoolExecutor(8) as threads:
        added = [threads.submit(add_line, tmp_path, f"说法{n} → 名词{n}") for n in range(40)]
        removed = [threads.submit(remove_line, tmp_path, f"旧说法{n} → 旧词") for n in range(20)]
        assert all(one.result() for one in removed)
        assert len({one.result() for one in added}) == 40
    first, *rest = own_lines(tmp_path)
    assert first == "# 开头"
    assert sorted(rest) == sorted(f"说法{n} → 名词{n}" for n in range(40))


def test_readers_see_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(lambda: [add_line(tmp_path, f"说法{n} → 名词{n}") for n in range(30)])
        while not writing.done():
            thesaurus = own_thesaurus(tmp_path)
            assert thesaurus.refused == ()
            assert [str(sense) for sense in thesaurus.senses] == [
                f"说法{n} → 名词{n}" for n in range(len(thesaurus.senses))
            ]
    assert len(own_thesaurus(tmp_path).senses) == 30
