"""/map : 供需图谱, demands against achievements, where a person would rather look than read."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus.vocabulary import industries
from service.access import Asker, Opened
from service.fields import LEVELS, MONTHS, SHADES, field_map, shade
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/map")
def get_map(request: Request, opened: Opened, asker: Asker, within: str = "") -> HTMLResponse:
    chosen = within.strip() or None
    found = field_map(opened, chosen, viewer=asker)
    fields = found.fields
    return page(
        request,
        "map.html",
        found=found,
        within=chosen,
        around=[(code, industries().name(code)) for code in industries().ancestors(chosen)] if chosen else [],
        name=industries().name(chosen) if chosen else None,
        unmet=[field for field in fields if field.sides.balance == "unmet"],
        short=[field for field in fields if field.sides.balance == "short"],
        unreached=[field for field in fields if field.sides.balance in ("met", "short") and any(field.unreached)],
        idle=[field for field in fields if field.sides.balance == "idle"],
        LEVELS=LEVELS,
        MONTHS=MONTHS,
        SHADES=SHADES,
        shade=shade,
    )
