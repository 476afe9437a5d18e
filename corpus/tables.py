"""The store's tables, derived from the records.

`achievements` and `demands` hold one column a field. `deletions` remembers what went, `counter` is the one row from which every
change takes its number. Ids come from the same counter, so they are unique across kinds and never used twice.

`matches` holds one row for each pair that was ever brought together, with where it stands; `match_events` everything that was done with
it, only ever added to. `marks` remembers how far background work has followed the store.

`users`, `sessions`, `tries` and `disclosures` are about people: who may sign in, who is, who tried too often, who read what is confidential.
`keys` are about systems, with `key_uses` by day and `key_minutes` by minute; `jobs` what they and people have done in the background.
`contact_requests` holds who asks to be put in touch about which record, and how far that is.
`drafts` are demands that were not filed yet, `glances` what an account was last shown of a demand's matches, `rounds` up to when it has seen the queue.
`watches` are saved searches, `alerts` what they told.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from corpus.metrics import Metric
from corpus.records import KINDS, Achievement, Demand, Ip, Record, hints, stated_fields

metadata = sa.MetaData()

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

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A number that the database gives; SQLite gives none to other integers."""

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("demand_id", sa.BigInteger, nullable=False),
    sa.Column("achievement_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("touched", sa.Boolean, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("next_action", sa.Text),
    sa.Column("due_on", sa.Date),
    sa.Column("first", sa.Text),
    sa.Column("demand_said", sa.Text),
    sa.Column("supply_said", sa.Text),
    sa.Column("score", sa.Float),
    sa.Column("band", sa.Text),
    sa.Column("parts", sa.JSON, nullable=False),
    sa.Column("revision", sa.BigInteger),
    sa.Column("model", sa.Text),
    sa.Column("run", sa.Text),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
    sa.UniqueConstraint("demand_id", "achievement_id", name="uq_matches_pair"),
    sa.Index("ix_matches_achievement", "achievement_id"),
    sa.Index("ix_matches_waiting", "state", "score", "id"),
    sa.Index("ix_matches_due", "due_on"),
)

match_events = sa.Table(
    "match_events",
    metadata,
    sa.Column("match_id", _NUMBER, sa.ForeignKey("matches.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("said", sa.Text),
    sa.Column("next_action", sa.Text),
    sa.Column("due_on", sa.Date),
    sa.Column("undoes", sa.Integer),
    sa.Column("details", sa.JSON, nullable=False),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("target", sa.BigInteger, nullable=False),
    sa.Column("after", sa.BigInteger, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("disabled_at", sa.DateTime),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("user", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("seen_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
)

tries = sa.Table(
    "tries",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("prefix", sa.Text, nullable=False, unique=True),
    sa.Column("secret", sa.Text, nullable=False, unique=True),
    sa.Column("user", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("rate", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.DateTime),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("created_by", sa.Text),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("used_at", sa.DateTime),
)

key_uses = sa.Table(
    "key_uses",
    metadata,
    sa.Column("key", sa.Integer, sa.ForeignKey("keys.id"), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

key_minutes = sa.Table(
    "key_minutes",
    metadata,
    sa.Column("key", sa.Integer, sa.ForeignKey("keys.id"), primary_key=True),
    sa.Column("minute", sa.DateTime, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("key", sa.Text),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("started_at", sa.DateTime),
    sa.Column("finished_at", sa.DateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("rate", sa.Float),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("refusals", sa.JSON, nullable=False),
    sa.Column("matches", sa.Integer, nullable=False),
    sa.Column("seen", sa.JSON, nullable=False),
    sa.Column("revision", sa.BigInteger),
    sa.Column("model", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("webhook", sa.Text),
    sa.Column("webhook_secret", sa.Text),
    sa.Column("webhook_at", sa.DateTime),
    sa.Column("webhook_tries", sa.Integer, nullable=False),
    sa.Column("webhook_told", sa.Text),
    sa.UniqueConstraint("owner", "key", name="uq_jobs_key"),
    sa.Index("ix_jobs_state", "state", "created_at"),
)

disclosures = sa.Table(
    "disclosures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user", sa.Integer, nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False, index=True),
    sa.Column("seen_at", sa.DateTime, nullable=False),
    sa.Column("request", sa.BigInteger),
)

contact_requests = sa.Table(
    "contact_requests",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("record", sa.BigInteger, nullable=False, index=True),
    sa.Column("user", sa.Integer, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("broker", sa.Integer),
    sa.Column("note", sa.Text),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Index("ix_contact_requests_state", "state", "made_at"),
)

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Integer, index=True),
    sa.Column("token", sa.Text, unique=True),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)

glances = sa.Table(
    "glances",
    metadata,
    sa.Column("owner", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("demand", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("before", sa.JSON, nullable=False),
    sa.Column("latest", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)

watches = sa.Table(
    "watches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Integer, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("demand", sa.BigInteger),
    sa.Column("frequency", sa.Text, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("looked_at", sa.DateTime, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("watch", sa.Integer, sa.ForeignKey("watches.id"), nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False, index=True),
    sa.Column("seen_at", sa.DateTime),
    sa.Column("sent_at", sa.DateTime),
    sa.UniqueConstraint("watch", "record", name="uq_alerts_record"),
)

rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("account", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("before", sa.DateTime),
    sa.Column("latest", sa.DateTime, nullable=False),
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


def record_from(kind: str, row: sa.RowMapping) -> Record:
    """The record of a row."""
    cls = KINDS[kind]
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(cls)}
    for name, value in values.items():
        if isinstance(value, list):
            part = _PARTS.get(name)
            values[name] = tuple(part(**item) for item in value) if part else tuple(value)
    return cls(**values)
