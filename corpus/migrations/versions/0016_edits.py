"""What was changed of a filed demand and not saved yet."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("drafts", sa.Column("demand", sa.BigInteger(), nullable=True))
    op.create_index("ix_drafts_demand", "drafts", ["owner", "demand"], unique=True)
