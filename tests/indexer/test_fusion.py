"""The parts of a score add up to it, whatever the weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fusion import LABELS, MODES, WEIGHTS, Fusion, Mode, score_of

parts_of = Fusion().parts_of

share = st.floats(0, 1)
cosine = st.floats(-1, 1)


@pytest.mark.parametrize("mode", MODES)
@given(words=share, meaning=cosine, exact=share)
def test_parts_add_up(mode: Mode, words: float, meaning: float, exact: float) -> None:
    parts = parts_of(mode, words=words, meaning=meaning, exact=exact)
    assert parts.keys() == WEIGHTS[mode].keys()
    assert sum(parts.values()) == pytest.approx(score_of(parts), abs=1e-6)
    assert all(part >= 0 for part in parts.values())


@pytest.mark.parametrize("mode", MODES)
@given(low=share, high=share, cosines=st.tuples(cosine, cosine))
def test_who_has_more_of_everything_scores_no_less(
    mode: Mode, low: float, high: float, cosines: tuple[float, float]
) -> None:
    low, high = sorted((low, high))
    less = parts_of(mode, words=low, meaning=min(cosines), exact=low)
    more = parts_of(mode, words=high, meaning=max(cosines), exact=high)
    assert score_of(less) <= score_of(more)


def test_each_mode_looks_only_at_its_own() -> None:
    assert score_of(parts_of("semantic", words=1, meaning=0, exact=1)) == 0
    assert score_of(parts_of("keyword", words=0, meaning=1, exact=0)) == 0
    assert score_of(parts_of("hybrid", words=1, meaning=-1, exact=0)) == WEIGHTS["hybrid"]["words"]


def test_every_part_has_a_label_to_show() -> None:
    assert {name for weights in WEIGHTS.values() for name in weights} <= LABELS.keys()
