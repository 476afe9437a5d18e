"""The history of a match, and where it stands: the fold of its events.

Events are only ever added. An undo is an event too; it takes the step it names out of the fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from corpus.steps import BROKERS, SIDES, START, STATES

FOLLOW_UPS: Mapping[str, str] = {"note": "备注", "call": "电话", "visit": "走访", "quote": "报价", "meeting": "会面"}
CONTACTS = frozenset(FOLLOW_UPS) - {"note"}
TYPES: Mapping[str, str] = {
    "step": "推进",
    "undo": "撤销",
    "review": "评审",
    "assign": "指派",
    "lead": "定主评",
    "asked": "请求牵线",
    "viewed": "查看保密内容",
    **FOLLOW_UPS,
}
RECOMMENDATIONS: Mapping[str, str] = {"advance": "建议推进", "hold": "建议暂缓", "reject": "建议排除"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What somebody did with a match. `version` counts the events of the match from 1; times are UTC.

    `note` stays inside the house, `said` is the word for the firm; `details` holds what the step needs: side, first, contract_kind, amount …
    Of what is sent again after a lost answer, `key` is the same.
    """

    match_id: int
    version: int
    at: datetime
    actor: str
    role: str
    type: str
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    note: str | None = None
    said: str | None = None
    next_action: str | None = None
    due_on: date | None = None
    undoes: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None

    @property
    def is_decision(self) -> bool:
        """Whether a person changed where the match stands, so that who has not seen it must look again."""
        return self.type in ("step", "undo") and self.role != "system"


@dataclass(frozen=True)
class Standing:
    """Where a match stands. `lead`: whose opinion decides its review, if one is named. `first`: which side it was shown to first; `demand_said`, `supply_said`: interested or declined.

    `touched`: whether a person ever did anything with it, after which no machine changes it.
    """

    state: str = START
    since: datetime | None = None
    owner: str | None = None
    lead: str | None = None
    next_action: str | None = None
    due_on: date | None = None
    first: str | None = None
    demand_said: str | None = None
    supply_said: str | None = None
    touched: bool = False
    version: int = 0

    @property
    def both_interested(self) -> bool:
        return self.demand_said == self.supply_said == "interested"

    def is_shown_to(self, side: str) -> bool:
        """Whether a side sees the match: it was shown to it first, or the other side is interested."""
        other = self.supply_said if side == "demand" else self.demand_said
        return self.first is not None and (self.first in (side, "both") or other == "interested")


def standing(events: Sequence[Event]) -> Standing:
    """The fold of a history."""
    undone = {event.undoes for event in events if event.type == "undo"}
    now = Standing()
    for event in events:
        if event.version not in undone:
            now = _after(now, event)
        by_person = event.role != "system" and event.type != "viewed"
        now = replace(now, version=event.version, touched=now.touched or by_person)
    return now


def last_step(events: Sequence[Event]) -> Event | None:
    """The latest step that was not undone."""
    undone = {event.undoes for event in events if event.type == "undo"}
    return next((e for e in reversed(events) if e.type == "step" and e.version not in undone), None)


def this_round(events: Sequence[Event]) -> Sequence[Event]:
    """The events since the match was last reopened."""
    undone = {event.undoes for event in events if event.type == "undo"}
    starts = [at for at, e in enumerate(events) if e.to_state == "reopened" and e.version not in undone]
    return events[starts[-1] :] if starts else events


def side_of(event: Event) -> str | None:
    """Which side an answer is the answer of."""
    return event.role if event.role in SIDES else event.details.get("side")


def _after(now: Standing, event: Event) -> Standing:
    if event.type == "assign":
        return replace(now, owner=event.details.get("owner"))
    if event.type == "lead":
        return replace(now, lead=event.details.get("lead"))
    if event.type == "asked":
        return now if STATES[now.state].closed else _answered(now, event, "interested")
    if event.type in FOLLOW_UPS and (event.next_action or event.due_on):
        return replace(now, next_action=event.next_action, due_on=event.due_on)
    if event.type != "step" or event.to_state is None:
        return now
    owner = now.owner or (event.actor if event.role in BROKERS and event.from_state else None)
    now = replace(
        now, state=event.to_state, since=event.at, owner=owner, next_action=event.next_action, due_on=event.due_on
    )
    if event.to_state == "reopened":
        return replace(now, first=None, demand_said=None, supply_said=None)
    if event.to_state == "recommended":
        return replace(now, first=event.details.get("first"))
    if event.to_state in ("interested", "declined"):
        return _answered(now, event, event.to_state)
    return now


def _answered(now: Standing, event: Event, said: str) -> Standing:
    return replace(now, demand_said=said) if side_of(event) == "demand" else replace(now, supply_said=said)
