"""What an account keeps an eye on.

`drafts` are demands that were not filed yet, and what was changed of filed ones and not saved; `glances` what an account was last shown of a demand's matches. `watches` are saved searches,
`alerts` what they told, `pushes` which matches that were pushed to it a firm was told of.
"""

from __future__ import annotations

import sqlalchemy as sa

from corpus.tables.schema import metadata

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Integer, index=True),
    sa.Column("token", sa.Text, unique=True),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
    sa.Column("demand", sa.BigInteger),
    sa.Index("ix_drafts_demand", "owner", "demand", unique=True),
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

pushes = sa.Table(
    "pushes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account", sa.Integer, nullable=False),
    sa.Column("match", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False, index=True),
    sa.Column("checked_at", sa.DateTime, nullable=False),
    sa.Column("seen_at", sa.DateTime),
    sa.Column("sent_at", sa.DateTime),
    sa.UniqueConstraint("account", "match", "version", name="uq_pushes_push"),
)
