"""Which lines are heard in a text: as they are written, or word by word within one clause; whatever the width or make of the characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.hearing import Heard, Hearing
from indexer.thesaurus import Sense, read_line, shipped_thesaurus
from indexer.words import Words

LINES = [
    "上机就断、老断头 → 断头率",
    "布面起毛、毛羽长 → 毛羽指数",
    "MVR、蒸汽压缩蒸发 → 机械蒸汽再压缩",
    "细纱断头多 → 细纱工艺",
    "轴承异响、嗡嗡响 → 振动诊断",
    "OE纱 → 转杯纺",
]
SHIPPED = shipped_thesaurus().senses


@pytest.fixture(scope="module")
def hearing(words: Words) -> Hearing:
    return Hearing([read_line(line) for line in LINES], words.segmenter.cut, frozenset({"我们"}))


@pytest.fixture(scope="module")
def shipped(words: Words) -> Hearing:
    return Hearing(SHIPPED, words.segmenter.cut)


def said(heard: list[Heard]) -> list[str]:
    return [one.said for one in heard]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("这批纱上机就断，工人天天接", ["上机就断"]),
        ("纱线老断头", ["老断头"]),
        ("老,断,头", []),
        ("", []),
        ("断", []),
    ],
)
def test_a_wording_is_heard_where_it_stands(hearing: Hearing, text: str, heard: list[str]) -> None:
    assert said(hearing.heard(text)) == heard


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("布面上洗几次就起毛", ["布面起毛"]),
        ("布面一洗，就起毛", []),
        ("布面一洗就。起毛", []),
        ("布面\n起毛", []),
        ("起毛的是布面", ["布面起毛"]),
        ("布面发黄", []),
    ],
)
def test_words_apart_are_heard_within_one_clause(hearing: Hearing, text: str, heard: list[str]) -> None:
    assert said(hearing.heard(text)) == heard


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("MVR蒸发器结垢", ["MVR"]),
        ("用mvr处理", ["MVR"]),
        ("MVRS系统", []),
        ("XMVR", []),
        ("MVR2型", []),
        ("CLOSE纱", []),
        ("做OE纱的", ["OE纱"]),
    ],
)
def test_latin_words_are_heard_whole_only(hearing: Hearing, text: str, heard: list[str]) -> None:
    assert said(hearing.heard(text)) == heard


@pytest.mark.parametrize("text", ["ＭＶＲ結垢", "mvr結垢", "軸承異響", "軸承總是有異響"])
def test_width_case_and_traditional_characters_do_not_matter(hearing: Hearing, text: str) -> None:
    assert said(hearing.heard(text)) in (["MVR"], ["轴承异响"])


def test_the_surest_line_comes_first_and_each_comes_once(hearing: Hearing) -> None:
    heard = hearing.heard("老断头，还是老断头，上机就断。MVR；布面老起毛。")
    assert said(heard) == ["上机就断", "MVR", "布面起毛"]
    assert [one.strength for one in heard] == [1.0, 0.85, 0.7]
    assert [one.sense.terms for one in heard] == [("断头率",), ("机械蒸汽再压缩",), ("毛羽指数",)]


def test_a_wording_as_written_is_surer_than_its_words_apart(hearing: Hearing) -> None:
    [written] = hearing.heard("布面起毛")
    [apart] = hearing.heard("布面容易起毛")
    assert written.strength > apart.strength


def test_a_muted_or_empty_word_need_not_stand_in_the_text(words: Words) -> None:
    line = read_line("我们电机过热 → 温升")
    assert said(Hearing([line], words.segmenter.cut).heard("电机一开就过热")) == []
    assert said(Hearing([line], words.segmenter.cut, frozenset({"我们"})).heard("电机一开就过热")) == ["我们电机过热"]


def test_lines_made_ready_before_are_heard_after(words: Words) -> None:
    before = Hearing([read_line("上机就断 → 断头率")], words.segmenter.cut)
    own = Hearing([read_line("老断头 → 我厂的叫法")], words.segmenter.cut, after=before)
    assert said(own.heard("上机就断，老断头")) == ["老断头", "上机就断"]
    assert said(before.heard("上机就断，老断头")) == ["上机就断"]


def test_nothing_is_heard_by_who_knows_no_lines() -> None:
    assert Hearing().heard("上机就断") == []


@given(
    sense=st.sampled_from(SHIPPED),
    which=st.integers(0, 19),
    around=st.tuples(*[st.text("我们厂里的机器，。 \n", max_size=6)] * 2),
)
def test_every_wording_that_ships_is_heard_where_it_stands(
    shipped: Hearing, sense: Sense, which: int, around: tuple[str, str]
) -> None:
    wording = sense.said[which % len(sense.said)]
    heard = {one.sense: one for one in shipped.heard(around[0] + wording + around[1])}
    assert heard[sense].strength >= 0.7


@given(
    said=st.text("电机轴承过热响动AB12", min_size=2, max_size=6),
    around=st.tuples(*[st.text("纱线。, \n", max_size=6)] * 2),
)
def test_any_wording_is_heard_where_it_stands(words: Words, said: str, around: tuple[str, str]) -> None:
    hearing = Hearing([Sense((said,), ("词",))], words.segmenter.cut)
    [heard] = hearing.heard(around[0] + said + around[1])
    assert 0.7 <= heard.strength <= 1


@given(text=st.text("布面起毛老断头上机就MVR。， ", max_size=30))
def test_each_line_is_heard_once_and_in_order(hearing: Hearing, text: str) -> None:
    heard = hearing.heard(text)
    assert len({one.sense for one in heard}) == len(heard)
    assert heard == sorted(heard, key=lambda one: -one.strength)
    assert all(one.said in one.sense.said and 0 < one.strength <= 1 for one in heard)
