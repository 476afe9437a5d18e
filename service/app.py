"""The web application: one installation, opened once, behind pages and API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.staticfiles import StaticFiles

from service import problems, settings
from service.access import asking
from service.alerting import alerting
from service.api import bulk as bulk_operations
from service.api import health, leaving, match_figures, matches, matching, notes, records, searching
from service.api import importing as import_operations
from service.api import thesaurus as thesaurus_operations
from service.bounds import Bounded
from service.guard import Guarded
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
from service.working import working

DESCRIPTION = """Search and matchmaking for technology transfer: achievements 科技成果 on one side, demands 技术需求 on the other.

Errors are problem details (RFC 9457): `detail` is a sentence in Chinese that says what is wrong and what to do."""

_AS_IT_COMES = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/x-ndjson")
"""Not packed: lines are to arrive when they are sent."""


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
    for operations in OPERATIONS:  # before the pages: a request tries one after another, and systems ask most
        app.include_router(operations.router, responses=problems.described(), dependencies=[Depends(asking)])
    for part in PAGES:
        app.include_router(part.router, dependencies=[Depends(asking)])
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    problems.install(app)
    app.add_middleware(Bounded)
    app.add_middleware(Guarded)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5, exclude_content_types=_AS_IT_COMES)
    return app


def from_environment() -> FastAPI:
    """The application of the environment's settings; what the server's workers call."""
    return create_app(Installation(settings.from_environment()), suggests=True, alerts=True)
