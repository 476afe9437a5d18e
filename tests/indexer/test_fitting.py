"""Weights are found again in judgements that were made with them; bands are quantiles; what was fitted is kept and read back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.evaluation import ndcg
from indexer.fitting import (
    FITTED,
    LEAST_DEMANDS,
    UNIT,
    Sample,
    TooFewJudgements,
    fit_bands,
    fit_weights,
    sample,
    with_weights,
)
from indexer.fusion import BANDS, FILE, WEIGHTS, Bands, Fusion, RankingUnreadable, read_fusion

EVEN = {"words": 0.5, "meaning": 0.5}


def judged(words: float, meaning: float, demands: int = 40, seed: int = 1) -> list[Sample]:
    """Demands with thirty records each, at random; the best third by these weights were judged to fit."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(demands):
        parts = chance.random((30, 2))
        order = np.argsort(np.argsort(-(parts @ np.array([words, meaning]))))
        made.append(Sample(parts, np.select([order < 3, order < 10], [7.0, 1.0], 0.0)))
    return made


@pytest.mark.parametrize("deciding", FITTED)
def test_the_part_that_decides_gets_the_weight(deciding: str) -> None:
    fit = fit_weights(judged(float(deciding == "words"), float(deciding == "meaning")), EVEN)
    assert fit.weights[deciding] > 0.95
    assert sum(fit.weights.values()) == pytest.approx(1, abs=0.002)
    assert fit.after > 0.99 > fit.before
    assert fit.demands == 40


def test_weights_are_found_again() -> None:
    fit = fit_weights(judged(0.3, 0.7), EVEN)
    assert fit.weights["words"] == pytest.approx(0.3, abs=0.05)
    assert fit.after >= fit.before


def test_a_part_that_speaks_against_a_record_gets_no_weight() -> None:
    assert fit_weights(judged(-0.5, 1.0), EVEN).weights == {"words": 0.0, "meaning": 1.0}


def test_where_every_part_speaks_against_it_the_weights_are_even() -> None:
    assert fit_weights(judged(-1.0, -1.0), EVEN).weights == EVEN


def test_the_same_judgements_give_the_same_fit() -> None:
    samples = judged(0.3, 0.7, demands=15)
    assert fit_weights(samples, EVEN) == fit_weights(samples, EVEN)


def test_what_is_reported_was_measured_on_demands_that_were_not_fitted_on() -> None:
    """Of judgements by chance weights can learn something by heart; it does not help on others."""
    chance = np.random.default_rng(3)
    samples = [Sample(chance.random((6, 2)), chance.permutation([3.0, 1, 0, 0, 0, 0])) for _ in range(10)]
    fit = fit_weights(samples, EVEN)
    by_heart = max(
        np.mean([one.ndcg(np.array([words, 1 - words])) for one in samples]) for words in np.linspace(0, 1, 51)
    )
    learned = np.mean([one.ndcg(np.array([fit.weights[name] for name in FITTED])) for one in samples])
    assert fit.after < learned <= by_heart + 0.005
    assert fit.before == pytest.approx(np.mean([one.ndcg(np.array([0.5, 0.5])) for one in samples]), abs=1e-4)


def test_demands_whose_records_are_all_alike_do_not_count() -> None:
    alike = [Sample(np.ones((3, 2)), np.zeros(3))] * 50
    with pytest.raises(TooFewJudgements) as told:
        fit_weights([*alike, *judged(1, 0, demands=LEAST_DEMANDS - 1)], EVEN)
    assert str(told.value) == "评判太少：至少要有 10 条需求评判过好坏不同的成果，这里只有 9 条。"
    assert fit_weights([*alike, *judged(1, 0, demands=LEAST_DEMANDS)], EVEN).demands == LEAST_DEMANDS


def test_a_sample_has_the_fitted_parts_in_their_order() -> None:
    made = sample([{"meaning": 0.2, "exact": 1.0, "words": 0.9}, {"meaning": 0.4}], [0, 3])
    assert made.parts.tolist() == [[0.9, 0.2], [0.0, 0.4]]
    assert made.ndcg(np.array([0.0, 1.0])) == 1.0
    assert made.ndcg(np.array([1.0, 0.0])) == pytest.approx(ndcg([0, 3])) == pytest.approx(1 / np.log2(3))
    assert sample([], []).parts.shape == (0, 2)


def test_parts_are_sampled_as_they_were_measured() -> None:
    parts = UNIT.parts_of("hybrid", words=0.25, meaning=0.75, exact=0.5)
    assert parts == {"words": 0.25, "meaning": 0.75, "exact": 0.5}


def test_bands_are_quantiles() -> None:
    """Of 101 scores from 0 to 1 one in twenty lies below 0.05, one in a hundred below 0.01."""
    scores = [place / 100 for place in range(101)]
    assert fit_bands([score / 2 + 0.5 for score in scores], scores) == Bands(strong=0.525, possible=0.05, weak=0.01)


def test_bands_never_cross() -> None:
    low, high = [0.1] * 10, [0.9] * 10
    assert fit_bands(low, high) == Bands(0.1, 0.1, 0.1)
    assert fit_bands(high, low) == Bands(0.9, 0.1, 0.1)


def test_bands_need_as_many_demands() -> None:
    with pytest.raises(TooFewJudgements, match="只有 9 条"):
        fit_bands([0.5] * 9, [0.5] * 9)
    with pytest.raises(TooFewJudgements, match="只有 3 条"):
        fit_bands([0.5] * 20, [0.5] * 3)


