"""Which matches somebody sees: of firms, those that were shown to them; of brokers, all but what concerns others' private demands and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from corpus.tables import TABLES, matches

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
    private = sa.select(_DEMAND.c.id).where(_DEMAND.c.visibility == "private", ~_is_of(by, _DEMAND))
    hidden = [matches.c.demand_id.in_(private)]
    for side, id in _SIDES:
        draft = (side.c.status == "draft", side.c.owner.is_not(None), side.c.owner != by.account)
        hidden.append(id.in_(sa.select(side.c.id).where(*draft)))
    return sa.and_(*(~one for one in hidden))


def _is_of(by: By, table: sa.Table) -> sa.ColumnElement[bool]:
    nobodys = table.c.owner.is_(None) if by.role == "operator" else sa.false()
    return sa.or_(sa.func.coalesce(table.c.owner, 0) == by.account, nobodys)


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
