"""A question turned towards what is liked and away from what is not."""

import numpy as np

from indexer.entries import Entry
from indexer.reading import Reading, Term
from indexer.refining import LIKED, LIKED_WEIGHT, Leaning, leaning, refined
from tests.indexer.oracle import Oracle

EAST, NORTH = np.array([1, 0], np.float32), np.array([0, 1], np.float32)


def entry(id: int, *words: str, vector: np.ndarray | None = EAST) -> Entry:
    return Entry(id, vector, dict.fromkeys(words, 1.0), {})


LIBRARY = [
    entry(1, "涂层", "石墨烯", "防腐"),
    entry(2, "涂层", "石墨烯", "散热"),
    entry(3, "电机", "散热"),
    entry(4, "涂层"),
]


def reading(*words: str) -> Reading:
    return Reading("".join(words), tuple(Term(word, 1.0) for word in words))


def test_the_vector_moves_towards_the_liked_and_away_from_the_disliked() -> None:
    nothing = np.zeros((0, 2), np.float32)
    towards = Leaning(NORTH[None], nothing).of(EAST)
    away = Leaning(nothing, NORTH[None]).of(EAST)
    np.testing.assert_allclose(towards, np.array([1, 0.75]) / 1.25, atol=1e-6)
    assert away[1] < 0 < away[0]
    np.testing.assert_allclose([np.linalg.norm(towards), np.linalg.norm(away)], 1, atol=1e-6)
    np.testing.assert_array_equal(Leaning(nothing, nothing).of(EAST), EAST)


def test_what_was_asked_stays_the_heavier_part() -> None:
    turned = Leaning(np.stack([NORTH] * 20), np.zeros((0, 2), np.float32)).of(EAST)
    assert turned @ EAST > turned @ NORTH


def test_records_without_a_vector_turn_nothing() -> None:
    np.testing.assert_array_equal(leaning([entry(1, "涂层", vector=None)], []).of(EAST), EAST)


def test_a_liked_record_brings_in_the_words_that_tell_it_from_others() -> None:
    asked = refined(reading("涂层"), Oracle(LIBRARY), [("甲法", LIBRARY[0])], [])
    assert asked.terms == (Term("涂层", 1.0), Term("石墨烯", LIKED_WEIGHT, "甲法", LIKED))  # 防腐 finds no other record


def test_a_word_that_only_disliked_records_hold_counts_for_half_and_is_not_brought_in() -> None:
    asked = refined(reading("涂层", "散热"), Oracle(LIBRARY), [("甲法", LIBRARY[0])], [LIBRARY[2]])
    assert {term.word: term.weight for term in asked.terms} == {"涂层": 1.0, "散热": 0.5, "石墨烯": LIKED_WEIGHT}


def test_words_of_a_liked_record_can_be_taken_out_one_by_one() -> None:
    asked = refined(reading("涂层"), Oracle(LIBRARY), [("甲法", LIBRARY[0])], []).without(["石墨烯"])
    assert [term.word for term in asked.terms] == ["涂层"]
