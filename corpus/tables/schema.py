"""What the tables are part of."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A number that the database gives; SQLite gives none to other integers."""
