"""/records/{id} : what a record states, in the order of the form, and whom it may concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus.errors import RecordNotFound
from corpus.records import Record, about, is_stated, stated_fields
from indexer.comparisons import COMPARISONS
from service.access import Asker, Member, Opened
from service.answers import OTHER_SIDE, disclosed, match, seen
from service.forms import Form
from service.installation import Installation
from service.pages.contact import why_not
from service.templating import page
from service.viewer import Viewer, confidential

router = APIRouter(include_in_schema=False)

_REGISTERED = (
    "source", "source_id", "source_url", "published_on", "verified_on", "expires_on", "visibility", "status",
)  # fmt: skip
"""Fields about the record rather than about what it describes."""
_FIT = ("transfer_modes", "industry", "region")
_KEY = {
    "achievement": ("metrics", "compared_with", "stage", "trl", "ip", "price_mode", *_FIT),
    "demand": ("criteria", "min_trl", "budget_max", "deadline", "ip_ownership", *_FIT),
}
"""Fields that decide whether two sides fit; the page names those that are not stated."""
_MATCHES = 5
_LARGEST = 2**63 - 1
"""The greatest number a record can have; a database that is asked for a greater one fails."""


@dataclass(frozen=True)
class Stated:
    """One line of the form."""

    name: str
    label: str
    value: Any
    is_coded: bool = False


@router.get("/records/{id:int}")
def get_record(request: Request, opened: Opened, asker: Asker, id: int) -> HTMLResponse:
    record = _seen(opened, asker, id)
    return _page(request, opened, asker, record, disclosed(opened, id, viewer=asker) if asker.owns(record) else None)


@router.post("/records/{id:int}")
def post_disclosure(request: Request, opened: Opened, asker: Member, form: Form, id: int) -> HTMLResponse:
    """The page with what is confidential of it, for those who may be told; that they were is noted."""
    record = _seen(opened, asker, id)
    return _page(request, opened, asker, record, disclosed(opened, id, viewer=asker))


def _seen(opened: Installation, asker: Viewer, id: int) -> Record:
    if id > _LARGEST:
        raise RecordNotFound(id=id)
    return seen(opened, id, viewer=asker)


def _page(
    request: Request, opened: Installation, asker: Viewer, record: Record, told: Mapping[str, str] | None
) -> HTMLResponse:
    """`told` is what is confidential of it, None where that was not asked for yet."""
    own, shared, registered = sections(record)
    return page(
        request,
        "record.html",
        record=record,
        own=own,
        shared=shared,
        registered=registered,
        missing=missing(record),
        tags=opened.index.tags(record),
        told=[Stated(name, about(type(record), name).label, value) for name, value in (told or {}).items()],
        may_ask=told is None and asker.may_be_told(record) and bool(confidential(record)),
        answer=match(opened, viewer=asker, id=record.id, limit=_MATCHES),
        other=OTHER_SIDE[record.kind],
        why_not=why_not(record, asker),
        weights=opened.index.fusion.weights,
        meanings={name: comparison.__doc__ for name, (_, comparison) in COMPARISONS.items()},
    )


def sections(record: Record) -> tuple[list[Stated], list[Stated], list[Stated]]:
    """What it states of itself, of whose it is, and of its registration; neither title nor confidential fields."""
    kind: type[Record] = type(record)
    names = [name for name in stated_fields(kind) if name != "title" and name not in _REGISTERED]
    common = {field.name for field in fields(Record)}
    own, shared = [n for n in names if n not in common], [n for n in names if n in common]
    return _stated(record, own), _stated(record, shared), _stated(record, _REGISTERED)


def missing(record: Record) -> list[str]:
    """Labels of the key fields that the record does not state."""
    ends = {"price_mode": ("price_min", "price_max"), "budget_max": ("budget_min",)}
    names = {"price_mode": "价格", "budget_max": "预算"}
    return [
        names.get(name) or about(type(record), name).label
        for name in _KEY[record.kind]
        if not any(is_stated(getattr(record, field)) for field in (name, *ends.get(name, ())))
    ]


def _stated(record: Record, names: Iterable[str]) -> list[Stated]:
    found = []
    for name in names:
        field, value = about(type(record), name), getattr(record, name)
        if is_stated(value) and not field.confidential:
            coded = field.vocabulary is not None
            values = (value,) if coded and not isinstance(value, tuple) else value
            found.append(Stated(name, field.label, values, coded))
    return found
