"""GET, POST, PUT and DELETE of /api/v1/achievements and /api/v1/demands, single and in lists."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field

from corpus.cells import record_of
from corpus.errors import BadInput, RecordNotFound, RecordRefused, UnknownField
from corpus.records import KINDS, Record, about, public, stated_fields
from service.access import Asker, Opened, Staff
from service.api.shapes import TagJson, as_sent, tag_json
from service.holdings import listed, seen
from service.installation import Installation
from service.viewer import Viewer

router = APIRouter(prefix="/api/v1")

MOST = 1000
"""Records of one list."""

Id = Annotated[int, Field(ge=1, lt=2**63)]
OneOrMany = Annotated[dict[str, Any] | list[dict[str, Any]], Body()]


class TooMany(BadInput):
    """一次最多 {most} 条，这里有 {given} 条；更多请用 duijie import。"""


class RefusedRow(BaseModel):
    line: int
    reason: str


class Written(BaseModel):
    """Ids of what was written, and the records refused by their place in the list, counted from 1."""

    added: list[int]
    changed: list[int]
    unchanged: list[int]
    refused: list[RefusedRow]
    revision: int


class Page(BaseModel):
    total: int
    records: list[dict[str, Any]]
    next: int | None
    """Give as `before` to go on."""


class Deleted(BaseModel):
    deleted: int
    revision: int


EXAMPLES: dict[str, dict[str, Any]] = {
    "achievement": {
        "source": "样例", "source_id": "CG-2026-001", "title": "外转子风机电磁噪声抑制", "summary": "斜极与谐波注入结合，整机噪声降低 7 dB。",
        "metrics": "声压级降幅 ≥ 7 dB", "industry": ["C3812"], "region": "330108", "stage": "pilot", "trl": 6,
        "transfer_modes": ["license", "joint_dev"],
    },
    "demand": {
        "source": "样例", "source_id": "XQ-2026-001", "title": "风机电机嗡嗡响", "problem": "外转子风机低速时嗡嗡响，客户投诉多。",
        "criteria": "空载噪声 ≤ 45 dB", "region": "330109", "budget_max": 80,
    },
}  # fmt: skip


def _schema(kind: type[Record], *, single: bool) -> dict[str, Any]:
    fields = {name: {"description": about(kind, name).label} for name in stated_fields(kind)}
    one = {"type": "object", "required": ["title"], "properties": fields, "additionalProperties": False}
    return one if single else {"oneOf": [one, {"type": "array", "items": one, "maxItems": MOST}]}


def _body(kind: type[Record], *, single: bool) -> dict[str, Any]:
    content = {"schema": _schema(kind, single=single), "example": EXAMPLES[kind.kind]}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _routes(kind: type[Record], path: str) -> None:
    name = kind.kind
    body, single_body = _body(kind, single=False), _body(kind, single=True)

    @router.get(path, tags=[name], summary=f"List {path[1:]}, latest first", operation_id=f"list_{path[1:]}")
    def list_(
        opened: Opened,
        asker: Asker,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[int | None, Query(ge=1)] = None,
    ) -> Page:
        total, found = listed(opened, name, viewer=asker, limit=limit, before=before)
        following = found[-1].revision if len(found) == limit else None
        return Page(total=total, records=[public(record) for record in found], next=following)

    @router.post(path, tags=[name], summary="Add or replace by source and source_id", operation_id=f"post_{path[1:]}",
                 status_code=201, openapi_extra=body, response_model=Written,
                 responses={200: {"model": Written, "description": "Nothing was new"}})  # fmt: skip
    def post(opened: Opened, asker: Staff, given: OneOrMany) -> Response:
        written = _write(opened, asker, kind, given)
        return as_sent(written, HTTPStatus.CREATED if written.added else HTTPStatus.OK)

    @router.put(
        path,
        tags=[name],
        summary="Replace a list by source and source_id",
        operation_id=f"put_{path[1:]}",
        openapi_extra=body,
    )
    def put(opened: Opened, asker: Staff, given: OneOrMany) -> Written:
        return _write(opened, asker, kind, given)

    @router.delete(path, tags=[name], summary="Delete a list by id", operation_id=f"delete_{path[1:]}")
    def delete(opened: Opened, asker: Staff, id: Annotated[list[Id], Query(max_length=MOST)]) -> Deleted:
        for each in id:
            _get(opened, asker, kind, each)
        return Deleted(deleted=opened.store.delete(id), revision=opened.store.revision())

    @router.get(path + "/{id}", tags=[name], summary=f"One {name}", operation_id=f"get_{name}")
    def get(opened: Opened, asker: Asker, id: Id) -> dict[str, Any]:
        return public(_get(opened, asker, kind, id))

    @router.get(
        path + "/{id}/tags",
        tags=[name],
        summary=f"Classes of GB/T 4754 and of the IPC that the words of one {name} speak of",
        operation_id=f"get_{name}_tags",
    )
    def get_tags(opened: Opened, asker: Asker, id: Id) -> list[TagJson]:
        return [tag_json(tag) for tag in opened.index.tags(_get(opened, asker, kind, id))]

    @router.put(
        path + "/{id}",
        tags=[name],
        summary=f"Replace one {name}",
        operation_id=f"put_{name}",
        openapi_extra=single_body,
    )
    def put_one(opened: Opened, asker: Staff, id: Id, given: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        held = _get(opened, asker, kind, id)
        record = replace(read(kind, given), source=held.source, source_id=held.source_id)
        opened.store.save([asker.admitted(_keeping_hidden(record, held, given), held)])
        return public(opened.store.get(id))

    @router.delete(path + "/{id}", tags=[name], summary=f"Delete one {name}", operation_id=f"delete_{name}")
    def delete_one(opened: Opened, asker: Staff, id: Id) -> Deleted:
        _get(opened, asker, kind, id)
        return Deleted(deleted=opened.store.delete([id]), revision=opened.store.revision())


for _name, _path in (("achievement", "/achievements"), ("demand", "/demands")):
    _routes(KINDS[_name], _path)


def read(kind: type[Record], given: dict[str, Any]) -> Record:
    """A record from JSON. Without a source it is `api`'s; without a number it gets one. Raises RecordRefused, UnknownField."""
    known = {*stated_fields(kind), "kind", "id", "revision", "saved_at"}
    for name in given.keys() - known:
        raise UnknownField(name=name, known="、".join(stated_fields(kind)))
    record = record_of(kind, given)
    return replace(record, source=record.source or "api", source_id=record.source_id or uuid4().hex)


