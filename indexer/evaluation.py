"""How good the matches are, on judged pairs.

Two makes of judgements are read. Of 0–3 (3 would be put in touch, 0 not), the gain of a level is 2^level − 1. Of 1–4 (4 strong, 1 none), it
is 2^(level−1) − 1, and a demand counts if at least ten achievements were judged for it and one of them reached level 3. nDCG is
that of Järvelin and Kekäläinen (2002), over judged records only, cut at ten: a record nobody judged is unknown, not irrelevant.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from ir_measures import Qrel, ScoredDoc, iter_calc, nDCG

from corpus.errors import BadInput
from indexer.fusion import Band, Mode
from indexer.matching import Ranked

CUT = 10
LENGTHS = (60, 120, 300)
"""Characters at which demands are told apart in a breakdown."""
_WIDELY_JUDGED = 10


class JudgementsUnreadable(BadInput):
    """{file} 第 {line} 行不是一条评判：{reason}。每行应是 {{"demand": …, "achievement": …, "level": 整数}}。"""


class OutcomesUnreadable(BadInput):
    """{file} 不是 duijie evaluate --save 存下的成绩：{reason}。"""


@dataclass(frozen=True)
class Judged:
    """A demand of an evaluation: its text, the level of each judged achievement, and the achievement it was written from, if known."""

    id: str
    text: str
    levels: Mapping[str, int]
    title: str = ""
    source: str | None = None
    base: int = 0
    """The level that stands for “not at all”: 0, or 1 on the four-level scale."""
    expect_none: bool = False
    """Whether nothing in the library should fit."""
    style: str = ""

    @property
    def gains(self) -> dict[str, int]:
        return {id: 2 ** (level - self.base) - 1 for id, level in self.levels.items()}

    @property
    def counts(self) -> bool:
        """Whether nDCG is defined for it, and on the four-level scale, whether it was judged widely enough."""
        if self.base:
            return len(self.levels) >= _WIDELY_JUDGED and max(self.levels.values()) >= 3
        return any(gain > 0 for gain in self.gains.values())

    @property
    def useful(self) -> set[str]:
        """Achievements of the two upper levels."""
        return {id for id, level in self.levels.items() if level - self.base >= 2}


@dataclass(frozen=True)
class Outcome:
    """What one demand got. `place`: of its source, 0 where it was not found, None where it has none; `band`: of the best match."""

    id: str
    style: str
    length: int
    ndcg: float | None
    place: int | None
    recall: float | None
    band: Band | None
    expect_none: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Figures:
    """Means over demands; None where no demand could be counted. `seconds` is the time all the searches took.

    `told`: of the demands that nothing fits, the share without a strong match; `untold`: the share of the others without one, to their harm.
    """

    demands: int
    ndcg: float | None
    source: float | None
    mrr: float | None
    recall: float | None
    told: float | None
    untold: float | None
    seconds: float

    def as_json(self) -> dict[str, Any]:
        names = {"ndcg": "ndcg@10", "source": "source@10", "recall": "recall@100"}
        return {names.get(name, name): value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Evaluation:
    figures: Figures
    outcomes: tuple[Outcome, ...]

    def as_json(self, *, each: bool = False) -> dict[str, Any]:
        if not each:
            return self.figures.as_json()
        groups = {name: part.as_json() for name, part in broken_down(self.outcomes).items()}
        return {**self.figures.as_json(), "groups": groups, "demands_each": [one.as_json() for one in self.outcomes]}


class Ranking(Protocol):
    """Ranks for a demand in a mode, of the whole library or of a pool; `names` gives a record's source id."""

    @property
    def names(self) -> Mapping[int, str]: ...

    def ranked(self, demand: Judged, mode: Mode, pool: Sequence[str] | None) -> Sequence[Ranked]: ...


def evaluate(demands: Sequence[Judged], ranking: Ranking, mode: Mode, *, judged_only: bool = False) -> Evaluation:
    """Ask every demand. Source, MRR and recall look at the whole library, or with `judged_only` at the demand's pool."""
    started = time.perf_counter()
    outcomes = tuple(_outcome(demand, ranking, mode, judged_only) for demand in demands)
    return Evaluation(figures_of(outcomes, round(time.perf_counter() - started, 3)), outcomes)


def _outcome(demand: Judged, ranking: Ranking, mode: Mode, judged_only: bool) -> Outcome:
    pool = sorted(demand.levels)
    judged = ranking.ranked(demand, mode, pool) if pool else []
    whole = judged if judged_only else ranking.ranked(demand, mode, None)
    names = [ranking.names[hit.id] for hit in whole]
    gains = [demand.gains[ranking.names[hit.id]] for hit in judged]
    place = (names.index(demand.source) + 1 if demand.source in names else 0) if demand.source else None
    return Outcome(
        id=demand.id,
        style=demand.style,
        length=len(demand.text),
        ndcg=ndcg(gains) if demand.counts else None,
        place=place,
        recall=len(demand.useful & set(names[:100])) / len(demand.useful) if demand.useful else None,
        band=whole[0].band if whole else "none",
        expect_none=demand.expect_none,
    )


