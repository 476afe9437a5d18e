"""What is understood of a question, with small talk and synonyms of the test's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from indexer.dictionary import ListUnreadable
from indexer.normalise import fold
from indexer.reading import SYNONYM_WEIGHT, Reader, Term, load_reader
from indexer.words import Words


@pytest.fixture
def reader(words: Words) -> Reader:
    return Reader(
        words,
        muted=frozenset({"我们", "公司", "寻求", "的", "一种"}),
        synonyms={"电机": ("马达",), "马达": ("电机",), "短波红外": ("SWIR",), "swir": ("短波红外",)},
    )


def test_small_talk_is_not_asked_for(reader: Reader) -> None:
    assert reader.read("我们公司寻求污泥干化的设备").words == ["污泥", "干化", "设备"]


def test_talk_of_a_visit_is_not_asked_for(words: Words) -> None:
    shipped = load_reader(words)
    assert shipped.read("老师傅说电机还是嗡嗡响，有没有便宜的办法，想换个轴承，怎么办").words == [
        "电机",
        "嗡嗡",
        "嗡嗡响",
        "轴承",
    ]


def test_a_question_of_small_talk_alone_is_asked_as_it_stands(reader: Reader) -> None:
    assert reader.read("我们公司").words != []


def test_what_is_said_more_often_weighs_more(reader: Reader) -> None:
    weights = {term.word: term.weight for term in reader.read("污泥，污泥，还是污泥，设备").terms}
    assert weights["污泥"] > weights["设备"] == 1.0


def test_words_of_the_title_weigh_more_and_the_title_is_kept(reader: Reader) -> None:
    reading = reader.read("污泥干化。我们公司寻求设备", title="污泥干化")
    weights = {term.word: term.weight for term in reading.terms}
    assert weights["污泥"] == weights["干化"] > weights["设备"] == 1.0
    assert reading.title == "污泥干化"
    assert reader.read("污泥干化").title == ""


def test_synonyms_say_where_they_come_from_and_weigh_less(reader: Reader) -> None:
    reading = reader.read("电机噪声")
    added = {term.word: (term.weight, term.origin) for term in reading.terms if term.origin != "text"}
    assert added == {"马达": (SYNONYM_WEIGHT, "电机")}
    assert SYNONYM_WEIGHT < 1
    assert "马达" not in reading.words


def test_a_latin_synonym_is_heard_only_as_a_whole_word(reader: Reader) -> None:
    assert [term.word for term in reader.read("SWIR相机").terms if term.origin == "swir"] == ["短波红外"]
    assert [term for term in reader.read("SWIRL燃烧器").terms if term.origin == "swir"] == []


def test_a_word_of_the_text_is_never_a_synonym_too(reader: Reader) -> None:
    reading = reader.read("电机与马达")
    assert {term.word: term.origin for term in reading.terms}["马达"] == "text"
    assert len({term.word for term in reading.terms}) == len(reading.terms)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("要640x512的短波红外焦平面，InGaAs材料", ("640×512", "ingaas")),
        ("符合GB/T 4754-2017", ("gb/t4754-2017",)),
        ("IGBT-6500V/750A驱动", ("igbt-6500v/750a",)),
        ("P电极开裂", ()),  # a letter in a sentence is no name
        ("功率12kW，用了3年", ()),
    ],
)
def test_codes_are_to_be_met_letter_by_letter(reader: Reader, text: str, codes: tuple[str, ...]) -> None:
    reading = reader.read(text)
    assert reading.codes == codes
    assert reading.exact == frozenset(codes)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("脱氮", {"脱氮"}),
        ("焦平面", {"焦平", "平面"}),
        ("内禀矫顽", {"内禀", "禀矫", "矫顽"}),
        ("脫氮", {"脱氮"}),
        (" Ｐ ", {"p"}),
        ("我们", {"我们"}),  # asked alone, even small talk is meant
        ("锂", set()),
        ("内禀矫顽力测", set()),
        ("脱氮 除磷", set()),
    ],
)
def test_a_very_short_question_is_looked_for_as_it_stands(reader: Reader, text: str, exact: set[str]) -> None:
    reading = reader.read(text)
    assert reading.exact == exact
    assert exact <= {term.word for term in reading.searched}


def test_halves_of_words_are_searched_and_not_shown(reader: Reader) -> None:
    reading = reader.read("地震预警")
    assert reading.words == ["地震", "预警"]
    assert reading.pairs == ("地震", "震预", "预警")
    assert [term.word for term in reading.searched] == ["地震", "预警", "震预"]
    left = reading.without(["地震"])
    assert (left.words, left.exact, left.pairs) == (["预警"], frozenset(), ())
    assert reading.without(["马达"]).pairs == reading.pairs


def test_a_synonym_is_added_whole(words: Words) -> None:
    shipped = load_reader(words)
    assert {t.word for t in shipped.read("TiO2涂层").terms if t.origin == "tio2"} == {"二氧化钛", "钛白粉"}
    added = {term.word for term in shipped.read("锂电池回收").terms if term.origin == "锂电池"}
    assert "锂离子电池" in added
    assert not added & {"离子", "锂离子"}
    assert {t.word for t in shipped.read("MOSFET驱动").terms if t.origin == "mosfet"} == {"场效应管"}


def test_a_synonym_of_many_pieces_says_something_else_and_is_left_out(words: Words) -> None:
    reader = Reader(words, synonyms={"甲法": ("电机噪声污泥干化", "污泥干化")})
    assert [term.word for term in reader.read("甲法").terms if term.origin == "甲法"] == ["污泥", "干化"]


def test_blank_space_is_evened_out(reader: Reader) -> None:
    assert reader.read("  电机\n\n 噪声\t大 ").text == "电机 噪声 大"
    assert reader.read(" \n").terms == ()


def test_a_person_takes_words_out(reader: Reader) -> None:
    reading = reader.read("电机噪声，640x512，GB/T 4754")
    left = reading.without(["電機", "640*512"])
    assert "电机" not in left.words
    assert "噪声" in left.words
    assert [term for term in left.terms if term.origin == "电机"] == []
    assert left.codes == ("gb/t4754",)
    assert left.exact == {"gb/t4754"}
    assert left.text == reading.text


def test_taking_out_a_synonym_leaves_the_word(reader: Reader) -> None:
    left = reader.read("电机的噪声问题").without(["马达"])
    assert {term.word for term in left.terms} == {"电机", "噪声", "问题"}


def test_taking_out_the_word_model_leaves_what_a_model_added(reader: Reader) -> None:
    said = reader.read("模型的噪声")
    widened = replace(said, terms=(*said.terms, Term("声学", 0.8, "模型", "judge-7b")), reader="judge-7b")
    left = widened.without(["模型"])
    assert {term.word for term in left.terms} == {"噪声", "声学"}
    assert "声学" not in {term.word for term in widened.without(["声学"]).terms}


def test_taking_out_the_word_text_takes_out_no_more(reader: Reader) -> None:
    assert reader.read("text mining 文本挖掘").without(["text"]).words[0] == "mining"


def test_the_operators_lists_are_added_to_those_of_the_package(words: Words, tmp_path: Path) -> None:
    shipped = load_reader(words)
    group = next(said for said, others in shipped.synonyms.items() if others and not said.isascii())
    (tmp_path / "muted.txt").write_text("# 本地的客套\n承蒙關照\n", "utf-8")
    (tmp_path / "synonyms.txt").write_text(f"{group}、本地叫法\n甲乙, 乙甲；甲乙丙\n", "utf-8")
    extended = load_reader(words, tmp_path)
    assert extended.muted == shipped.muted | {fold("承蒙關照")}
    assert extended.synonyms["甲乙"] == ("乙甲", "甲乙丙")
    assert extended.synonyms[group] == (*shipped.synonyms[group], "本地叫法")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_may_be_saved_by_any_editor(words: Words, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "muted.txt").write_text("承蒙关照\n", encoding)
    assert "承蒙关照" in load_reader(words, tmp_path).muted


def test_a_list_that_is_no_text_is_told(words: Words, tmp_path: Path) -> None:
    (tmp_path / "muted.txt").write_bytes(b"\xff\xfe\x00\xff")
    with pytest.raises(ListUnreadable, match=r"muted.txt 不是文本文件"):
        load_reader(words, tmp_path)
