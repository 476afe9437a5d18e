"""Steps as forms: which fields a step asks for, what else it still lacks, and what was typed, read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from corpus.cells import UNSEEN
from corpus.errors import BadInput
from corpus.needs import NOTHING, Case, Given, lacking
from corpus.steps import NEEDS, STATES, TABLE
from service.dealing import Meeting

FIELDS: Mapping[str, tuple[str, ...]] = {
    "reason": ("reason",),
    "date": ("due_on",),
    "first": ("first",),
    "side": ("side",),
    "contract": ("contract_kind", "amount", "contract_no", "technical_amount"),
    "registration": ("registration_no",),
    "outcome": ("outcome", "evidence"),
}
"""The fields of a form by what a step needs; what has none here is done elsewhere on the page, before the step."""
OPTIONAL = ("contract_no", "technical_amount")
LONGEST = {"note": 5_000, "said": 5_000, "outcome": 5_000}
_SHORT = 200
_AMOUNTS = ("amount", "technical_amount")
_MOST = 1e9
_LABELS = {
    "due_on": "日期",
    "amount": "金额（万元）",
    "technical_amount": "技术交易额（万元）",
}
DEEDS: Mapping[str, str] = {
    "shortlisted": "初筛通过",
    "rejected": "排除",
    "hold": "暂缓",
    "assessed": "评审通过",
    "recommended": "推送",
    "interested": "记为有意向",
    "declined": "记为婉拒",
    "no_reply": "记为无回应",
    "connecting": "牵线，开始对接",
    "negotiating": "进入洽谈",
    "stalled": "搁置",
    "contracted": "记为已签约",
    "lost": "记为未成",
    "registered": "记为已登记",
    "landed": "记为已落地",
    "terminated": "终止",
    "reopened": "重启",
}
"""What one does, by the state that it brings a match to."""
ASIDE = ("rejected", "hold", "declined", "no_reply", "stalled", "lost", "terminated")
"""States that lead off the way to a landing."""


class GivenUnreadable(BadInput):
    """“{label}”看不懂：{value}。{hint}。"""


@dataclass(frozen=True)
class Way:
    """A step that somebody may take now: the fields it asks for, and what has to be there first."""

    to: str
    fields: tuple[str, ...]
    lacks: Sequence[str]

    @property
    def label(self) -> str:
        return DEEDS.get(self.to, STATES[self.to].label)

    @property
    def is_aside(self) -> bool:
        return self.to in ASIDE


def ways(found: Meeting, today: date) -> list[Way]:
    """The steps that the viewer may take, those towards a landing first."""
    case = Case(
        role=found.actor.role,
        given=NOTHING,
        now=found.match.standing,
        events=found.events,
        demand=found.demand,
        achievement=found.achievement,
        today=today,
    )
    told = [_way(to, case) for to in found.steps]
    return sorted(told, key=lambda way: way.is_aside)


def _way(to: str, case: Case) -> Way:
    step = TABLE[case.now.state, to]
    asked = tuple(field for need in step.needs for field in FIELDS.get(need, ()))
    return Way(to, asked, [NEEDS[need] for need in lacking(step, case) if need not in FIELDS])


def given(typed: Mapping[str, str]) -> Given:
    """What was typed into a form. Raises GivenUnreadable."""
    said = {f.name: UNSEEN.sub("", typed.get(f.name, "")).strip() for f in fields(Given)}
    values: dict[str, object] = {
        name: value[: LONGEST.get(name, _SHORT)]
        for name, value in said.items()
        if value and name not in ("due_on", *_AMOUNTS)
    }
    if said["due_on"]:
        values["due_on"] = _date(said["due_on"])
    values |= {name: _amount(name, said[name]) for name in _AMOUNTS if said[name]}
    return Given(**values)  # type: ignore[arg-type]


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise GivenUnreadable(label=_LABELS["due_on"], value=written[:20], hint="请写成 2026-09-30 这样") from None


def _amount(name: str, written: str) -> float:
    try:
        value = float(written.replace(",", "").replace("，", ""))
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MOST:
        raise GivenUnreadable(label=_LABELS[name], value=written[:20], hint="请写以万元计的数，如 35.5")
    return value
