"""Disclosures: who read what is confidential, of which record, when. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from corpus.accounts import now
from corpus.database import writing
from corpus.tables import disclosures


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`user` is an account's id; `request` the contact request whose sender's contact it was, None for what the record states itself."""

    user: int
    record: int
    seen_at: datetime
    request: int | None = None


def disclose(engine: sa.Engine, user: int, record: int) -> None:
    """Note that an account is now shown what is confidential of a record; on disk when this returns."""
    with writing(engine) as connection:
        connection.execute(disclosures.insert().values(user=user, record=record, seen_at=now()))


def disclosures_of(engine: sa.Engine, record: int) -> list[Disclosure]:
    """Latest first."""
    c = disclosures.c
    asked = sa.select(c.user, c.record, c.seen_at, c.request).where(c.record == record).order_by(c.id.desc())
    with engine.connect() as connection:
        return [Disclosure(*row) for row in connection.execute(asked)]
