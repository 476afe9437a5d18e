"""/my/demands : one's own demands and drafts; of each demand what matches, what changed since the last look, and what is to be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from corpus.errors import BadInput
from corpus.needs import Given
from corpus.pairs import Actor, Match, MatchNotFound
from corpus.records import Achievement, Demand
from corpus.steps import OPEN, REASONS, STATES
from corpus.vocabulary import STATUS
from service.access import Member, Opened, account_of
from service.dealing import Told, together, told, word
from service.following import Following, glance_at, look_at
from service.forms import Form, once, onward
from service.holdings import disclosed
from service.installation import Installation
from service.pages.filing import AUDIENCES, own_demand, unsaved
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

PER_PAGE = 10
DONE = {
    "filed": "需求已提交，马上就能被找到。下面是现在能匹配到的成果。",
    "edits": "改动已存下，只有您看得到；保存之前，别人看到的还是原来的。",
    "changed": "修改已保存，下面按新的内容重新匹配。",
    "kept": "草稿已存下，只有您看得到。",
    "discarded": "草稿已删掉。",
    "published": "需求已恢复发布。",
    "paused": "需求已暂停，别人暂时搜不到它；随时可以恢复。",
    "solved": "已记为解决。恭喜！",
    "withdrawn": "需求已撤回，不再给别人看；内容还在，可以恢复。",
    "answered": "答复已记下，经纪人会看到。",
}
MOVES: Mapping[str, Mapping[str, str]] = {
    "published": {"solved": "已解决，结案", "paused": "暂停", "withdrawn": "撤回"},
    "paused": {"published": "恢复发布", "solved": "已解决，结案", "withdrawn": "撤回"},
    "solved": {"published": "重新发布"},
    "withdrawn": {"published": "重新发布"},
}
"""What a firm may do with a demand of its own, by status; what else a status may become is for brokers."""
_INSIDE = ("conflict", "duplicate")
"""Reasons that are not a firm's to give."""


class StatusFixed(BadInput):
    """需求现在是“{now}”，不能这样改。请刷新后再看。"""


@dataclass(frozen=True)
class Row:
    """A demand of the list, with what its matches are now."""

    demand: Demand
    following: Following


@dataclass(frozen=True)
class Brought:
    """A match that was shown to the firm: the word for where it stands, what it may answer, and the latest that it was told."""

    match: Match
    version: int
    achievement: Achievement
    shown: str
    answers: Sequence[str]
    told: Told | None


@router.get("/my/demands")
def get_mine(
    request: Request, opened: Opened, asker: Member, done: str = "", draft: int | None = None, number: str = "1"
) -> HTMLResponse:
    own = own_demands(opened, asker)
    at = min(max(1, int(number)), -(-len(own) // PER_PAGE) or 1) if number.isascii() and number.isdigit() else 1
    listed = own[(at - 1) * PER_PAGE : at * PER_PAGE]
    lasts = opened.glances.latest(account_of(asker), [demand.id for demand in listed])
    found = [Row(d, glance_at(opened, d, viewer=asker, last=lasts.get(d.id))) for d in listed]
    return page(
        request,
        "my-demands.html",
        rows=found,
        total=len(own),
        at=at,
        pages=-(-len(own) // PER_PAGE),
        drafts=opened.drafts.all(account_of(asker)),
        done=DONE.get(done),
        kept=draft if done == "kept" else None,
        edits=unsaved(opened, asker, listed),
        waiting={demand.id: _to_answer(opened, demand) for demand in listed},
    )


@router.get("/my/demands/{id:int}")
def get_one(request: Request, opened: Opened, asker: Member, id: int, done: str = "") -> HTMLResponse:
    return _demand_page(request, opened, asker, own_demand(opened, asker, id), done=DONE.get(done))


@router.post("/my/demands/{id:int}/status")
def post_status(opened: Opened, asker: Member, id: int, form: Form) -> Response:
    """Pause it, go on with it, withdraw it, close it as solved. Raises StatusFixed."""
    demand, to = own_demand(opened, asker, id), form.get("to", "")
    if to not in MOVES.get(demand.status, {}):
        raise StatusFixed(now=STATUS.name(demand.status))
    opened.store.save([replace(demand, status=to)])
    return onward(f"/my/demands/{id}?done={to}")


@router.post("/my/demands/{id:int}/answer")
def post_answer(request: Request, opened: Opened, asker: Member, id: int, form: Form) -> Response:
    """The firm's word on a match that was brought to it: interested, or declined with a reason."""
    demand = own_demand(opened, asker, id)
    made = opened.matches
    match = made.get(_number(form.get("match", "")))
    if match.demand_id != demand.id or not match.standing.is_shown_to("demand"):
        raise MatchNotFound(id=match.id)
    actor = Actor(asker.login, "demand")
    to = form.get("to", "")
    given = Given(reason=form.get("reason") or None, note=form.get("note", "").strip()[:1000] or None)
    try:
        made.step(match.id, to, actor, given, version=_number(form.get("version", "")), key=once(form))
    except BadInput as refused:
        return _demand_page(request, opened, asker, demand, problem=str(refused), status=HTTPStatus.BAD_REQUEST)
    return onward(f"/my/demands/{id}?done=answered")


def own_demands(opened: Installation, asker: Viewer) -> list[Demand]:
    """Latest change first."""
    organisation = asker.organisation if asker.role == "firm" else None
    held = opened.store.owned("demand", account_of(asker), organisation)
    return [record for record in held if isinstance(record, Demand) and asker.owns(record)]


def brought(opened: Installation, asker: Viewer, demand: Demand) -> list[Brought]:
    """The matches of a demand that were shown to its firm, those to be answered first; achievements it may not see are left out."""
    shown = [match for match in opened.matches.of_demand(demand.id) if match.standing.is_shown_to("demand")]
    found = [
        Brought(
            one.match,
            one.version,
            one.achievement,
            word(one.match),
            [to for to in one.steps if to in ("interested", "declined")] if one.side == "demand" else [],
            next(reversed(told(one.events)), None),
        )
        for one in together(opened, asker, shown)
        if one.achievement is not None and asker.sees(one.achievement)
    ]
    return sorted(found, key=lambda one: (not one.answers, -one.match.since.timestamp()))


def _to_answer(opened: Installation, demand: Demand) -> int:
    """How many matches were brought to the firm and wait for its word."""
    held = [match.standing for match in opened.matches.of_demand(demand.id)]
    open_ = [now for now in held if now.state in ("recommended", "interested", "no_reply")]
    return sum(now.is_shown_to("demand") and now.demand_said is None for now in open_)


def _demand_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    demand: Demand,
    *,
    done: str | None = None,
    problem: str | None = None,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    following = look_at(opened, demand, viewer=asker)
    at_work = brought(opened, asker, demand)
    answer = page(
        request,
        "my-demand.html",
        status,
        demand=demand,
        following=following,
        brought=at_work,
        shown={m.achievement_id: STATES[m.state].shown for m in opened.matches.of_demand(demand.id) if m.state in OPEN},
        moves=MOVES.get(demand.status, {}),
        edits=unsaved(opened, asker, [demand]).get(demand.id),
        told=disclosed(opened, demand.id, viewer=asker),
        audience=AUDIENCES[demand.visibility],
        reasons={code: one.shown or one.label for code, one in REASONS.items() if code not in _INSIDE},
        done=done,
        problem=problem,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else 0
