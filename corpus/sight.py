"""Which matches somebody sees: of firms, those that were shown to them; of brokers, all but what concerns others' private demands and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from corpus.tables import TABLES, deletions, departures, matches

_DEMAND, _ACHIEVEMENT = TABLES["demand"], TABLES["achievement"]
_SIDES = ((_DEMAND, matches.c.demand_id), (_ACHIEVEMENT, matches.c.achievement_id))
_COLLEAGUES_SEE = ("public", "members", "org")
_UNPUBLISHED = ("draft", "pending_review", "returned", "archived", "withdrawn")


@dataclass(frozen=True, slots=True)
class By:
    """Who looks: a firm sees what was shown to it, brokers and operators all but others' private demands and drafts; as `service.viewer` says of records."""

    role: Literal["firm", "broker", "operator"]
    account: int
    organisation: str | None = None


def seen_by(by: By) -> sa.ColumnElement[bool]:
    """Of the matches that somebody sees. What brokers do not see is little, and found by its indexes; no match's records need be read."""
    if by.role == "firm":
        return _shown_to(by)
    hidden = []
    for side, id in _SIDES:
        hidden.append(id.in_(sa.select(side.c.id).where(_kept_from(by, side.c, is_demand=side is _DEMAND))))
        gone = sa.select(departures.c.id).join(deletions, deletions.c.revision == departures.c.revision)
        hidden.append(id.in_(gone.where(_kept_from(by, departures.c, is_demand=side is _DEMAND))))
    return sa.and_(*(~one for one in hidden))


def _kept_from(by: By, c: Any, *, is_demand: bool) -> sa.ColumnElement[bool]:
    """Whether a record is, or was when it was deleted, another's draft or another's private demand."""
    nobodys = c.owner.is_(None) if by.role == "operator" else sa.false()
    own = sa.or_(sa.func.coalesce(c.owner, 0) == by.account, nobodys)
    draft = sa.and_(c.status == "draft", c.owner.is_not(None), c.owner != by.account)
    return sa.or_(draft, sa.and_(c.visibility == "private", ~own)) if is_demand else draft


def offered_by(by: By) -> sa.ColumnElement[bool]:
    """The matches of a firm's own achievements, shown to it or not."""
    return sa.exists().where(_ACHIEVEMENT.c.id == matches.c.achievement_id, _owned(by, _ACHIEVEMENT))


def _shown_to(by: By) -> sa.ColumnElement[bool]:
    """What a firm sees: its own side's matches from when they were shown to it. As `Standing.is_shown_to` says."""
    m = matches.c
    sides = (("demand", _DEMAND, m.demand_id, m.supply_said), ("supply", _ACHIEVEMENT, m.achievement_id, m.demand_said))
    return sa.or_(
        *(
            sa.and_(
                m.first.is_not(None),
                sa.or_(m.first.in_((side, "both")), said == "interested"),
                sa.exists().where(table.c.id == id, _owned(by, table)),
            )
            for side, table, id, said in sides
        )
    )


def _owned(by: By, table: sa.Table) -> sa.ColumnElement[bool]:
    c = table.c
    of_firm = sa.and_(
        c.organisation == (by.organisation or ""),
        c.organisation != "",
        c.visibility.in_(_COLLEAGUES_SEE),
        c.status.not_in(_UNPUBLISHED),
    )
    return sa.or_(c.owner == by.account, of_firm)
