"""The compiled loops give what a few plain lines give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import kernels
from indexer.segment import ALL

totals = st.lists(st.integers(-1, 5), max_size=40)


@given(totals=totals, k=st.integers(1, 20), data=st.data())
def test_the_highest_are_found_and_of_equal_ones_the_first(totals: list[int], k: int, data: st.DataObject) -> None:
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=len(totals), max_size=len(totals)))
    rows = [row for row, total in enumerate(totals) if total > 0 and (not allowed or allowed[row])]
    found = kernels.highest(np.array(totals, np.float32), np.array(allowed, np.bool_) if allowed else ALL, k)
    assert found.tolist() == sorted(rows, key=lambda row: (-totals[row], row))[:k]


def test_postings_are_added_word_by_word() -> None:
    total = np.full(4, 9, np.float32)  # of an earlier question
    rows, weights = np.array([0, 2, 1, 2, 3], np.int32), np.array([1, 2, 3, 4, 5], np.uint16)
    starts, ends = np.array([0, 2], np.int64), np.array([2, 4], np.int64)
    kernels.accumulate(total, rows, weights, starts, ends, np.array([10, 0.5], np.float32))
    assert total.tolist() == [10.0, 1.5, 22.0, 0.0]


def test_only_rows_allowed_are_counted() -> None:
    allowed = np.array([True, False, True])
    starts, ends = np.array([0, 3, 2]), np.array([3, 4, 2])
    assert kernels.standing(allowed, np.array([0, 1, 2, 2], np.int32), starts, ends).tolist() == [2, 1, 0]


@given(lists=st.lists(st.lists(st.integers(0, 50), unique=True), min_size=1, max_size=6))
def test_rows_are_sorted_within_their_keys_and_take_their_weights_along(lists: list[list[int]]) -> None:
    rows = np.array([row for one in lists for row in one], np.int32)
    weights = (rows * 7).astype(np.uint16)
    starts = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    kernels.sort_within(rows, weights, starts)
    assert rows.tolist() == [row for one in lists for row in sorted(one)]
    assert weights.tolist() == (rows * 7).tolist()


def test_products_are_the_same_for_equal_vectors_wherever_they_stand() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(97, 33)).astype(np.float32)
    vectors[[11, 64, 96]] = vectors[3]
    found = kernels.products(vectors, vectors[5])
    assert found == pytest.approx(vectors.astype(np.float64) @ vectors[5].astype(np.float64), rel=1e-6)
    assert len({float(found[row]) for row in (3, 11, 64, 96)}) == 1
    assert kernels.products(vectors[60:65], vectors[5])[4] == found[64]


def test_products_of_16_bit_numbers_are_those_of_the_numbers_they_stand_for() -> None:
    rng = np.random.default_rng(6)
    halves = (rng.normal(size=(150, 31)) * 10.0 ** rng.integers(-8, 4, size=(150, 31))).astype(np.float16)
    halves[7, :6] = [0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504.0]
    rows = rng.permutation(150)[:140]
    vector = rng.normal(size=31).astype(np.float32)
    found = kernels.half_products(halves.view(np.uint16), rows, vector.astype(np.float64))
    assert found == pytest.approx(kernels.products(halves[rows].astype(np.float32), vector), rel=1e-6)
