"""/ : a box for the question, examples, what the library holds, and the ways through it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from service.access import Asker, Opened
from service.holdings import browse, holdings
from service.templating import page

router = APIRouter(include_in_schema=False)

EXAMPLES = (
    "新风机低档有一段“吱——”的尖叫声",
    "马达磁钢热了就没劲，加铽又太贵",
    "硅片里头的暗裂在出货前看不出来",
    "机械手上的线老断，外面看不出",
    "酸泵卸完槽车一抽空就烧，瓷套碎",
    "SiC MOSFET",
)
"""Questions as firms put them, and one by an exact name."""
_LATEST = 8


@router.get("/")
def get_home(request: Request, opened: Opened, asker: Asker) -> HTMLResponse:
    _, latest = browse(opened, viewer=asker, kind="achievement", where=(), limit=_LATEST, offset=0)
    return page(request, "home.html", held=holdings(opened, viewer=asker), latest=latest, examples=EXAMPLES)
