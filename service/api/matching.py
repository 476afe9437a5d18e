"""POST /api/v1/match"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.access import Asker, Opened
from service.answers import match
from service.api.searching import Kind, ModeName
from service.api.shapes import AnswerJson, answer_json

router = APIRouter(prefix="/api/v1", tags=["match"])


class MatchRequest(BaseModel):
    """Either the id of a stored record or a text."""

    model_config = ConfigDict(extra="forbid")

    id: int | None = Field(None, ge=1, lt=2**63, description="A stored record; the other side's records are answered")
    text: str | None = Field(None, max_length=20_000, description="A demand in one's own words")
    kind: Kind | None = Field(None, description="Which side to answer a text with; achievements unless said")
    where: list[str] = Field([], max_length=50)
    mode: ModeName = "hybrid"
    limit: int = Field(10, ge=1, le=100)
    records: bool = False

    @model_validator(mode="after")
    def one_of_both(self) -> MatchRequest:
        if (self.id is None) == (self.text is None):
            raise ValueError("请给出 id 或 text 之一")
        return self


_EXAMPLE = {"text": "电动滚筒用的无刷电机噪声大，要求空载低于 45 dB", "where": ["region=浙江"], "limit": 5}


@router.post("/match", summary="The other side's records for a record or a text, compared point by point")
def post_match(opened: Opened, asker: Asker, asked: Annotated[MatchRequest, Body(examples=[_EXAMPLE])]) -> AnswerJson:
    answer = match(
        opened,
        viewer=asker,
        id=asked.id,
        text=asked.text,
        kind=asked.kind,
        where=asked.where,
        mode=asked.mode,
        limit=asked.limit,
    )
    return answer_json(answer, records=asked.records)
