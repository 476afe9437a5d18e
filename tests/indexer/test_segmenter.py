"""rjieba and jieba cut alike, and both hear the operator's words."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import dictionary
from indexer.normalise import fold
from indexer.segmenter import Cut, Segmenter, jieba_cut, rjieba_cut
from indexer.words import runs
from tests.indexer.library import sample_texts

RUNS = sorted({run.text for name in ("achievements", "demands") for text in sample_texts(name) for run in runs(fold(text)) if run.kind == "han"})  # fmt: skip
COMMON = [character for character, _ in Counter("".join(RUNS)).most_common(1200)]


@pytest.fixture(scope="module")
def both() -> tuple[Cut, Cut]:
    listed = dictionary.lines("words.txt")
    return rjieba_cut(listed), jieba_cut(listed)


def test_both_cut_the_sample_library_alike(both: tuple[Cut, Cut]) -> None:
    rust, python = both
    assert len(RUNS) > 3000
    assert [(run, rust(run)) for run in RUNS if rust(run) != python(run)] == []


@given(st.text(alphabet=COMMON, min_size=1, max_size=30))
@settings(max_examples=500)
def test_both_cut_any_common_characters_alike(both: tuple[Cut, Cut], run: str) -> None:
    rust, python = both
    assert rust(run) == python(run)


def test_a_word_of_the_operator_is_heard(tmp_path: Path) -> None:
    run = "某厂的磁流体密封环失效"
    assert "磁流体密封环" not in Segmenter().cut(run)
    (tmp_path / "words.txt").write_text("# 本中心的词\n磁流体密封环  # 主轴用\n\n", "utf-8")
    assert "磁流体密封环" in Segmenter(tmp_path).cut(run)
    assert "磁流体密封环" in jieba_cut(["磁流体密封环"])(run)


def test_a_list_has_neither_comments_nor_repetitions(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeff# 说明\n甲胺泵\n甲胺泵 # 又一次\n", "utf-8")
    added = dictionary.lines("words.txt", tmp_path)[len(dictionary.lines("words.txt")) :]
    assert added == ["甲胺泵"]
