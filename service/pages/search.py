"""/search : how a question was read, what answers it, how to narrow it; without one, the latest."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from corpus.errors import BadInput
from corpus.vocabulary import KIND
from corpus.watches import FREQUENCY
from service.access import Asker, Opened, Turn
from service.answers import MARKED
from service.pages.asking import (
    MODE,
    ORDER,
    Asked,
    choices,
    each_once,
    ids,
    orders,
    page_number,
    understandable,
    understood,
)
from service.pages.understanding import Understanding, understanding
from service.results import PER_PAGE, results
from service.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/search", dependencies=[Turn])
def get_search(
    request: Request,
    opened: Opened,
    asker: Asker,
    q: str = "",
    kind: str = "",
    where: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 - FastAPI copies it
    without: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006
    like: Annotated[list[str], Query(max_length=MARKED)] = [],  # noqa: B006
    unlike: Annotated[list[str], Query(max_length=MARKED)] = [],  # noqa: B006
    mode: str = "hybrid",
    order: str = "",
    low: str = "",
    number: Annotated[str, Query(alias="page")] = "1",
) -> HTMLResponse:
    asked = Asked(
        q.strip(),
        where=each_once(where),
        without=each_once(without),
        like=ids(like),
        unlike=ids(unlike),
        low=low == "1",
        page=page_number(number),
    )
    try:
        side = KIND.code(kind) if kind.strip() else None
        asked = replace(asked, kind=side, mode=MODE.code(mode or "hybrid"), order=ORDER.code(order))
        conditions = [understood(written) for written in asked.where]
        found = results(opened, asked, asker)
    except BadInput as problem:
        readable = understandable(asked.where)
        told = str(problem)
        return page(request, "search.html", 400, asked=asked, conditions=readable, problem=told, modes=MODE.labels)
    return page(
        request,
        "search.html",
        asked=asked,
        conditions=conditions,
        found=found,
        choices=choices(asked.kind, conditions),
        modes=MODE.labels,
        orders=orders(asked.kind, asked=bool(asked.q)),
        per_page=PER_PAGE,
        frequencies=FREQUENCY.labels,
        weights=opened.index.fusion.weights,
        problem=None,
        understood=understanding(found.answered.reading) if found.answered else Understanding(),
    )
