"""/accounts : who may sign in; opened, disabled and given a new password by an operator."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput
from corpus.vocabulary import ROLE
from service.access import Opened, Operator
from service.forms import Form
from service.installation import Installation
from service.templating import page

router = APIRouter(include_in_schema=False)

DONE = {"disabled": "账号已停用，它的登录都已退出；记录还在。", "enabled": "账号又可以登录了。"}
_LONGEST = 100


class NotOneself(BadInput):
    """不能停用自己的账号：那样就没有人能把它打开了。请让另一位管理员来做。"""


@router.get("/accounts")
def get_accounts(request: Request, opened: Opened, asker: Operator, done: str = "") -> HTMLResponse:
    return _accounts_page(request, opened, done=DONE.get(done))


@router.post("/accounts")
def post_account(request: Request, opened: Opened, asker: Operator, form: Form) -> HTMLResponse:
    """A new account, with a first password that is shown on this page and never again."""
    said = {name: form.get(name, "").strip()[:_LONGEST] for name in ("login", "role", "name", "organisation", "email")}
    password = _password()
    try:
        made = opened.accounts.add(password=password, **said)
    except BadInput as told:
        return _accounts_page(request, opened, HTTPStatus.BAD_REQUEST, said=said, problem=str(told))
    return _accounts_page(request, opened, login=made.login, password=password)


@router.post("/accounts/password")
def post_password(request: Request, opened: Opened, asker: Operator, form: Form) -> HTMLResponse:
    """A new password in place of a forgotten one, shown once; every session of the account ends."""
    account, password = opened.accounts.find(form.get("login", "")), _password()
    opened.accounts.change_password(account, password)
    return _accounts_page(request, opened, login=account.login, password=password)


@router.post("/accounts/disable")
def post_disable(request: Request, opened: Opened, asker: Operator, form: Form) -> Response:
    account = opened.accounts.find(form.get("login", ""))
    if account.id == asker.account:
        raise NotOneself()
    opened.accounts.disable(account)
    return RedirectResponse("/accounts?done=disabled", HTTPStatus.SEE_OTHER)


@router.post("/accounts/enable")
def post_enable(opened: Opened, asker: Operator, form: Form) -> Response:
    opened.accounts.enable(opened.accounts.find(form.get("login", "")))
    return RedirectResponse("/accounts?done=enabled", HTTPStatus.SEE_OTHER)


def _password() -> str:
    return secrets.token_urlsafe(12)


def _accounts_page(
    request: Request,
    opened: Installation,
    status: int = HTTPStatus.OK,
    *,
    said: Mapping[str, str] | None = None,
    problem: str | None = None,
    login: str | None = None,
    password: str | None = None,
    done: str | None = None,
) -> HTMLResponse:
    """`password` is the one that was just made for `login`."""
    held = opened.accounts.people()
    answer = page(
        request,
        "accounts.html",
        status,
        usable=[account for account in held if not account.is_disabled],
        disabled=[account for account in held if account.is_disabled],
        roles=ROLE.labels,
        said=said or {"login": "", "role": "", "name": "", "organisation": "", "email": ""},
        problem=problem,
        login=login,
        password=password,
        done=done,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
