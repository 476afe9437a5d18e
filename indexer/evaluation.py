"""How good the matches are, on judged pairs.

Two makes of judgements are read. Of 0–3 (3 would be put in touch, 0 not), the gain of a level is 2^level − 1. Of 1–4 (4 strong, 1 none), it
is 2^(level−1) − 1, and a demand counts if at least ten achievements were judged for it and one of them reached level 3. nDCG is
that of Järvelin and Kekäläinen (2002), over judged records only, cut at ten: a record nobody judged is unknown, not irrelevant.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BadInput
from indexer.fusion import Mode

CUT = 10
_WIDELY_JUDGED = 10


class JudgementsUnreadable(BadInput):
    """{file} 第 {line} 行不是一条评判：{reason}。每行应是 {{"demand": …, "achievement": …, "level": 整数}}。"""


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
class Figures:
    """Means over demands; None where no demand could be counted. `seconds` is the time all the searches took."""

    demands: int
    ndcg: float | None
    source: float | None
    mrr: float | None
    recall: float | None
    seconds: float

    def as_json(self) -> dict[str, Any]:
        names = {"ndcg": "ndcg@10", "source": "source@10", "recall": "recall@100"}
        return {names.get(name, name): value for name, value in asdict(self).items()}


Ranking = Callable[[Judged, Mode, "Sequence[str] | None"], list[str]]
"""Rank for a demand in a mode: source ids, best first; of the whole library, or of a pool if one is given."""


def evaluate(demands: Sequence[Judged], rank: Ranking, mode: Mode, *, judged_only: bool = False) -> Figures:
    """Ask every demand. Source, MRR and recall look at the whole library, or with `judged_only` at the demand's pool."""
    gained: list[float] = []
    found: list[float] = []
    reciprocal: list[float] = []
    recalled: list[float] = []
    started = time.perf_counter()
    for demand in demands:
        pool = sorted(demand.levels)
        judged = rank(demand, mode, pool) if pool else []
        if demand.counts:
            gained.append(ndcg([demand.gains[id] for id in judged]))
        whole = judged if judged_only else rank(demand, mode, None)
        if demand.source:
            place = whole.index(demand.source) + 1 if demand.source in whole else 0
            found.append(1.0 if 1 <= place <= CUT else 0.0)
            reciprocal.append(1 / place if place else 0.0)
        if demand.useful:
            recalled.append(len(demand.useful & set(whole[:100])) / len(demand.useful))
    seconds = time.perf_counter() - started
    return Figures(len(demands), _mean(gained), _mean(found), _mean(reciprocal), _mean(recalled), round(seconds, 3))


def ndcg(gains: Sequence[int]) -> float:
    """Of the gains in ranked order: discounted by log2(place + 1), cut at ten, over the same for the best order."""
    best = _discounted(sorted(gains, reverse=True))
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate(gains[:CUT], start=1))


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
        found.append(Judged(id, text, levels.get(id, {}), str(row.get("title") or ""), source, base))
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
