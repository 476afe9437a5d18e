"""How matches go, by API, under /api/v1/matches: figures, why achievements were turned down, the list as a sheet."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from corpus.figures import Stays, declines, figures
from corpus.steps import REASONS
from corpus.vocabulary import industries
from service import ledger
from service.access import Member, Opened, Staff
from service.api.match_bodies import Asked
from service.dealing import by
from service.installation import Installation
from service.listing import write_rows
from service.viewer import Viewer

router = APIRouter(prefix="/api/v1/matches", tags=["matches"])


class StayJson(BaseModel):
    count: int
    median: float
    mean: float


class DeclineJson(BaseModel):
    organisation: str
    reason: str
    label: str
    count: int


class FieldJson(BaseModel):
    name: str
    states: dict[str, int]


class FiguresJson(BaseModel):
    """`reached`: matches that ever stood in a state; `now`: that do; `stays`: days in a state, of those that left it, `stays_by_…`: of whose."""

    reached: dict[str, int]
    now: dict[str, int]
    stays: dict[str, StayJson]
    by_broker: dict[str, dict[str, int]]
    by_field: dict[str, FieldJson]
    by_month: dict[str, dict[str, int]]
    stays_by_broker: dict[str, dict[str, StayJson]]
    stays_by_field: dict[str, dict[str, StayJson]]
    stays_by_month: dict[str, dict[str, StayJson]]
    declines: list[DeclineJson]


@router.get("/figures", summary="Funnel, time in state, by broker, field and month, reasons of declines")
def get_figures(
    opened: Opened,
    asker: Staff,
    since: Annotated[date | None, Query(description="Of matches that began on this day or later")] = None,
) -> FiguresJson:
    begin = datetime.combine(since, time()).astimezone(UTC).replace(tzinfo=None) if since else None
    found = figures(opened.matches, since=begin, by=by(asker))
    fields = {
        code: FieldJson(name=industries().name(code) if code else "未说明", states=dict(states))
        for code, states in found.by_field.items()
    }
    return FiguresJson(
        reached=dict(found.reached),
        now=dict(found.now),
        stays=_stays_json(found.stays),
        by_broker={name: dict(states) for name, states in found.by_broker.items()},
        by_field=fields,
        by_month={month: dict(states) for month, states in found.by_month.items()},
        stays_by_broker={key: _stays_json(stays) for key, stays in found.stays_by_broker.items()},
        stays_by_field={key: _stays_json(stays) for key, stays in found.stays_by_field.items()},
        stays_by_month={key: _stays_json(stays) for key, stays in found.stays_by_month.items()},
        declines=_declines(opened, asker),
    )


@router.get("/declines", summary="Why achievements were turned down; a firm is told of its own")
def get_declines(opened: Opened, asker: Member) -> list[DeclineJson]:
    return _declines(opened, asker)


@router.get("/export", summary="The matches that are wanted as a sheet", response_class=FileResponse)
def export_matches(
    opened: Opened, asker: Staff, asked: Asked, format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx"
) -> FileResponse:
    with tempfile.NamedTemporaryFile(prefix="duijie-", suffix=f".{format}", delete=False) as part:
        path = Path(part.name)
    try:
        write_rows(ledger.HEADINGS, ledger.rows(opened, asker, asked), path, title="匹配")
    except BaseException:
        path.unlink()
        raise
    name = f"matches-{opened.matches.today():%Y%m%d}.{format}"
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink))


def _stays_json(stays: Stays) -> dict[str, StayJson]:
    return {state: StayJson(count=s.count, median=s.median, mean=s.mean) for state, s in stays.items()}


def _declines(opened: Installation, asker: Viewer) -> list[DeclineJson]:
    return [
        DeclineJson(organisation=d.organisation, reason=d.reason, label=_reason(d.reason, asker), count=d.count)
        for d in declines(opened.matches, by=by(asker))
    ]


def _reason(code: str, asker: Viewer) -> str:
    reason = REASONS[code]
    return reason.label if asker.is_staff else reason.shown or reason.label
