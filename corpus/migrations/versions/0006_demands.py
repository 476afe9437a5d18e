"""Demands as a firm writes and follows them: drafts, and what an account was last shown of a demand's matches."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.Integer(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True, unique=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_drafts_owner", "drafts", ["owner"], unique=False)
    op.create_table(
        "glances",
        sa.Column("owner", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("demand", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("latest", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
