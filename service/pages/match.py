"""/workbench/{id} : one match, need beside offer; its history, what may be done now, opinions, follow-ups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput, RecordNotFound
from corpus.history import FOLLOW_UPS, RECOMMENDATIONS, TYPES, last_step
from corpus.needs import Given
from corpus.queue import Wanted
from corpus.records import Record, about
from corpus.steps import CONTRACT_KIND, EVIDENCE, REASONS, ROLES, SIDE, STATES, StepRefused
from corpus.suggestions import WHY
from service import dealing
from service.access import Opened, Staff
from service.dealing import Meeting, compared, is_overdue, meeting, meetings, told
from service.forms import Form, once
from service.installation import Installation
from service.introducing import contacts
from service.lining import lined_up
from service.pages.names import names_of
from service.pages.sheet import missing
from service.problems import status_of
from service.stepping import OPTIONAL, GivenUnreadable, given, ways
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

_BEFORE = 6
"""Matches of one side that are shown beside."""
DONE = {
    "step": "这一步已记下。",
    "undo": "已撤销最后一步。",
    "review": "评审意见已记下。",
    "follow-up": "跟进已记下。",
    "assign": "负责人已改。",
    "lead": "主评已改。",
}


@router.get("/workbench/{id:int}")
def get_match(request: Request, opened: Opened, asker: Staff, id: int, done: str = "") -> HTMLResponse:
    return _match_page(request, opened, asker, id, done=DONE.get(done))


@router.post("/workbench/{id:int}")
def post_contacts(request: Request, opened: Opened, asker: Staff, form: Form, id: int) -> HTMLResponse:
    """The page with the contacts of both sides; that they were read is noted."""
    return _match_page(request, opened, asker, id, reached=contacts(opened, asker, id))


@router.post("/workbench/{id:int}/{what}")
def post_deed(request: Request, opened: Opened, asker: Staff, form: Form, id: int, what: str) -> Response:
    """A step, an undo, a review, a follow-up, another owner or lead. What is refused is told on the page, with what was typed."""
    found = meeting(opened, asker, id)
    try:
        _do(opened, asker, found, what, form)
    except (GivenUnreadable, StepRefused) as refused:
        return _match_page(
            request, opened, asker, id, status_of(type(refused)), problem=refused, typed={**form, "what": what}
        )
    return RedirectResponse(f"/workbench/{id}?done={what}", HTTPStatus.SEE_OTHER)


def _do(opened: Installation, asker: Viewer, found: Meeting, what: str, form: Mapping[str, str]) -> None:
    """Raises GivenUnreadable, StepRefused, RecordNotFound for what nobody knows."""
    made, id, version, key = opened.matches, found.match.id, _version(form.get("version", "")), once(form)
    if what == "step":
        made.step(id, form.get("to", ""), found.actor, given(form), version=version, key=key)
    elif what == "undo":
        made.undo(id, found.actor, version=version, key=key)
    elif what == "review":
        score = form.get("score", "")
        made.review(
            id,
            found.actor,
            form.get("recommendation", ""),
            given(form).note,
            score=int(score) if score in ("1", "2", "3", "4", "5") else None,
            key=key,
        )
    elif what == "follow-up":
        written = given(form)
        made.follow_up(
            id,
            found.actor,
            form.get("type", ""),
            Given(
                note=written.note,
                said=written.said,
                next_action=written.next_action,
                due_on=written.due_on,
                amount=written.amount,
            ),
            key=key,
        )
    elif what == "assign":
        dealing.assign(opened, asker, id, form.get("owner") or None, key)
    elif what == "lead":
        dealing.name_lead(opened, asker, id, form.get("lead") or None, key)
    else:
        raise RecordNotFound(id=id)


def _version(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def _match_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    id: int,
    status: int = HTTPStatus.OK,
    *,
    done: str | None = None,
    problem: BadInput | None = None,
    typed: Mapping[str, str] | None = None,
    reached: Mapping[str, Mapping[str, str]] | None = None,
) -> HTMLResponse:
    """`typed` is what a refused form said, `what` it was for among it; `reached` what is confidential of each side, None where nobody asked."""
    found = meeting(opened, asker, id)
    match, today = found.match, opened.matches.today()
    before = {
        "demand": _others(opened, asker, found, Wanted(demand=match.demand_id)),
        "achievement": _others(opened, asker, found, Wanted(achievement=match.achievement_id)),
    }
    last = last_step(found.events)
    people = {event.actor for event in found.events} | {match.owner, match.lead}
    people |= {event.details.get("lead") for event in found.events}
    people |= {one.decided.actor for others in before.values() for one in others if one.decided}
    possible = ways(found, today)
    answer = page(
        request,
        "match.html",
        status,
        one=found,
        match=match,
        done=done,
        problem=str(problem) if problem else None,
        typed=defaultdict(str, typed or {}),
        nothing=defaultdict(str),
        is_typed_lost=bool(typed)
        and typed is not None
        and typed.get("what") == "step"
        and typed.get("to") not in found.steps,
        ways=possible,
        left_to_answer={side: label for side, label in SIDE.labels.items() if side in _silent(found)},
        lines=lined_up(found.demand, found.achievement),
        findings=compared(opened, found),
        missing={side: missing(record) if record else [] for side, record in _sides(found)},
        before=before,
        told=told(found.events),
        undone={event.undoes for event in found.events if event.type == "undo"},
        undoable=last if last and last.actor == asker.login and last.role != "system" else None,
        names=names_of(opened, people),
        staff=_staff(opened),
        requests=opened.requests.of_matches([id]).get(id, []),
        may_name_lead=found.may("lead"),
        why=WHY.get(found.why or ""),
        is_overdue=is_overdue(match, today),
        reached=_reached(found, reached) if reached is not None else None,
        OPTIONAL=OPTIONAL,
        STATES=STATES,
        REASONS=REASONS,
        ROLES=ROLES,
        SIDE=SIDE.labels,
        TYPES=TYPES,
        FOLLOW_UPS=FOLLOW_UPS,
        RECOMMENDATIONS=RECOMMENDATIONS,
        CONTRACT_KIND=CONTRACT_KIND.labels,
        EVIDENCE=EVIDENCE.labels,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _others(opened: Installation, asker: Viewer, found: Meeting, wanted: Wanted) -> list[Meeting]:
    """The other matches of a side that a person decided on, latest first."""
    listed = meetings(opened, asker, wanted, order="latest", limit=_BEFORE * 4).meetings
    return [one for one in listed if one.match.id != found.match.id and one.decided][:_BEFORE]


def _sides(found: Meeting) -> list[tuple[str, Record | None]]:
    return [("demand", found.demand), ("achievement", found.achievement)]


def _silent(found: Meeting) -> set[str]:
    """The sides that are not interested so far."""
    said = {"demand": found.match.demand_said, "supply": found.match.supply_said}
    return {side for side, answer in said.items() if answer != "interested"}


def _staff(opened: Installation) -> Mapping[str, str]:
    """Who may be in charge, by login."""
    accounts = opened.accounts.people()
    return {one.login: one.name for one in accounts if one.role != "firm" and not one.is_disabled}


def _reached(found: Meeting, told: Mapping[str, Mapping[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What is confidential of each side, by the names of the fields."""
    sides = {"demand": found.demand, "supply": found.achievement}
    return [
        (side, [(about(type(record), name).label, said) for name, said in told.get(side, {}).items()])
        for side, record in sides.items()
        if record is not None
    ]
