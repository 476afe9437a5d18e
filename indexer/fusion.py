"""One score from what was measured, and what the score means: each part has a weight, the parts add up, and bands say how good a match that is.

Weights and bands are fitted on judged pairs and kept in a readable file, `ranking.json`: beside a model's weights, because cosines of one
model say nothing of another's, or in the installation's folder, where it was fitted on an operator's own decisions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corpus.errors import DuijieError

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
Band = Literal["strong", "possible", "weak", "none"]
Amount = float | NDArray[np.float64]
"""Of one record, or of many at once."""
BANDS: Mapping[Band, str] = {"strong": "高度匹配", "possible": "可能匹配", "weak": "相关", "none": "相关度低"}
FILE = "ranking.json"

WEIGHTS: Mapping[Mode, Mapping[str, float]] = {
    "hybrid": {"words": 0.5, "meaning": 0.5, "exact": 0.2},
    "semantic": {"meaning": 1.0},
    "keyword": {"words": 1.0, "exact": 0.2},
}
"""For a model without a file of its own. `words`: the square root of the share of the question's word weight that the record holds; `meaning`: the cosine of
the two vectors, not below 0; `exact`: the share of the question's weight that lies on what the record holds letter by letter, never fitted:
demands in prose say nothing of it."""

LABELS = {"words": "词语", "meaning": "语义", "exact": "原样出现"}


class RankingUnreadable(DuijieError):
    """排序文件 {file} 读不出来：{reason}。请删去它，或重新运行 duijie train --bands。"""


@dataclass(frozen=True, slots=True)
class Bands:
    """The least score of each band."""

    strong: float
    possible: float
    weak: float

    def of(self, score: float) -> Band:
        return (
            "strong"
            if score >= self.strong
            else "possible"
            if score >= self.possible
            else "weak"
            if score >= self.weak
            else "none"
        )


@dataclass(frozen=True)
class Fusion:
    """`bands` of those modes that were calibrated; `fitted` says on what, for people."""

    weights: Mapping[Mode, Mapping[str, float]] = field(default_factory=lambda: WEIGHTS)
    bands: Mapping[Mode, Bands] = field(default_factory=dict)
    model: str | None = None
    """Fingerprint of the model it was fitted for."""
    fitted: Mapping[str, Any] = field(default_factory=dict)
    ordinary: float = 0.0
    """What is taken off a score, times `Reading.ordinary`, before its band is told; 0 in files that were written before there was this."""

    def parts_of(self, mode: Mode, *, words: Amount, meaning: Amount, exact: Amount) -> dict[str, Any]:
        """What each part adds to the score, rounded to six places so that equal records score equal in every engine."""
        values = {"words": words, "meaning": np.maximum(0.0, meaning), "exact": exact}
        return {name: np.round(weight * values[name], 6) for name, weight in self.weights[mode].items()}

    def standing(self, score: float, ordinary: float) -> float:
        """By how much a score stands above what the question has in common with anything of its trade; bands are ranges of this."""
        return score - self.ordinary * ordinary

    def band(self, mode: Mode, score: float, ordinary: float = 0.0) -> Band | None:
        """None where nobody calibrated it. `ordinary` is the reading's."""
        return self.bands[mode].of(self.standing(score, ordinary)) if mode in self.bands else None

    def write(self, folder: Path) -> Path:
        """Put it into the folder, in one step."""
        new = folder / f".{FILE}.new"
        new.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", "utf-8")
        return new.replace(folder / FILE)


UNFITTED = Fusion()


def score_of(parts: Mapping[str, Amount]) -> Any:
    return np.round(sum(parts.values()), 6)


def read_fusion(folders: Iterable[Path], model: str | None) -> Fusion:
    """The first `ranking.json` of the folders that was fitted for this model; the default weights, without bands, where there is none.

    Raises RankingUnreadable for a file that is none.
    """
    for folder in folders:
        if (folder / FILE).is_file():
            fusion = _read(folder / FILE)
            if fusion.model == model:
                return fusion
    return Fusion(model=model)


def _read(file: Path) -> Fusion:
    try:
        document = json.loads(file.read_text("utf-8"))
        weights = {mode: {**WEIGHTS[mode], **document["weights"].get(mode, {})} for mode in MODES}
        bands = {mode: Bands(**found) for mode, found in document["bands"].items() if mode in MODES}
        fusion = Fusion(
            weights, bands, document["model"], {**document.get("fitted", {})}, document.get("ordinary", 0.0)
        )
        _refuse_odd(fusion)
    except KeyError as error:
        raise RankingUnreadable(file=file, reason=f"里面没有 {error.args[0]}") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RankingUnreadable(file=file, reason=str(error)) from error
    return fusion


def _refuse_odd(fusion: Fusion) -> None:
    """Raises ValueError for what no score can be made or judged with."""
    for mode, parts in fusion.weights.items():
        if unknown := parts.keys() - WEIGHTS[mode].keys():
            raise ValueError(f"不认识的部分：{'、'.join(sorted(unknown))}")
    if not all(
        _is_amount(weight) for parts in fusion.weights.values() for weight in (*parts.values(), fusion.ordinary)
    ):
        raise ValueError("权重应是不小于 0 的数")
    for bands in fusion.bands.values():
        least = (bands.weak, bands.possible, bands.strong)
        if not all(map(_is_number, least)) or list(least) != sorted(least):
            raise ValueError("档位应是数，高档不低于低档")


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)


def _is_amount(given: object) -> bool:
    return isinstance(given, int | float) and _is_number(given) and given >= 0
