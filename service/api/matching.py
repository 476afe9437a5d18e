"""POST /api/v1/match, and /api/v1/match/stream for many at once"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from corpus.intake import read_file
from corpus.records import Demand
from indexer.attributes import read_filter
from service.access import Asker, Opened, Turn, count_visits
from service.answers import match
from service.api.searching import Kind, ModeName, Where
from service.api.shapes import AnswerJson, answer_json, as_sent
from service.bulk import answered
from service.receiving import KindNotTaken, TooManyDemands, at_most, ending_of, kept

MOST_STREAMED = 1000
LARGEST_STREAM = 10_000_000

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


@router.post(
    "/match",
    summary="The other side's records for a record or a text, compared point by point",
    response_model=AnswerJson,
    dependencies=[Turn],
)
def post_match(opened: Opened, asker: Asker, asked: Annotated[MatchRequest, Body(examples=[_EXAMPLE])]) -> Response:
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
    return as_sent(answer_json(answer, records=asked.records))


_LINES = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string", "description": "A demand a line, as POST /api/v1/demands takes it"}}},
    }
}  # fmt: skip


async def _lines(request: Request, asker: Asker) -> AsyncIterator[Path]:
    """The body in a file, for as long as the request is read."""
    ending = ending_of(request)
    if ending != ".jsonl":
        raise KindNotTaken(given=request.headers["content-type"][:60])
    with tempfile.TemporaryDirectory(prefix="duijie-") as folder:
        yield (await kept(request.stream(), Path(folder) / "demands.jsonl", largest=LARGEST_STREAM)).file


@router.post(
    "/match/stream",
    summary="Matches for up to 1,000 demands, a line each as soon as it is found",
    response_class=StreamingResponse,
    openapi_extra=_LINES,
    responses={200: {"description": "A line for each, in order", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)  # fmt: skip
def post_match_stream(
    request: Request,
    opened: Opened,
    asker: Asker,
    file: Annotated[Path, Depends(_lines)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    where: Where = [],  # noqa: B006 - FastAPI copies it
    mode: ModeName = "hybrid",
) -> StreamingResponse:
    read_filter(where)
    if at_most(file) > MOST_STREAMED + 1:
        raise TooManyDemands(most=MOST_STREAMED, given=at_most(file) - 1)
    given = list(read_file(file, kind=Demand))
    if not asker.is_signed_in:
        count_visits(request, len(given))
    found = answered(opened, given, viewer=asker, limit=limit, where=where, mode=mode)
    return StreamingResponse(map(_line, found), media_type="application/x-ndjson")


def _line(step: Mapping[str, Any]) -> str:
    told = step if "refused" not in step else {"line": step["refused"]["line"], "refused": step["refused"]["reason"]}
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"
