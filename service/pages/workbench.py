"""/workbench : the broker's queue, need beside offer, best first; many decided at once, and taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.beats import Beat
from corpus.errors import BadInput, RecordNotFound, UnknownValue
from corpus.queue import Wanted, counted
from corpus.steps import REASONS, STATES
from corpus.vocabulary import industries, regions
from service import dealing
from service.access import Opened, Staff, account_of
from service.dealing import Outcome, by, meeting, meetings
from service.forms import Fields, once
from service.installation import Installation
from service.pages.names import names_of
from service.pages.narrowing import AGES, ORDERS, OWNERS, VIEWS, Asked, Narrowed
from service.pages.rows import news_of, row_of
from service.stepping import GivenUnreadable, given
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

PER_PAGE = 20
OVERDUE_SHOWN = 5
MOST = 200
"""Matches of one form."""
BULK: Mapping[str, str] = {"shortlisted": "初筛通过", "rejected": "排除", "hold": "暂缓", "assessed": "评审通过"}


@router.get("/workbench")
def get_workbench(
    request: Request,
    opened: Opened,
    asker: Staff,
    asked: Asked,
    after: Annotated[str | None, Query(max_length=100)] = None,
    did: Annotated[str, Query(max_length=20)] = "",
    of: Annotated[str, Query(max_length=8_000)] = "",
) -> HTMLResponse:
    before = opened.rounds.visit(account_of(asker))
    done = [key for key in of.split(".") if _key(key)]
    return _queue(request, opened, asker, asked, after=after, since=before, did=did if done else "", done=done)


@router.post("/workbench")
def post_steps(request: Request, opened: Opened, asker: Staff, asked: Asked, form: Fields) -> Response:
    """One step with one reason for the chosen matches; what was refused stays chosen, with what was typed."""
    typed = {name: values[0] for name, values in form.items()}
    to, _, only = typed.get("act", "").partition("=")
    chosen = [key for key in ([only] if only else form.get("chosen", [])[:MOST]) if _key(key)]
    problem = _problem(to, chosen)
    if problem is None:
        try:
            outcomes = _done(opened, asker, to, chosen, typed)
        except GivenUnreadable as told:
            problem = str(told)
    if problem is not None:
        more: dict[str, Any] = {"problem": problem, "typed": typed, "chosen": set(chosen)}
        return _queue(request, opened, asker, asked, HTTPStatus.BAD_REQUEST, **more)
    did = [f"{one.match.id}:{one.match.version}" for one in outcomes if one.match]
    refused = [one for one in outcomes if one.error]
    if not refused:
        return RedirectResponse(asked.address(did=to, of=".".join(did)), HTTPStatus.SEE_OTHER)
    left = {key for key in chosen if int(key.partition(":")[0]) in {one.id for one in refused}}
    more = {"did": to if did else "", "done": did, "refused": refused, "typed": typed, "chosen": left}
    return _queue(request, opened, asker, asked, HTTPStatus.CONFLICT, **more)


@router.post("/workbench/undo")
def post_undo(request: Request, opened: Opened, asker: Staff, asked: Asked, form: Fields) -> Response:
    """Take back what was just done, each by itself."""
    outcomes, key = [], once({name: values[0] for name, values in form.items()})
    for id, version in filter(None, map(_key, form.get("chosen", [])[:MOST])):
        try:
            actor = meeting(opened, asker, id).actor
            outcomes.append(Outcome(id, opened.matches.undo(id, actor, version=version, key=key)))
        except (BadInput, RecordNotFound) as error:
            outcomes.append(Outcome(id, error=error))
    refused = [one for one in outcomes if one.error]
    if refused:
        return _queue(request, opened, asker, asked, HTTPStatus.CONFLICT, refused=refused)
    taken_back = ".".join(f"{one.match.id}:{one.match.version}" for one in outcomes if one.match)
    return RedirectResponse(asked.address(did="undo", of=taken_back), HTTPStatus.SEE_OTHER)


def _problem(to: str, chosen: Sequence[str]) -> str | None:
    if to not in (*BULK, "mine"):
        return "请选一种做法：初筛通过、排除、暂缓、评审通过或归我负责。"
    return None if chosen else "还没有选中任何一对。请先勾选，再按下面的按钮。"


def _done(
    opened: Installation, asker: Viewer, to: str, chosen: Iterable[str], typed: Mapping[str, str]
) -> list[Outcome]:
    """Raises GivenUnreadable."""
    keys = [key for key in map(_key, chosen) if key]
    if to != "mine":
        return dealing.step_many(opened, asker, keys, to, given(typed), once(typed))
    outcomes = []
    for id, _ in keys:
        try:
            dealing.assign(opened, asker, id, asker.login, once(typed))
            outcomes.append(Outcome(id, opened.matches.get(id)))
        except (BadInput, RecordNotFound) as error:
            outcomes.append(Outcome(id, error=error))
    return outcomes


def _queue(
    request: Request,
    opened: Installation,
    asker: Viewer,
    asked: Narrowed,
    status: int = HTTPStatus.OK,
    *,
    after: str | None = None,
    since: datetime | None = None,
    did: str = "",
    done: Sequence[str] = (),
    refused: Sequence[Outcome] = (),
    problem: str | None = None,
    typed: Mapping[str, str] | None = None,
    chosen: Iterable[str] = (),
) -> HTMLResponse:
    made, today, beat = opened.matches, opened.matches.today(), opened.beats.of(account_of(asker))
    try:
        wanted = asked.wanted(asker, today, beat)
    except UnknownValue as told:
        asked, status, problem = replace(asked, field="", region=""), HTTPStatus.BAD_REQUEST, str(told)
        wanted = asked.wanted(asker, today, beat)
    counts = _counts(opened, asker, asked, beat)
    total = None if asked.state else counts[asked.view]
    found = meetings(opened, asker, wanted, order=asked.ordered, limit=PER_PAGE, after=after, total=total)
    overdue = None
    if after is None and asked.view != "overdue":
        late = Wanted(overdue=True, owner=wanted.owner, beat=wanted.beat)
        overdue = meetings(opened, asker, late, order="due", limit=OVERDUE_SHOWN)
    requests = opened.requests.of_matches([one.match.id for one in found.meetings])
    shown = [*found.meetings, *(overdue.meetings if overdue else ())]
    answer = page(
        request,
        "workbench.html",
        status,
        narrowed=asked,
        rows=[row_of(one, since, today, made.clock(), requests.get(one.match.id, [])) for one in found.meetings],
        total=found.total,
        next=found.next,
        is_first=after is None,
        overdue=overdue,
        counts=counts,
        news=news_of(opened, asker, since, wanted.beat) if since else None,
        beat=beat,
        did={"mine": "归我负责", "undo": "撤销"}.get(did) or BULK.get(did, ""),
        is_undo=did in ("undo", "mine"),
        done=done,
        refused=refused,
        problem=problem,
        typed=defaultdict(str, typed or {}),
        chosen=set(chosen),
        names=names_of(
            opened, (name for one in shown for name in (one.match.owner, one.decided.actor if one.decided else None))
        ),
        sheet=asked.export(wanted, "xlsx"),
        days_late={one.match.id: (today - one.match.due_on).days for one in shown if one.match.due_on},
        VIEWS=VIEWS,
        AGES=AGES,
        OWNERS=OWNERS,
        ORDERS=ORDERS,
        STATES=STATES,
        state_labels={code: state.label for code, state in STATES.items()},
        REASONS=REASONS,
        FIELDS={code: name for code, name in industries().labels.items() if len(code) in (1, 3)},
        REGIONS={code: name for code, name in regions().labels.items() if code.endswith("0000")},
        BULK=BULK,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _counts(opened: Installation, asker: Viewer, asked: Narrowed, beat: Beat | None) -> Mapping[str, int]:
    """Of each view; what narrows them all is looked at once."""
    today, own = opened.matches.today(), ("states", "waiting", "overdue", "asked")
    views = {view: asked.seen_as(view).wanted(asker, today, beat) for view in VIEWS}
    every = replace(views["all"], by=by(asker))
    return counted(opened.matches, every, {view: _only(one, own) for view, one in views.items()})


def _only(wanted: Wanted, names: Sequence[str]) -> Wanted:
    return Wanted(**{name: getattr(wanted, name) for name in names})


def _key(written: str) -> tuple[int, int] | None:
    """A match and the version that was seen, of `12:3`."""
    id, _, version = written.partition(":")
    is_key = id.isascii() and id.isdigit() and version.isascii() and version.isdigit()
    return (int(id), int(version)) if is_key and len(id) < 19 and len(version) < 10 else None
