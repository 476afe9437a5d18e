"""/keys : the keys by which systems come in; opened, shown once, and revoked by an operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput
from corpus.keys import MOST, RATE, KeyUnfit
from service.access import Opened, Operator
from service.forms import Fields, Form
from service.installation import Installation
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/keys")
def get_keys(request: Request, opened: Opened, asker: Operator, done: str = "") -> HTMLResponse:
    return _page(request, opened, done="密钥已吊销，从下一次调用起就不能再用。" if done else None)


@router.post("/keys")
def post_key(request: Request, opened: Opened, asker: Operator, fields: Fields) -> HTMLResponse:
    """A new key, its secret shown on this page and never again."""
    given = {name: values[0].strip() for name, values in fields.items()}
    try:
        key, secret = opened.keys.add(
            given.get("name", ""),
            role=given.get("role", ""),
            scopes=fields.get("scope", []),
            organisation=given.get("organisation"),
            rate=_number(given.get("rate", "")),
            until=_day(given.get("until", "")),
            by=opened.accounts.get(asker.account).login if asker.account is not None else None,
        )
    except BadInput as told:
        scopes = fields.get("scope", [])
        return _page(request, opened, HTTPStatus.BAD_REQUEST, given=given, scopes=scopes, problem=str(told))
    return _page(request, opened, made=key.name, secret=secret)


@router.post("/keys/revoke")
def post_revocation(opened: Opened, asker: Operator, form: Form) -> Response:
    opened.keys.revoke(opened.keys.find(form.get("prefix", "")))
    return RedirectResponse("/keys?done=revoked", HTTPStatus.SEE_OTHER)


def _page(
    request: Request,
    opened: Installation,
    status: int = HTTPStatus.OK,
    *,
    given: Mapping[str, str] | None = None,
    scopes: list[str] | None = None,
    problem: str | None = None,
    made: str | None = None,
    secret: str | None = None,
    done: str | None = None,
) -> HTMLResponse:
    at = opened.keys.clock()
    held = opened.keys.all()
    answer = page(
        request,
        "keys.html",
        status,
        usable=[key for key in held if not key.is_over(at)],
        over=[key for key in held if key.is_over(at)],
        given=given or {"rate": str(RATE), "role": "broker"},
        scopes=scopes if scopes is not None else ["read", "match"],
        most=MOST,
        today=at.date(),
        problem=problem,
        made=made,
        secret=secret,
        done=done,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _number(written: str) -> int:
    """Raises KeyUnfit."""
    if not written.isdecimal():
        raise KeyUnfit(reason="每分钟的次数应为整数")
    return int(written[:9])


def _day(written: str) -> date | None:
    """Raises KeyUnfit."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise KeyUnfit(reason="有效期应写成 2027-06-30 这样的日期") from None
