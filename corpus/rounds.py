"""Rounds: up to when an account has seen the queue, so that its next round can tell what came since.

Visits within half an hour of one another are one round: reading the page again does not make what was new old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.database import writing
from corpus.tables import rounds

ONE_ROUND = timedelta(minutes=30)


class Rounds:
    """The rounds in a database."""

    def __init__(self, engine: sa.Engine, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def visit(self, account: int) -> datetime | None:
        """Note that an account looks at the queue now; the end of its round before, in UTC, None where this is the first."""
        c, at = rounds.c, self.clock()
        with writing(self.engine) as connection:
            held = connection.execute(
                sa.select(c.before, c.latest).where(c.account == account).with_for_update()
            ).first()
            if held is None:
                connection.execute(rounds.insert().values(account=account, before=None, latest=at))
                return None
            before: datetime | None = held.before if at - held.latest < ONE_ROUND else held.latest
            connection.execute(rounds.update().where(c.account == account).values(before=before, latest=at))
        return before
