"""The JSON of answers, shared by the API and the command line's `--json`."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from corpus.records import public
from indexer.classes import Tag
from indexer.comparisons import Finding
from indexer.fusion import Band
from indexer.quotes import Quote
from indexer.reading import Reading
from service.answers import Answer, Hit


def as_sent(model: BaseModel, status: int = 200) -> Response:
    """A model as it is sent. What a handler returns as it is would be checked once more and written twice, in another thread."""
    return Response(model.model_dump_json(by_alias=True), status, media_type="application/json")


class QuoteJson(BaseModel):
    field: str
    text: str
    marks: list[tuple[int, int]] = Field(description="Start and end of each marked place within the text")


class FindingJson(BaseModel):
    name: str
    label: str
    value: float | None = Field(description="0 does not fit, 1 fits; null: not stated by one side")
    said: str
    quotes: list[str]


class SameJson(BaseModel):
    id: int
    title: str


class HitJson(BaseModel):
    id: int
    kind: str
    source: str
    source_id: str
    title: str
    score: float
    band: Band | None = Field(description="How good a match it is; null where the model's scores were not calibrated")
    parts: dict[str, float] = Field(description="What each part adds to the score")
    quotes: list[QuoteJson]
    comparisons: list[FindingJson] = []
    folded: list[SameJson] = Field([], description="Others that say the same, where `fold` was asked for")
    record: dict[str, Any] | None = None


class TermJson(BaseModel):
    word: str
    weight: float
    origin: str = Field(description="text, or the words of the text that brought it in")
    entry: str = Field(description="The line of the thesaurus or of the synonyms that brought it in")


class TagJson(BaseModel):
    code: str = Field(description="A class of GB/T 4754-2017 or a main group of the IPC")
    name: str


class ReadingJson(BaseModel):
    text: str
    words: list[str]
    codes: list[str]
    terms: list[TermJson]
    need: str = Field(description="What is searched by: the text without story and conditions")
    story: list[str]
    conditions: list[str]
    indicators: list[str]
    tags: list[TagJson]
    reader: str = Field(description="rule, or the name of a language model")
    note: str | None = Field(description="Why it was read otherwise than is configured")


class AnswerJson(BaseModel):
    mode: str
    degraded: str | None = Field(description="Why the mode is keyword though another was asked for")
    reading: ReadingJson
    revision: int
    total: int = Field(description="How many records were ranked, at most 200")
    note: str | None = Field(
        description="What to know of the whole: that no record holds a word of the question, or none fits well"
    )
    hits: list[HitJson]


def answer_json(answer: Answer, *, records: bool = False) -> AnswerJson:
    return AnswerJson(
        mode=answer.mode,
        degraded=answer.degraded,
        reading=reading_json(answer.reading),
        revision=answer.revision,
        total=answer.total,
        note=answer.note,
        hits=[_hit(hit, records) for hit in answer.hits],
    )


def reading_json(reading: Reading) -> ReadingJson:
    return ReadingJson(
        text=reading.text,
        words=reading.words,
        codes=list(reading.codes),
        terms=[TermJson(word=t.word, weight=round(t.weight, 4), origin=t.origin, entry=t.entry) for t in reading.terms],
        need=reading.need,
        story=list(reading.story),
        conditions=list(reading.conditions),
        indicators=[metric.text for metric in reading.indicators],
        tags=[tag_json(tag) for tag in reading.tags],
        reader=reading.reader,
        note=reading.note,
    )


def tag_json(tag: Tag) -> TagJson:
    return TagJson(code=tag.code, name=tag.name)


def _hit(hit: Hit, with_record: bool) -> HitJson:
    return HitJson(
        id=hit.record.id,
        kind=hit.record.kind,
        source=hit.record.source,
        source_id=hit.record.source_id,
        title=hit.record.title,
        score=hit.score,
        band=hit.band,
        parts=dict(hit.parts),
        quotes=[_quote(quote) for quote in hit.quotes],
        comparisons=[finding_json(finding) for finding in hit.comparisons],
        folded=[SameJson(id=record.id, title=record.title) for record in hit.folded],
        record=public(hit.record) if with_record else None,
    )


def _quote(quote: Quote) -> QuoteJson:
    return QuoteJson(field=quote.field, text=quote.text, marks=list(quote.marks))


def finding_json(finding: Finding) -> FindingJson:
    return FindingJson(
        name=finding.name, label=finding.label, value=finding.value, said=finding.said, quotes=list(finding.quotes)
    )
