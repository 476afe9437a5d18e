"""/requests : who asks to be put in touch; a broker takes a request, reads how to reach both sides, and closes it with an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.accounts import AccountUnknown
from corpus.contact_requests import LONGEST, STATE, ContactRequest, RequestUnfit, State
from corpus.errors import RecordNotFound
from corpus.records import Record
from service.access import Opened, Staff, account_of
from service.dealing import assign
from service.forms import Form, once
from service.holdings import disclosed
from service.installation import Installation
from service.introducing import write_down
from service.templating import page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

PER_PAGE = 20
_LAST_PAGE = 1000


@router.get("/requests")
def get_requests(
    request: Request,
    opened: Opened,
    asker: Staff,
    state: State = "new",
    number: Annotated[int, Query(alias="page", ge=1, le=_LAST_PAGE)] = 1,
) -> HTMLResponse:
    asked = opened.requests.listed(state, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    counts = opened.requests.counts()
    return page(
        request,
        "requests.html",
        state=state,
        states=STATE.labels,
        counts=counts,
        requests=asked,
        records=_records(opened, asker, asked),
        names=_names(opened, asked),
        number=number,
        pages=-(-counts[state] // PER_PAGE),
    )


@router.get("/requests/{id:int}")
def get_request(request: Request, opened: Opened, asker: Staff, id: int) -> HTMLResponse:
    return _request_page(request, opened, asker, opened.requests.get(id))


@router.post("/requests/{id:int}")
def post_request_opened(request: Request, opened: Opened, asker: Staff, form: Form, id: int) -> HTMLResponse:
    """The page with how to reach both sides; that it was read is noted."""
    asked = opened.requests.get(id)
    reached = opened.requests.contact_of(id, account_of(asker))
    try:
        theirs = disclosed(opened, asked.record, viewer=asker)
    except RecordNotFound:
        theirs = {}
    return _request_page(request, opened, asker, asked, reached=reached, owner=theirs.get("contact"))


@router.post("/requests/{id:int}/take")
def post_take(opened: Opened, asker: Staff, form: Form, id: int) -> Response:
    """One that joined a match is taken by taking charge of that."""
    joined = opened.requests.get(id).match_id
    if joined is not None:
        assign(opened, asker, joined, asker.login, once(form))
        return RedirectResponse(f"/workbench/{joined}", HTTPStatus.SEE_OTHER)
    opened.requests.take(id, account_of(asker))
    return _to(id)


@router.post("/requests/{id:int}/demand")
def post_demand(opened: Opened, asker: Staff, form: Form, id: int) -> Response:
    """What was asked about an achievement becomes a demand, and its match begins."""
    match = write_down(opened, asker, opened.requests.get(id))
    return RedirectResponse(f"/workbench/{match.id}", HTTPStatus.SEE_OTHER)


@router.post("/requests/{id:int}/release")
def post_release(opened: Opened, asker: Staff, form: Form, id: int) -> Response:
    opened.requests.release(id, account_of(asker), whoever=asker.role == "operator")
    return _to(id)


@router.post("/requests/{id:int}/close")
def post_close(request: Request, opened: Opened, asker: Staff, form: Form, id: int) -> Response:
    note = form.get("note", "")
    try:
        opened.requests.close(id, account_of(asker), note, whoever=asker.role == "operator")
    except RequestUnfit as told:
        values = {"fault": told.faults["note"], "note": note}
        return _request_page(request, opened, asker, opened.requests.get(id), HTTPStatus.BAD_REQUEST, **values)
    return _to(id)


def _request_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    asked: ContactRequest,
    status: int = HTTPStatus.OK,
    *,
    reached: str | None = None,
    owner: str | None = None,
    fault: str | None = None,
    note: str = "",
) -> HTMLResponse:
    """`reached` is how to reach who asks, None where that was not asked for; `owner` how to reach the other side, None where it is not stated."""
    holds = asked.broker == asker.account or asker.role == "operator"
    answer = page(
        request,
        "request.html",
        status,
        one=asked,
        record=_records(opened, asker, [asked]).get(asked.record),
        names=_names(opened, [asked]),
        reached=reached,
        owner=owner,
        holds=holds and asked.state != "new" and asked.match_id is None,
        fault=fault,
        note=note,
        longest=LONGEST["note"],
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _records(opened: Installation, asker: Viewer, asked: Iterable[ContactRequest]) -> Mapping[int, Record]:
    held = opened.store.get_many({one.record for one in asked})
    return {id: record for id, record in held.items() if asker.sees(record)}


def _names(opened: Installation, asked: Iterable[ContactRequest]) -> Mapping[int, str]:
    """The names of the brokers who hold requests."""
    return {id: _name(opened, id) for id in {one.broker for one in asked if one.broker is not None}}


def _name(opened: Installation, account: int) -> str:
    try:
        return opened.accounts.get(account).name
    except AccountUnknown:
        return "已注销的账号"


def _to(id: int) -> RedirectResponse:
    return RedirectResponse(f"/requests/{id}", HTTPStatus.SEE_OTHER)
