"""Pairs that were brought together, and what became of them.

`matches` holds one row for each pair, with where it stands; `match_events` everything that was done with it, only ever added to.
`marks` remembers how far background work has followed the store, `rounds` up to when an account has seen the queue,
`beats` the fields and firms that it looks after.
"""

from __future__ import annotations

import sqlalchemy as sa

from corpus.tables.schema import NUMBER, metadata

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("demand_id", sa.BigInteger, nullable=False),
    sa.Column("achievement_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("touched", sa.Boolean, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("lead", sa.Text),
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
    sa.Column("match_id", NUMBER, sa.ForeignKey("matches.id"), primary_key=True),
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
    sa.Column("key", sa.Text),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("target", sa.BigInteger, nullable=False),
    sa.Column("after", sa.BigInteger, nullable=False),
)

rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("account", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("before", sa.DateTime),
    sa.Column("latest", sa.DateTime, nullable=False),
)

beats = sa.Table(
    "beats",
    metadata,
    sa.Column("account", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("firms", sa.JSON, nullable=False),
)
