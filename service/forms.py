"""Forms: the fields that a browser sends, of a form that came from our own page.

A page's form has the macro `guard(token)` in it, its handler a parameter `form: Form`; without the token of the session it is refused.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from corpus.errors import DuijieError
from service.access import FORM, SESSION, form_token
from service.templating import page

LARGEST = 2_000_000
"""Bytes of a form."""
_KEY = 200
"""Characters of a key."""


class FormForeign(DuijieError):
    """这张表单不是从本站的页面上提交的，或者打开得太久了。请回到原来的页面，刷新后再提交。"""


class FormTooLarge(DuijieError):
    """提交的内容太大，请分几次提交。"""


async def form(request: Request) -> Mapping[str, str]:
    """The first value of each field. Raises FormForeign, FormTooLarge."""
    return {name: values[0] for name, values in (await fields(request)).items()}


async def fields(request: Request) -> Mapping[str, list[str]]:
    """Every value of each field. Raises FormForeign, FormTooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise FormTooLarge()
    sent = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    token = form_token(request)
    if not token or not hmac.compare_digest(token.encode(), sent.pop("token", [""])[0].encode("utf-8", "replace")):
        raise FormForeign()
    return sent


Form = Annotated[Mapping[str, str], Depends(form)]
Fields = Annotated[Mapping[str, list[str]], Depends(fields)]


def once(form: Mapping[str, str]) -> str | None:
    """The key under which what a form asks for is done, the same when it is sent again; None where it carries none."""
    return form.get("once", "")[:_KEY] or None


def page_for_anyone(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page whose forms nobody need sign in for: they are bound to a cookie of their own where the browser has no session yet."""
    secret = request.cookies.get(SESSION) or request.cookies.get(FORM) or secrets.token_urlsafe(32)
    answer = page(request, template, status, **values, token=form_token(request, secret))
    if secret not in request.cookies.values():
        answer.set_cookie(FORM, secret, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def onward(next: str) -> RedirectResponse:
    """After a form: to a page that may be read again without sending it again."""
    return RedirectResponse(next, HTTPStatus.SEE_OTHER)
