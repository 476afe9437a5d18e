"""GET /api/v1/thesaurus"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from indexer.thesaurus import Sense, Thesaurus, own_thesaurus, read_thesaurus
from service.access import Opened

router = APIRouter(prefix="/api/v1", tags=["thesaurus"])

MOST = 100
"""Lines of an answer."""


class LineJson(BaseModel):
    said: list[str] = Field(description="What people in a trade say")
    terms: list[str] = Field(description="The terms under which science answers it")
    code: str = Field(
        description="The class it is filed under: of GB/T 4754-2017 or the IPC; empty where none is given"
    )
    name: str
    own: bool = Field(description="Whether it is a line of the operator's own file")


class RefusedJson(BaseModel):
    file: str
    line: int
    reason: str


class ThesaurusJson(BaseModel):
    q: str
    total: int = Field(description="How many lines hold the word; at most 100 are answered")
    lines: list[LineJson]
    refused: list[RefusedJson] = Field(description="Lines of the operator's file that could not be read")


@router.get("/thesaurus", summary="The lines of the thesaurus that hold a word, or the operator's own")
def get_thesaurus(
    opened: Opened,
    q: Annotated[
        str, Query(description="A wording or a term, or a part of one; empty: the operator's own lines", max_length=200)
    ] = "",
) -> ThesaurusJson:
    return thesaurus_json(read_thesaurus(opened.settings.home), own_thesaurus(opened.settings.home), q.strip())


def thesaurus_json(thesaurus: Thesaurus, own: Thesaurus, q: str) -> ThesaurusJson:
    """The lines that hold a word; without one, those of the operator."""
    found = thesaurus.holding(q) if q else own.senses
    mine = set(own.senses)
    return ThesaurusJson(
        q=q,
        total=len(found),
        lines=[_line(sense, thesaurus.names.get(sense.code, ""), sense in mine) for sense in found[:MOST]],
        refused=[RefusedJson(file=r.file, line=r.line, reason=r.reason) for r in thesaurus.refused],
    )


def _line(sense: Sense, name: str, own: bool) -> LineJson:
    return LineJson(said=list(sense.said), terms=list(sense.terms), code=sense.code, name=name, own=own)
