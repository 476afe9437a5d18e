"""Lists of codes find nearly all of what comparing every vector finds, under any filter; few vectors are found exactly."""

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer import neighbours
from indexer.neighbours import cosines, nearest, neighbour_index, stored

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
def lists(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> faiss.Index:
    """An index with lists, such as a large library has."""
    monkeypatch.setattr(neighbours, "FEW", 1_000)
    monkeypatch.setattr(neighbours, "_FEW_PASS", 50)
    return neighbour_index(COUNT, DIMENSIONS, lambda start, end: vectors[start:end])


def asked(vectors: Vectors, number: int) -> list[Vectors]:
    rng = np.random.default_rng(number)
    return list(unit(vectors[rng.integers(len(vectors), size=number)] + 0.3 * rng.normal(size=(number, DIMENSIONS))))


@pytest.mark.parametrize("share", [None, 0.5, 0.05, 0.005])
def test_lists_find_nearly_all_of_the_exact_ten(lists: faiss.Index, vectors: Vectors, share: float | None) -> None:
    rng = np.random.default_rng(8)
    allowed = None if share is None else rng.random(COUNT) < share
    found = []
    for question in asked(vectors, 40):
        near = vectors @ question
        near[~allowed if allowed is not None else []] = -2
        rows, _ = nearest(lists, question, 10, allowed)
        assert allowed is None or allowed[rows].all()
        found.append(np.isin(np.argsort(-near)[:10], rows).mean())
    assert np.mean(found) > (0.999 if share == 0.005 else 0.95)


def test_what_is_stored_is_what_was_given_to_sixteen_bits(lists: faiss.Index, vectors: Vectors) -> None:
    rows = np.array([5, 0, 5_999])
    assert (stored(lists, rows) == vectors[rows].astype(np.float16)).all()
    question = vectors[7]
    exact = vectors[rows].astype(np.float16).astype(np.float64) @ question.astype(np.float64)
    assert cosines(lists, rows, question) == pytest.approx(exact, abs=1e-7)


def test_few_vectors_are_compared_one_by_one(vectors: Vectors) -> None:
    index = neighbour_index(900, DIMENSIONS, lambda start, end: vectors[start:end])
    for question in asked(vectors[:900], 20):
        rows, near = nearest(index, question, 15, None)
        exact = vectors[:900].astype(np.float16).astype(np.float64) @ question.astype(np.float64)
        assert rows.tolist() == np.argsort(-exact, kind="stable")[:15].tolist()
        assert near == pytest.approx(exact[rows], abs=1e-5)


def test_the_same_vectors_give_the_same_index(lists: faiss.Index, vectors: Vectors) -> None:
    again = neighbour_index(COUNT, DIMENSIONS, lambda start, end: vectors[start:end])
    for question in asked(vectors, 20):
        (one, first), (other, second) = nearest(lists, question, 30, None), nearest(again, question, 30, None)
        assert (one.tolist(), first.tolist()) == (other.tolist(), second.tolist())


def test_vectors_of_an_odd_length_are_kept_too(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "FEW", 10)
    odd = unit(vectors[:50, :31].astype(np.float64))
    index = neighbour_index(50, 31, lambda start, end: odd[start:end])
    assert nearest(index, odd[3], 1, None)[0].tolist() == [3]
