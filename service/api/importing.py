"""/api/v1/imports : a file sent, run by a process of its own, and its refused rows fetched."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from service.access import Opened, Staff
from service.api.searching import Kind
from service.imports import Import, ImportNotFound, import_of, receive
from service.uploads import Body, bare_name

router = APIRouter(prefix="/api/v1/imports", tags=["import"])

_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}  # fmt: skip


class Reading(BaseModel):
    """How a file is to be read; what is left out is for the file to say."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    source: str | None = Field(None, max_length=200, description="With the number of a row it names the record")
    mapping: dict[str, str] = Field({}, description='Heading → field; "" passes a column over')


class RefusedLine(BaseModel):
    sheet: str
    line: int
    reason: str


class ColumnJson(BaseModel):
    heading: str
    field: str | None


class SheetJson(BaseModel):
    name: str
    kind: str | None
    columns: list[ColumnJson]


class ImportJson(BaseModel):
    """`first_refused` are the first fifty. `said` tells why a failed one failed. `sheets` stand there until it is run."""

    id: str
    file: str
    state: Literal["new", "running", "interrupted", "done", "failed"]
    added: int
    changed: int
    unchanged: int
    refused: int
    first_refused: list[RefusedLine]
    said: str | None
    sheets: list[SheetJson] = []


@router.post("", summary="Send a file as the body of the request", status_code=202, openapi_extra=_BODY)
def post_import(
    response: Response,
    opened: Opened,
    asker: Staff,
    sent: Body,
    name: Annotated[str, Query(min_length=1, max_length=200, description="The file's name; its ending tells its form", examples=["成果.xlsx"])],
    kind: Kind | None = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    run: Annotated[bool, Query(description="Whether to run it at once, as it is understood")] = True,
) -> ImportJson:  # fmt: skip
    one = receive(opened.settings.home, bare_name(name), sent, asker.account)
    one.ask(kind=kind, source=source)
    if run:
        one.begin(opened.settings)
    response.headers["Location"] = f"/api/v1/imports/{one.id}"
    return _json(one)


@router.get("/{id}", summary="What came of an import so far")
def get_import(opened: Opened, asker: Staff, id: str) -> ImportJson:
    return _json(import_of(opened.settings.home, id, asker))


@router.post("/{id}/run", summary="Run it, or run it anew", status_code=202)
def post_run(opened: Opened, asker: Staff, id: str, asked: Reading) -> ImportJson:
    one = import_of(opened.settings.home, id, asker)
    one.ask(kind=asked.kind, source=asked.source, mapping=asked.mapping)
    one.begin(opened.settings)
    return _json(one)


@router.get(
    "/{id}/refused",
    summary="The refused rows as a workbook, each with its reason, to be mended and sent again",
    response_class=Response,
    responses={200: {"description": "The workbook", "content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
def get_refused(opened: Opened, asker: Staff, id: str) -> Response:
    file = import_of(opened.settings.home, id, asker).refused_file
    if file is None:
        raise ImportNotFound(id=id)
    return FileResponse(file, filename=file.name)


@router.delete("/{id}", summary="Remove the file and what is known of it; the records stay", status_code=204)
def delete_import(opened: Opened, asker: Staff, id: str) -> None:
    import_of(opened.settings.home, id, asker).remove()


def _json(one: Import) -> ImportJson:
    came, state = one.came, one.state
    sheets = one.look().sheets if state == "new" else ()
    return ImportJson(
        id=one.id,
        file=one.asked.file,
        state=state,
        added=came.added,
        changed=came.changed,
        unchanged=came.unchanged,
        refused=came.refused,
        first_refused=[RefusedLine(**row) for row in came.first_refused],
        said=came.said,
        sheets=[
            SheetJson(
                name=sheet.name,
                kind=sheet.kind,
                columns=[ColumnJson(heading=column.heading, field=column.field) for column in sheet.columns],
            )
            for sheet in sheets
        ],
    )