def _write(
    opened: Installation, asker: Viewer, kind: type[Record], given: dict[str, Any] | list[dict[str, Any]]
) -> Written:
    if isinstance(given, list) and len(given) > MOST:
        raise TooMany(most=MOST, given=len(given))
    records: dict[tuple[str, str], Record] = {}
    refused: list[RefusedRow] = []
    for line, item in enumerate(given if isinstance(given, list) else [given], start=1):
        try:
            record = read(kind, item)
            if (record.source, record.source_id) in records:
                raise RecordRefused(reason=f"来源编号“{record.source_id}”在这一批里重复")
            held = opened.store.find(kind.kind, record.source, record.source_id) if item.get("source_id") else None
            records[record.source, record.source_id] = asker.admitted(_keeping_hidden(record, held, item), held)
        except BadInput as error:
            if isinstance(given, dict):
                raise
            refused.append(RefusedRow(line=line, reason=str(error.facts.get("reason", error))))
    saved = opened.store.save(list(records.values()))
    return Written(
        added=list(saved.added),
        changed=list(saved.changed),
        unchanged=list(saved.unchanged),
        refused=refused,
        revision=saved.revision,
    )


def _keeping_hidden(record: Record, held: Record | None, given: dict[str, Any]) -> Record:
    """The record with the confidential fields it had: what no answer shows, no answer sent back may erase. An explicit null does."""
    hidden = {name for name in stated_fields(type(record)) if about(type(record), name).confidential} - given.keys()
    return replace(record, **{name: getattr(held, name) for name in hidden}) if held else record


def _get(opened: Installation, asker: Viewer, kind: type[Record], id: int) -> Record:
    record = seen(opened, id, viewer=asker)
    if not isinstance(record, kind):
        raise RecordNotFound(id=id)
    return record
