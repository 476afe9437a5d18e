"""Pairs brought together: a demand and an achievement, and the history of what was done with them.

A pair has one match, for good: one that was closed is reopened. What is done is an event, added and never changed; where a match stands is
the fold of its events, kept beside for queues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from corpus.errors import RecordNotFound
from corpus.history import Event, Standing, standing
from corpus.introductions import follow
from corpus.store import Store
from corpus.tables import match_events, matches

_LARGEST = 2**63 - 1


class MatchNotFound(RecordNotFound):
    """没有编号为 {id} 的匹配。请从匹配列表里找到它。"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a login, and in which role of `steps.ROLES`."""

    name: str
    role: str


SYSTEM = Actor("system", "system")


@dataclass(frozen=True, kw_only=True)
class Match:
    """A pair and where it stands; of a machine's suggestion, the score with its parts, the band, and what it was computed with."""

    id: int
    demand_id: int
    achievement_id: int
    state: str
    since: datetime
    version: int
    touched: bool
    owner: str | None
    lead: str | None
    next_action: str | None
    due_on: date | None
    first: str | None
    demand_said: str | None
    supply_said: str | None
    score: float | None
    band: str | None
    parts: Mapping[str, float]
    revision: int | None
    model: str | None
    run: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def standing(self) -> Standing:
        return Standing(**{f.name: getattr(self, f.name) for f in fields(Standing)})


class Pairs:
    """The matches of a store, read and written as histories."""

    def __init__(self, store: Store, clock: Callable[[], datetime] | None = None) -> None:
        self.store, self.engine = store, store.engine
        self.clock = clock or (lambda: datetime.now(UTC).replace(tzinfo=None))

    def get(self, id: int) -> Match:
        """Raises MatchNotFound."""
        return self._one(id, matches.c.id == id)

    def of_pair(self, demand: int, achievement: int) -> Match | None:
        asked = sa.select(matches).where(matches.c.demand_id == demand, matches.c.achievement_id == achievement)
        with self.engine.connect() as connection:
            row = connection.execute(asked).mappings().first()
        return match_from(row) if row else None

    def of_demand(self, demand: int) -> list[Match]:
        """Latest change first."""
        asked = sa.select(matches).where(matches.c.demand_id == demand).order_by(matches.c.updated_at.desc())
        with self.engine.connect() as connection:
            return [match_from(row) for row in connection.execute(asked).mappings()]

    def history(self, id: int) -> list[Event]:
        """Every event of a match, in order. Raises MatchNotFound."""
        self.get(id)
        with self.engine.connect() as connection:
            return events_of(connection, id)

    def today(self) -> date:
        return self.clock().replace(tzinfo=UTC).astimezone().date()

    def begin(self, connection: sa.Connection, demand: int, achievement: int, **found: Any) -> int:
        """The id of a pair's match, which is there afterwards; `found` are the columns of a suggestion."""
        key = (matches.c.demand_id == demand, matches.c.achievement_id == achievement)
        held = connection.scalar(sa.select(matches.c.id).where(*key))
        if held is not None:
            return int(held)
        row = {"demand_id": demand, "achievement_id": achievement, "state": "", "since": self.clock(), "version": 0}
        row |= {"touched": False, "parts": {}, "created_at": self.clock(), "updated_at": self.clock()}
        try:
            with connection.begin_nested():
                return int(
                    connection.execute(matches.insert().values(row | found).returning(matches.c.id)).scalar_one()
                )
        except sa.exc.IntegrityError:  # another process began it meanwhile
            return int(connection.execute(sa.select(matches.c.id).where(*key)).scalar_one())

    def add(
        self,
        connection: sa.Connection,
        events: Sequence[Event],
        actor: Actor,
        type: str,
        *,
        key: str | None = None,
        match_id: int | None = None,
        **what: Any,
    ) -> Standing:
        """Append an event to a history, keep beside where the match stands now, and let the contact requests that joined it follow."""
        id = match_id if match_id is not None else events[0].match_id
        version = events[-1].version + 1 if events else 1
        event = Event(
            match_id=id, version=version, at=self.clock(), actor=actor.name, role=actor.role, type=type, key=key, **what
        )
        connection.execute(match_events.insert().values(asdict(event)))
        now = standing([*events, event])
        kept = {**asdict(now), "updated_at": event.at}
        connection.execute(matches.update().where(matches.c.id == id).values(kept))
        follow(connection, now, event)
        return now

    @contextmanager
    def writing(self, id: int) -> Iterator[tuple[sa.Connection, list[Event]]]:
        """A transaction in which a match is this writer's alone, with its history. Raises MatchNotFound."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            events = events_of(connection, id, lock=True)
            if not events:
                raise MatchNotFound(id=id)
            yield connection, events

    def _one(self, id: int, *conditions: sa.ColumnElement[bool]) -> Match:
        if not 0 < id <= _LARGEST:
            raise MatchNotFound(id=id)
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(matches).where(*conditions)).mappings().first()
        if row is None:
            raise MatchNotFound(id=id)
        return match_from(row)


def match_from(row: sa.RowMapping | Mapping[str, Any]) -> Match:
    return Match(**{f.name: row[f.name] for f in fields(Match)})


def events_of(connection: sa.Connection, id: int, *, lock: bool = False) -> list[Event]:
    """The history of a match; with `lock`, nobody else adds to it until the transaction ends."""
    if not 0 < id <= _LARGEST:
        return []
    if lock:
        connection.execute(sa.select(matches.c.id).where(matches.c.id == id).with_for_update())
    asked = sa.select(match_events).where(match_events.c.match_id == id).order_by(match_events.c.version)
    return [Event(**row) for row in connection.execute(asked).mappings()]


def told(at: datetime) -> str:
    """A time of the tables as a person reads it."""
    return at.replace(tzinfo=UTC).astimezone().strftime("%m-%d %H:%M")
