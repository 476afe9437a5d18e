"""The store: every record, and the order in which they changed.

Each change takes the next number of one counter, its *revision*, inside the transaction that writes it; the counter's row stays
locked until the commit, so the order of revisions is the order of commits, and whoever has read up to revision *n* misses nothing by
asking for what came after *n*. A deletion is a change too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from corpus.changes import changes_after, next_changes
from corpus.database import NotSaved, connect, migrate, reason_of
from corpus.departures import Departure, departed_after, is_seen_otherwise, note
from corpus.errors import RecordNotFound
from corpus.records import Change, Record
from corpus.tables import TABLES, counter, deletions, record_from, row_of

_AT_ONCE = 500
"""Parameters of one IN list; below SQLite's limit on every build."""
_LOCKED = sa.update(counter).values(value=counter.c.value).returning(counter.c.value)
_COUNTED = sa.update(counter).values(value=sa.bindparam("reached"))
_HELD = {
    kind: sa.select(table).where(
        table.c.source == sa.bindparam("source"), table.c.source_id.in_(sa.bindparam("numbers", expanding=True))
    )
    for kind, table in TABLES.items()
}
_NUMBERED = {
    kind: sa.select(table).where(table.c.id.in_(sa.bindparam("ids", expanding=True))) for kind, table in TABLES.items()
}
_ADDED = {kind: table.insert() for kind, table in TABLES.items()}
"""The statements of every save and every search: making one takes as long as answering it."""
_LARGEST = 2**63 - 1
"""Beyond this a number is no id, and no database takes it."""


@dataclass(frozen=True)
class Saved:
    """What a save did, by id, in the order of the records given."""

    added: tuple[int, ...]
    changed: tuple[int, ...]
    unchanged: tuple[int, ...]
    records: tuple[Record, ...]
    """The records as they now stand in the store."""
    revision: int
    """The store's, with that."""


