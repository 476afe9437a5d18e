"""The fields and firms that a broker looks after."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "beats",
        sa.Column("account", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("firms", sa.JSON(), nullable=False),
    )
