"""Departures: records that went, or that fewer may see than before, with who might see them until then.

Who keeps in step with the library must be told to drop what they hold, and nobody else may learn that there was anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from corpus.records import KINDS, Record
from corpus.tables import departures

SEEN_BY = ("visibility", "status", "owner", "organisation")
"""The fields that say who may see a record."""


@dataclass(frozen=True)
class Departure:
    """`record` holds of the one that went only what says who might see it."""

    id: int
    revision: int
    record: Record


def is_seen_otherwise(old: Record, new: Record) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in SEEN_BY)


def note(connection: sa.Connection, gone: Iterable[tuple[Record, int]]) -> None:
    """Within the transaction of the change: each record as it was, and the revision with which it went."""
    rows = [
        {"id": old.id, "revision": revision, "kind": old.kind, **{name: getattr(old, name) for name in SEEN_BY}}
        for old, revision in gone
    ]
    if rows:
        connection.execute(departures.insert(), rows)


def departures_after(connection: sa.Connection, revision: int, limit: int) -> list[Departure]:
    asked = sa.select(departures).where(departures.c.revision > revision).order_by(departures.c.revision).limit(limit)
    return [
        Departure(row["id"], row["revision"], KINDS[row["kind"]](**{name: row[name] for name in SEEN_BY}))
        for row in connection.execute(asked).mappings()
    ]


def departed_after(connection: sa.Connection, revision: int) -> list[int]:
    """The records that went after a revision."""
    return list(connection.scalars(sa.select(departures.c.id).where(departures.c.revision > revision).distinct()))
