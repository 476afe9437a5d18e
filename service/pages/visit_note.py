"""/visit-note : 企情日记, a rambling note read into draft demands, each beside the words it came from, to confirm or mend.

A note is sent in the body of a request, so that no address and no log holds it, and nothing of it is stored. A confirmed draft goes to CONFIRM by POST, with the
fields `title`, `problem`, `industry`, `region`, `budget_min`, `budget_max`, `deadline`, and for each indicator `criterion_name`, `criterion_op`,
`criterion_value`, `criterion_unit`, and `prefill=1`: the form there is shown filled in, and saves when its own button is pressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus import vocabulary as v
from indexer.drafts import Draft
from service.access import Opened
from service.forms import Form, page_for_anyone
from service.visits import LONGEST, NoteEmpty, NoteTooLong, Visit, read_note

router = APIRouter(include_in_schema=False)

CONFIRM = "/demands/new"
OPERATORS = ("≥", "≤", ">", "<", "=", "≈", "±")
EXAMPLE = (
    "上午到一家做轴承套圈的厂，门口修路，绕了一大圈。老板很健谈，先看了新盖的办公楼。车间里他指着内圆磨床说，套圈内滚道磨完老有一道道暗色的烧伤，"
    "酸洗一泡就现形。砂轮换了三个牌子，冷却液浓度也调过，还是百分之四左右的废品。他希望烧伤率压到千分之五以下。另外他们淬火的网带炉，出来的套圈椭圆得厉害，"
    "想问问有没有控制变形的办法，油也换过了。中午在厂里吃的便饭，聊了聊孩子读书的事。临走时他又提了一句，成品检测现在靠八个女工拿眼睛看表面磕碰，"
    "漏检被罚过两次，想上机器视觉，预算六十万以内，年底前要用上。"
)
"""A note of our own to try the page with."""


@dataclass(frozen=True)
class Stretch:
    """Some of the note: `number` is that of the draft which it belongs to, 0 for talk."""

    text: str
    number: int = 0


@router.get("/visit-note")
def get_visit_note(request: Request, example: bool = False) -> HTMLResponse:
    return _page(request, note=EXAMPLE if example else "")


@router.post("/visit-note")
def post_visit_note(request: Request, opened: Opened, form: Form) -> HTMLResponse:
    """Read a note; what cannot be read is told beside the box."""
    written = form.get("note", "")
    try:
        visit = read_note(opened, written)
    except (NoteEmpty, NoteTooLong) as problem:
        return _page(request, HTTPStatus.BAD_REQUEST, note=written, problem=str(problem))
    return _page(request, note=visit.text, visit=visit)


def stretches(text: str, drafts: Sequence[Draft]) -> Iterator[Stretch]:
    """The whole note in order, what belongs to a draft apart from the rest."""
    places = sorted((start, end, number) for number, one in enumerate(drafts, 1) for start, end in one.places)
    at = 0
    for start, end, number in places:
        if at < start:
            yield Stretch(text[at:start])
        yield Stretch(text[start:end], number)
        at = end
    if at < len(text):
        yield Stretch(text[at:])


def _page(
    request: Request,
    status: int = HTTPStatus.OK,
    *,
    note: str = "",
    visit: Visit | None = None,
    problem: str | None = None,
) -> HTMLResponse:
    return page_for_anyone(
        request,
        "visit_note.html",
        status,
        note=note,
        visit=visit,
        stretches=list(stretches(visit.text, visit.drafts)) if visit else [],
        problem=problem,
        longest=LONGEST,
        confirm=CONFIRM,
        operators=OPERATORS,
        regions=v.regions(),
        industries=v.industries(),
    )
