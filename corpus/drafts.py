"""Drafts: what somebody has written of a demand and not filed yet, or changed of a filed one and not saved yet, kept as it was typed.

A draft belongs to an account, and nobody else sees it; of a filed demand an account has one at most. One that was written before signing in belongs to whoever holds its token, for a day.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.database import writing
from corpus.errors import BadInput
from corpus.tables import drafts

Fields = Mapping[str, Sequence[str]]
"""The values of each field of a form."""

MOST = 50
"""Drafts of one account."""
LARGEST = 200_000
"""Characters of a draft."""
UNCLAIMED = timedelta(days=1)
"""How long a draft waits for somebody to sign in."""
MOST_UNCLAIMED = 500
"""Drafts that wait for somebody to sign in; beyond, the oldest gives way."""


class DraftNotFound(BadInput):
    """没有这份草稿。它可能已经提交或删除；请在“我的需求”里看现有的草稿。"""


class TooManyDrafts(BadInput):
    """草稿已有 {most} 份，这一份没有存下。请先在“我的需求”里提交或删掉几份。"""


class DraftTooLarge(BadInput):
    """写下的内容太长，没有存成草稿。请分成几项需求。"""


@dataclass(frozen=True, slots=True)
class Draft:
    """`fields` are as they were typed, whether they can be filed or not."""

    id: int
    fields: Fields
    updated_at: datetime

    @property
    def title(self) -> str:
        return (first(self.fields, "title") or first(self.fields, "problem")).strip()[:60]


def first(fields: Fields, name: str) -> str:
    """The first value of a field; empty where it has none."""
    return next(iter(fields.get(name, ())), "")


class Drafts:
    """The drafts in a database."""

    def __init__(self, engine: sa.Engine, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def keep(self, owner: int, fields: Fields, id: int | None = None) -> Draft:
        """Keep a draft, in place of the account's draft `id` where there still is one. Raises TooManyDrafts, DraftTooLarge."""
        values = {"fields": _sized(fields), "updated_at": self.clock()}
        with writing(self.engine) as connection:
            own = (drafts.c.id == id, drafts.c.owner == owner, drafts.c.demand.is_(None))
            if id is not None and connection.execute(drafts.update().where(*own).values(values)).rowcount:
                return Draft(id, fields, self.clock())
            unfiled = (drafts.c.owner == owner, drafts.c.demand.is_(None))
            held = connection.scalar(sa.select(sa.func.count()).select_from(drafts).where(*unfiled))
            if (held or 0) >= MOST:
                raise TooManyDrafts(most=MOST)
            new = connection.execute(drafts.insert().values(owner=owner, **values).returning(drafts.c.id)).scalar_one()
        return Draft(new, fields, self.clock())

    def keep_edits(self, owner: int, demand: int, fields: Fields) -> Draft:
        """Keep what an account is changing of a filed demand, in place of what it kept before. Raises DraftTooLarge."""
        values = {"fields": _sized(fields), "updated_at": self.clock()}
        own = drafts.update().where(drafts.c.owner == owner, drafts.c.demand == demand).values(values)
        new = drafts.insert().values(owner=owner, demand=demand, **values)
        try:
            with writing(self.engine) as connection:
                id = connection.scalar(own.returning(drafts.c.id)) or connection.scalar(new.returning(drafts.c.id))
        except sa.exc.IntegrityError:  # another window kept its first edits meanwhile
            with writing(self.engine) as connection:
                id = connection.scalar(own.returning(drafts.c.id))
        return Draft(int(id or 0), fields, self.clock())

    def edits(self, owner: int, demands: Iterable[int]) -> dict[int, Draft]:
        """What an account has changed and not saved, of those demands."""
        asked = _asked().add_columns(drafts.c.demand).where(drafts.c.owner == owner, drafts.c.demand.in_(list(demands)))
        with self.engine.connect() as connection:
            return {row.demand: Draft(row.id, row.fields, row.updated_at) for row in connection.execute(asked)}

    def drop_edits(self, owner: int, demand: int) -> None:
        with writing(self.engine) as connection:
            connection.execute(drafts.delete().where(drafts.c.owner == owner, drafts.c.demand == demand))

    def get(self, owner: int, id: int) -> Draft:
        """Raises DraftNotFound, also for a draft of somebody else."""
        with self.engine.connect() as connection:
            row = connection.execute(
                _asked().where(drafts.c.id == id, drafts.c.owner == owner, drafts.c.demand.is_(None))
            ).first()
        if row is None:
            raise DraftNotFound()
        return Draft(row.id, row.fields, row.updated_at)

    def all(self, owner: int) -> list[Draft]:
        """Those of demands that were not filed, latest first."""
        unfiled = (drafts.c.owner == owner, drafts.c.demand.is_(None))
        asked = _asked().where(*unfiled).order_by(drafts.c.updated_at.desc(), drafts.c.id.desc())
        with self.engine.connect() as connection:
            return [Draft(row.id, row.fields, row.updated_at) for row in connection.execute(asked)]

    def discard(self, owner: int, id: int) -> None:
        """What is gone already stays gone."""
        with writing(self.engine) as connection:
            connection.execute(drafts.delete().where(drafts.c.id == id, drafts.c.owner == owner))

    def set_aside(self, fields: Fields) -> str:
        """Keep what was written by somebody who is not signed in; the token with which they come back for it. Raises DraftTooLarge."""
        token, at = secrets.token_urlsafe(24), self.clock()
        row = {"token": _digest(token), "fields": _sized(fields), "updated_at": at}
        newest = sa.select(drafts.c.id).where(drafts.c.owner.is_(None)).order_by(drafts.c.id.desc())
        with writing(self.engine) as connection:
            connection.execute(drafts.delete().where(drafts.c.owner.is_(None), drafts.c.updated_at < at - UNCLAIMED))
            connection.execute(drafts.insert().values(row))
            kept = connection.scalars(newest.limit(MOST_UNCLAIMED)).all()
            connection.execute(drafts.delete().where(drafts.c.owner.is_(None), drafts.c.id < kept[-1]))
        return token

    def claim(self, token: str, owner: int) -> Draft:
        """What was set aside becomes a draft of the account. Raises DraftNotFound."""
        waiting = (drafts.c.token == _digest(token), drafts.c.owner.is_(None))
        since = self.clock() - UNCLAIMED
        with writing(self.engine) as connection:
            taken = drafts.update().where(*waiting, drafts.c.updated_at >= since).values(owner=owner, token=None)
            id = connection.scalar(taken.returning(drafts.c.id))
        if id is None:
            raise DraftNotFound()
        return self.get(owner, id)


def _asked() -> sa.Select[Any]:
    return sa.select(drafts.c.id, drafts.c.fields, drafts.c.updated_at)


def _sized(fields: Fields) -> Fields:
    """Raises DraftTooLarge."""
    kept = {name: list(values) for name, values in fields.items()}
    if len(json.dumps(kept, ensure_ascii=False)) > LARGEST:
        raise DraftTooLarge()
    return kept


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