@pytest.mark.parametrize(
    ("score", "band"),
    [(1.0, "strong"), (0.6, "strong"), (0.5999, "possible"), (0.4, "possible"), (0.2, "weak"), (0.1999, "none")],
)
def test_a_score_falls_into_a_band(score: float, band: str) -> None:
    fusion = Fusion(bands={"hybrid": Bands(0.6, 0.4, 0.2)})
    assert fusion.band("hybrid", score) == band
    assert band in BANDS
    assert fusion.band("keyword", score) is None


def test_what_a_question_has_in_common_with_its_trades_is_taken_off_before_the_band_is_told() -> None:
    fusion = Fusion(bands={"hybrid": Bands(0.6, 0.4, 0.2)}, ordinary=0.5)
    assert fusion.standing(0.7, 0.4) == pytest.approx(0.5)
    assert [fusion.band("hybrid", 0.7, ordinary) for ordinary in (0.1, 0.4, 0.8)] == ["strong", "possible", "weak"]
    assert Fusion(bands=fusion.bands).band("hybrid", 0.7, 0.8) == "strong"


def test_new_weights_leave_the_other_modes_and_take_the_bands_away() -> None:
    bands = Bands(0.6, 0.4, 0.2)
    old = Fusion(bands={"hybrid": bands, "keyword": bands}, model="m@1", fitted={"on": "走访"})
    new = with_weights(old, fit_weights(judged(0, 1), EVEN))
    assert new.weights["hybrid"]["exact"] == WEIGHTS["hybrid"]["exact"]
    assert new.weights["hybrid"]["meaning"] > 0.95
    assert (new.weights["semantic"], new.weights["keyword"]) == (WEIGHTS["semantic"], WEIGHTS["keyword"])
    assert (new.bands, new.model, new.fitted) == ({"keyword": bands}, "m@1", {"on": "走访"})


def test_what_was_fitted_is_kept_and_read_back(tmp_path: Path) -> None:
    weights = {**WEIGHTS, "hybrid": {"words": 0.3, "meaning": 0.7, "exact": 0.2}}
    fusion = Fusion(weights, {"hybrid": Bands(0.6, 0.4, -0.2)}, "m@1", {"on": "走访", "demands": 40}, 0.2)
    assert fusion.write(tmp_path) == tmp_path / FILE
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert read_fusion([tmp_path], "m@1") == fusion


def test_what_was_fitted_for_another_model_is_passed_over(tmp_path: Path) -> None:
    own, beside = tmp_path / "own", tmp_path / "model"
    for folder, model, strong in ((own, "m@1", 0.6), (beside, "m@2", 0.5)):
        folder.mkdir()
        Fusion(bands={"hybrid": Bands(strong, 0.4, 0.2)}, model=model).write(folder)
    folders = [tmp_path / "none", own, beside]
    assert read_fusion(folders, "m@1").band("hybrid", 0.55) == "possible"
    assert read_fusion(folders, "m@2").band("hybrid", 0.55) == "strong"
    assert read_fusion(folders, "m@3") == Fusion(model="m@3")
    assert read_fusion(folders, None) == Fusion()


def good() -> dict[str, Any]:
    bands = {"strong": 0.6, "possible": 0.4, "weak": 0.2}
    return {"weights": {"hybrid": {"words": 0.3}}, "bands": {"hybrid": bands}, "model": "m@1"}


def test_what_a_file_does_not_weigh_keeps_its_weight(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(good()), "utf-8")
    fusion = read_fusion([tmp_path], "m@1")
    assert fusion.weights["hybrid"] == {**WEIGHTS["hybrid"], "words": 0.3}
    assert fusion.weights["keyword"] == WEIGHTS["keyword"]
    assert fusion.ordinary == 0, "written before there was this: its bands are of bare scores"


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ({"weights": {"hybrid": {"words": -0.1}}}, "权重应是不小于 0 的数"),
        ({"weights": {"hybrid": {"words": "0.5"}}}, "权重应是不小于 0 的数"),
        ({"weights": {"hybrid": {"words": float("nan")}}}, "权重应是不小于 0 的数"),
        ({"weights": {"hybrid": {"word": 0.5}}}, "不认识的部分：word"),
        ({"weights": []}, ""),
        ({"bands": {"hybrid": {"strong": 0.6}}}, ""),
        ({"ordinary": -0.1}, "权重应是不小于 0 的数"),
        (
            {"bands": {"hybrid": {"strong": "0.6", "possible": 0.4, "weak": 0.2}}},
            "档位应是数，高档不低于低档",
        ),
        ({"bands": {"hybrid": {"strong": 0.2, "possible": 0.4, "weak": 0.6}}}, "档位应是数，高档不低于低档"),
        ({"fitted": "走访"}, ""),
    ],
)
def test_a_file_with_odd_numbers_is_told(tmp_path: Path, damaged: dict[str, Any], reason: str) -> None:
    (tmp_path / FILE).write_text(json.dumps({**good(), **damaged}), "utf-8")
    with pytest.raises(RankingUnreadable) as told:
        read_fusion([tmp_path], "m@1")
    assert str(told.value).startswith(f"排序文件 {tmp_path / FILE} 读不出来：{reason}")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"1", b"\xff\xfe", b'{"weights": {}, "model": null}'])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(RankingUnreadable, match="读不出来"):
        read_fusion([tmp_path], None)


def test_what_a_file_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"weights": {}, "model": null}', "utf-8")
    with pytest.raises(RankingUnreadable, match="里面没有 bands"):
        read_fusion([tmp_path], None)
