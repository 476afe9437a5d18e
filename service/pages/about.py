"""/about : how matching works, told from the tables that it works by."""

from __future__ import annotations

from inspect import getdoc

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from indexer.comparisons import COMPARISONS
from service.access import Opened
from service.answers import PAGED
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/about")
def get_about(request: Request, opened: Opened) -> HTMLResponse:
    return page(
        request,
        "about.html",
        weights=opened.index.fusion.weights["hybrid"],
        compared=[(label, getdoc(comparison)) for label, comparison in COMPARISONS.values()],
        paged=PAGED,
        degraded=opened.fresh().degraded,
    )
