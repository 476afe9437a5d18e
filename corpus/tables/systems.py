"""Systems, and long work for them and for people.

`keys` open an account to a system, counted in `key_uses` by day and in `key_minutes` by minute; `jobs` are what was asked to be done in the
background.
"""

from __future__ import annotations

import sqlalchemy as sa

from corpus.tables.schema import metadata

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
