"""A demand's criteria and an achievement's indicators in one table, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.metrics import Metric
from corpus.records import Achievement, Demand
from indexer.indicators import Verdict, held_against

VERDICTS: Mapping[Verdict, str] = {"met": "达到", "partial": "部分达到", "not_met": "未达到", "not_stated": "未写明"}


@dataclass(frozen=True)
class Line:
    """One indicator: what is demanded, what is offered, in the records' words; None for what a side does not say. No verdict where nothing is demanded."""

    name: str
    demanded: str | None
    offered: str | None
    verdict: Verdict | None

    @property
    def word(self) -> str:
        return VERDICTS[self.verdict] if self.verdict else "未要求"


def lined_up(demand: Demand | None, achievement: Achievement | None) -> list[Line]:
    """What is demanded, in its order, then what is offered beyond it."""
    offered = achievement.metrics if achievement else ()
    held = [held_against(criterion, offered) for criterion in (demand.criteria if demand else ())]
    used = [one.metric for one in held if one.metric]
    return [
        *(Line(_name(h.criterion), _said(h.criterion), _said(h.metric), h.verdict) for h in held),
        *(Line(_name(metric), None, _said(metric), None) for metric in offered if metric not in used),
    ]


def counted(lines: list[Line]) -> dict[str, int]:
    """How many of the demanded indicators have which verdict, by its word."""
    words = [line.word for line in lines if line.verdict]
    return {word: words.count(word) for word in VERDICTS.values() if word in words}


def _name(metric: Metric) -> str:
    return metric.name or metric.text


def _said(metric: Metric | None) -> str | None:
    return (metric.text or metric.name) if metric else None
