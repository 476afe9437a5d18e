"""Who may come in, and who is told of whom.

`users`, `sessions` and `tries` say who may sign in, who is, and who tried too often. `contact_requests` holds who asks to be put in touch
about which record, and how far that is; `disclosures` who read what is confidential.
"""

from __future__ import annotations

import sqlalchemy as sa

from corpus.tables.schema import NUMBER, metadata

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

contact_requests = sa.Table(
    "contact_requests",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
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
    sa.Column("match_id", sa.BigInteger, index=True),
    sa.Index("ix_contact_requests_state", "state", "made_at"),
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
