"""/about : how matching works, told from the tables that it works by."""

from __future__ import annotations

from inspect import getdoc
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus.steps import STATES
from indexer.comparisons import COMPARISONS
from indexer.matching import DEEPEST
from indexer.thesaurus import read_thesaurus
from service.access import Opened
from service.answers import PAGED
from service.templating import page

router = APIRouter(include_in_schema=False)

PATH = ("suggested", "recommended", "interested", "connecting", "negotiating", "contracted", "landed")
"""The steps of a match that comes to something."""


@router.get("/about")
def get_about(request: Request, opened: Opened) -> HTMLResponse:
    interpreter, fusion = opened.interpreter, opened.index.fusion
    return page(
        request,
        "about.html",
        weights=fusion.weights["hybrid"],
        bands=fusion.bands.get("hybrid"),
        ordinary=fusion.ordinary,
        asked_host=urlsplit(interpreter.endpoint.url).hostname if interpreter else None,
        compared=[(label, getdoc(comparison)) for label, comparison in COMPARISONS.values()],
        paged=PAGED,
        steps=[STATES[step].shown for step in PATH],
        deepest=DEEPEST,
        thesaurus=len(read_thesaurus(opened.settings.home).senses),
        degraded=opened.fresh().degraded,
    )
