"""/import : a file brought in by a page: sent, looked at, its columns mended, run, and what was refused fetched to be mended."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from corpus.records import KINDS
from corpus.rows import FileUnreadable
from service.access import Opened, Staff
from service.forms import Form
from service.imports import SHOWN, Import, ImportNotFound, import_of, imports, receive
from service.installation import Installation
from service.looking import LOOKED_AT, fields_named
from service.templating import page
from service.uploads import LARGEST, FileMissing, Uploaded
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)


@router.get("/import")
def get_imports(request: Request, opened: Opened, asker: Staff) -> HTMLResponse:
    return _list_page(request, opened, asker)


@router.post("/import")
def post_import(request: Request, opened: Opened, asker: Staff, upload: Uploaded) -> Response:
    """Keep the file and look at it; nothing is saved yet."""
    try:
        received = receive(opened.settings.home, upload.name, upload.content, asker.account)
    except (FileUnreadable, FileMissing) as problem:
        return _list_page(request, opened, asker, HTTPStatus.BAD_REQUEST, str(problem))
    return _onward(received)


@router.get("/import/{id}")
def get_import(request: Request, opened: Opened, asker: Staff, id: str) -> HTMLResponse:
    one = import_of(opened.settings.home, id, asker)
    look = one.look() if one.state in ("new", "interrupted", "failed") else None
    kinds = {kind: fields_named(kind) for kind in KINDS}
    return page(request, "import.html", one=one, look=look, fields=kinds, shown=SHOWN, looked_at=LOOKED_AT)


@router.post("/import/{id}")
def post_asked(opened: Opened, asker: Staff, id: str, form: Form) -> Response:
    """The file read otherwise, or run: what the columns mean is taken from the form either way."""
    one = import_of(opened.settings.home, id, asker)
    mapping = {name.removeprefix("map:"): field for name, field in form.items() if name.startswith("map:")}
    kind = form.get("kind") or None
    one.ask(
        kind=kind if kind in KINDS else None,
        source=form.get("source", "").strip() or None,
        mapping={heading: "" if field == "-" else field for heading, field in mapping.items() if field},
    )
    if form.get("run"):
        one.begin(opened.settings)
    return _onward(one)


@router.get("/import/{id}/refused")
def get_refused(opened: Opened, asker: Staff, id: str) -> FileResponse:
    one = import_of(opened.settings.home, id, asker)
    if one.refused_file is None:
        raise ImportNotFound(id=id)
    return FileResponse(one.refused_file, filename=one.refused_file.name)


@router.post("/import/{id}/remove")
def post_removal(opened: Opened, asker: Staff, id: str, form: Form) -> Response:
    import_of(opened.settings.home, id, asker).remove()
    return RedirectResponse("/import", HTTPStatus.SEE_OTHER)


def _list_page(
    request: Request, opened: Installation, asker: Viewer, status: int = HTTPStatus.OK, problem: str | None = None
) -> HTMLResponse:
    before = imports(opened.settings.home, asker)
    return page(request, "imports.html", status, imports=before, problem=problem, most=LARGEST // 2**20)


def _onward(one: Import) -> RedirectResponse:
    return RedirectResponse(f"/import/{one.id}", HTTPStatus.SEE_OTHER)
