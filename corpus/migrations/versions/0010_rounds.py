"""Up to when an account has seen the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("account", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("before", sa.DateTime(), nullable=True),
        sa.Column("latest", sa.DateTime(), nullable=False),
    )
