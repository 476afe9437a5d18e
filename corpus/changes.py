"""Changes: what came after a revision, for whoever keeps in step with the store.

An index asks before every search, mostly to hear of nothing or of one record: the statements are made once, and only tables that have anything
are asked.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from corpus.departures import Departure, departures_after
from corpus.records import Change
from corpus.tables import TABLES, deletions, record_from


def _between(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    number = table.c.revision
    return sa.select(table).where(number > sa.bindparam("after"), number <= sa.bindparam("upto")).order_by(number)


_BETWEEN = {kind: _between(table) for kind, table in TABLES.items()}
_GONE = _between(deletions)
_NEWEST = "SELECT " + ", ".join(f"(SELECT max(revision) FROM {table.name})" for table in (*TABLES.values(), deletions))  # noqa: S608


def changes_after(connection: sa.Connection, revision: int, upto: int) -> Iterator[Change]:
    """The latest change of each id whose revision lies in (revision, upto], by kind and then in order; records stream."""
    between = {"after": revision, "upto": upto}
    newest = dict(zip((*TABLES, None), connection.exec_driver_sql(_NEWEST).one(), strict=True))
    for kind, asked in _BETWEEN.items():
        if (newest[kind] or 0) > revision:
            for row in connection.execute(asked, between).mappings():
                yield Change(row["id"], row["revision"], record_from(kind, row))
    if (newest[None] or 0) > revision:
        for row in connection.execute(_GONE, between).mappings():
            yield Change(row["id"], row["revision"], None)


def next_changes(connection: sa.Connection, revision: int, limit: int) -> list[Change | Departure]:
    """The first changes after a revision, in order, about so many: records as they stand, and departures. No revision is split."""
    found: list[Change | Departure] = []
    for kind, table in TABLES.items():
        asked = sa.select(table).where(table.c.revision > revision).order_by(table.c.revision).limit(limit)
        rows = connection.execute(asked).mappings()
        found += [Change(row["id"], row["revision"], record_from(kind, row)) for row in rows]
    found += departures_after(connection, revision, limit)
    found.sort(key=lambda change: change.revision)
    return [change for change in found if change.revision <= found[min(limit, len(found)) - 1].revision]
