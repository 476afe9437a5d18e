"""The workbench by API, under /api/v1/matches: the queue, a match with its history, every step, figures, export."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from corpus.figures import declines, figures
from corpus.matches import Actor
from corpus.needs import Given
from corpus.queue import Order, Wanted
from corpus.steps import REASONS, STATES
from corpus.vocabulary import industries
from service import dealing, ledger
from service.access import Asker, Member, Opened, Staff
from service.answers import seen
from service.api.match_shapes import (
    MatchDetail,
    MatchJson,
    MatchPage,
    RulesJson,
    ShownJson,
    StateName,
    any_json,
    detail_json,
    match_json,
    page_json,
    rules_json,
    shown_json,
)
from service.dealing import by, compared, contacts, meeting, meetings
from service.installation import Installation
from service.listing import write_rows
from service.problems import status_of
from service.viewer import Viewer

router = APIRouter(prefix="/api/v1/matches", tags=["matches"])

MOST = 500
"""Matches of one bulk step."""
Id = Annotated[int, Field(ge=1, lt=2**63)]
Version = Annotated[int, Field(ge=0, lt=2**31)]
Text = Annotated[str, Field(max_length=5_000)]
Short = Annotated[str, Field(max_length=200)]
ReasonName = Literal[
    "wrong_match", "out_of_scope", "spec_not_met", "too_early", "too_mature_or_generic", "benefit_unclear", "commercial_unclear",
    "description_vague", "scientific_doubt", "already_have", "budget", "region", "ip_problem", "conflict", "unavailable", "duplicate", "other",
]  # fmt: skip
_EXAMPLE = {"to": "rejected", "version": 1, "reason": "spec_not_met", "note": "耐温只有 120 ℃"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenBody(_Body):
    """What is given with a step. Amounts in 万元; `note` is for the house, `said` for the firm."""

    reason: ReasonName | None = None
    note: Text | None = None
    said: Text | None = None
    next_action: Short | None = None
    due_on: date | None = None
    side: Literal["demand", "supply"] | None = Field(None, description="Whose answer a broker enters")
    first: Literal["demand", "supply", "both"] | None = Field(None, description="Which side is shown the match first")
    contract_kind: Literal["development", "transfer", "licence", "consulting", "service"] | None = None
    contract_no: Short | None = None
    amount: float | None = Field(None, ge=0, le=1e9)
    technical_amount: float | None = Field(None, ge=0, le=1e9)
    registration_no: Short | None = None
    outcome: Text | None = None
    evidence: Literal["self_reported", "document_verified", "system_verified"] | None = None

    @property
    def given(self) -> Given:
        return Given(**{name: getattr(self, name) for name in GivenBody.model_fields})


class StepBody(GivenBody):
    to: StateName
    version: Version | None = Field(
        None, description="The version that was seen; refused with 409 if somebody decided since"
    )


class Chosen(_Body):
    id: Id
    version: Version | None = None


class BulkBody(GivenBody):
    """One step with one reason for many matches; each by itself."""

    to: StateName
    matches: list[Chosen] = Field(min_length=1, max_length=MOST)


class OutcomeJson(BaseModel):
    id: int
    status: int = Field(description="200, or what the single step would have answered")
    state: str | None
    version: int | None
    detail: str | None = Field(description="Why nothing was done")


class OutcomesJson(BaseModel):
    done: int
    outcomes: list[OutcomeJson]


class UndoBody(_Body):
    version: Version | None = None


class ReviewBody(_Body):
    recommendation: Literal["advance", "hold", "reject"]
    comment: Text | None = None
    score: int | None = Field(None, ge=1, le=5)


class FollowUpBody(_Body):
    type: Literal["note", "call", "visit", "quote", "meeting"]
    note: Text | None = None
    said: Text | None = None
    next_action: Short | None = None
    due_on: date | None = None
    amount: float | None = Field(None, ge=0, le=1e9, description="Of a quote, in 万元")


class AssignBody(_Body):
    owner: Short | None = Field(description="A login; null for nobody")


class ProposalBody(_Body):
    demand: Id
    achievement: Id
    note: Text | None = None


class ContactsJson(BaseModel):
    """What is confidential, by field; of a side that states nothing, nothing."""

    demand: dict[str, str] = {}
    achievement: dict[str, str] = {}


class StayJson(BaseModel):
    count: int
    median: float
    mean: float


class DeclineJson(BaseModel):
    organisation: str
    reason: str
    label: str
    count: int


class FieldJson(BaseModel):
    name: str
    states: dict[str, int]


class FiguresJson(BaseModel):
    """`reached`: matches that ever stood in a state; `now`: that do; `stays`: days in a state, of those that left it."""

    reached: dict[str, int]
    now: dict[str, int]
    stays: dict[str, StayJson]
    by_broker: dict[str, dict[str, int]]
    by_field: dict[str, FieldJson]
    by_month: dict[str, dict[str, int]]
    declines: list[DeclineJson]


def wanted(
    asker: Member,
    state: Annotated[list[StateName], Query(max_length=len(STATES))] = [],  # noqa: B006 (FastAPI copies it)
    band: Annotated[list[Literal["strong", "possible", "weak", "none"]], Query(max_length=4)] = [],  # noqa: B006
    owner: Annotated[str | None, Query(max_length=200, description="A login; `-` for nobody's")] = None,
    field: Annotated[str | None, Query(max_length=50, description="A code or name of GB/T 4754")] = None,
    region: Annotated[str | None, Query(max_length=50, description="A code or name of GB/T 2260")] = None,
    since: Annotated[date | None, Query(description="In their state since this day or later")] = None,
    before: Annotated[date | None, Query(description="In their state since before this day")] = None,
    demand: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    achievement: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    waiting: Annotated[bool, Query(description="Only what waits for a decision today")] = False,
    overdue: Annotated[bool, Query(description="Only what is due and not closed")] = False,
) -> Wanted:
    if not asker.is_staff:  # what a firm is not shown, it cannot ask by either
        return Wanted(demand=demand, achievement=achievement)
    return Wanted(
        states=tuple(state), bands=tuple(band), owner=owner, field=field, region=region, since=since, before=before,
        demand=demand, achievement=achievement, waiting=waiting, overdue=overdue,
    )  # fmt: skip


Asked = Annotated[Wanted, Depends(wanted)]


@router.get("", summary="The queue of brokers, best first; of a firm, the matches that were shown to it")
def list_matches(
    opened: Opened,
    asker: Member,
    asked: Asked,
    order: Annotated[Order, Query(description="`best`, `due` or `latest` first")] = "best",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> MatchPage:
    order = order if asker.is_staff else "latest"
    return page_json(opened, asker, meetings(opened, asker, asked, order=order, limit=limit, after=after))


@router.get("/rules", summary="The states, the reasons, and who may take which step")
def get_rules(asker: Asker) -> RulesJson:
    return rules_json()


@router.get("/figures", summary="Funnel, time in state, by broker, field and month, reasons of declines")
def get_figures(
    opened: Opened,
    asker: Staff,
    since: Annotated[date | None, Query(description="Of matches that began on this day or later")] = None,
) -> FiguresJson:
    begin = datetime.combine(since, time()).astimezone(UTC).replace(tzinfo=None) if since else None
    found = figures(opened.matches, since=begin, by=by(asker))
    fields = {
        code: FieldJson(name=industries().name(code) if code else "未说明", states=dict(states))
        for code, states in found.by_field.items()
    }
    return FiguresJson(
        reached=dict(found.reached),
        now=dict(found.now),
        stays={state: StayJson(count=s.count, median=s.median, mean=s.mean) for state, s in found.stays.items()},
        by_broker={name: dict(states) for name, states in found.by_broker.items()},
        by_field=fields,
        by_month={month: dict(states) for month, states in found.by_month.items()},
        declines=_declines(opened, None, asker),
    )


@router.get("/declines", summary="Why achievements were turned down; a firm gets those of its own organisation")
def get_declines(opened: Opened, asker: Member) -> list[DeclineJson]:
    return _declines(opened, None if asker.is_staff else asker.organisation or "-", asker)


@router.get("/export", summary="The matches that are wanted as a sheet", response_class=FileResponse)
def export_matches(
    opened: Opened, asker: Staff, asked: Asked, format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx"
) -> FileResponse:
    with tempfile.NamedTemporaryFile(prefix="duijie-", suffix=f".{format}", delete=False) as part:
        path = Path(part.name)
    try:
        write_rows(ledger.HEADINGS, ledger.rows(opened, asker, asked), path, title="匹配")
    except BaseException:
        path.unlink()
        raise
    name = f"matches-{opened.matches.today():%Y%m%d}.{format}"
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink))


@router.post("", status_code=201, summary="Bring a pair together by hand")
def propose_match(opened: Opened, asker: Staff, body: ProposalBody) -> MatchJson:
    for id in (body.demand, body.achievement):
        seen(opened, id, viewer=asker)
    made = opened.matches.propose(body.demand, body.achievement, Actor(asker.login, asker.role), body.note)
    return _whole(opened, asker, made.id)


@router.post("/steps", summary="One step with one reason for many matches, each by itself")
def step_many(opened: Opened, asker: Staff, body: BulkBody) -> OutcomesJson:
    chosen = [(one.id, one.version) for one in body.matches]
    outcomes = [_outcome(one) for one in dealing.step_many(opened, asker, chosen, body.to, body.given)]
    return OutcomesJson(done=sum(one.status == 200 for one in outcomes), outcomes=outcomes)


@router.get("/{id}", summary="A match with its history and both sides compared; for a firm, what it is shown")
def get_match(opened: Opened, asker: Member, id: Id) -> MatchDetail | ShownJson:
    found = meeting(opened, asker, id)
    return shown_json(asker, found) if found.side else detail_json(opened, found, list(compared(opened, found)))


@router.post("/{id}/step", summary="Bring a match to another state")
def step_match(
    opened: Opened, asker: Member, id: Id, body: Annotated[StepBody, Body(examples=[_EXAMPLE])]
) -> MatchJson | ShownJson:
    found = meeting(opened, asker, id)
    opened.matches.step(id, body.to, found.actor, _given(asker, body), version=body.version)
    return _any(opened, asker, id)


@router.post("/{id}/undo", summary="Take back the last step; only who took it may")
def undo_match(opened: Opened, asker: Member, id: Id, body: UndoBody | None = None) -> MatchJson | ShownJson:
    found = meeting(opened, asker, id)
    opened.matches.undo(id, found.actor, version=body.version if body else None)
    return _any(opened, asker, id)


@router.post("/{id}/review", summary="An opinion on a match")
def review_match(opened: Opened, asker: Staff, id: Id, body: ReviewBody) -> MatchJson:
    found = meeting(opened, asker, id)
    opened.matches.review(id, found.actor, body.recommendation, body.comment, score=body.score)
    return _whole(opened, asker, id)


@router.post("/{id}/follow-up", summary="A call, visit, quote, meeting or note, with what is to be done next")
def follow_match(opened: Opened, asker: Staff, id: Id, body: FollowUpBody) -> MatchJson:
    found = meeting(opened, asker, id)
    given = Given(**body.model_dump(exclude={"type"}))
    opened.matches.follow_up(id, found.actor, body.type, given)
    return _whole(opened, asker, id)


@router.post("/{id}/assign", summary="Hand a match to a broker, or to nobody")
def assign_match(opened: Opened, asker: Staff, id: Id, body: AssignBody) -> MatchJson:
    dealing.assign(opened, asker, id, body.owner)
    return _whole(opened, asker, id)


@router.get("/{id}/contacts", summary="Contacts and what else is confidential; that they were read is noted")
def get_contacts(opened: Opened, asker: Member, id: Id) -> ContactsJson:
    told = contacts(opened, asker, id)
    return ContactsJson(demand=dict(told.get("demand", {})), achievement=dict(told.get("supply", {})))


def _given(asker: Viewer, body: GivenBody) -> Given:
    """A firm gives a reason and a word of its own; the rest is for brokers."""
    return body.given if asker.is_staff else Given(reason=body.reason, note=body.note)


def _any(opened: Installation, asker: Viewer, id: int) -> MatchJson | ShownJson:
    return any_json(opened, asker, meeting(opened, asker, id))


def _whole(opened: Installation, asker: Viewer, id: int) -> MatchJson:
    return match_json(opened, meeting(opened, asker, id))


def _outcome(one: dealing.Outcome) -> OutcomeJson:
    if one.match is not None:
        return OutcomeJson(id=one.id, status=200, state=one.match.state, version=one.match.version, detail=None)
    error = one.error
    assert error is not None
    return OutcomeJson(id=one.id, status=status_of(type(error)), state=None, version=None, detail=str(error))


def _declines(opened: Installation, organisation: str | None, asker: Viewer) -> list[DeclineJson]:
    found = declines(
        opened.matches, organisation=organisation, by=by(asker) if asker.is_staff else None, inside=asker.is_staff
    )
    return [
        DeclineJson(organisation=d.organisation, reason=d.reason, label=_reason(d.reason, asker), count=d.count)
        for d in found
    ]


def _reason(code: str, asker: Viewer) -> str:
    reason = REASONS[code]
    return reason.label if asker.is_staff else reason.shown or reason.label
