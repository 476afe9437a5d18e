"""Glances: what an account was last shown of a demand's matches, so that the next look can tell what changed.

What is shown within half an hour belongs to one look: reading a page again does not make what was new old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.database import writing
from corpus.tables import glances

ONE_LOOK = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Glance:
    """What was shown: the bands of achievements by id, as of a revision of the store."""

    revision: int
    bands: Mapping[int, str | None]


class Glances:
    """The glances in a database."""

    def __init__(self, engine: sa.Engine, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def latest(self, owner: int, demands: Iterable[int]) -> dict[int, Glance]:
        """What was shown last, by demand; those never looked at are left out."""
        c = glances.c
        asked = sa.select(c.demand, c.latest).where(c.owner == owner, c.demand.in_(list(demands)))
        with self.engine.connect() as connection:
            return {demand: _glance(held) for demand, held in connection.execute(asked)}

    def look(self, owner: int, demand: int, shown: Glance) -> Glance | None:
        """Note what is now shown; what was shown the look before, None where this is the first."""
        c, at = glances.c, self.clock()
        key = (c.owner == owner, c.demand == demand)
        with writing(self.engine) as connection:
            held = connection.execute(sa.select(c.before, c.latest, c.at).where(*key).with_for_update()).first()
            if held is None:
                row = {"owner": owner, "demand": demand, "before": {}, "latest": _row(shown), "at": at}
                connection.execute(glances.insert().values(row))
                return None
            goes_on = at - held.at < ONE_LOOK
            before = held.before if goes_on else held.latest
            values = {"before": before, "latest": _row(shown), "at": held.at if goes_on else at}
            connection.execute(glances.update().where(*key).values(values))
        return _glance(before) if before else None


def _row(shown: Glance) -> dict[str, Any]:
    return {"revision": shown.revision, "shown": list(shown.bands.items())}


def _glance(held: Mapping[str, Any]) -> Glance:
    shown: Sequence[tuple[int, str | None]] = held["shown"]
    return Glance(held["revision"], dict(shown))
