"""Contact requests that joined a match."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("contact_requests", sa.Column("match_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_contact_requests_match_id", "contact_requests", ["match_id"], unique=False)
