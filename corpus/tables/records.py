"""Records, and what is remembered of those that went.

`achievements` and `demands` hold one column a field. `deletions` and `departures` remember what went, `counter` is the one row from which
every change takes its number. Ids come from the same counter, so they are unique across kinds and never used twice.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from corpus.metrics import Metric
from corpus.records import KINDS, Achievement, Demand, Ip, Record, hints, stated_fields
from corpus.tables.schema import metadata

_TYPES = {"str": sa.Text, "int": sa.Integer, "float": sa.Float, "date": sa.Date}
_PARTS: dict[str, type[Metric] | type[Ip]] = {"metrics": Metric, "criteria": Metric, "ip": Ip}


def _column(kind: type[Record], name: str) -> sa.Column[Any]:
    hint = hints(kind)[name]
    many = str(hint).startswith("tuple")
    bare = str(getattr(hint, "__args__", [hint])[0]).replace("<class '", "").replace("'>", "").rpartition(".")[2]
    required = many or stated_fields(kind)[name].default is not None
    return sa.Column(name, sa.JSON() if many else _TYPES[bare](), nullable=not required)


def _table(name: str, kind: type[Record]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("saved_at", sa.DateTime, nullable=False),
        sa.Column("owner", sa.Integer, nullable=True),
        *(_column(kind, field) for field in stated_fields(kind)),
        sa.UniqueConstraint("source", "source_id", name=f"uq_{name}_source"),
        sa.Index(f"ix_{name}_revision", "revision", unique=True),
        sa.Index(f"ix_{name}_status", "status"),
        sa.Index(f"ix_{name}_visibility", "visibility"),
    )


TABLES = {"achievement": _table("achievements", Achievement), "demand": _table("demands", Demand)}

deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    sa.Column("deleted_at", sa.DateTime, nullable=False),
)

departures = sa.Table(
    "departures",
    metadata,
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("visibility", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("owner", sa.Integer, nullable=True),
    sa.Column("organisation", sa.Text, nullable=True),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)


def row_of(record: Record, *, id: int, revision: int, saved_at: datetime) -> dict[str, Any]:
    """The record's row under the numbers it is saved with."""
    values = {name: getattr(record, name) for name in stated_fields(type(record))}
    for name, part in _PARTS.items():
        if name in values:
            slots = [slot.name for slot in fields(part)]
            values[name] = [
                {slot: getattr(item, slot) for slot in slots if getattr(item, slot) is not None}
                for item in values[name]
            ]
    lists = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    return values | lists | {"id": id, "revision": revision, "saved_at": saved_at, "owner": record.owner}


_NAMES = {kind: [field.name for field in fields(cls)] for kind, cls in KINDS.items()}


def record_from(kind: str, row: sa.RowMapping) -> Record:
    """The record of a row."""
    values: dict[str, Any] = {name: row[name] for name in _NAMES[kind]}
    for name, value in values.items():
        if isinstance(value, list):
            part = _PARTS.get(name)
            values[name] = tuple(part(**item) for item in value) if part else tuple(value)
    return KINDS[kind](**values)
