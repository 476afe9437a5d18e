"""/records/{id}/contact : asking to be put in touch; /my/requests : what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.contact_requests import LONGEST, RequestUnfit
from corpus.errors import BadInput
from corpus.records import Record
from corpus.tries import TooManyTries
from indexer.attributes import SHOWN_STATUSES, today
from service.access import Asker, Member, Opened
from service.forms import Form, page_for_anyone
from service.holdings import seen
from service.installation import Installation
from service.introducing import introduce, own_sides
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

FIELDS = ("name", "organisation", "contact", "message")
TRAP = "callback"
"""A field that people do not see and leave empty."""
_BAD = HTTPStatus.BAD_REQUEST


class NotForContact(BadInput):
    """这条记录不能请求联系：{reason}。"""


class NotTheirs(BadInput):
    """选的那一项不是您的，或者现在不对外。请另选一项，或先不选。"""


class TrapFilled(BadInput):
    """“备用”一栏是用来识别机器的，请清空后再发。"""


@router.get("/records/{id:int}/contact")
def get_contact(request: Request, opened: Opened, asker: Asker, id: int, sent: str = "", own: str = "") -> HTMLResponse:
    """`own` is the record of who asks that is chosen beforehand."""
    record = seen(opened, id, viewer=asker)
    said = {**_known(opened, asker), "own": own}
    return _contact_page(request, opened, asker, record, said=said, sent=sent == "1")


@router.post("/records/{id:int}/contact")
def post_contact(request: Request, opened: Opened, asker: Asker, form: Form, id: int) -> Response:
    record = seen(opened, id, viewer=asker)
    said = {name: form.get(name, "") for name in FIELDS}
    typed = {**said, "own": form.get("own", "")}
    try:
        if reason := why_not(record, asker):
            raise NotForContact(reason=reason)
        if form.get(TRAP):
            raise TrapFilled()
        opened.tries.count_contact(request.client.host if request.client else "", asker.account)
        own = _chosen(opened, asker, record, form.get("own", ""))
        made = opened.requests.add(id, user=asker.account, **said)
        if own is not None:
            introduce(opened, asker, made, record, own)
    except RequestUnfit as told:
        return _contact_page(request, opened, asker, record, _BAD, said=typed, faults=told.faults, problem=str(told))
    except BadInput as told:
        return _contact_page(request, opened, asker, record, _BAD, said=typed, problem=str(told))
    except TooManyTries as told:
        status = HTTPStatus.TOO_MANY_REQUESTS
        answer = _contact_page(request, opened, asker, record, status, said=typed, problem=str(told))
        answer.headers["Retry-After"] = str(told.facts["seconds"])
        return answer
    return RedirectResponse(f"/records/{id}/contact?sent=1", HTTPStatus.SEE_OTHER)


@router.get("/my/requests")
def get_my_requests(request: Request, opened: Opened, asker: Member) -> HTMLResponse:
    assert asker.account is not None
    asked = opened.requests.of_user(asker.account)
    held = opened.store.get_many({one.record for one in asked})
    records = {id: record for id, record in held.items() if asker.sees(record)}
    return page(request, "my-requests.html", requests=asked, records=records)


def _chosen(opened: Installation, asker: Viewer, record: Record, written: str) -> Record | None:
    """Which of their own records somebody brings to a record, by its number. Raises NotTheirs."""
    if not written:
        return None
    for one in own_sides(opened, asker, record):
        if str(one.id) == written:
            return one
    raise NotTheirs()


def why_not(record: Record, asker: Viewer) -> str | None:
    """Why somebody cannot ask to be put in touch about a record; None where they can."""
    if asker.owns(record):
        return "这是您自己或本单位的记录"
    if record.status not in SHOWN_STATUSES or (record.expires_on and record.expires_on < today()):
        return "它现在不对外对接"
    return "您是经办人，可以在记录页上直接查看联系方式" if asker.is_staff else None


def _known(opened: Installation, asker: Viewer) -> Mapping[str, str]:
    """What is known of who asks."""
    if asker.account is None:
        return dict.fromkeys(FIELDS, "")
    account = opened.accounts.get(asker.account)
    known = {"name": account.name, "organisation": account.organisation or "", "contact": account.email or ""}
    return {**dict.fromkeys(FIELDS, ""), **known}


def _contact_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    record: Record,
    status: int = HTTPStatus.OK,
    *,
    said: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    problem: str | None = None,
    sent: bool = False,
) -> HTMLResponse:
    before = opened.requests.of_user(asker.account, record=record.id) if asker.account is not None else []
    values: dict[str, object] = {
        "record": record,
        "said": said,
        "faults": faults or {},
        "problem": problem,
        "sent": sent,
    }
    values["own"] = own_sides(opened, asker, record)
    known = {"why_not": why_not(record, asker), "before": before, "longest": LONGEST, "trap": TRAP}
    return page_for_anyone(request, "contact.html", status, **values, **known)
