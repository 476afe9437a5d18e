"""/api/v1/bulk-matches: many demands sent at once, their matches fetched when they are there."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from corpus.errors import BadInput
from corpus.headings import checked_mapping
from corpus.intake import read_file
from corpus.jobs import Job, JobUnknown
from corpus.records import Demand
from corpus.refusals import write_refused
from indexer.attributes import read_filter
from service import jobs as folders
from service import outcome
from service.access import Bulk, NotAllowed, Opened
from service.answers import PAGED
from service.api.searching import ModeName
from service.bulk import demands_in
from service.installation import Installation
from service.receiving import MOST, WORKBOOK, Received, TooManyDemands, as_lines, at_most, ending_of, kept
from service.viewer import Viewer
from service.webhooks import WebhookUnfit, checked

router = APIRouter(prefix="/api/v1", tags=["bulk"])

Format = Literal["jsonl", "csv", "xlsx"]
_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "xlsx": WORKBOOK}
State = Literal["waiting", "running", "done", "failed", "cancelled"]
JobId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class OptionsJson(BaseModel):
    limit: int
    where: list[str]
    mode: ModeName
    columns: dict[str, str]


class RefusalJson(BaseModel):
    file: str
    line: int
    reason: str


class WebhookJson(BaseModel):
    url: str
    tries: int
    told: str | None = Field(description="What came of the last try")


class JobJson(BaseModel):
    id: str
    state: State
    file: str
    options: OptionsJson
    created_at: str
    started_at: str | None
    finished_at: str | None
    done: int = Field(description="Rows done, refused ones among them")
    total: int | None = Field(description="Rows; null until they are counted")
    rate: float | None = Field(description="Rows a second")
    seconds_left: float | None
    refused: int
    refusals: list[RefusalJson] = Field(description="The first of the refused rows")
    matches: int
    revision: int | None = Field(description="The state of the library that the matches are of")
    model: str | None
    error: str | None
    webhook: WebhookJson | None
    results: str = Field(description="Where the matches are")


async def _received(request: Request, opened: Opened, asker: Bulk) -> AsyncIterator[Received]:
    """The body, in the folder of a job to be; it goes again where no job came of it."""
    folder = folders.folder_of(opened.settings.home, opened.jobs.new_id())
    try:
        yield await kept(request.stream(), folder / f"demands{ending_of(request)}")
    finally:
        await run_in_threadpool(_tidied, opened, folder)


def _tidied(opened: Installation, folder: Path) -> None:
    try:
        opened.jobs.get(folder.name)
    except JobUnknown:
        shutil.rmtree(folder, ignore_errors=True)


_ROW: dict[str, Any] = {"type": "object", "description": "A demand, as the import and POST /api/v1/demands take it"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"type": "array", "items": _ROW}, {"type": "object", "required": ["demands"], "properties": {"demands": {"type": "array", "items": _ROW}}}]},
                "example": [{"source_id": "XQ-1", "title": "磁铁放半年起泡掉皮", "problem": "烧结磁钢镀层在仓库里起泡、掉皮，要耐盐雾"}],
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "A demand a line"}},
            "text/csv": {"schema": {"type": "string", "description": "With headings in Chinese or English"}},
            WORKBOOK: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}  # fmt: skip


@router.post(
    "/bulk-matches",
    summary="Send many demands to be matched in the background",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=_BODY,
    responses={202: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
def post_job(
    opened: Opened,
    asker: Bulk,
    upload: Annotated[Received, Depends(_received)],
    response: Response,
    limit: Annotated[int, Query(ge=1, le=PAGED, description="Achievements for each demand, at most")] = 20,
    where: Annotated[list[str], Query(max_length=50, description="`field=value`, repeated")] = [],  # noqa: B006
    mode: ModeName = "hybrid",
    column: Annotated[list[str], Query(max_length=100, description="`heading=field`, repeated, where a heading is not recognised")] = [],  # noqa: B006
    webhook: Annotated[str | None, Query(max_length=2000, description="Told when the job is done or has failed")] = None,
    webhook_secret: Annotated[str | None, Header(min_length=16, max_length=200, description="Signs what the webhook is told")] = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200, description="The same key with the same demands and options is the same job")] = None,
) -> JobJson:  # fmt: skip
    options = {"limit": limit, "where": list(where), "mode": mode, "columns": _columns(column)}
    job = submitted(opened, asker, upload, options, key=idempotency_key, webhook=webhook, secret=webhook_secret)
    response.headers["Location"] = f"/api/v1/bulk-matches/{job.id}"
    return _json(job)


def submitted(
    opened: Installation,
    asker: Viewer,
    upload: Received,
    options: Mapping[str, Any],
    *,
    key: str | None = None,
    webhook: str | None = None,
    secret: str | None = None,
) -> Job:
    """A job for what was uploaded, or the earlier one of the same key. Raises what cannot be read, TooManyDemands, WebhookUnfit, KeyReused."""
    assert asker.account is not None
    read_filter(options["where"])
    if webhook is not None:
        checked(webhook, private=opened.settings.webhook_private)
        if secret is None:
            raise WebhookUnfit(url=webhook[:200], reason="请在请求头 Webhook-Secret 中给出签名用的密钥，至少 16 个字符")
    file = as_lines(upload.file) if upload.file.suffix == ".json" else upload.file
    next(read_file(file, kind=Demand, mapping=options["columns"]))
    if at_most(file) > MOST and (given := demands_in(file, options["columns"])) > MOST:
        raise TooManyDemands(most=MOST, given=given)
    told = json.dumps([upload.digest, dict(options), webhook], ensure_ascii=False, sort_keys=True)
    return opened.jobs.add(
        file.parent.name,
        asker.account,
        file=file.name,
        digest=hashlib.sha256(told.encode("utf-8", "replace")).hexdigest(),
        options=options,
        key=key,
        webhook=webhook,
        webhook_secret=secret,
    )


@router.get("/bulk-matches", summary="The asker's jobs, latest first")
def list_jobs(opened: Opened, asker: Bulk) -> list[JobJson]:
    assert asker.account is not None
    return [_json(job) for job in opened.jobs.of(asker.account)]


@router.get("/bulk-matches/{id}", summary="How far a job is")
def get_job(opened: Opened, asker: Bulk, id: JobId) -> JobJson:
    return _json(job_of(opened, asker, id))


@router.get(
    "/bulk-matches/{id}/results",
    summary="The matches that are there by now",
    response_class=Response,
    responses={200: {"description": "A demand a line with its matches (jsonl), or a match a line (csv, xlsx)", "content": {type_: {"schema": {"type": "string"}} for type_ in _TYPES.values()}}},
)  # fmt: skip
def get_results(
    opened: Opened,
    asker: Bulk,
    id: JobId,
    format: Format = "jsonl",
    after: Annotated[
        int, Query(ge=0, le=10 * MOST, description="Demands that the caller has already, to be left out")
    ] = 0,
) -> Response:
    return results(opened, asker, job_of(opened, asker, id), format, after)


@router.get(
    "/bulk-matches/{id}/refused",
    summary="The refused rows with their reasons, to be mended and sent again",
    response_class=Response,
    responses={200: {"description": "The rows as they came, and why", "content": {type_: {"schema": {"type": "string"}} for type_ in _TYPES.values()}}},
)  # fmt: skip
def get_refused(opened: Opened, asker: Bulk, id: JobId, format: Format = "jsonl") -> Response:
    job = job_of(opened, asker, id)
    part = _temporary(format)
    write_refused(outcome.refused(folders.folder_of(opened.settings.home, job.id)), part)
    return _file(part, f"refused-{job.id}.{format}", format)


@router.post("/bulk-matches/{id}/cancel", summary="Go no further; what was done stays")
def post_cancellation(opened: Opened, asker: Bulk, id: JobId) -> JobJson:
    job = job_of(opened, asker, id)
    opened.jobs.cancel(job.id)
    return _json(opened.jobs.get(job.id))


@router.delete(
    "/bulk-matches/{id}", summary="Cancel a job and delete what it has", status_code=HTTPStatus.NO_CONTENT, response_class=Response
)  # fmt: skip
def delete_job(opened: Opened, asker: Bulk, id: JobId) -> None:
    job = job_of(opened, asker, id)
    opened.jobs.cancel(job.id)
    folders.remove(opened.settings.home, opened.jobs, job.id)


def job_of(opened: Installation, asker: Viewer, id: str) -> Job:
    """A job of the asker's own. Raises JobUnknown, for another's as for one that is not there."""
    return opened.jobs.get(id, owner=asker.account if asker.account is not None else -1)


def results(opened: Installation, asker: Viewer, job: Job, format: Format, after: int = 0) -> Response:
    """Without what went or was hidden from the asker since they were made. Raises NotAllowed where the asker may see less altogether."""
    if not asker.tokens.issuperset(job.seen):
        raise NotAllowed(roles="看得到当时那些记录的账号")
    folder = folders.folder_of(opened.settings.home, job.id)
    name, gone = f"matches-{job.id}.{format}", _gone(opened, asker, job)
    if format == "xlsx":
        part = _temporary(format)
        outcome.workbook_of(folder, part, gone)
        return _file(part, name, format)
    lines = outcome.csv_of(folder, after, gone) if format == "csv" else outcome.lines(folder, after, gone)
    return StreamingResponse(lines, media_type=_TYPES[format], headers=_attached(name))


def _gone(opened: Installation, asker: Viewer, job: Job) -> set[int]:
    """The records that the asker may see no more of those that they might when a job's matches were made."""
    left = opened.store.departed(job.revision or 0)
    held = opened.store.get_many(left)
    return {id for id in left if id not in held or not asker.sees(held[id])}


def _file(part: Path, name: str, format: Format) -> FileResponse:
    """A file that goes when it has been sent."""
    background = BackgroundTask(part.unlink, missing_ok=True)
    return FileResponse(part, media_type=_TYPES[format], headers=_attached(name), background=background)


def _temporary(format: Format) -> Path:
    return Path(tempfile.mkstemp(suffix=f".{format}", prefix="duijie-")[1])


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _columns(written: list[str]) -> dict[str, str]:
    """Raises BadInput, MappingUnreadable."""
    columns = {}
    for one in written:
        heading, sign, name = one.rpartition("=")
        if not sign or not heading:
            raise BadInput(reason=f"column 应写成 列名=字段名，这里是“{one[:60]}”")
        columns[heading] = name
    return checked_mapping(columns, "column")


def _json(job: Job) -> JobJson:
    return JobJson(**folders.told(job))
