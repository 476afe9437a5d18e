"""What a text is searched by: a record is found by the words its text is expected to hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.segmenter import Segmenter
from indexer.words import Words, runs
from tests.indexer.test_normalise import technical_text


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("按 GB/T 4754-2017 执行", ["gb/t4754-2017", "gb/t4754"]),
        ("按ＧＢ／Ｔ４７５４—２０１７执行", ["gb/t4754-2017", "gb/t4754"]),
        ("符合GB 18030与ISO 9001:2015", ["gb18030", "iso9001:2015", "iso9001"]),
        ("T/CSAE 53-2020团体标准", ["t/csae53-2020", "t/csae53"]),
        ("IEC 61850通信", ["iec61850"]),
        ("按GJB 9001C-2017与GJB/Z 299C", ["gjb9001c-2017", "gjb9001c", "gjb/z299c"]),
        ("分类号A61K 31/495；H01L29/78", ["a61k31/495", "h01l29/78"]),
        ("640X512面阵", ["640×512", "640", "512"]),
        ("30 x 20 x 5 mm", ["30×20×5"]),
        ("IGBT-6500V/750A模块", ["igbt-6500v/750a", "igbt", "6500v", "750a"]),
        ("C/C复合材料", ["c/c", "c"]),
        ("YOLOv5s与C++", ["yolov5s", "c++", "c"]),
        ("耐压 12 kV", ["12kv"]),
        ("场强6.5kV/mm", ["6.5kv/mm"]),
        ("波长3.3μm、工作于-40℃", ["3.3µm", "40°c"]),
        ("导热系数 5 W/(m·K)", ["5w/(m·k)"]),
        ("SiC MOSFET 器件", ["sic", "mosfet", "器件"]),
        ("p型掺杂，K值", ["p", "k", "掺杂"]),
        ("脱氮除磷", ["脱氮", "氮除", "除磷"]),
        ("紅外熱像儀", ["红外", "热像"]),
    ],
)
def test_a_record_is_held_under(words: Words, text: str, held: list[str]) -> None:
    assert set(held) <= words.of_record([text]).keys()


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("GB/T4754—2017", "GB/T 4754"),
        ("GB/T 4754-2017", "gb/t4754-2017"),
        ("GJB9001C-2017", "GJB 9001C"),
        ("６４０＊５１２", "640×512"),
        ("SiC模块", "SIC"),
        ("耐压12kV", "12 kV"),
        ("3.3 µm", "3.3μm"),
        ("型号 W-5500/A", "w-5500/a"),
    ],
)
def test_a_code_is_found_however_it_is_written(words: Words, written: str, asked: str) -> None:
    assert {word for word, _ in words.of_question(asked)} <= words.of_record([f"采用{written}的方案"]).keys()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("GB/T 4754-2017 的 640×512 面阵，用 SiC 与 P 电极", ["gb/t 4754-2017", "640×512", "sic"]),
        ("功率 12 kW，2024 年 5 月", []),
    ],
)
def test_codes_are_names_not_amounts(text: str, codes: list[str]) -> None:
    folded = text.lower()
    assert [run.text for run in runs(folded) if run.is_code] == codes


@given(technical_text, st.text(alphabet="脱氮除磷红外探测器电机", min_size=2, max_size=2), technical_text)
def test_a_two_character_word_finds_its_record_in_any_context(words: Words, before: str, word: str, after: str) -> None:
    assert word in words.of_record([before + word + after])


def test_amounts_do_not_swallow_the_chinese_beside_them(words: Words) -> None:
    assert {"平方", "方米"} <= words.of_record(["通量 12 kg/(平方米·天)"]).keys()


@given(technical_text)
def test_what_is_asked_word_for_word_is_held_but_for_lone_characters(words: Words, text: str) -> None:
    asked = {word for word, _ in words.of_question(text)}
    assert {word for word in asked if len(word) > 1 or word.isascii()} <= words.of_record([text]).keys()


def test_words_count_how_often_they_stand_in_all_texts(words: Words) -> None:
    counts = words.of_record(["红外成像", "红外与SiC", "sic"])
    assert (counts["红外"], counts["sic"], counts["成像"]) == (2, 2, 1)


def test_the_version_changes_with_the_dictionary(words: Words, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "words.txt").write_text("磁流体密封环\n", "utf-8")
    assert Words(Segmenter()).version == words.version
    assert Words(Segmenter(own)).version != words.version
