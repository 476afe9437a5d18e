"""What counts as the same character, and that nothing is lost between the text compared and the text shown."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.normalise import _ONE_SIGN, _simplified, fold, fold_with_origins, simplified

TECHNICAL = "脱氮除磷红外探测器漢語測試熱電機械薴乾0123456789０１２５９abcxXABZＡＸｚ×*✕µμΩσΣςδΔ℃㎡㎜½²₂％％-—－～~/／()（）【】“”‘’,，.。;；\n \u3000≥≤±·•Φα"
technical_text = st.text(alphabet=TECHNICAL, max_size=40)


@pytest.mark.parametrize("spelling", ["640×512", "640x512", "640X512", "640*512", "６４０×５１２", "640 ✕ 512"])
def test_a_size_folds_alike_in_six_spellings(spelling: str) -> None:
    assert fold(f"面阵{spelling}像元") == "面阵640×512像元"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("波长 3 µm", "波长 3 μm"),  # the micro sign, the Greek letter
        ("ＩＧＢＴ模块（６５００Ｖ）", "igbt模块(6500v)"),
        ("紅外熱像儀", "红外热像仪"),
        ("薴", "苎"),  # 薴 is simplified to 苧, which is itself simplified
        ("面积 10㎡", "面积 10m2"),
        ("GB/T 4754—2017", "gb/t 4754-2017"),
        ("−40～85℃", "-40~85°c"),
        ("ΔΣ调制器", "δσ调制器"),
        ("“尖叫”", '"尖叫"'),
    ],
)
def test_spellings_of_one_thing_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("text", ["x射线", "4×", "max 5", "a*b", "3 xy 4", "X 5"])
def test_times_is_read_only_between_numbers(text: str) -> None:
    assert fold(text) == text.lower()


@given(technical_text)
@example("640 x 512 X 3")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.one_of(st.text(), st.text(alphabet=TECHNICAL + "e\u0301カｶﾞ\u3099각ᄀ\u1161İΣ∼\u0338\uffff", max_size=12)))
@example("ｶﾞ")
@example("cafe\u0301 3 x 4")
@example("\u1100\u1161\u11a8")
@example("\u0b92\u0bd7")
def test_a_text_folds_as_it_is_written_whatever_its_characters_become_together(text: str) -> None:
    together = unicodedata.normalize("NFKC", text).lower().translate(_simplified()).translate(_ONE_SIGN)
    assert fold(text) == re.sub(r"(?<=\d)\s*[×x*]\s*(?=\d)", "×", together)


def test_every_single_character_folds_to_what_stays() -> None:
    characters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    assert [c for c in characters if fold(fold(c)) != fold(c)] == []


@given(technical_text)
@example("ΔΣ 640 x 512")
@example("3\u3000✕ 4")
def test_folding_with_origins_gives_the_same_text(text: str) -> None:
    folded, origins = fold_with_origins(text)
    assert folded == fold(text)
    assert len(origins) == len(folded)
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("采用紅外探測器成像", "探测器", "探測器"),
        ("面阵６４０　Ｘ　５１２像元", "640×512", "６４０　Ｘ　５１２"),
        ("占地10㎡以内", "m2", "㎡"),
        ("模块ＩＧＢＴ失效", "igbt", "ＩＧＢＴ"),
    ],
)
def test_a_word_found_in_the_folded_text_leads_to_the_characters_as_they_were_written(
    text: str, word: str, original: str
) -> None:
    folded, origins = fold_with_origins(text)
    start = folded.index(word)
    assert text[origins[start] : origins[start + len(word) - 1] + 1] == original


def test_a_long_row_of_signs_is_folded_in_one_pass() -> None:
    text = "1*" * 300_000 + "1"
    folded, origins = fold_with_origins(text)
    assert folded == fold(text)
    assert origins == list(range(len(text)))


def test_a_model_reads_one_width_and_simplified_characters() -> None:
    assert simplified("紅外熱像儀ＩＧＢＴ 10㎡") == "红外热像仪IGBT 10m2"
