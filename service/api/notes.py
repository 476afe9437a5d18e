"""POST /api/v1/notes/read"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from corpus.records import plain
from indexer.drafts import Draft
from service.access import Opened
from service.api.shapes import TagJson, tag_json
from service.visits import LONGEST, Visit, read_note

router = APIRouter(prefix="/api/v1", tags=["notes"])


class NoteRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST, description="A visit note as it was written, small talk and all")


class PlaceJson(BaseModel):
    start: int
    end: int
    text: str


class DraftJson(BaseModel):
    title: str
    problem: str
    quotes: list[PlaceJson] = Field(description="Where in `text` of the answer it was read from")
    criteria: list[dict[str, Any]] = Field(description="Indicators, in the form in which a demand takes them")
    industries: list[TagJson] = Field(description="Likely classes of GB/T 4754-2017, likeliest first; to be confirmed")
    region: str | None = Field(description="A code of GB/T 2260, where a place is named")
    budget_min: float | None = Field(description="万元")
    budget_max: float | None
    deadline: date | None = Field(description="Reckoned from today where the note says 年底 or 明年三月")


class NoteJson(BaseModel):
    text: str
    reader: str = Field(description="rule, or the name of a language model")
    note: str | None = Field(description="Why it was read otherwise than is configured")
    needs: list[DraftJson]


_EXAMPLE = {
    "text": "上午到新昌一家轴承厂，聊了聊行情。套圈磨完老有烧伤，砂轮换了三个牌子，希望烧伤率压到千分之五以下。另外网带炉淬火变形大，想找控制的办法。"
}


@router.post("/notes/read", summary="A visit note split into draft demands; nothing is stored")
def post_note(opened: Opened, given: Annotated[NoteRequest, Body(examples=[_EXAMPLE])]) -> NoteJson:
    return note_json(read_note(opened, given.text))


def note_json(visit: Visit) -> NoteJson:
    return NoteJson(
        text=visit.text,
        reader=visit.reader,
        note=visit.told,
        needs=[_draft(one, visit.text) for one in visit.drafts],
    )


def _draft(one: Draft, text: str) -> DraftJson:
    return DraftJson(
        title=one.title,
        problem=one.problem,
        quotes=[PlaceJson(start=start, end=end, text=text[start:end]) for start, end in one.places],
        criteria=[plain(metric) for metric in one.criteria],
        industries=[tag_json(tag) for tag in one.industries],
        region=one.region,
        budget_min=one.budget_min,
        budget_max=one.budget_max,
        deadline=one.deadline,
    )
