"""The guard: answers under the names a server goes by alone, and nothing that a foreign page in somebody's browser would change; says with each
answer what a browser may do with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.access import remember
from service.installation import Installation
from service.viewer import VISITOR

_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_INLINE = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
"""The page of Swagger UI starts itself by a script in the page; no other may."""
_SAME_FOR_ALL = ("/static/", "/static-offline-docs/", "/docs", "/openapi.json")
"""What may be kept for whoever asks next; all else is for the one who asked, as they may see it now."""
_READING = ("GET", "HEAD", "OPTIONS")


class Guarded:
    """An application behind the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        opened: Installation = request.app.state.installation
        with ExitStack() as asked:

            async def answered(message: Message) -> None:
                if message["type"] == "http.response.start":
                    asked.close()  # what follows is sent, at the pace of who reads it
                    headers = MutableHeaders(scope=message)
                    for name, value in _headers(request.url.path):
                        headers.setdefault(name, value)
                await send(message)

            asked.enter_context(opened.traffic.asking())
            # HEAD is routed like GET; the server leaves the body out
            routed = {**scope, "method": "GET"} if request.method == "HEAD" else scope
            await (_refused(request) or self.app)(routed, receive, answered)


def _refused(request: Request) -> Response | None:
    """What a request is answered that is not let in."""
    origin, served = request.headers.get("origin"), request.app.state.installation.settings.hosts
    if not _is_local(request.url.hostname) and (request.url.hostname or "").lower() not in served:
        remember(request, VISITOR)
        detail = "这里不应答发给这个主机名的请求。要用它，请在 DUIJIE_HOSTS 中写明。"
        return problems.problem(request, HTTPStatus.BAD_REQUEST, detail, "ForeignHost")
    if request.method not in _READING and origin and urlsplit(origin).netloc != request.headers.get("host"):
        return problems.problem(request, HTTPStatus.FORBIDDEN, "请求来自别的网站，已拒绝。", "ForeignOrigin")
    return None


def _headers(path: str) -> Iterator[tuple[str, str]]:
    yield "Content-Security-Policy", f"{_POLICY}; {_INLINE}" if path == "/docs" else _POLICY
    yield "X-Content-Type-Options", "nosniff"
    yield "Referrer-Policy", "same-origin"
    if not path.startswith(_SAME_FOR_ALL):
        yield "Cache-Control", "private, no-cache"


def _is_local(host: str | None) -> bool:
    """Whether a request was addressed to this machine by a name that only it has: a foreign name may point here, too."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
