"""GET /api/v1/search"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from service.access import Asker, Opened, Turn
from service.answers import MARKED, PAGED, search
from service.api.shapes import AnswerJson, answer_json, as_sent

router = APIRouter(prefix="/api/v1", tags=["search"])

Kind = Literal["achievement", "demand"]
ModeName = Literal["hybrid", "semantic", "keyword"]
Where = Annotated[
    list[str],
    Query(
        max_length=50,
        description="`field=value`, repeated; values of one field are alternatives",
        examples=[["region=杭州", "trl=5..9"]],
    ),
]
Marked = Annotated[
    list[Annotated[int, Field(ge=1, lt=2**63)]],
    Query(
        max_length=MARKED,
        description="Ids of records that the answer is turned towards (`like`), or away from and without (`unlike`)",
        examples=[[18]],
    ),
]


@router.get("/search", summary="Records that answer a text, best first", response_model=AnswerJson, dependencies=[Turn])
def get_search(
    opened: Opened,
    asker: Asker,
    q: Annotated[
        str, Query(description="A line or a page in one's own words", examples=["无刷直流电机 噪声"], max_length=20000)
    ],
    kind: Kind | None = None,
    where: Where = [],  # noqa: B006 - FastAPI copies it
    without: Annotated[
        list[str],
        Query(
            max_length=200,
            description="Words to take out of the reading; the vector still follows the text",
            examples=[["噪声"]],
        ),
    ] = [],  # noqa: B006
    like: Marked = [],  # noqa: B006
    unlike: Marked = [],  # noqa: B006
    fold: Annotated[
        bool,
        Query(description="Whether records that say the same come as one hit; `limit` and `offset` count hits then"),
    ] = False,
    mode: ModeName = "hybrid",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    offset: Annotated[int, Query(ge=0, lt=PAGED)] = 0,
    records: Annotated[bool, Query(description="Whether each hit carries its whole record")] = False,
) -> Response:
    answer = search(
        opened,
        q,
        viewer=asker,
        kind=kind,
        where=where,
        without=without,
        like=like,
        unlike=unlike,
        fold=fold,
        mode=mode,
        limit=limit,
        offset=offset,
    )
    return as_sent(answer_json(answer, records=records))
