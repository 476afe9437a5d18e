"""What is sent to `matches`: steps and what is given with them, opinions, follow-ups, and what a queue is narrowed by."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from corpus.needs import Given
from corpus.queue import Wanted
from corpus.steps import STATES
from service.access import Member, Opened
from service.api.match_shapes import StateName

MOST = 500
"""Matches of one bulk step."""
Id = Annotated[int, Field(ge=1, lt=2**63)]
Version = Annotated[int, Field(ge=0, lt=2**31)]
Text = Annotated[str, Field(max_length=5_000)]
Short = Annotated[str, Field(max_length=200)]
ReasonName = Literal[
    "wrong_match", "out_of_scope", "spec_not_met", "too_early", "too_mature_or_generic", "benefit_unclear", "commercial_unclear",
    "description_vague", "scientific_doubt", "already_have", "budget", "region", "ip_problem", "conflict", "unavailable", "duplicate", "other",
]  # fmt: skip
OnceKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="What is sent again with the same key is done once, and answered the same; 409 where something else was done under it",
    ),
]
EXAMPLE = {"to": "rejected", "version": 1, "reason": "spec_not_met", "note": "耐温只有 120 ℃"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenBody(_Body):
    """What is given with a step. Amounts in 万元; `note` is for the house, `said` for the firm."""

    reason: ReasonName | None = None
    note: Text | None = None
    said: Text | None = None
    next_action: Short | None = None
    due_on: date | None = None
    side: Literal["demand", "supply"] | None = Field(None, description="Whose answer a broker enters")
    first: Literal["demand", "supply", "both"] | None = Field(None, description="Which side is shown the match first")
    contract_kind: Literal["development", "transfer", "licence", "consulting", "service"] | None = None
    contract_no: Short | None = None
    amount: float | None = Field(None, ge=0, le=1e9)
    technical_amount: float | None = Field(None, ge=0, le=1e9)
    registration_no: Short | None = None
    outcome: Text | None = None
    evidence: Literal["self_reported", "document_verified", "system_verified"] | None = None

    @property
    def given(self) -> Given:
        return Given(**{name: getattr(self, name) for name in GivenBody.model_fields})


class StepBody(GivenBody):
    to: StateName
    version: Version | None = Field(
        None, description="The version that was seen; refused with 409 if somebody decided since"
    )


class Chosen(_Body):
    id: Id
    version: Version | None = None


class BulkBody(GivenBody):
    """One step with one reason for many matches; each by itself."""

    to: StateName
    matches: list[Chosen] = Field(min_length=1, max_length=MOST)


class UndoBody(_Body):
    version: Version | None = None


class ReviewBody(_Body):
    recommendation: Literal["advance", "hold", "reject"]
    comment: Text | None = None
    score: int | None = Field(None, ge=1, le=5)


class FollowUpBody(_Body):
    type: Literal["note", "call", "visit", "quote", "meeting"]
    note: Text | None = None
    said: Text | None = None
    next_action: Short | None = None
    due_on: date | None = None
    amount: float | None = Field(None, ge=0, le=1e9, description="Of a quote, in 万元")


class AssignBody(_Body):
    owner: Short | None = Field(description="A login; null for nobody")


class LeadBody(_Body):
    lead: Short | None = Field(description="A login; null for nobody in particular")


class ProposalBody(_Body):
    demand: Id
    achievement: Id
    note: Text | None = None


def wanted(
    opened: Opened,
    asker: Member,
    state: Annotated[list[StateName], Query(max_length=len(STATES))] = [],  # noqa: B006 (FastAPI copies it)
    band: Annotated[list[Literal["strong", "possible", "weak", "none"]], Query(max_length=4)] = [],  # noqa: B006
    owner: Annotated[str | None, Query(max_length=200, description="A login; `-` for nobody's")] = None,
    field: Annotated[str | None, Query(max_length=50, description="A code or name of GB/T 4754")] = None,
    region: Annotated[str | None, Query(max_length=50, description="A code or name of GB/T 2260")] = None,
    since: Annotated[date | None, Query(description="In their state since this day or later")] = None,
    before: Annotated[date | None, Query(description="In their state since before this day")] = None,
    demand: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    achievement: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    waiting: Annotated[bool, Query(description="Only what waits for a decision today")] = False,
    overdue: Annotated[bool, Query(description="Only what is due and not closed")] = False,
    asked: Annotated[bool, Query(description="Only what an open contact request is about")] = False,
    beat: Annotated[bool, Query(description="Only of the fields and firms that the asker looks after")] = False,
) -> Wanted:
    if not asker.is_staff:  # what a firm is not shown, it cannot ask by either
        return Wanted(demand=demand, achievement=achievement)
    return Wanted(
        states=tuple(state), bands=tuple(band), owner=owner, field=field, region=region, since=since, before=before,
        demand=demand, achievement=achievement, waiting=waiting, overdue=overdue, asked=asked,
        beat=opened.beats.of(asker.account) if beat and asker.account is not None else None,
    )  # fmt: skip


Asked = Annotated[Wanted, Depends(wanted)]
