"""The web application: one installation, opened once, behind pages and API."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.staticfiles import StaticFiles

from service import problems, settings
from service.access import remember, viewer
from service.alerting import alerting
from service.api import bulk as bulk_operations
from service.api import health, leaving, match_figures, matches, matching, notes, records, searching
from service.api import importing as import_operations
from service.api import thesaurus as thesaurus_operations
from service.bounds import Bounded
from service.installation import Installation
from service.pages import (
    about,
    account,
    accounts,
    beat,
    contact,
    filing,
    home,
    importing,
    my_alerts,
    my_demands,
    my_matches,
    record,
    requests,
    rules,
    thesaurus,
    visit_note,
    workbench,
)
from service.pages import bulk as bulk_page
from service.pages import figures as figures_page
from service.pages import keys as keys_page
from service.pages import map as map_page
from service.pages import match as match_page
from service.pages import search as search_page
from service.suggesting import following
from service.upkeep import upkeep
from service.viewer import VISITOR
from service.working import working

DESCRIPTION = """Search and matchmaking for technology transfer: achievements 科技成果 on one side, demands 技术需求 on the other.

Errors are problem details (RFC 9457): `detail` is a sentence in Chinese that says what is wrong and what to do."""

_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_AS_IT_COMES = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/x-ndjson")
"""Not packed: lines are to arrive when they are sent."""
_SAME_FOR_ALL = ("/static/", "/static-offline-docs/", "/docs", "/openapi.json")
"""What may be kept for whoever asks next; all else is for the one who asked, as they may see it now."""
_READING = ("GET", "HEAD", "OPTIONS")
_SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


PAGES = (
    home,
    search_page,
    record,
    contact,
    requests,
    workbench,
    match_page,
    beat,
    rules,
    figures_page,
    map_page,
    visit_note,
    filing,
    my_demands,
    my_matches,
    my_alerts,
    thesaurus,
    about,
    account,
    accounts,
    bulk_page,
    keys_page,
    importing,
)
OPERATIONS = (
    searching,
    matching,
    bulk_operations,
    match_figures,
    matches,
    records,
    thesaurus_operations,
    notes,
    leaving,
    import_operations,
    health,
)


def create_app(installation: Installation, *, suggests: bool = False, alerts: bool = False) -> FastAPI:
    """The application over an opened installation, which it closes when it ends; with `suggests`, suggestions follow the store
    meanwhile, with `alerts`, saved searches tell what is new."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened: Installation = app.state.installation
        suggesting = following(opened) if suggests else nullcontext()
        telling = alerting(opened) if alerts else nullcontext()
        with upkeep(opened), working(opened), suggesting, telling:
            yield
        opened.close()
        del app.state.installation  # FastAPI remembers an application for good, and it the word lists

    app: FastAPI = FastAPIOffline(
        title="Duijie 对接",
        version=version("duijie"),
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        favicon_url="/static/favicon.svg",
    )
    app.state.installation = installation
    for part in PAGES:
        app.include_router(part.router, dependencies=[Depends(viewer)])
    for operations in OPERATIONS:
        app.include_router(operations.router, responses=problems.described(), dependencies=[Depends(viewer)])
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    problems.install(app)
    app.add_middleware(Bounded)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_guarded)
    app.add_middleware(GZipMiddleware, minimum_size=1000, exclude_content_types=_AS_IT_COMES)
    return app


def from_environment() -> FastAPI:
    """The application of the environment's settings; what the server's workers call."""
    return create_app(Installation(settings.from_environment()), suggests=True, alerts=True)


async def _guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Answers under the names it is served by alone, and nothing that a foreign page in somebody's browser would change."""
    origin, served = request.headers.get("origin"), request.app.state.installation.settings.hosts
    if not _is_local(request.url.hostname) and (request.url.hostname or "").lower() not in served:
        remember(request, VISITOR)
        detail = "这里不应答发给这个主机名的请求。要用它，请在 DUIJIE_HOSTS 中写明。"
        return problems.problem(request, HTTPStatus.BAD_REQUEST, detail, "ForeignHost")
    if request.method not in _READING and origin and urlsplit(origin).netloc != request.headers.get("host"):
        return problems.problem(request, HTTPStatus.FORBIDDEN, "请求来自别的网站，已拒绝。", "ForeignOrigin")
    asked = request.method
    if asked == "HEAD":  # routed like GET; the server leaves the body out
        request.scope["method"] = "GET"
    opened: Installation = request.app.state.installation
    with opened.traffic.asking():
        response = await call_next(request)
    request.scope["method"] = asked
    for name, value in _SECURITY.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith(_SAME_FOR_ALL):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.url.path == "/docs":  # the page of Swagger UI starts itself by a script in the page
        inline = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
        response.headers["Content-Security-Policy"] = f"{_POLICY}; {inline}"
    return response


def _is_local(host: str | None) -> bool:
    """Whether a request was addressed to this machine by a name that only it has: a foreign name may point here, too."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
