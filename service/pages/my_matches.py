"""/my/matches : what brokers bring to a firm, as either side: where it stands, its answer, contacts once both want; why its offers failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput
from corpus.figures import declines
from corpus.needs import Given
from corpus.pairs import Match
from corpus.records import Record, public
from corpus.steps import REASONS
from service.access import Member, Opened
from service.dealing import Meeting, Told, by, meeting, meetings, shown_record, told, word
from service.forms import Form, once
from service.installation import Installation
from service.introducing import contacts, is_released
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

PER_PAGE = 20
ANSWERS = ("interested", "declined")
INSIDE = ("conflict", "duplicate")
"""Reasons that are not a firm's to give."""


@dataclass(frozen=True)
class Line:
    """A match as a firm reads it. `other` is what it may know of the other side's record, None where that went."""

    match: Match
    version: int
    side: str
    own: Record
    other: Mapping[str, object] | None
    is_other_open: bool
    shown: str
    answers: Sequence[str]
    is_released: bool
    told: Sequence[Told]


@router.get("/my/matches")
def get_my_matches(
    request: Request,
    opened: Opened,
    asker: Member,
    after: Annotated[str | None, Query(max_length=100)] = None,
    done: str = "",
) -> Response:
    if asker.is_staff:
        return RedirectResponse("/workbench", HTTPStatus.SEE_OTHER)
    return _my_page(request, opened, asker, after=after, done=done == "answered")


@router.post("/my/matches/{id:int}/answer")
def post_answer(request: Request, opened: Opened, asker: Member, form: Form, id: int) -> Response:
    """The firm's word on a match that was brought to it: interested, or declined with a reason."""
    found = meeting(opened, asker, id)
    given = Given(reason=form.get("reason") or None, note=form.get("note", "").strip()[:1000] or None)
    try:
        to = form.get("to", "")
        opened.matches.step(id, to, found.actor, given, version=_version(form.get("version", "")), key=once(form))
    except BadInput as refused:
        return _my_page(request, opened, asker, HTTPStatus.CONFLICT, problem=str(refused))
    return RedirectResponse(f"/my/matches?done=answered#match-{id}", HTTPStatus.SEE_OTHER)


@router.post("/my/matches/{id:int}/contacts")
def post_contacts(request: Request, opened: Opened, asker: Member, form: Form, id: int) -> HTMLResponse:
    """The page with the other side's contact; that it was read is noted. Raises MatchNotFound, ContactsWithheld."""
    given = contacts(opened, asker, id)
    reached = {id: next((told["contact"] for told in given.values() if "contact" in told), "")}
    return _my_page(request, opened, asker, reached=reached)


def _my_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    status: int = HTTPStatus.OK,
    *,
    after: str | None = None,
    done: bool = False,
    problem: str | None = None,
    reached: Mapping[int, str] | None = None,
) -> HTMLResponse:
    """`reached` are the contacts that were asked for, by match; empty where none is stated."""
    found = meetings(opened, asker, order="moved", limit=PER_PAGE, after=after)
    lines = [_line(asker, one) for one in found.meetings if one.side]
    turned_down = declines(opened.matches, by=by(asker))
    answer = page(
        request,
        "my-matches.html",
        status,
        lines=sorted(lines, key=lambda line: not line.answers),
        total=found.total,
        next=found.next,
        is_first=after is None,
        done=done,
        problem=problem,
        reached=reached or {},
        reasons={code: one.shown or one.label for code, one in REASONS.items() if code not in INSIDE},
        turned_down=[(REASONS[one.reason].shown or REASONS[one.reason].label, one.count) for one in turned_down],
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _line(asker: Viewer, one: Meeting) -> Line:
    own, other = (one.demand, one.achievement) if one.side == "demand" else (one.achievement, one.demand)
    assert own is not None
    assert one.side is not None
    return Line(
        one.match,
        one.version,
        one.side,
        own,
        shown_record(asker, other, public(other) if other else {}),
        other is not None and asker.sees(other),
        word(one.match),
        [to for to in one.steps if to in ANSWERS],
        is_released(one),
        told(one.events),
    )


def _version(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None
