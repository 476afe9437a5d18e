"""Lists of codes find nearly all of what comparing every vector finds, under any filter; few vectors are found exactly."""

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer import neighbours as ideas
from indexer.neighbours import Allowed, Neighbours, neighbours

COUNT, DIMENSIONS = 6_000, 32
Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.float64]) -> Vectors:
    made: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Around sixty matters, as texts lie."""
    rng = np.random.default_rng(5)
    matters = rng.normal(size=(60, DIMENSIONS))
    return unit(matters[rng.integers(60, size=COUNT)] + rng.normal(size=(COUNT, DIMENSIONS)))


@pytest.fixture
def lists(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> Neighbours:
    """An index with lists, such as a large library has."""
    monkeypatch.setattr(ideas, "FEW", 1_000)
    monkeypatch.setattr(ideas, "_FEW_PASS", 50)
    return neighbours(COUNT, DIMENSIONS, lambda start, end: vectors[start:end])


def asked(vectors: Vectors, number: int) -> list[Vectors]:
    rng = np.random.default_rng(number)
    return list(unit(vectors[rng.integers(len(vectors), size=number)] + 0.3 * rng.normal(size=(number, DIMENSIONS))))


@pytest.mark.parametrize("share", [None, 0.5, 0.05, 0.005])
def test_lists_find_nearly_all_of_the_exact_ten(lists: Neighbours, vectors: Vectors, share: float | None) -> None:
    rng = np.random.default_rng(8)
    allowed = None if share is None else rng.random(COUNT) < share
    found = []
    for question in asked(vectors, 40):
        near = vectors @ question
        near[~allowed if allowed is not None else []] = -2
        rows, _ = lists.nearest(question, 10, None if allowed is None else Allowed(allowed))
        assert allowed is None or allowed[rows].all()
        found.append(np.isin(np.argsort(-near)[:10], rows).mean())
    assert np.mean(found) > (0.999 if share == 0.005 else 0.95)


def test_what_is_stored_is_what_was_given_to_sixteen_bits(lists: Neighbours, vectors: Vectors) -> None:
    rows = np.array([5, 0, 5_999])
    assert (lists.stored(rows) == vectors[rows].astype(np.float16)).all()
    question = vectors[7]
    exact = vectors[rows].astype(np.float16).astype(np.float64) @ question.astype(np.float64)
    assert lists.cosines(rows, question) == pytest.approx(exact, abs=1e-7)


def test_few_vectors_are_compared_one_by_one(vectors: Vectors) -> None:
    index = neighbours(900, DIMENSIONS, lambda start, end: vectors[start:end])
    for question in asked(vectors[:900], 20):
        rows, near = index.nearest(question, 15)
        exact = vectors[:900].astype(np.float16).astype(np.float64) @ question.astype(np.float64)
        assert rows.tolist() == np.argsort(-exact, kind="stable")[:15].tolist()
        assert near == pytest.approx(exact[rows], abs=1e-5)


def test_the_same_vectors_give_the_same_index(lists: Neighbours, vectors: Vectors) -> None:
    again = neighbours(COUNT, DIMENSIONS, lambda start, end: vectors[start:end])
    for question in asked(vectors, 20):
        (one, first), (other, second) = lists.nearest(question, 30), again.nearest(question, 30)
        assert (one.tolist(), first.tolist()) == (other.tolist(), second.tolist())


def test_vectors_of_an_odd_length_are_kept_too(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ideas, "FEW", 10)
    odd = unit(vectors[:50, :31].astype(np.float64))
    index = neighbours(50, 31, lambda start, end: odd[start:end])
    assert index.nearest(odd[3], 1)[0].tolist() == [3]


@pytest.mark.parametrize("share", [None, 0.5, 0.005, 0.0])
def test_of_few_those_below_a_bound_are_left_out_and_no_others(vectors: Vectors, share: float | None) -> None:
    few = neighbours(900, DIMENSIONS, lambda start, end: vectors[start:end])
    allowed = None if share is None else Allowed(np.random.default_rng(3).random(900) < share)
    for question in asked(vectors[:900], 10):
        rows, near = few.nearest(question, 40, allowed)
        bound = float(near[len(near) // 2]) if len(near) else 0.0
        kept, above = few.nearest(question, 40, allowed, above=bound)
        assert kept.tolist() == rows[near >= bound].tolist()
        assert above.tolist() == near[near >= bound].tolist()


def test_some_rows_side_by_side_are_as_near_as_they_were(lists: Neighbours, vectors: Vectors) -> None:
    rows = np.sort(np.random.default_rng(2).choice(COUNT, 1_500, replace=False))
    taken = lists.taken(rows)
    assert (taken.stored(np.arange(1_500)) == lists.stored(rows)).all()
    for question in asked(vectors, 10):
        found, near = taken.nearest(question, 25)
        exact = vectors[rows].astype(np.float16).astype(np.float64) @ question.astype(np.float64)
        assert sorted(found.tolist()) == sorted(np.argsort(-exact, kind="stable")[:25].tolist())
        assert near == pytest.approx(exact[found], abs=1e-5)
