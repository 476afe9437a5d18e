"""Pushes: of which matches that were pushed to it an account of a firm was told, and when it saw that.

An account is told once of a push: a constraint of the table says so, whoever writes. `version` is that of the event by which the match was
shown to the firm, so that one that is pushed anew after it was reopened is told anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from corpus.database import writing
from corpus.notices import Notices
from corpus.tables import TABLES, matches, pushes, users

KEPT = 100
"""Pushes of one account that are listed."""
_WAITING = ("recommended", "interested", "no_reply")
"""The states in which a side's word is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """`account` was told of `match`, with reasons that a person reads; the times are None for what was not seen on the site, or not sent."""

    id: int
    account: int
    match: int
    version: int
    why: Sequence[str]
    at: datetime
    seen_at: datetime | None
    sent_at: datetime | None


class Pushes(Notices):
    """The pushes in a database that firms were told of."""

    table = pushes

    def untold(self) -> dict[int, list[int]]:
        """Matches whose firm may not have been told that they were shown to it, by account."""
        found: dict[int, list[int]] = {}
        with self.engine.connect() as connection:
            for kind, first, own, other in (
                ("demand", "demand", matches.c.demand_said, matches.c.supply_said),
                ("achievement", "supply", matches.c.supply_said, matches.c.demand_said),
            ):
                for row in connection.execute(_untold(kind, first, own, other)):
                    found.setdefault(row.account, []).append(row.match)
        return found

    def tell(self, account: int, match: int, version: int, why: Sequence[str]) -> bool:
        """Whether the account was not told of this push before; from here on it is."""
        key = (pushes.c.account == account, pushes.c.match == match, pushes.c.version == version)
        row = {"account": account, "match": match, "version": version, "why": list(why), "at": self.clock()}
        try:
            with writing(self.engine) as connection:
                if connection.scalar(sa.select(pushes.c.id).where(*key)) is not None:
                    connection.execute(pushes.update().where(*key).values(checked_at=self.clock()))
                    return False
                connection.execute(pushes.insert().values(**row, checked_at=self.clock()))
        except sa.exc.IntegrityError:  # another process told it meanwhile
            return False
        return True

    def of(self, account: int) -> list[Push]:
        """The latest, latest first."""
        return self._listed(pushes.c.account == account, most=KEPT)

    def unseen(self, account: int) -> list[Push]:
        return self._listed(pushes.c.account == account, pushes.c.seen_at.is_(None), most=KEPT)

    def unsent(self, since: datetime) -> dict[int, list[Push]]:
        """What was told since a time and neither sent nor seen on the site, by account."""
        found: dict[int, list[Push]] = {}
        for push in self._listed(pushes.c.at >= since, pushes.c.sent_at.is_(None), pushes.c.seen_at.is_(None)):
            found.setdefault(push.account, []).append(push)
        return found

    def _listed(self, *conditions: sa.ColumnElement[bool], most: int | None = None) -> list[Push]:
        columns = [pushes.c[name] for name in Push.__slots__]
        asked = sa.select(*columns).where(*conditions).order_by(pushes.c.at.desc(), pushes.c.id).limit(most)
        with self.engine.connect() as connection:
            return [Push(**row) for row in connection.execute(asked).mappings()]


def _untold(kind: str, first: str, own: sa.Column[Any], other: sa.Column[Any]) -> sa.Select[Any]:
    """Accounts and matches that wait for the word of one side's firm, unless it was told since they stand so."""
    record = TABLES[kind]
    is_theirs = sa.or_(users.c.id == record.c.owner, users.c.organisation == record.c.organisation)
    told = sa.exists().where(
        pushes.c.account == users.c.id, pushes.c.match == matches.c.id, pushes.c.checked_at >= matches.c.since
    )
    return (
        sa.select(users.c.id.label("account"), matches.c.id.label("match"))
        .select_from(matches.join(record, record.c.id == matches.c[f"{kind}_id"]).join(users, is_theirs))
        .where(
            matches.c.state.in_(_WAITING),
            own.is_(None),
            sa.or_(matches.c.first.in_((first, "both")), other == "interested"),
            users.c.role == "firm",
            users.c.disabled_at.is_(None),
            ~told,
        )
        .order_by(users.c.id, matches.c.id)
    )
