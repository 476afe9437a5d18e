"""/bulk : a sheet of demands sent by a broker, watched, and its matches fetched as a workbook."""

from __future__ import annotations

import hashlib
import shutil
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from corpus.errors import BadInput, DuijieError
from corpus.jobs import KEPT, TooManyJobs
from service import jobs as folders
from service.access import Opened, Staff
from service.api.bulk import Format, get_refused, job_of, results, submitted
from service.forms import Form
from service.installation import Installation
from service.receiving import MOST, Received, TooManyDemands
from service.templating import page
from service.uploads import LARGEST, FileMissing, Uploaded
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

LIMITS = (3, 5, 10, 20, 50)
"""Achievements for each demand that one can choose from."""


@router.get("/bulk")
def get_bulk(request: Request, opened: Opened, asker: Staff) -> HTMLResponse:
    return _list_page(request, opened, asker)


@router.post("/bulk")
def post_bulk(request: Request, opened: Opened, asker: Staff, upload: Uploaded) -> Response:
    """A job for the sheet; what cannot be read is told beside the form."""
    folder = folders.folder_of(opened.settings.home, opened.jobs.new_id())
    folder.mkdir(parents=True)
    try:
        with (folder / upload.name).open("wb") as out:
            shutil.copyfileobj(upload.content, out)
        with (folder / upload.name).open("rb") as sent:
            received = Received(folder / upload.name, hashlib.file_digest(sent, "sha256").hexdigest())
        limit = upload.fields.get("limit", "")
        region = upload.fields.get("region", "").strip()
        options = {
            "limit": int(limit) if limit in map(str, LIMITS) else 10,
            "where": [f"region={region}"] if region else [],
            "mode": "hybrid",
            "columns": {},
        }
        job = submitted(opened, asker, received, options)
    except (BadInput, TooManyDemands, TooManyJobs, FileMissing) as problem:
        shutil.rmtree(folder, ignore_errors=True)
        return _list_page(request, opened, asker, HTTPStatus.BAD_REQUEST, problem)
    return RedirectResponse(f"/bulk/{job.id}", HTTPStatus.SEE_OTHER)


@router.get("/bulk/{id}")
def get_job(request: Request, opened: Opened, asker: Staff, id: str) -> HTMLResponse:
    job = job_of(opened, asker, id)
    before = [one.id for one in opened.jobs.waiting()]
    ahead = before.index(job.id) if job.id in before else 0
    return page(request, "bulk-job.html", job=job, ahead=ahead, days=KEPT.days)


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


def _list_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    status: int = HTTPStatus.OK,
    problem: DuijieError | None = None,
) -> HTMLResponse:
    assert asker.account is not None
    held = opened.jobs.of(asker.account)
    told = str(problem) if problem else None
    values = {"jobs": held, "problem": told, "limits": LIMITS, "most": LARGEST // 2**20, "count": MOST}
    return page(request, "bulk.html", status, **values, days=KEPT.days)
