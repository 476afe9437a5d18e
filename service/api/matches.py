"""The workbench by API, under /api/v1/matches: the queue, a match with its history, every step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from corpus.needs import Given
from corpus.pairs import Actor
from corpus.queue import Order
from service import dealing
from service.access import Asker, Member, Opened, Staff
from service.api.match_bodies import (
    EXAMPLE,
    Asked,
    AssignBody,
    BulkBody,
    FollowUpBody,
    GivenBody,
    Id,
    LeadBody,
    OnceKey,
    ProposalBody,
    ReviewBody,
    StepBody,
    UndoBody,
)
from service.api.match_rules import RulesJson, rules_json
from service.api.match_shapes import (
    MatchDetail,
    MatchJson,
    MatchPage,
    ShownJson,
    any_json,
    detail_json,
    match_json,
    page_json,
    shown_json,
)
from service.dealing import compared, meeting, meetings
from service.holdings import seen
from service.installation import Installation
from service.introducing import contacts
from service.problems import status_of
from service.viewer import Viewer

router = APIRouter(prefix="/api/v1/matches", tags=["matches"])


class OutcomeJson(BaseModel):
    id: int
    status: int = Field(description="200, or what the single step would have answered")
    state: str | None
    version: int | None
    detail: str | None = Field(description="Why nothing was done")


class OutcomesJson(BaseModel):
    done: int
    outcomes: list[OutcomeJson]


class ContactsJson(BaseModel):
    """What is confidential, by field; of a side that states nothing, nothing."""

    demand: dict[str, str] = {}
    achievement: dict[str, str] = {}


@router.get("", summary="The queue of brokers, best first; of a firm, the matches that were shown to it")
def list_matches(
    opened: Opened,
    asker: Member,
    asked: Asked,
    order: Annotated[Order, Query(description="`best`, `due`, `latest` or `moved` first")] = "best",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> MatchPage:
    order = order if asker.is_staff else "moved"  # what is done in the house moves nothing for a firm
    return page_json(opened, asker, meetings(opened, asker, asked, order=order, limit=limit, after=after))


@router.get("/rules", summary="The states, the reasons, and who may take which step")
def get_rules(asker: Asker) -> RulesJson:
    return rules_json()


@router.post("", status_code=201, summary="Bring a pair together by hand")
def propose_match(opened: Opened, asker: Staff, body: ProposalBody) -> MatchJson:
    for id in (body.demand, body.achievement):
        seen(opened, id, viewer=asker)
    made = opened.matches.propose(body.demand, body.achievement, Actor(asker.login, asker.role), body.note)
    return _whole(opened, asker, made.id)


@router.post("/steps", summary="One step with one reason for many matches, each by itself")
def step_many(opened: Opened, asker: Staff, body: BulkBody, key: OnceKey = None) -> OutcomesJson:
    chosen = [(one.id, one.version) for one in body.matches]
    outcomes = [_outcome(one) for one in dealing.step_many(opened, asker, chosen, body.to, body.given, key)]
    return OutcomesJson(done=sum(one.status == 200 for one in outcomes), outcomes=outcomes)


@router.get("/{id}", summary="A match with its history and both sides compared; for a firm, what it is shown")
def get_match(opened: Opened, asker: Member, id: Id) -> MatchDetail | ShownJson:
    found = meeting(opened, asker, id)
    return shown_json(asker, found) if found.side else detail_json(opened, found, list(compared(opened, found)))


@router.post("/{id}/step", summary="Bring a match to another state")
def step_match(
    opened: Opened, asker: Member, id: Id, body: Annotated[StepBody, Body(examples=[EXAMPLE])], key: OnceKey = None
) -> MatchJson | ShownJson:
    found = meeting(opened, asker, id)
    opened.matches.step(id, body.to, found.actor, _given(asker, body), version=body.version, key=key)
    return _any(opened, asker, id)


@router.post("/{id}/undo", summary="Take back the last step; only who took it may")
def undo_match(
    opened: Opened, asker: Member, id: Id, body: UndoBody | None = None, key: OnceKey = None
) -> MatchJson | ShownJson:
    found = meeting(opened, asker, id)
    opened.matches.undo(id, found.actor, version=body.version if body else None, key=key)
    return _any(opened, asker, id)


@router.post("/{id}/review", summary="An opinion on a match")
def review_match(opened: Opened, asker: Staff, id: Id, body: ReviewBody, key: OnceKey = None) -> MatchJson:
    found = meeting(opened, asker, id)
    opened.matches.review(id, found.actor, body.recommendation, body.comment, score=body.score, key=key)
    return _whole(opened, asker, id)


@router.post("/{id}/follow-up", summary="A call, visit, quote, meeting or note, with what is to be done next")
def follow_match(opened: Opened, asker: Staff, id: Id, body: FollowUpBody, key: OnceKey = None) -> MatchJson:
    found = meeting(opened, asker, id)
    given = Given(**body.model_dump(exclude={"type"}))
    opened.matches.follow_up(id, found.actor, body.type, given, key=key)
    return _whole(opened, asker, id)


@router.post("/{id}/assign", summary="Hand a match to a broker, or to nobody")
def assign_match(opened: Opened, asker: Staff, id: Id, body: AssignBody, key: OnceKey = None) -> MatchJson:
    dealing.assign(opened, asker, id, body.owner, key)
    return _whole(opened, asker, id)


@router.post("/{id}/lead", summary="Who decides the review: whoever is named, else who is in charge")
def lead_match(opened: Opened, asker: Staff, id: Id, body: LeadBody, key: OnceKey = None) -> MatchJson:
    dealing.name_lead(opened, asker, id, body.lead, key)
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
