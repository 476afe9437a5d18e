"""Rendering pages: Jinja with autoescaping, and the few filters that the templates use."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from corpus import vocabulary as v
from corpus.contact_requests import STATE
from corpus.records import KINDS, Achievement, Demand, Record, about
from indexer.fusion import BANDS, LABELS
from indexer.quotes import Quote
from service.access import form_token, viewer
from service.alerts import waiting

_LONGEST = 1000
"""Characters of an address to come back to."""
_GIST = 90
"""Characters of a record said in one sentence."""
_ALIKE = 16
"""Characters by which a sentence is known."""
_SENTENCE = re.compile(r".*?(?:[。！？!?]|$)")
_FOLDER = Path(__file__).parent
_CHINA = timedelta(hours=8)

environment = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def highlighted(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """The text with its marked places in <mark>, everything escaped."""
    parts: list[str] = []
    at = 0
    for start, end in marks:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def named(code: Any, record: Record | type[Record], field: str) -> str:
    """A code's label in Chinese."""
    vocabulary = about(record if isinstance(record, type) else type(record), field).vocabulary
    return vocabulary().name(str(code)) if vocabulary else str(code)


def number(value: float) -> str:
    """A number as people write it: no trailing zeros, thousands apart."""
    return f"{value:,.10g}"


def gist(record: Record, quotes: Sequence[Quote] = ()) -> str:
    """What a record says of itself in one sentence, not longer than a line or two; nothing where a quote says it already."""
    told = (record.summary or record.body) if isinstance(record, Achievement) else None
    told = (record.public_summary or record.problem) if isinstance(record, Demand) else told
    found = _SENTENCE.match(" ".join((told or "").split()))
    first = found.group() if found else ""
    if any(quote.text[:_ALIKE] == first[:_ALIKE] for quote in quotes):
        return ""
    return first if len(first) <= _GIST else first[: _GIST - 1] + "…"


def day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"


def amount(low: float | None, high: float | None) -> str | None:
    """A price or a budget in 万元, as people write a range; None where neither end is stated."""
    if low is not None and high is not None and low != high:
        return f"{number(low)}–{number(high)} 万元"
    if high is not None:
        return f"{number(high)} 万元" if low is not None else f"不超过 {number(high)} 万元"
    return None if low is None else f"{number(low)} 万元起"


def address(path: str, **asked: Any) -> str:
    """A path with what is asked of it; what is None or empty is left out, a tuple's values are repeated."""
    said = {name: value for name, value in asked.items() if value not in (None, "", ())}
    query = urlencode(said, doseq=True)
    return f"{path}?{query}" if query else path


def moment(at: datetime) -> str:
    """A time in UTC as people in China read it."""
    here = at + _CHINA
    return f"{day(here)} {here:%H:%M}"


environment.filters |= {"moment": moment, "request_state": STATE.name}
environment.filters |= {"highlighted": highlighted, "named": named, "number": number, "day": day}
environment.globals |= {"new_key": lambda: secrets.token_urlsafe(12)}
environment.globals |= {"address": address, "amount": amount, "gist": gist, "one_day": timedelta(days=1)}
environment.globals |= {
    "PART_LABELS": LABELS,
    "BANDS": BANDS,
    "KINDS": KINDS,
    "TRL": v.TRL,
    "about": about,
    "vocabulary": v,
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, told who looks at it (`viewer`), how many contact requests and alerts wait for them, and the token that its forms carry."""
    opened, looking = request.app.state.installation, viewer(request)
    common = {"status": status, "path": request.url.path, "here": _here(request), "interpreter": opened.interpreter}
    common |= {"viewer": looking, "requests_waiting": opened.requests.waiting() if looking.is_staff else 0}
    common |= {"alerts_waiting": waiting(opened, looking)}
    values = {**common, "token": form_token(request), **values}
    return HTMLResponse(environment.get_template(template).render(values), status)


def _here(request: Request) -> str | None:
    """The address to come back to after signing in; None for the front page, what a form was sent to, and a page of a pasted text."""
    query = f"?{request.url.query}" if request.url.query else ""
    here = request.url.path + query
    is_one_to_return_to = request.method == "GET" and len(here) < _LONGEST and request.url.path not in ("/", "/sign-in")
    return here if is_one_to_return_to else None
