"""/bulk : a sheet of demands sent by a broker, watched, and its matches fetched as a workbook."""

from __future__ import annotations

import hashlib
import shutil
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput, DuijieError
from corpus.jobs import KEPT, Job, TooManyJobs
from corpus.records import Demand
from service import jobs as folders
from service import outcome
from service.access import Opened, Staff
from service.api.bulk import Format, get_refused, job_of, results, submitted
from service.forms import Fields, Form
from service.installation import Installation
from service.looking import LOOKED_AT, look
from service.pages.asking import MODE, understandable
from service.pages.bulk_form import BulkForm, choices, form_of, written
from service.receiving import MOST, Received, TooManyDemands
from service.templating import page
from service.uploads import LARGEST, Uploaded
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)


@router.get("/bulk")
def get_bulk(request: Request, opened: Opened, asker: Staff) -> HTMLResponse:
    return _list_page(request, opened, asker)


@router.post("/bulk")
def post_bulk(request: Request, opened: Opened, asker: Staff, upload: Uploaded) -> Response:
    """A job for the sheet; what cannot be read is told beside the form."""
    wanted = written(upload.fields)
    folder = folders.folder_of(opened.settings.home, opened.jobs.new_id())
    folder.mkdir(parents=True)
    try:
        file = folders.place_for(folder, upload.name)
        with file.open("wb") as out:
            shutil.copyfileobj(upload.content, out)
        job = submitted(opened, asker, _received(file), wanted.options())
    except (BadInput, TooManyDemands, TooManyJobs) as problem:
        shutil.rmtree(folder, ignore_errors=True)
        return _list_page(request, opened, asker, wanted, problem)
    return RedirectResponse(f"/bulk/{job.id}", HTTPStatus.SEE_OTHER)


@router.get("/bulk/{id}")
def get_job(request: Request, opened: Opened, asker: Staff, id: str) -> HTMLResponse:
    job = job_of(opened, asker, id)
    before = [one.id for one in opened.jobs.waiting()]
    ahead = before.index(job.id) if job.id in before else 0
    told = outcome.about(folders.folder_of(opened.settings.home, job.id)) if job.state == "done" else {}
    return page(
        request,
        "bulk-job.html",
        job=job,
        ahead=ahead,
        conditions=understandable(job.options["where"]),
        mode=MODE.name(job.options["mode"]),
        unused=told.get("没有用到的列", ()),
        days=KEPT.days,
    )


@router.get("/bulk/{id}/again")
def get_again(request: Request, opened: Opened, asker: Staff, id: str) -> HTMLResponse:
    """The same sheet once more, read and matched otherwise."""
    job = job_of(opened, asker, id)
    return _again_page(request, opened, job, form_of(job.options))


@router.post("/bulk/{id}/again")
def post_again(request: Request, opened: Opened, asker: Staff, id: str, fields: Fields) -> Response:
    job, wanted = job_of(opened, asker, id), written(fields)
    folder = folders.folder_of(opened.settings.home, opened.jobs.new_id())
    folder.mkdir(parents=True)
    try:
        shutil.copyfile(folders.folder_of(opened.settings.home, job.id) / job.file, folder / job.file)
        again = submitted(opened, asker, _received(folder / job.file), wanted.options())
    except (BadInput, TooManyJobs) as problem:
        shutil.rmtree(folder, ignore_errors=True)
        return _again_page(request, opened, job, wanted, problem)
    return RedirectResponse(f"/bulk/{again.id}", HTTPStatus.SEE_OTHER)


@router.get("/bulk/{id}/matches.{format}")
def get_matches(opened: Opened, asker: Staff, id: str, format: Format) -> Response:
    return results(opened, asker, job_of(opened, asker, id), format)


@router.get("/bulk/{id}/refused.xlsx")
def get_refused_rows(opened: Opened, asker: Staff, id: str) -> Response:
    return get_refused(opened, asker, id, "xlsx")


@router.post("/bulk/{id}/cancel")
def post_cancellation(opened: Opened, asker: Staff, id: str, form: Form) -> Response:
    opened.jobs.cancel(job_of(opened, asker, id).id)
    return RedirectResponse(f"/bulk/{id}", HTTPStatus.SEE_OTHER)


@router.post("/bulk/{id}/remove")
def post_removal(opened: Opened, asker: Staff, id: str, form: Form) -> Response:
    job = job_of(opened, asker, id)
    opened.jobs.cancel(job.id)
    folders.remove(opened.settings.home, opened.jobs, job.id)
    return RedirectResponse("/bulk", HTTPStatus.SEE_OTHER)


def _received(file: Path) -> Received:
    with file.open("rb") as sent:
        return Received(file, hashlib.file_digest(sent, "sha256").hexdigest())


def _list_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    wanted: BulkForm | None = None,
    problem: DuijieError | None = None,
) -> HTMLResponse:
    assert asker.account is not None
    return page(
        request,
        "bulk.html",
        HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        jobs=opened.jobs.of(asker.account),
        problem=str(problem) if problem else None,
        wanted=wanted or BulkForm(),
        choices=choices(),
        most=LARGEST // 2**20,
        count=MOST,
        days=KEPT.days,
    )


def _again_page(
    request: Request, opened: Installation, job: Job, wanted: BulkForm, problem: DuijieError | None = None
) -> HTMLResponse:
    looked = look(folders.folder_of(opened.settings.home, job.id) / job.file, Demand, None, wanted.columns)
    return page(
        request,
        "bulk-again.html",
        HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        job=job,
        look=looked,
        looked_at=LOOKED_AT,
        problem=str(problem) if problem else None,
        wanted=wanted,
        choices=choices(),
    )
