"""/sign-in, /sign-out, /account : who one is here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from corpus.accounts import LONGEST, SHORTEST, PasswordUnfit
from corpus.errors import DuijieError
from corpus.tries import TooManyTries
from service.access import SESSION, Asker, Member, Opened, account_of
from service.forms import Form, onward, page_for_anyone
from service.templating import page

router = APIRouter(include_in_schema=False)

DONE = {"password": "密码已改，别处的登录都已退出。"}


class SignInFailed(DuijieError):
    """登录名或密码不对，请再试一次。忘了密码，请让管理员重设。"""


@router.get("/sign-in")
def get_sign_in(request: Request, asker: Asker, next: str = "/", left: str = "") -> Response:
    if asker.is_signed_in:
        return onward(_own_page(next))
    return _sign_in_page(request, next=_own_page(next), left=bool(left))


@router.post("/sign-in")
def post_sign_in(request: Request, opened: Opened, form: Form) -> Response:
    """A session for the right password; the same answer, in the same time, for a wrong one and for a login that nobody has."""
    login, next = form.get("login", ""), _own_page(form.get("next", "/"))
    try:
        opened.tries.count(login, request.client.host if request.client else "")
        account = opened.accounts.verify(login, form.get("password", ""))
        if account is None:
            raise SignInFailed()
    except SignInFailed as told:
        return _sign_in_page(request, HTTPStatus.UNAUTHORIZED, login=login, next=next, problem=str(told))
    except TooManyTries as told:
        answer = _sign_in_page(request, HTTPStatus.TOO_MANY_REQUESTS, login=login, next=next, problem=str(told))
        answer.headers["Retry-After"] = str(told.facts["seconds"])
        return answer
    opened.tries.forget(login)
    return _with_session(onward(next), request, opened.accounts.begin(account))


@router.post("/sign-out")
def post_sign_out(request: Request, opened: Opened, form: Form) -> Response:
    """Ends this session, or with `everywhere` all of the account's."""
    if token := request.cookies.get(SESSION):
        account = opened.accounts.of(token)
        if account and form.get("everywhere"):
            opened.accounts.end_all(account)
        opened.accounts.end(token)
    answer = onward("/sign-in?left=1")
    answer.delete_cookie(SESSION, path="/", httponly=True, samesite="lax")
    return answer


@router.get("/account")
def get_account(request: Request, opened: Opened, asker: Member, done: str = "") -> HTMLResponse:
    return _account_page(request, opened, asker, done=DONE.get(done))


@router.post("/account/password")
def post_password(request: Request, opened: Opened, asker: Member, form: Form) -> Response:
    """A new password; every other session ends, this one begins anew."""
    account = opened.accounts.get(account_of(asker))
    new, again = form.get("new", ""), form.get("again", "")
    try:
        opened.tries.count(account.login, request.client.host if request.client else "")
        if opened.accounts.verify(account.login, form.get("old", "")) is None:
            return _account_page(request, opened, asker, status=HTTPStatus.BAD_REQUEST, problem="现在的密码不对。")
        if new != again:
            return _account_page(
                request, opened, asker, status=HTTPStatus.BAD_REQUEST, problem="两次写的新密码不一样。"
            )
        opened.accounts.change_password(account, new)
    except PasswordUnfit as told:
        return _account_page(request, opened, asker, status=HTTPStatus.BAD_REQUEST, problem=str(told))
    opened.tries.forget(account.login)
    return _with_session(onward("/account?done=password"), request, opened.accounts.begin(account))


def _account_page(
    request: Request,
    opened: Opened,
    asker: Member,
    *,
    status: int = HTTPStatus.OK,
    problem: str | None = None,
    done: str | None = None,
) -> HTMLResponse:
    account = opened.accounts.get(account_of(asker))
    values = {"account": account, "sessions": opened.accounts.sessions_of(account), "problem": problem, "done": done}
    return page(request, "account.html", status, **values, shortest=SHORTEST, longest=LONGEST)


def _sign_in_page(
    request: Request,
    status: int = HTTPStatus.OK,
    *,
    login: str = "",
    next: str = "/",
    problem: str | None = None,
    left: bool = False,
) -> HTMLResponse:
    values = {"login": login[:200], "next": next, "problem": problem, "left": left}
    return page_for_anyone(request, "sign-in.html", status, **values)


def _with_session(answer: Response, request: Request, token: str) -> Response:
    """The answer, with the cookie of a session; the browser forgets it when it is closed, the server when it is over."""
    answer.set_cookie(SESSION, token, path="/", httponly=True, samesite="lax", secure=_is_secure(request))
    return answer


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _own_page(next: str) -> str:
    """The page to go on to, if it is one of this site; else the front page."""
    is_own = next.startswith("/") and not next.startswith(("//", "/\\", "/sign-in", "/sign-out")) and next.isprintable()
    return next if is_own else "/"
