"""/workbench/rules : who may do what with a match, and what it needs; the table of steps as people read it."""

from __future__ import annotations

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from corpus.steps import ACTS, NEEDS, REASONS, ROLES, STATES, TABLE
from service.access import Staff
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/workbench/rules")
def get_rules(request: Request, asker: Staff) -> HTMLResponse:
    steps = [(from_, to, step) for (from_, to), step in TABLE.items()]
    order = ["", *STATES]
    ordered = sorted(steps, key=lambda row: order.index(row[0]))
    groups = [(from_, list(rows)) for from_, rows in groupby(ordered, key=lambda row: row[0])]
    return page(
        request, "rules.html", groups=groups, ACTS=ACTS, NEEDS=NEEDS, REASONS=REASONS, ROLES=ROLES, STATES=STATES
    )
