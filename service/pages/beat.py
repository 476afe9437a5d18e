"""/workbench/beat : the fields and firms that a broker looks after; the queue opens with what concerns them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.beats import MOST, Beat, beat_of
from corpus.errors import BadInput
from corpus.vocabulary import industries
from service.access import Opened, Staff
from service.forms import Form
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/workbench/beat")
def get_beat(request: Request, opened: Opened, asker: Staff) -> HTMLResponse:
    assert asker.account is not None
    return _beat_page(request, _written(opened.beats.of(asker.account) or Beat()))


@router.post("/workbench/beat")
def post_beat(request: Request, opened: Opened, asker: Staff, form: Form) -> Response:
    assert asker.account is not None
    written = {name: form.get(name, "") for name in ("fields", "firms")}
    try:
        beat = beat_of(*(re.split(r"[\n、，,；;]", written[name]) for name in ("fields", "firms")))
    except BadInput as told:
        return _beat_page(request, written, HTTPStatus.BAD_REQUEST, problem=str(told))
    opened.beats.set(asker.account, beat)
    return RedirectResponse("/workbench", HTTPStatus.SEE_OTHER)


def _written(beat: Beat) -> Mapping[str, str]:
    return {"fields": "\n".join(map(industries().name, beat.fields)), "firms": "\n".join(beat.firms)}


def _beat_page(
    request: Request, written: Mapping[str, str], status: int = HTTPStatus.OK, *, problem: str | None = None
) -> HTMLResponse:
    return page(request, "beat.html", status, written=written, problem=problem, most=MOST)
