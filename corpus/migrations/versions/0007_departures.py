"""Who might see a record that went, or that fewer may see now."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "departures",
        sa.Column("revision", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("owner", sa.Integer(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
    )
    op.execute(
        "INSERT INTO departures (revision, id, kind, visibility, status) "
        "SELECT revision, id, kind, 'public', 'published' FROM deletions"
    )
