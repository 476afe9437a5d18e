"""GET /api/v1/changes, for systems that keep in step, and GET /api/v1/export, the whole library as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from corpus.departures import Departure
from corpus.leaving import FORMATS, as_csv, as_lines, kind_named, write_workbook
from corpus.records import KINDS, Record, public
from service.access import Asker, Opened
from service.api.searching import Kind
from service.installation import Installation
from service.viewer import Viewer

router = APIRouter(prefix="/api/v1", tags=["library"])


_BATCHES = 20
"""Lists of changes that are read for one answer, where little of them is for the asker."""


class ChangeJson(BaseModel):
    """`record` is null for one that was deleted, or that is no longer for the asker to see."""

    id: int
    revision: int
    record: dict[str, Any] | None


class ChangesJson(BaseModel):
    changes: list[ChangeJson]
    revision: int
    """Give as `after` to go on."""
    more: bool


@router.get("/changes", summary="What changed after a revision, in order: the latest change of each record")
def get_changes(
    opened: Opened,
    asker: Asker,
    after: Annotated[int, Query(ge=0, lt=2**63, description="The revision that is known already")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> ChangesJson:
    changes, read = _told(opened, asker, after, limit)
    more = opened.store.revision() > read
    return ChangesJson(changes=changes, revision=read, more=more)


def _told(opened: Installation, asker: Viewer, after: int, limit: int) -> tuple[list[ChangeJson], int]:
    """What the asker is told of the changes after a revision, and up to which they were read."""
    told: list[ChangeJson] = []
    for _ in range(_BATCHES):
        if len(told) >= limit or not (found := opened.store.next_changes(after, limit - len(told))):
            break
        gone = opened.store.get_many([change.id for change in found if isinstance(change, Departure)])
        for change in found:
            now = gone.get(change.id) if isinstance(change, Departure) else change.record
            if isinstance(change, Departure):
                if asker.sees(change.record) and not (now and asker.sees(now)):
                    told.append(ChangeJson(id=change.id, revision=change.revision, record=None))
            elif now and asker.sees(now):
                told.append(ChangeJson(id=change.id, revision=change.revision, record=public(now)))
        after = found[-1].revision
    return told, after


@router.get(
    "/export",
    summary="All records that the asker may see, as a file that an import reads again",
    response_class=Response,
    responses={200: {"description": "The file", "content": {type_: {"schema": {"type": "string"}} for type_ in FORMATS.values()}}},
)  # fmt: skip
def get_export(
    opened: Opened, asker: Asker, format: Literal["jsonl", "csv", "xlsx"] = "jsonl", kind: Kind | None = None
) -> Response:
    wanted = kind_named(kind, format)
    kinds = [wanted] if wanted else list(KINDS.values())
    name = f"duijie-{kind or 'library'}-{opened.store.revision()}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if format == "xlsx":
        part = Path(tempfile.mkstemp(suffix=".xlsx")[1])
        write_workbook({each: _seen(opened, asker, [each]) for each in kinds}, part)
        return FileResponse(part, media_type=FORMATS[format], headers=headers, background=BackgroundTask(part.unlink))
    records = _seen(opened, asker, kinds)
    lines = as_csv(records, kinds[0]) if format == "csv" else as_lines(records)
    return StreamingResponse(lines, media_type=FORMATS[format], headers=headers)


def _seen(opened: Installation, asker: Viewer, kinds: list[type[Record]]) -> Iterator[Record]:
    """The records of these kinds that the asker may see, in the order of their changes."""
    for change in opened.store.changes_after(0, opened.store.revision()):
        if change.record and type(change.record) in kinds and asker.sees(change.record):
            yield change.record
