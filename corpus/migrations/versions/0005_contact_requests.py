"""Contact requests, and of which request a contact was disclosed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "contact_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("record", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("broker", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_contact_requests_state", "contact_requests", ["state", "made_at"], unique=False)
    op.create_index("ix_contact_requests_user", "contact_requests", ["user"], unique=False)
    op.create_index("ix_contact_requests_record", "contact_requests", ["record"], unique=False)
    op.add_column("disclosures", sa.Column("request", sa.BigInteger(), nullable=True))
