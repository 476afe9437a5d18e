"""What handlers are handed: the installation the application was made over, and who asks.

    def get_home(opened: Opened, asker: Asker): …       anyone; `asker` is a `Viewer`, a visitor's where nobody signed in
    def get_mine(opened: Opened, asker: Member): …      someone signed in
    def post_record(opened: Opened, asker: Staff): …    a broker or an operator

Where a role is lacking, a page leads to /sign-in and back, the API answers 401 or 403.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from corpus.errors import DuijieError
from service.installation import Installation
from service.viewer import VISITOR, Role, Viewer, viewer_of

SESSION = "duijie_session"
FORM = "duijie_form"
"""Cookies: a session's token; before sign-in, the secret of a form."""


class NotSignedIn(DuijieError):
    """这一步要先登录。"""


class NotAllowed(DuijieError):
    """您的账号不能做这一步，它留给{roles}。"""


class KeyUnknown(DuijieError):
    """请求头 Authorization 里的密钥不认识，或已失效。"""


def installation(request: Request) -> Installation:
    opened: Installation = request.app.state.installation
    return opened


def viewer(request: Request) -> Viewer:
    """Who asks; looked up once a request. Raises KeyUnknown."""
    if not hasattr(request.state, "viewer"):
        remember(request, _viewer(request))
    known: Viewer = request.state.viewer
    return known


def remember(request: Request, viewer: Viewer) -> None:
    """From now on the request is this viewer's: after signing in or out, or where nobody can be looked up."""
    request.state.viewer = viewer


def _viewer(request: Request) -> Viewer:
    if request.headers.get("authorization", "").lower().startswith("bearer "):  # API keys will be looked up here
        remember(request, VISITOR)  # the page that tells of it has a reader, too
        raise KeyUnknown()
    token = request.cookies.get(SESSION)
    return viewer_of(installation(request).accounts.of(token) if token else None)


def requires(*roles: Role) -> Callable[[Request], Viewer]:
    """A dependency: the viewer, who has one of the roles. Raises NotSignedIn, NotAllowed."""

    def required(request: Request) -> Viewer:
        asker = viewer(request)
        if not asker.is_signed_in:
            raise NotSignedIn()
        if asker.role not in roles:
            raise NotAllowed(roles="和".join(_ROLES[role] for role in roles))
        return asker

    return required


_ROLES = {"firm": "企业", "broker": "经纪人", "operator": "管理员"}


def form_token(request: Request, secret: str | None = None) -> str:
    """What a form of this session carries, so that no other site can send it: bound to the session, or before sign-in to a cookie (`secret`)."""
    bound = secret or request.cookies.get(SESSION) or request.cookies.get(FORM)
    return hmac.new(bound.encode(), b"form", hashlib.sha256).hexdigest() if bound else ""


Opened = Annotated[Installation, Depends(installation)]
Asker = Annotated[Viewer, Depends(viewer)]
Member = Annotated[Viewer, Depends(requires("firm", "broker", "operator"))]
Staff = Annotated[Viewer, Depends(requires("broker", "operator"))]
Operator = Annotated[Viewer, Depends(requires("operator"))]
