"""/records/{id} : what a record states, in the order of the form, and whom it may concern."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus.records import Record, about
from indexer.comparisons import COMPARISONS
from service.access import Asker, Member, Opened, Turn
from service.beside import beside
from service.forms import Form
from service.holdings import OTHER_SIDE, disclosed, seen
from service.installation import Installation
from service.pages.contact import why_not
from service.pages.sheet import Stated, missing, sections, wording
from service.templating import page
from service.viewer import Viewer, confidential

router = APIRouter(include_in_schema=False)


@router.get("/records/{id:int}", dependencies=[Turn])
def get_record(request: Request, opened: Opened, asker: Asker, id: int) -> HTMLResponse:
    record = seen(opened, id, viewer=asker)
    return _page(request, opened, asker, record, disclosed(opened, id, viewer=asker) if asker.owns(record) else None)


@router.post("/records/{id:int}", dependencies=[Turn])
def post_disclosure(request: Request, opened: Opened, asker: Member, form: Form, id: int) -> HTMLResponse:
    """The page with what is confidential of it, for those who may be told; that they were is noted."""
    record = seen(opened, id, viewer=asker)
    return _page(request, opened, asker, record, disclosed(opened, id, viewer=asker))


def _page(
    request: Request, opened: Installation, asker: Viewer, record: Record, told: Mapping[str, str] | None
) -> HTMLResponse:
    """`told` is what is confidential of it, None where that was not asked for yet."""
    return page(
        request,
        "record.html",
        record=record,
        sections=sections(record),
        missing=missing(record),
        wording=wording,
        tags=opened.index.tags(record),
        told=[Stated(name, about(type(record), name).label, value) for name, value in (told or {}).items()],
        may_ask=told is None and asker.may_be_told(record) and bool(confidential(record)),
        beside=beside(opened, record, asker),
        other=OTHER_SIDE[record.kind],
        why_not=why_not(record, asker),
        share=f"{request.base_url}records/{record.id}",
        weights=opened.index.fusion.weights,
        meanings={name: comparison.__doc__ for name, (_, comparison) in COMPARISONS.items()},
    )
