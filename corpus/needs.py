"""What a step needs, and whether it is there: one small check for each name in the table of steps."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from corpus.conflicts import conflicts, unshowable
from corpus.history import CONTACTS, Event, Standing, this_round
from corpus.records import Achievement, Demand
from corpus.steps import CONTRACT_KIND, EVIDENCE, NEEDS, REASONS, SIDES, Step, StepLacks, StepRefused, label

_EVENT_FIELDS = ("reason", "note", "said", "next_action", "due_on")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody gives with a step: codes of `corpus.steps`, amounts in 万元. `note` stays inside, `said` is the word for the firm."""

    reason: str | None = None
    note: str | None = None
    said: str | None = None
    next_action: str | None = None
    due_on: date | None = None
    side: str | None = None
    first: str | None = None
    contract_kind: str | None = None
    contract_no: str | None = None
    amount: float | None = None
    technical_amount: float | None = None
    registration_no: str | None = None
    outcome: str | None = None
    evidence: str | None = None

    @property
    def event(self) -> dict[str, Any]:
        """What stands in columns of its own."""
        return {name: getattr(self, name) for name in _EVENT_FIELDS}

    @property
    def details(self) -> dict[str, Any]:
        """The rest of what was given."""
        names = (f.name for f in fields(self) if f.name not in _EVENT_FIELDS)
        return {name: value for name in names if (value := getattr(self, name)) is not None}


NOTHING = Given()


@dataclass(frozen=True)
class Case:
    """A match at the moment somebody takes a step: who, what is given, what was before, what the two records say, which day it is."""

    role: str
    given: Given
    now: Standing
    events: Sequence[Event]
    demand: Demand | None
    achievement: Achievement | None
    today: date

    @property
    def side(self) -> str | None:
        return self.role if self.role in SIDES else self.given.side


def check(step: Step, to: str, case: Case) -> None:
    """Raises StepLacks for what is missing, StepRefused for what stands in the way."""
    if missing := lacking(step, case):
        raise StepLacks(to=label(to), missing="、".join(NEEDS[need] for need in missing))
    for need in step.needs:
        if need in _OBSTACLES and (told := _OBSTACLES[need](case)):
            raise StepRefused(reason="；".join(told))


def lacking(step: Step, case: Case) -> list[str]:
    """What the step needs and is not there, by the names of `steps.NEEDS`."""
    return [need for need in step.needs if need in _GIVEN and not _GIVEN[need](case)]


def _has_reason(case: Case) -> bool:
    return case.given.reason in REASONS


def _has_date(case: Case) -> bool:
    return case.given.due_on is not None and case.given.due_on > case.today


def _has_review(case: Case) -> bool:
    return any(event.type == "review" for event in this_round(case.events))


def _has_first(case: Case) -> bool:
    return case.given.first in ("demand", "supply", "both")


def _has_side(case: Case) -> bool:
    return case.side in SIDES and case.given.side in (None, case.side)


def _was_contacted(case: Case) -> bool:
    return any(event.type in CONTACTS for event in this_round(case.events))


def _has_contract(case: Case) -> bool:
    amount = case.given.amount
    return case.given.contract_kind in CONTRACT_KIND.labels and amount is not None and 0 <= amount < math.inf


def _has_registration(case: Case) -> bool:
    return bool(re.fullmatch(r"[0-9A-Za-z-]{4,40}", case.given.registration_no or ""))


def _has_outcome(case: Case) -> bool:
    return bool((case.given.outcome or "").strip()) and case.given.evidence in EVIDENCE.labels


_GIVEN: Mapping[str, Callable[[Case], bool]] = {
    "reason": _has_reason,
    "date": _has_date,
    "review": _has_review,
    "first": _has_first,
    "side": _has_side,
    "both_interested": lambda case: case.now.both_interested,
    "followed_up": _was_contacted,
    "contract": _has_contract,
    "registration": _has_registration,
    "outcome": _has_outcome,
}


def _conflicting(case: Case) -> list[str]:
    both = case.demand and case.achievement and conflicts(case.demand, case.achievement)
    return [obstacle.said for obstacle in both or ()]


def _answered(case: Case) -> list[str]:
    said = case.now.demand_said if case.side == "demand" else case.now.supply_said
    return ["这一方已经答复过"] if said == "interested" else []


_OBSTACLES: Mapping[str, Callable[[Case], list[str]]] = {
    "no_conflict": _conflicting,
    "showable": lambda case: [obstacle.said for obstacle in unshowable(case.demand, case.achievement)],
    "unanswered": _answered,
}
