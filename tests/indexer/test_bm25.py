"""The two halves give BM25, and a new record leaves the others alone."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.bm25 import rarity, record_half

LIBRARY = [
    Counter({"红外": 3, "探测器": 2, "制冷": 1}),
    Counter({"红外": 1, "热像": 1}),
    Counter({"脱氮": 4, "污泥": 2, "曝气": 1}),
    Counter({"污泥": 1, "干化": 9, "热泵": 40, "除湿": 200}),
]


def plain_bm25(question: list[str], record: Counter[str], library: list[Counter[str]]) -> float:
    """As in the textbook, k1 = 1.2 and b = 0.75; the usual length of a record is 150."""
    score = 0.0
    for word in question:
        holding = sum(word in other for other in library)
        idf = math.log(1 + (len(library) - holding + 0.5) / (holding + 0.5))
        tf = record[word]
        score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * sum(record.values()) / 150)) if tf else 0.0
    return score


@pytest.mark.parametrize("question", [["红外"], ["红外", "探测器"], ["污泥", "干化", "热泵", "除湿"], ["没有", "脱氮"]])
def test_the_product_of_the_halves_is_bm25(question: list[str]) -> None:
    asked = {word: rarity(len(LIBRARY), sum(word in record for record in LIBRARY)) for word in question}
    for record in LIBRARY:
        held = record_half(record)
        product = sum(rare * held.get(word, 0.0) for word, rare in asked.items())
        assert product == pytest.approx(plain_bm25(question, record, LIBRARY), rel=1e-3)


counts = st.dictionaries(st.text(alphabet="红外脱氮电机", min_size=1, max_size=3), st.integers(1, 50), max_size=8)


@given(st.lists(counts, min_size=1, max_size=6), counts)
def test_a_new_record_changes_no_other(library: list[dict[str, int]], added: dict[str, int]) -> None:
    before = [record_half(record) for record in library]
    after = [record_half(record) for record in [added, *library]]
    assert after[1:] == before


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_word_is_never_worth_less_than_nothing_and_the_rarer_the_more(total: int, holding: int) -> None:
    holding = min(total, holding)
    assert rarity(total, holding) > 0
    assert rarity(total + 1, holding) > rarity(total + 1, holding + 1)


def test_a_record_without_words_holds_nothing() -> None:
    assert record_half({}) == {}
