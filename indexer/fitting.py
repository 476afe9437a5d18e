"""Fitting: the weights of a score's parts, and the scores at which a match is strong, possible or weak, from judged pairs.

Weights: of any two records judged for one demand, the better one should score higher (logistic loss over pairs, each demand counting the same; Joachims
2002 with the loss of Burges 2005). What is reported is measured on demands that the weights were not fitted on.
Bands: of demands whose fitting record is known, 95 % must see a strong match; 95 % of the fitting records that were found must at least be possible, 99 % weak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BadInput
from indexer.evaluation import ndcg
from indexer.fusion import WEIGHTS, Bands, Fusion, Mode

UNIT = Fusion({mode: dict.fromkeys(parts, 1.0) for mode, parts in WEIGHTS.items()})
"""Every part as it was measured."""
FITTED = ("words", "meaning")
FOLDS = 5
LEAST_DEMANDS = 10
_PAIRS = 400
"""Pairs of records taken of one demand."""
ORDINARY = 0.2
"""Of a question's nearness to its trades in general, the share that is taken off a score before its band is told; docs/decisions.md has what others do."""
_MISSED = {"strong": 0.05, "possible": 0.05, "weak": 0.01}


class TooFewJudgements(BadInput):
    """评判太少：至少要有 {least} 条需求评判过好坏不同的成果，这里只有 {found} 条。"""


@dataclass(frozen=True)
class Sample:
    """What was measured of the records judged for one demand: shape (records, parts) in the order of FITTED; and their gains."""

    parts: NDArray[np.float64]
    gains: NDArray[np.float64]

    def ndcg(self, weights: NDArray[np.float64]) -> float:
        order = np.argsort(-(self.parts @ weights), kind="stable")
        return ndcg([int(gain) for gain in self.gains[order]])


@dataclass(frozen=True)
class Fit:
    """The weights, adding up to one, and nDCG@10 with the old ones and the new ones on demands that were not fitted on."""

    weights: Mapping[str, float]
    demands: int
    before: float
    after: float


def sample(parts: Sequence[Mapping[str, float]], gains: Sequence[int]) -> Sample:
    """From the parts of a score under UNIT, in any order of records."""
    rows = [[part.get(name, 0.0) for name in FITTED] for part in parts]
    return Sample(np.array(rows, np.float64).reshape(-1, len(FITTED)), np.array(gains, np.float64))


def fit_weights(samples: Sequence[Sample], old: Mapping[str, float], seed: int = 20) -> Fit:
    """Raises TooFewJudgements."""
    telling = [one for one in samples if len(set(one.gains.tolist())) > 1]
    if len(telling) < LEAST_DEMANDS:
        raise TooFewJudgements(least=LEAST_DEMANDS, found=len(telling))
    before = np.array([old[name] for name in FITTED])
    fold_of = np.random.default_rng(seed).permutation(len(telling)) % FOLDS
    after = np.zeros(len(telling))
    for fold in range(FOLDS):
        weights = _fitted([one for one, of in zip(telling, fold_of, strict=True) if of != fold], seed)
        for place in np.flatnonzero(fold_of == fold):
            after[place] = telling[place].ndcg(weights)
    weights = _fitted(telling, seed)
    return Fit(
        weights={name: round(float(weight), 3) for name, weight in zip(FITTED, weights, strict=True)},
        demands=len(telling),
        before=round(float(np.mean([one.ndcg(before) for one in telling])), 4),
        after=round(float(after.mean()), 4),
    )


def _fitted(samples: Sequence[Sample], seed: int) -> NDArray[np.float64]:
    """Weights that add up to one; a part that speaks against a record is left out rather than held against it."""
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(seed)
    differences, counts = [], []
    for one in samples:
        better, worse = np.nonzero(one.gains[:, None] > one.gains[None, :])
        chosen = chance.permutation(len(better))[:_PAIRS]
        differences.append(one.parts[better[chosen]] - one.parts[worse[chosen]])
        counts.append(np.full(len(chosen), 1 / max(1, len(chosen))))
    rows = np.concatenate(differences)
    weight = np.tile(np.concatenate(counts), 2)
    labels = np.repeat([1, 0], len(rows))
    model = LogisticRegression(fit_intercept=False).fit(
        np.concatenate([rows, -rows]), labels, sample_weight=weight / weight.mean()
    )
    found = np.maximum(model.coef_[0], 0.0)
    whole = found.sum()
    return found / whole if whole else np.full(len(FITTED), 1 / len(FITTED))


def fit_bands(best: Sequence[float], fitting: Sequence[float]) -> Bands:
    """From how the best record stands for each demand that has a fitting one, and that one itself (`Fusion.standing`). Raises TooFewJudgements."""
    if (found := min(len(best), len(fitting))) < LEAST_DEMANDS:
        raise TooFewJudgements(least=LEAST_DEMANDS, found=found)
    strong = float(np.quantile(best, _MISSED["strong"]))
    possible = min(strong, float(np.quantile(fitting, _MISSED["possible"])))
    weak = min(possible, float(np.quantile(fitting, _MISSED["weak"])))
    return Bands(round(strong, 4), round(possible, 4), round(weak, 4))


def with_weights(fusion: Fusion, fit: Fit) -> Fusion:
    """The fusion with the fitted weights of hybrid search; bands go, since they were of other scores."""
    hybrid: Mode = "hybrid"
    weights = {**fusion.weights, hybrid: {**fusion.weights[hybrid], **fit.weights}}
    bands = {mode: bands for mode, bands in fusion.bands.items() if mode != hybrid}
    return replace(fusion, weights=weights, bands=bands)
