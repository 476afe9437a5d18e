"""What handlers are handed: the installation the application was made over, and who asks.

    def get_home(opened: Opened, asker: Asker): …       anyone; `asker` is a `Viewer`, a visitor's where nobody signed in
    def get_mine(opened: Opened, asker: Member): …      someone signed in
    def post_record(opened: Opened, asker: Staff): …    a broker or an operator

Where a role is lacking, a page leads to /sign-in and back, the API answers 401 or 403.

A system asks with `Authorization: Bearer dj_…` instead of a session. Its key opens the operations of its scopes and no page: `scope_of`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from corpus.errors import DuijieError
from corpus.vocabulary import SCOPE
from service.installation import Installation
from service.viewer import VISITOR, Role, Viewer, viewer_of

SESSION = "duijie_session"
FORM = "duijie_form"
"""Cookies: a session's token; before sign-in, the secret of a form."""


class NotSignedIn(DuijieError):
    """这一步要先登录。"""


class NotAllowed(DuijieError):
    """您的账号不能做这一步，它留给{roles}。"""


class NotInScope(DuijieError):
    """这个密钥不能做这一步：{reason}。请让管理员另开一个。"""


def installation(request: Request) -> Installation:
    opened: Installation = request.app.state.installation
    return opened


def viewer(request: Request) -> Viewer:
    """Who asks; looked up once a request. Raises KeyUnknown, NotInScope, TooManyCalls, TooManyVisits."""
    if not hasattr(request.state, "viewer"):
        remember(request, _viewer(request))
    known: Viewer = request.state.viewer
    return known


def account_of(asker: Viewer) -> int:
    """The number of the asker's account. Raises NotSignedIn."""
    if asker.account is None:
        raise NotSignedIn()
    return asker.account


def remember(request: Request, viewer: Viewer) -> None:
    """From now on the request is this viewer's: after signing in or out, or where nobody can be looked up."""
    request.state.viewer = viewer


def _viewer(request: Request) -> Viewer:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        remember(request, VISITOR)  # the page that tells what is wrong with the key has a reader, too
        return _viewer_of_key(request, secret.strip())
    token = request.cookies.get(SESSION)
    account = installation(request).accounts.of(token) if token else None
    if account is None and request.url.path not in _UNCOUNTED:
        remember(request, VISITOR)
        count_visits(request)
    return viewer_of(account)


def count_visits(request: Request, many: int = 1) -> None:
    """Count what somebody asks who has not signed in. Raises TooManyVisits."""
    installation(request).strangers.count(request.client.host if request.client else "", many)


def _viewer_of_key(request: Request, secret: str) -> Viewer:
    keys = installation(request).keys
    key = keys.of(secret)
    keys.count(key)
    scope = scope_of(request.method, request.url.path)
    if scope is None:
        raise NotInScope(reason="密钥只用于 API，网页要登录")
    if scope not in key.scopes:
        raise NotInScope(reason=f"它没有“{SCOPE.name(scope)}”的权限（{scope}）")
    request.state.has_key = True
    return viewer_of(key.account)


def scope_of(method: str, path: str) -> str | None:
    """The scope under which a key may ask for something; None for what no key opens."""
    parts = path.split("/")
    if parts[1:3] != ["api", "v1"] or len(parts) < 4:
        return "read" if path in _OPEN else None
    if parts[3] in _SCOPES:
        return _SCOPES[parts[3]]
    return "read" if method in ("GET", "HEAD", "OPTIONS") else "write"


_SCOPES = {"match": "match", "bulk-matches": "bulk", "notes": "read"}
"""The scope of operations by the first word of their path; all others are for reading or writing by their method."""
_OPEN = ("/healthz", "/readyz")
_UNCOUNTED = (*_OPEN, "/sign-in")
"""What a visitor may always ask for; tries to sign in are counted by themselves."""


async def asking(request: Request) -> Viewer:
    """A dependency: `viewer`. Only who has to be looked up is looked up in a thread: handing a request from one to another takes longer than the rest."""
    is_known = hasattr(request.state, "viewer") or not (
        request.cookies.get(SESSION) or request.headers.get("authorization")
    )
    return viewer(request) if is_known else await run_in_threadpool(viewer, request)


async def opened(request: Request) -> Installation:
    """A dependency: `installation`."""
    return installation(request)


async def turn(request: Request) -> AsyncIterator[None]:
    """A dependency of handlers that search: they are at work by turns."""
    async with installation(request).traffic.turn():
        yield


Turn = Depends(turn, scope="function")
Opened = Annotated[Installation, Depends(opened)]
Asker = Annotated[Viewer, Depends(asking)]


def requires(*roles: Role) -> Callable[[Viewer], Awaitable[Viewer]]:
    """A dependency: the viewer, who has one of the roles. Raises NotSignedIn, NotAllowed."""

    async def required(asker: Asker) -> Viewer:
        if not asker.is_signed_in:
            raise NotSignedIn()
        if asker.role not in roles:
            raise NotAllowed(roles="和".join(_ROLES[role] for role in roles))
        return asker

    return required


async def bulk_asker(request: Request, asker: Asker) -> Viewer:
    """A dependency: who may have many demands matched, a system with a key for it (`scope_of`), a broker or an operator. Raises NotSignedIn, NotAllowed."""
    return asker if getattr(request.state, "has_key", False) else await requires("broker", "operator")(asker)


_ROLES = {"firm": "企业", "broker": "经纪人", "operator": "管理员"}


def form_token(request: Request, secret: str | None = None) -> str:
    """What a form of this session carries, so that no other site can send it: bound to the session, or before sign-in to a cookie (`secret`)."""
    bound = secret or request.cookies.get(SESSION) or request.cookies.get(FORM)
    return hmac.new(bound.encode(), b"form", hashlib.sha256).hexdigest() if bound else ""


Member = Annotated[Viewer, Depends(requires("firm", "broker", "operator"))]
Staff = Annotated[Viewer, Depends(requires("broker", "operator"))]
Bulk = Annotated[Viewer, Depends(bulk_asker)]
Operator = Annotated[Viewer, Depends(requires("operator"))]
