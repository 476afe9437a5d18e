"""Rendering pages: Jinja with autoescaping, and the few filters that the templates use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from corpus import vocabulary as v
from corpus.records import KINDS, Record, about
from indexer.fusion import LABELS

_FOLDER = Path(__file__).parent

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


environment.filters |= {"highlighted": highlighted, "named": named, "number": number}
environment.globals |= {"PART_LABELS": LABELS, "KINDS": KINDS, "TRL": v.TRL, "about": about, "vocabulary": v}


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    values = {"status": status, "path": request.url.path, **values}
    return HTMLResponse(environment.get_template(template).render(values), status)
