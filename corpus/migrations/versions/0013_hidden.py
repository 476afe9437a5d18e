"""What is hidden from somebody is little, and found at once."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for table in ("achievements", "demands"):
        for column in ("status", "visibility"):
            op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
