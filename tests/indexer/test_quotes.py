"""Quotes are the record's own words, and their marks lie on what was asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import searched_texts
from indexer.quotes import Quote, marked, quotes
from indexer.words import Words
from tests.indexer.library import achievement
from tests.indexer.test_normalise import technical_text


def shown(quote: Quote) -> list[str]:
    return [quote.text[start:end] for start, end in quote.marks]


@pytest.mark.parametrize(
    ("text", "word", "standing"),
    [
        ("采用红外探测器", "红外", ["红外"]),
        ("采用紅外探測器，紅外制冷", "红外", ["紅外", "紅外"]),
        ("面阵６４０　Ｘ　５１２", "640×512", ["６４０　Ｘ　５１２"]),
        ("ＩＧＢＴ模块与igbt驱动", "igbt", ["ＩＧＢＴ", "igbt"]),
        ("按 GB/T 4754-2017 执行", "gb/t4754", ["GB/T 4754-2017"]),
        ("按 GB/T 4754-2017 执行", "gb/t4754-2017", ["GB/T 4754-2017"]),
        ("耐压 12 kV 以上", "12kv", ["12 kV"]),
        ("IGBT-6500V/750A", "750a", ["750A"]),
        ("C/C复合材料", "c", ["C", "C"]),
        ("基于basic的SiC器件", "sic", ["SiC"]),
        ("面阵1640×5120", "640×512", []),
        ("膜厚13.3μm", "3.3µm", []),
        ("ΔΣ调制器", "δσ", ["ΔΣ"]),
        ("a.b", "。", []),
    ],
)
def test_marks_point_at_the_words_as_they_were_written(text: str, word: str, standing: list[str]) -> None:
    words, marks = marked(text, [word])
    assert [text[start:end] for start, end in marks] == standing
    assert words == ((word,) if standing else ())


def test_marks_that_touch_are_one() -> None:
    assert marked("脱氮除磷工艺", ["氮除", "脱氮", "除磷"]) == (("氮除", "脱氮", "除磷"), ((0, 4),))


@given(technical_text)
def test_every_word_that_a_text_is_held_under_is_marked_in_it(words: Words, text: str) -> None:
    held = words.of_record([text])
    found, marks = marked(text, [*held])
    assert {*found} == held.keys()
    assert all(0 <= start < end <= len(text) for start, end in marks)
    assert [*marks] == sorted(marks)


@given(technical_text, st.sampled_from(["红外", "除磷", "sic", "640×512", "没有"]))
def test_what_is_not_held_is_not_marked(words: Words, text: str, asked: str) -> None:
    assert bool(marked(text, [asked])[0]) == (asked in words.of_record([text]))


@given(technical_text)
def test_every_word_that_a_record_is_found_by_is_quoted(words: Words, text: str) -> None:
    summary = text.replace("\n", " ").replace(";", ",").replace("。", "，")
    record = achievement(1, "题目", summary=summary)
    for word in words.of_record([summary]):
        (quote,) = quotes(record, {word: 1.0})
        assert quote.words == (word,)


def test_the_sentences_that_say_most_are_quoted_each_bringing_something_new() -> None:
    record = achievement(
        1,
        "永磁电机降噪",
        summary="本项目由某所完成。采用分段斜极抑制齿槽转矩。齿槽转矩下降明显。",
        body="斜极使绕线变难；另以谐波电流注入消除啸叫！",
    )
    found = quotes(record, {"齿槽": 2.0, "斜极": 2.0, "啸叫": 3.0, "完成": 0.1})
    assert [(quote.field, quote.text) for quote in found] == [
        ("summary", "采用分段斜极抑制齿槽转矩。"),
        ("body", "另以谐波电流注入消除啸叫！"),
    ]
    assert [shown(quote) for quote in found] == [["斜极", "齿槽"], ["啸叫"]]


def test_a_title_is_quoted_only_where_nothing_else_can_be() -> None:
    assert [q.field for q in quotes(achievement(1, "电机降噪", summary="电机安静。"), {"电机": 1.0})] == ["summary"]
    assert [q.field for q in quotes(achievement(1, "电机降噪", summary="很安静。"), {"电机": 1.0})] == ["title"]


def test_a_record_that_holds_nothing_is_not_quoted() -> None:
    assert quotes(achievement(1, "电机降噪", summary="很安静。"), {"污泥": 1.0}) == []
    assert quotes(achievement(1, "电机降噪", summary="很安静。"), {}) == []


def test_prose_is_preferred_to_a_list_of_keywords() -> None:
    record = achievement(1, "降噪", keywords=("啸叫", "电机"), body="电机啸叫得以消除。")
    assert quotes(record, {"啸叫": 1.0, "电机": 1.0}, limit=1)[0].field == "body"


@pytest.mark.parametrize("before", [0, 10, 90, 300])
def test_a_long_sentence_is_cut_to_a_window_around_its_words(before: int) -> None:
    long = "甲" * before + "红外ＩＧＢＴ" + "乙" * (400 - before)
    [quote] = quotes(achievement(1, "长句", body=long), {"红外": 1.0, "igbt": 1.0})
    assert len(quote.text) <= 122
    assert quote.text.strip("…") in long
    assert quote.text.startswith("…") == (before > 20)
    assert quote.text.endswith("…")
    assert shown(quote) == ["红外ＩＧＢＴ"]


def test_a_quote_stands_word_for_word_in_the_record() -> None:
    record = achievement(1, "測試", summary="  採用紅外 探測器；\n面阵６４０＊５１２。  ")
    for quote in quotes(record, {"红外": 1.0, "640×512": 1.0}):
        assert quote.text in searched_texts(record)[quote.field]
    assert [shown(q) for q in quotes(record, {"红外": 2.0, "640×512": 1.0})] == [["紅外"], ["６４０＊５１２"]]


def test_of_a_long_record_the_beginning_is_looked_at_and_of_a_long_question_the_heaviest_words() -> None:
    record = achievement(1, "静音", body="污泥。" * 10_000 + "电机")
    assert quotes(record, {"电机": 1.0}) == []
    short = achievement(1, "静音", body="电机噪声")
    assert quotes(short, {"电机": 1.0} | {f"词{n}": 2.0 for n in range(50)}) == []
    assert quotes(short, {"电机": 3.0} | {f"词{n}": 2.0 for n in range(50)})[0].words == ("电机",)
