"""/workbench/figures : how matches go: the funnel, time in each state, by broker, field and month, and why offers were turned down."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse
from starlette.background import BackgroundTask

from corpus.figures import Declined, Figures, Stays, declines, figures
from corpus.steps import REASONS, STATES
from corpus.vocabulary import industries
from service.access import Opened, Staff
from service.dealing import by
from service.installation import Installation
from service.listing import write_rows
from service.pages.names import names_of
from service.templating import address, page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

FUNNEL = (
    "suggested",
    "shortlisted",
    "assessed",
    "recommended",
    "interested",
    "connecting",
    "negotiating",
    "contracted",
    "registered",
    "landed",
)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "待决定": ("suggested", "reopened"),
    "推进中": (
        "shortlisted", "hold", "assessed", "recommended", "interested", "connecting", "negotiating", "stalled",
    ),
    "签约以后": ("contracted", "registered", "landed"),
    "没有成": ("rejected", "declined", "no_reply", "lost", "terminated", "lapsed"),
}  # fmt: skip
HEADINGS = ("表", "项目", "细目", "数")
Since = Annotated[date | None, Query()]


@dataclass(frozen=True)
class Group:
    """Matches of a broker, a field or a month, counted by how far they are; how long they stayed in each state."""

    name: str
    total: int
    counts: Mapping[str, int]
    stays: Stays
    address: str | None = None


@router.get("/workbench/figures")
def get_figures(request: Request, opened: Opened, asker: Staff, since: Since = None) -> HTMLResponse:
    found, turned_down = _found(opened, asker, since)
    return page(
        request,
        "figures.html",
        since=since,
        found=found,
        total=sum(found.now.values()),
        FUNNEL=FUNNEL,
        STATES=STATES,
        REASONS=REASONS,
        groups=_groups(opened, found),
        GROUPS=tuple(GROUPS),
        declines=turned_down,
    )


@router.get("/workbench/figures.{format}")
def get_figures_as_a_sheet(
    opened: Opened, asker: Staff, format: Literal["csv", "xlsx"], since: Since = None
) -> FileResponse:
    with tempfile.NamedTemporaryFile(prefix="duijie-", suffix=f".{format}", delete=False) as part:
        path = Path(part.name)
    try:
        write_rows(HEADINGS, _rows(opened, *_found(opened, asker, since)), path, title="统计")
    except BaseException:
        path.unlink()
        raise
    name = f"figures-{opened.matches.today():%Y%m%d}.{format}"
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink))


def _found(opened: Installation, asker: Viewer, since: date | None) -> tuple[Figures, list[Declined]]:
    begin = datetime.combine(since, time()).astimezone(UTC).replace(tzinfo=None) if since else None
    return figures(opened.matches, since=begin, by=by(asker)), declines(opened.matches, by=by(asker))


def _groups(opened: Installation, found: Figures) -> Mapping[str, list[Group]]:
    """By broker, field and month; the largest first, months the latest first."""
    names = names_of(opened, found.by_broker)
    brokers = [
        Group(names.get(login, "无人负责"), *_counted(found.by_broker, found.stays_by_broker, login),
              address("/workbench", view="all", owner=login or "nobody"))
        for login in found.by_broker
    ]  # fmt: skip
    fields = [
        Group(industries().name(code) if code else "未说明", *_counted(found.by_field, found.stays_by_field, code),
              address("/workbench", view="all", field=code) if code else None)
        for code in found.by_field
    ]  # fmt: skip
    months = [Group(month, *_counted(found.by_month, found.stays_by_month, month)) for month in found.by_month]
    return {
        "负责人": sorted(brokers, key=lambda group: -group.total),
        "需求的领域": sorted(fields, key=lambda group: -group.total),
        "开始的月份": months[::-1],
    }


def _counted(
    counts: Mapping[str, Mapping[str, int]], stays: Mapping[str, Stays], key: str
) -> tuple[int, Mapping[str, int], Stays]:
    states = counts[key]
    summed = {label: sum(states.get(state, 0) for state in group) for label, group in GROUPS.items()}
    return sum(states.values()), summed, stays.get(key, {})


def _rows(opened: Installation, found: Figures, turned_down: list[Declined]) -> Iterator[tuple[Any, ...]]:
    """Every figure of the page in a line of its own, under `HEADINGS`."""
    for table, counts in (("到过", found.reached), ("现在", found.now)):
        yield from ((table, STATES[state].label, "对", count) for state, count in counts.items())
    for state, stay in found.stays.items():
        yield ("停留", STATES[state].label, "中位天数", stay.median)
        yield ("停留", STATES[state].label, "平均天数", stay.mean)
        yield ("停留", STATES[state].label, "对", stay.count)
    for table, groups in _groups(opened, found).items():
        for group in groups:
            yield from ((table, group.name, label, count) for label, count in group.counts.items())
            for state, stay in group.stays.items():
                yield (table, group.name, f"{STATES[state].label}停留的中位天数", stay.median)
    for one in turned_down:
        yield ("没有成的原因", one.organisation or "未说明", REASONS[one.reason].label, one.count)
