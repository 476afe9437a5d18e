"""The web application: one installation, opened once, behind pages and API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from service import problems, settings
from service.api import health, matching, records, searching
from service.installation import Installation
from service.pages import about, home, record
from service.pages import search as search_page

DESCRIPTION = """Search and matchmaking for technology transfer: achievements 科技成果 on one side, demands 技术需求 on the other.

Errors are problem details (RFC 9457): `detail` is a sentence in Chinese that says what is wrong and what to do."""

_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def create_app(installation: Installation) -> FastAPI:
    """The application over an opened installation, which it closes when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        installation.close()

    app: FastAPI = FastAPIOffline(
        title="Duijie 对接",
        version=version("duijie"),
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        favicon_url="/static/favicon.svg",
    )
    app.state.installation = installation
    for part in (home, search_page, record, about, searching, matching, records, health):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    problems.install(app)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_guarded)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOCAL_HOSTS)
    return app


def from_environment() -> FastAPI:
    """The application of the environment's settings; what the server's workers call."""
    return create_app(Installation(settings.from_environment()))


async def _guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Without accounts the local machine is trusted, but not a foreign page that is open in its browser."""
    origin = request.headers.get("origin")
    if (
        request.method not in ("GET", "HEAD", "OPTIONS")
        and origin
        and urlsplit(origin).netloc != request.headers.get("host")
    ):
        detail = "请求来自别的网站，已拒绝。"
        return problems.problem(request, HTTPStatus.FORBIDDEN, detail, "ForeignOrigin")
    response = await call_next(request)
    for name, value in _SECURITY.items():
        response.headers.setdefault(name, value)
    if request.url.path == "/docs":  # the page of Swagger UI starts itself by a script in the page
        inline = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
        response.headers["Content-Security-Policy"] = f"{_POLICY}; {inline}"
    return response
