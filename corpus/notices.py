"""Notices: what an account is told, on the site and by mail. Whatever dies, none is sent twice: it is claimed before its letter goes out."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.database import writing


class Notices:
    """The notices of a table with columns `id`, `seen_at` and `sent_at`."""

    table: sa.Table

    def __init__(self, engine: sa.Engine, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def see(self, ids: Sequence[int]) -> None:
        """Their account has now been shown them."""
        unseen = self.table.update().where(self.table.c.id.in_(ids), self.table.c.seen_at.is_(None))
        if ids:
            with writing(self.engine) as connection:
                connection.execute(unseen.values(seen_at=self.clock()))

    def claim(self, ids: Sequence[int]) -> list[int]:
        """Those that are now this caller's to send, and nobody else's."""
        free = self.table.update().where(self.table.c.id.in_(ids), self.table.c.sent_at.is_(None))
        with writing(self.engine) as connection:
            return list(connection.scalars(free.values(sent_at=self.clock()).returning(self.table.c.id)))

    def release(self, ids: Sequence[int]) -> None:
        """What was claimed and surely not sent."""
        with writing(self.engine) as connection:
            connection.execute(self.table.update().where(self.table.c.id.in_(ids)).values(sent_at=None))