class Store:
    """Records in a database given by URL; SQLite in a file or in memory, or PostgreSQL. Brings the tables up to date on opening."""

    def __init__(self, url: str | sa.URL) -> None:
        self.engine = connect(url)
        migrate(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    def revision(self) -> int:
        """The number of the latest committed change; 0 for an empty store."""
        with (
            self.engine.connect() as connection
        ):  # asked before every search: written out, for making the statement costs more than answering it
            return int(connection.exec_driver_sql("SELECT value FROM counter").scalar() or 0)

    def save(self, records: Sequence[Record]) -> Saved:
        """Add or replace records by (kind, source, source_id), all in one transaction; the same record again changes nothing.

        A record that has an owner keeps it unless another is given. The keys must differ among the records given. Returns once the change
        is on disk. Raises NotSaved.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        added: list[Record] = []
        changed: list[Record] = []
        standing: list[Record] = []
        hidden: list[tuple[Record, int]] = []
        with self._changing() as (connection, revision):
            for kind, same_kind in _by_kind(records).items():
                held = self._held(connection, kind, same_kind)
                for record in same_kind:
                    old = held.get((record.source, record.source_id))
                    if old and record.owner is None:
                        record = replace(record, owner=old.owner)
                    if old == record:
                        standing.append(old)
                        continue
                    number = revision.next()
                    fresh = replace(record, id=old.id if old else number, revision=number, saved_at=now)
                    (changed if old else added).append(fresh)
                    if old and is_seen_otherwise(old, fresh):
                        hidden.append((old, number))
                self._write(
                    connection, kind, [r for r in added if r.kind == kind], [r for r in changed if r.kind == kind]
                )
            note(connection, hidden)
        return Saved(_ids(added), _ids(changed), _ids(standing), (*added, *changed, *standing), revision.value)

    def delete(self, ids: Iterable[int]) -> int:
        """Delete records by id; returns how many there were. Raises RecordNotFound, deleting nothing, if one is missing."""
        now = datetime.now(UTC).replace(tzinfo=None)
        wanted = list(dict.fromkeys(ids))
        if beyond := [id for id in wanted if not 0 < id <= _LARGEST]:
            raise RecordNotFound(id=beyond[0])
        with self._changing() as (connection, revision):
            for id in wanted:
                gone, number = self._delete_one(connection, id), revision.next()
                row = {"id": id, "kind": gone.kind, "revision": number, "deleted_at": now}
                connection.execute(deletions.insert(), row)
                note(connection, [(gone, number)])
        return len(wanted)

    def get(self, id: int) -> Record:
        """Looked for in every table, wherever it is: one that somebody may not see takes them as long as one that is not there. Raises RecordNotFound."""
        with self.engine.connect() as connection:
            rows = {
                kind: connection.execute(sa.select(table).where(table.c.id == id)).mappings().first()
                for kind, table in TABLES.items()
                if 0 < id <= _LARGEST
            }
        for kind, row in rows.items():
            if row is not None:
                return record_from(kind, row)
        raise RecordNotFound(id=id)

    def get_many(self, ids: Iterable[int]) -> dict[int, Record]:
        """The records there are, by id."""
        wanted = [id for id in ids if 0 < id <= _LARGEST]
        found: dict[int, Record] = {}
        with self.engine.connect() as connection:
            for kind, numbered in _NUMBERED.items():
                left = [id for id in wanted if id not in found]
                for start in range(0, len(left), _AT_ONCE):
                    rows = connection.execute(numbered, {"ids": left[start : start + _AT_ONCE]}).mappings()
                    found |= {row["id"]: record_from(kind, row) for row in rows}
        return found

    def find(self, kind: str, source: str, source_id: str) -> Record | None:
        """The record a source knows under its own number."""
        with self.engine.connect() as connection:
            row = connection.execute(_HELD[kind], {"source": source, "numbers": [source_id]}).mappings().first()
        return record_from(kind, row) if row else None

    def held(self, records: Sequence[Record]) -> dict[tuple[str, str, str], Record]:
        """What is held under the numbers of records: by kind, source and source_id."""
        with self.engine.connect() as connection:
            return {
                (kind, *key): record
                for kind, same_kind in _by_kind(records).items()
                for key, record in self._held(connection, kind, same_kind).items()
            }

    def owned(self, kind: str, owner: int, organisation: str | None = None) -> list[Record]:
        """The records of an account, and those that stand under an organisation's name; latest change first."""
        table = TABLES[kind]
        whose = table.c.owner == owner
        asked = sa.select(table).where(
            whose if organisation is None else whose | (table.c.organisation == organisation)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(asked.order_by(table.c.revision.desc())).mappings()
            return [record_from(kind, row) for row in rows]

    def latest(self, kind: str, limit: int, before: int | None = None) -> list[Record]:
        """Records by latest change first; those whose revision lies below `before`, if given."""
        table = TABLES[kind]
        asked = sa.select(table).order_by(table.c.revision.desc()).limit(limit)
        if before is not None:
            asked = asked.where(table.c.revision < min(before, _LARGEST))
        with self.engine.connect() as connection:
            return [record_from(kind, row) for row in connection.execute(asked).mappings()]

    def fault(self) -> str | None:
        """What is wrong with the database's file; None where it is sound, or a server's business."""
        if self.engine.dialect.name != "sqlite":
            return None
        try:
            with self.engine.connect() as connection:
                found = str(connection.scalar(sa.text("PRAGMA quick_check(1)")))
        except sa.exc.DatabaseError as error:
            return reason_of(error)
        return None if found == "ok" else found

    def counts(self) -> Mapping[str, int]:
        """How many records of each kind."""
        with self.engine.connect() as connection:
            return {
                kind: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
                for kind, table in TABLES.items()
            }

    def changes_after(self, revision: int, upto: int) -> Iterator[Change]:
        """The latest change of each id whose revision lies in (revision, upto], by kind and then in order; records stream."""
        with self.engine.connect().execution_options(yield_per=1000) as connection:
            yield from changes_after(connection, revision, upto)

    def next_changes(self, revision: int, limit: int) -> list[Change | Departure]:
        """The first changes after a revision, in order, about so many: records as they stand, and departures. No revision is split."""
        with self.engine.connect() as connection:
            return next_changes(connection, revision, limit)

    def departed(self, revision: int) -> list[int]:
        """The records that went after a revision, or that others may see since than before."""
        with self.engine.connect() as connection:
            return departed_after(connection, revision)

    @contextmanager
    def _changing(self) -> Iterator[tuple[sa.Connection, _Revision]]:
        """A writing transaction that holds the counter's row from its first statement to its commit. Raises NotSaved."""
        try:
            with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                before = connection.execute(_LOCKED).scalar_one()
                revision = _Revision(before)
                yield connection, revision
                if revision.value > before:
                    connection.execute(_COUNTED, {"reached": revision.value})
        except sa.exc.OperationalError as error:
            raise NotSaved(reason=reason_of(error)) from error

    def _held(self, connection: sa.Connection, kind: str, records: Sequence[Record]) -> dict[tuple[str, str], Record]:
        held: dict[tuple[str, str], Record] = {}
        for source in dict.fromkeys(record.source for record in records):
            keys = [record.source_id for record in records if record.source == source]
            for start in range(0, len(keys), _AT_ONCE):
                asked = {"source": source, "numbers": keys[start : start + _AT_ONCE]}
                for row in connection.execute(_HELD[kind], asked).mappings():
                    held[source, row["source_id"]] = record_from(kind, row)
        return held

    def _write(self, connection: sa.Connection, kind: str, added: Sequence[Record], changed: Sequence[Record]) -> None:
        table = TABLES[kind]
        if added:
            connection.execute(_ADDED[kind], [_row(record) for record in added])
        if changed:
            rows = [{**_row(record), "key": record.id} for record in changed]
            columns: dict[str, Any] = {c.name: sa.bindparam(c.name) for c in table.columns if c.name != "id"}
            connection.execute(
                table.update().where(table.c.id == sa.bindparam("key")).values(columns),
                [{name: value for name, value in row.items() if name != "id"} for row in rows],
            )

    def _delete_one(self, connection: sa.Connection, id: int) -> Record:
        """The record that was there."""
        for kind, table in TABLES.items():
            deleted = connection.execute(table.delete().where(table.c.id == id).returning(*table.c)).mappings().first()
            if deleted:
                return record_from(kind, deleted)
        raise RecordNotFound(id=id)


@dataclass
class _Revision:
    value: int

    def next(self) -> int:
        self.value += 1
        return self.value


def _ids(records: Iterable[Record]) -> tuple[int, ...]:
    return tuple(record.id for record in records)


def _by_kind(records: Sequence[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.kind, []).append(record)
    return groups


def _row(record: Record) -> dict[str, object]:
    assert record.saved_at is not None
    return row_of(record, id=record.id, revision=record.revision, saved_at=record.saved_at)
