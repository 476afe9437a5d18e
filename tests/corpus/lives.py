"""Matches on their way: a demand and an achievement, people, and how a match comes to stand in each state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from corpus.matches import Matches
from corpus.needs import Given
from corpus.pairs import SYSTEM, Actor, Match
from corpus.records import Achievement, Demand
from corpus.store import Store
from corpus.suggestions import Suggestion, suggest

NOW = datetime(2026, 9, 1, 2, 0)
DEMAND = Demand(
    source="表", source_id="X1", title="风机啸叫", organisation="甲风机厂（示例）", industry=("C3462",), region="330109"
)
ACHIEVEMENT = Achievement(
    source="表", source_id="C1", title="斜极电机降噪", organisation="乙研究所（示例）", industry=("C3812",)
)

LI, WANG = Actor("li", "broker"), Actor("wang", "broker")
LEAD, BOSS = Actor("chen", "lead"), Actor("admin", "operator")
ZHAO = Actor("zhao", "commenter")
FIRM, OWNER = Actor("jia", "demand"), Actor("yi", "supply")
PEOPLE = {actor.role: actor for actor in (SYSTEM, LI, LEAD, ZHAO, BOSS, FIRM, OWNER)}

FULL = Given(
    reason="budget",
    due_on=(NOW + timedelta(days=30)).date(),
    first="both",
    contract_kind="licence",
    amount=80.0,
    registration_no="2026330100000123",
    outcome="产线已用上",
    evidence="document_verified",
)
"""Everything that any step asks for, but whose answer it is."""

ON_THE_WAY = (
    "shortlisted",
    "assessed",
    "recommended",
    "interested",
    "connecting",
    "negotiating",
    "contracted",
    "registered",
)
_BRANCHES = {
    "suggested": (),
    "lapsed": (),
    "rejected": (),
    "hold": (),
    "declined": ON_THE_WAY[:3],
    "no_reply": ON_THE_WAY[:3],
    "stalled": ON_THE_WAY[:5],
    "lost": ON_THE_WAY[:5],
    "terminated": ON_THE_WAY[:7],
    "landed": ON_THE_WAY,
    "reopened": ("rejected",),
} | {state: ON_THE_WAY[:at] for at, state in enumerate(ON_THE_WAY)}
"""The states that a match passes on its way to each, after it was suggested."""


class Ticking:
    """A clock that goes on by a minute whenever it is read."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def matches_in(store: Store) -> Matches:
    return Matches(store, clock=Ticking())


def saved(store: Store, number: int = 1) -> tuple[int, int]:
    """The ids of a demand and of an achievement, the same for the same number."""
    demand, achievement = (replace(one, source_id=f"{one.source_id}-{number}") for one in (DEMAND, ACHIEVEMENT))
    return store.save([demand]).records[0].id, store.save([achievement]).records[0].id


def suggested(made: Matches, number: int = 1) -> Match:
    """A match that a machine suggested."""
    demand, achievement = saved(made.store, number)
    found = [Suggestion(achievement_id=achievement, score=0.61, band="strong", parts={"words": 0.61}, why="demand_new")]
    suggest(made, demand, found, revision=2, model="小模型", run="r1")
    match = made.of_pair(demand, achievement)
    assert match is not None
    return match


def brought_to(made: Matches, state: str, number: int = 1) -> Match:
    """A match that stands in a state, having come there step by step."""
    match = suggested(made, number)
    if state == "lapsed":
        suggest(made, match.demand_id, [], revision=3, model="小模型", run="r2")
    elif state != "suggested":
        for to in (*_BRANCHES[state], state):
            take(made, match.id, to)
    assert made.get(match.id).state == state
    return made.get(match.id)


def take(made: Matches, id: int, to: str) -> None:
    """The step with everything that it needs: reviewed, answered by both sides, followed up."""
    if to == "assessed":
        made.review(id, WANG, "advance", "指标对得上")
    if to == "connecting":
        made.step(id, "interested", OWNER, FULL)
    if to == "negotiating":
        made.follow_up(id, LI, "call", Given(note="双方约了时间"))
    who = FIRM if to in ("interested", "declined") else LEAD
    made.step(id, to, who, FULL)
