"""The lead of a match's review, and the key under which something was done with a match."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("matches", sa.Column("lead", sa.Text(), nullable=True))
    op.add_column("match_events", sa.Column("key", sa.Text(), nullable=True))
