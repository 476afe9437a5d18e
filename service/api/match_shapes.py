"""The JSON of matches: whole for brokers, in the words meant for them for firms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from corpus.history import Event
from corpus.records import Record, public
from corpus.steps import NEEDS, STATES, TABLE
from corpus.suggestions import WHY
from indexer.comparisons import Finding
from service.api.shapes import FindingJson, finding_json
from service.dealing import Meeting, Meetings, is_overdue, shown_record, told, word
from service.installation import Installation
from service.introducing import is_released
from service.viewer import Viewer

StateName = Literal[
    "suggested", "lapsed", "shortlisted", "rejected", "hold", "assessed", "recommended", "interested", "declined", "no_reply", "connecting",
    "negotiating", "stalled", "contracted", "lost", "registered", "landed", "terminated", "reopened",
]  # fmt: skip


class SideJson(BaseModel):
    """A record of a match, in short; `title` is null where it was deleted."""

    id: int
    title: str | None
    organisation: str | None
    region: str | None
    industry: list[str]


class EventJson(BaseModel):
    version: int
    at: datetime
    actor: str
    role: str
    type: str
    from_state: str | None
    to_state: str | None
    reason: str | None
    note: str | None = Field(description="For the house")
    said: str | None = Field(description="The word for the firm")
    next_action: str | None
    due_on: date | None
    undoes: int | None
    details: dict[str, Any]


class StepJson(BaseModel):
    """A step that the asker may take, and what it needs."""

    to: str
    label: str
    needs: dict[str, str]


class MatchJson(BaseModel):
    """A match as brokers see it. Times are UTC; `version` is what a decision names as seen."""

    id: int
    demand: SideJson
    achievement: SideJson
    state: str
    label: str = Field(description="The word inside the house")
    shown: str = Field(description="The word for the firm")
    since: datetime
    version: int
    owner: str | None
    lead: str | None = Field(description="Who decides the review; null: who is in charge")
    next_action: str | None
    due_on: date | None
    overdue: bool
    first: str | None = Field(description="Which side it was shown to first")
    demand_said: str | None
    supply_said: str | None
    score: float | None
    band: str | None
    parts: dict[str, float]
    revision: int | None
    model: str | None
    run: str | None
    why: str | None = Field(description="What was new about it when it was suggested")
    decided: EventJson | None = Field(description="The last step that a person took")
    steps: list[StepJson]
    created_at: datetime
    updated_at: datetime


class RequestJson(BaseModel):
    """Who asked to be put in touch; how to reach them is told on the request's page alone."""

    id: int
    name: str
    organisation: str | None
    message: str
    made_at: datetime
    state: Literal["new", "taken", "closed"]


class MatchDetail(MatchJson):
    history: list[EventJson]
    obstacles: list[str] = Field(description="Conflicts of interest, and why it may not be pushed")
    requests: list[RequestJson] = Field(description="The contact requests that joined it")
    comparisons: list[FindingJson]
    demand_record: dict[str, Any] | None
    achievement_record: dict[str, Any] | None


class ToldJson(BaseModel):
    at: datetime
    word: str
    said: str | None
    reason: str | None


class ShownJson(BaseModel):
    """A match as a firm sees it, which is one side of it."""

    id: int
    side: str = Field(description="Which side the firm is: demand or supply")
    own: SideJson
    other: dict[str, Any] | None
    word: str
    since: datetime
    version: int
    steps: list[StepJson]
    contacts_released: bool
    told: list[ToldJson]


class MatchPage(BaseModel):
    total: int
    matches: list[MatchJson | ShownJson]
    next: str | None = Field(description="Give as `after` to go on; null at the end")


def page_json(installation: Installation, viewer: Viewer, found: Meetings) -> MatchPage:
    rows = [any_json(installation, viewer, one) for one in found.meetings]
    return MatchPage(total=found.total, matches=rows, next=found.next)


def any_json(installation: Installation, viewer: Viewer, one: Meeting) -> MatchJson | ShownJson:
    return shown_json(viewer, one) if one.side else match_json(installation, one)


def match_json(installation: Installation, one: Meeting) -> MatchJson:
    return MatchJson(**_fields(installation, one))


def detail_json(installation: Installation, one: Meeting, compared: list[Finding]) -> MatchDetail:
    return MatchDetail(
        **_fields(installation, one),
        history=[_event(event) for event in one.events],
        obstacles=[obstacle.said for obstacle in one.obstacles],
        requests=[
            RequestJson(**{name: getattr(asked, name) for name in RequestJson.model_fields})
            for asked in installation.requests.of_matches([one.match.id]).get(one.match.id, [])
        ],
        comparisons=[finding_json(finding) for finding in compared],
        demand_record=public(one.demand) if one.demand else None,
        achievement_record=public(one.achievement) if one.achievement else None,
    )


def shown_json(viewer: Viewer, one: Meeting) -> ShownJson:
    match, is_demand = one.match, one.side == "demand"
    own, other = (one.demand, one.achievement) if is_demand else (one.achievement, one.demand)
    return ShownJson(
        id=match.id,
        side=one.side or "",
        own=_side(match.demand_id if is_demand else match.achievement_id, own),
        other=shown_record(viewer, other, public(other) if other else {}),
        word=word(match),
        since=match.since,
        version=one.version,
        steps=_steps(one),
        contacts_released=is_released(one),
        told=[ToldJson(at=t.at, word=t.word, said=t.said, reason=t.reason) for t in told(one.events)],
    )


def _fields(installation: Installation, one: Meeting) -> dict[str, Any]:
    match = one.match
    same = ("id", "state", "since", "version", "owner", "lead", "next_action", "due_on", "first", "demand_said", "supply_said", "score", "band",
            "revision", "model", "run", "created_at", "updated_at")  # fmt: skip
    return {name: getattr(match, name) for name in same} | {
        "demand": _side(match.demand_id, one.demand),
        "achievement": _side(match.achievement_id, one.achievement),
        "label": STATES[match.state].label,
        "shown": word(match),
        "overdue": is_overdue(match, installation.matches.today()),
        "parts": dict(match.parts),
        "why": WHY.get(one.why or ""),
        "decided": _event(one.decided) if one.decided else None,
        "steps": _steps(one),
    }


def _steps(one: Meeting) -> list[StepJson]:
    needed = {to: TABLE[one.match.state, to].needs for to in one.steps}
    return [
        StepJson(
            to=to,
            label=STATES[to].label,
            needs={need: NEEDS[need] for need in needs if one.side is None or need == "reason"},
        )
        for to, needs in needed.items()
    ]


def _side(id: int, record: Record | None) -> SideJson:
    return SideJson(
        id=id,
        title=record.title if record else None,
        organisation=record.organisation if record else None,
        region=record.region if record else None,
        industry=list(record.industry) if record else [],
    )


def _event(event: Event) -> EventJson:
    return EventJson(
        **{name: getattr(event, name) for name in EventJson.model_fields if name != "details"},
        details=dict(event.details),
    )