def figures_of(outcomes: Sequence[Outcome], seconds: float = 0.0) -> Figures:
    placed = [one.place for one in outcomes if one.place is not None]
    banded = [one for one in outcomes if one.band is not None]
    without = [one.band != "strong" for one in banded if one.expect_none]
    missed = [one.band != "strong" for one in banded if not one.expect_none]
    return Figures(
        demands=len(outcomes),
        ndcg=_mean([one.ndcg for one in outcomes if one.ndcg is not None]),
        source=_mean([1.0 if 1 <= place <= CUT else 0.0 for place in placed]),
        mrr=_mean([1 / place if place else 0.0 for place in placed]),
        recall=_mean([one.recall for one in outcomes if one.recall is not None]),
        told=_mean([float(one) for one in without]),
        untold=_mean([float(one) for one in missed]),
        seconds=seconds,
    )


def broken_down(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """The figures by style, where demands name one, and by length in characters."""
    groups: dict[str, list[Outcome]] = {}
    for one in outcomes:
        if one.style:
            groups.setdefault(f"写法 {one.style}", []).append(one)
        length = next((f"{limit} 字以内" for limit in LENGTHS if one.length <= limit), f"{LENGTHS[-1]} 字以上")
        groups.setdefault(length, []).append(one)
    return {
        name: figures_of(groups[name]) for name in sorted(groups, key=lambda name: (name[0].isdigit(), len(name), name))
    }


@dataclass(frozen=True)
class Compared:
    """Two runs over the same demands: who got better and worse by nDCG@10, most changed first, and how likely chance alone does as much."""

    demands: int
    difference: float
    p: float
    better: tuple[tuple[str, float], ...]
    worse: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compared(before: Sequence[Outcome], after: Sequence[Outcome], *, rounds: int = 10_000, seed: int = 20) -> Compared:
    """`p` by a paired randomisation test (Fisher; Smucker, Allan and Carterette 2007): signs of the differences drawn at random."""
    old = {one.id: one.ndcg for one in before if one.ndcg is not None}
    moved = [(one.id, one.ndcg - old[one.id]) for one in after if one.ndcg is not None and one.id in old]
    differences = np.array([by for _, by in moved])
    mean = float(differences.mean()) if moved else 0.0
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(rounds, len(moved)))
    as_far = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
    return Compared(
        demands=len(moved),
        difference=round(mean, 6),
        p=round((1 + int(as_far.sum())) / (1 + rounds), 4),
        better=tuple(sorted(((id, round(by, 6)) for id, by in moved if by > 0), key=lambda m: -m[1])),
        worse=tuple(sorted(((id, round(by, 6)) for id, by in moved if by < 0), key=lambda m: m[1])),
    )


def read_outcomes(file: Path) -> dict[str, list[Outcome]]:
    """What an earlier run saved, by mode. Raises OutcomesUnreadable."""
    try:
        return {mode: [Outcome(**row) for row in rows] for mode, rows in json.loads(file.read_text("utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise OutcomesUnreadable(file=file.name, reason=str(error)) from error


def ndcg(gains: Sequence[int]) -> float:
    """Of the gains in ranked order: discounted by log2(place + 1), cut at ten, over the same for the best order; by ir-measures."""
    judged = [Qrel("", str(place), gain) for place, gain in enumerate(gains)]
    ranked = [ScoredDoc("", str(place), -float(place)) for place in range(len(gains))]
    return float(next(iter(iter_calc([nDCG @ CUT], judged, ranked))).value) if gains else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return round(math.fsum(values) / len(values), 6) if values else None


def read_judged(demands: Path, judgements: Path) -> list[Judged]:
    """Demands (`id` or `source_id`, `title`, `content` or `problem`, `source`) with their judgements. Raises JudgementsUnreadable."""
    levels: dict[str, dict[str, int]] = {}
    for line, row in _lines(judgements):
        try:
            levels.setdefault(str(row["demand"]), {})[str(row["achievement"])] = int(row["level"])
        except (KeyError, TypeError, ValueError) as error:
            raise JudgementsUnreadable(file=judgements.name, line=line, reason=f"缺少或看不懂 {error}") from error
    given = [level for judged in levels.values() for level in judged.values()]
    base = 1 if given and min(given) >= 1 and max(given) == 4 else 0
    found = []
    for line, row in _lines(demands):
        id = str(row.get("id") or row.get("source_id") or "")
        text = demand_text(row)
        if not id or not text:
            raise JudgementsUnreadable(file=demands.name, line=line, reason="需求缺少编号或内容")
        source = row.get("source") if "content" in row else None
        found.append(
            Judged(
                id=id,
                text=text,
                levels=levels.get(id, {}),
                title=str(row.get("title") or ""),
                source=source,
                base=base,
                expect_none=row.get("expect_none") is True,
                style=str(row.get("style") or ""),
            )
        )
    return found


def demand_text(row: Mapping[str, Any]) -> str:
    """Title and content, as they are asked."""
    parts = (str(row.get(name) or "").strip() for name in ("title", "content", "problem", "criteria"))
    return "。".join(part for part in parts if part)


def _lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    content, rows = path.read_bytes(), []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise JudgementsUnreadable(file=path.name, line=number, reason="不是 UTF-8 编码的文本") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise JudgementsUnreadable(file=path.name, line=number, reason="不是完整的 JSON") from error
        if not isinstance(row, dict):
            raise JudgementsUnreadable(file=path.name, line=number, reason="应是一个 JSON 对象")
        rows.append((number, row))
    return rows
