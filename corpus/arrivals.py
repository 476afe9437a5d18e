"""Arrivals: since which number records came in at or after a moment.

Ids are the revisions that records came in with, and revisions follow time, so halving finds the place.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from corpus.store import Store
from corpus.tables import TABLES


def first_added(store: Store, moment: datetime) -> int | None:
    """The lowest id that was surely added at or after a moment (UTC): what has a higher one came in later still. None where there is none."""
    low, high = 1, store.revision() + 1
    with store.engine.connect() as connection:
        while low < high:
            middle = (low + high) // 2
            found = [one for table in TABLES.values() if (one := _saved_after(connection, table, middle))]
            low, high = (middle + 1, high) if found and min(found)[1] < moment else (low, middle)
        firsts = [
            sa.select(sa.func.min(table.c.id)).where(table.c.id >= low, table.c.revision == table.c.id)
            for table in TABLES.values()
        ]  # what was changed since may have been added long ago
        return min((id for first in firsts if (id := connection.scalar(first)) is not None), default=None)


def _saved_after(connection: sa.Connection, table: sa.Table, revision: int) -> tuple[int, datetime] | None:
    """The first change from a revision on, and when it was."""
    columns = table.c.revision, table.c.saved_at
    asked = sa.select(*columns).where(table.c.revision >= revision).order_by(table.c.revision).limit(1)
    found = connection.execute(asked).first()
    return (found[0], found[1]) if found else None
