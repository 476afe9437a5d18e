"""The table of steps as JSON: the states, the reasons, and who may do what."""

from __future__ import annotations

from pydantic import BaseModel, Field

from corpus.steps import ACTS, NEEDS, REASONS, ROLES, STATES, TABLE


class StateJson(BaseModel):
    label: str
    shown: str
    closed: bool


class ReasonJson(BaseModel):
    label: str
    shown: str
    level: int | None = Field(description="What it says of relevance, 0 or 1; null for a reason of business")


class RuleJson(BaseModel):
    from_state: str = Field(description="Empty: before there is a match")
    to: str
    who: list[str]
    needs: list[str]


class ActJson(BaseModel):
    label: str
    who: list[str]
    or_owner: bool = Field(description="Whether who is in charge of the match may, too")


class RulesJson(BaseModel):
    """The table of steps, and the words it is told in."""

    states: dict[str, StateJson]
    roles: dict[str, str]
    reasons: dict[str, ReasonJson]
    needs: dict[str, str]
    steps: list[RuleJson]
    acts: dict[str, ActJson] = Field(description="What is done without bringing a match to another state")


def rules_json() -> RulesJson:
    return RulesJson(
        states={code: StateJson(label=s.label, shown=s.shown, closed=s.closed) for code, s in STATES.items()},
        roles=dict(ROLES),
        reasons={c: ReasonJson(label=r.label, shown=r.shown or r.label, level=r.level) for c, r in REASONS.items()},
        needs=dict(NEEDS),
        steps=[
            RuleJson(from_state=from_, to=to, who=[role for role in ROLES if role in step.who], needs=list(step.needs))
            for (from_, to), step in TABLE.items()
        ],
        acts={
            code: ActJson(label=act.label, who=[role for role in ROLES if role in act.who], or_owner=act.or_owner)
            for code, act in ACTS.items()
        },
    )
