"""Watches: saved searches, and the alerts that came of them.

A watch holds what was asked, or the demand whose matches it follows, and up to which revision of the store it has been told: its mark.
A record is told at most once a watch: a constraint of the table says so, whoever writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from corpus.codes import Vocabulary
from corpus.database import writing
from corpus.errors import BadInput
from corpus.notices import Notices
from corpus.tables import alerts, watches

FREQUENCY = Vocabulary("频率", {"instant": "随时", "daily": "每天", "weekly": "每周", "off": "不提醒"})
EVERY: Mapping[str, timedelta] = {
    "instant": timedelta(0),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}
MOST = 50
"""Watches of one account."""
KEPT = 200
"""Alerts of one account that are listed."""


class WatchNotFound(BadInput):
    """没有这个保存的搜索。它可能已经删掉；请在“我的提醒”里看现有的。"""


class TooManyWatches(BadInput):
    """保存的搜索已有 {most} 个，这一个没有存下。请先在“我的提醒”里删掉几个。"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`asked` holds the words, kind, conditions, mode, and what is liked and not, of a search; of one that follows a demand, `demand` is its number.

    What came in after `since` counts as new; what changed up to `mark` has been looked at, last at `looked_at`.
    """

    id: int
    owner: int
    name: str
    asked: Mapping[str, Any]
    demand: int | None
    frequency: str
    since: int
    mark: int
    made_at: datetime
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a watch is to tell of, and why: phrases that a person reads."""

    record: int
    why: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`watch` is the watch's number; the times are None for what was not seen on the site, or not sent."""

    id: int
    watch: int
    record: int
    why: Sequence[str]
    at: datetime
    seen_at: datetime | None
    sent_at: datetime | None


class Watches(Notices):
    """The watches in a database, and their alerts."""

    table = alerts

    def add(
        self,
        owner: int,
        name: str,
        revision: int,
        *,
        asked: Mapping[str, Any] | None = None,
        demand: int | None = None,
        frequency: str = "daily",
    ) -> Watch:
        """A new watch, for what comes after a revision; the one there is where the account already watches the same. Raises TooManyWatches."""
        held = self.of(owner)
        for watch in held:
            if watch.demand == demand and dict(watch.asked) == dict(asked or {}):
                self.change(owner, watch.id, frequency, revision)
                return self.get(owner, watch.id)
        if len(held) >= MOST:
            raise TooManyWatches(most=MOST)
        at = self.clock()
        row = {"owner": owner, "name": name, "asked": dict(asked or {}), "demand": demand, "frequency": frequency}
        row |= {"since": revision, "mark": revision, "made_at": at, "looked_at": at}
        with writing(self.engine) as connection:
            id = connection.execute(watches.insert().values(row).returning(watches.c.id)).scalar_one()
        return self.get(owner, id)

    def get(self, owner: int, id: int) -> Watch:
        """Raises WatchNotFound, also for a watch of somebody else."""
        found = [watch for watch in self.of(owner) if watch.id == id]
        if not found:
            raise WatchNotFound()
        return found[0]

    def of(self, owner: int) -> list[Watch]:
        """Latest first."""
        return self._listed(watches.c.owner == owner)

    def due(self) -> list[Watch]:
        """Those whose time has come, by account."""
        at = self.clock()
        ready = (
            sa.and_(watches.c.frequency == code, watches.c.looked_at <= at - every) for code, every in EVERY.items()
        )
        return sorted(self._listed(sa.or_(*ready)), key=lambda watch: (watch.owner, watch.id))

    def change(self, owner: int, id: int, frequency: str, revision: int) -> None:
        """How often it tells; one that was off goes on from a revision, not from where it stopped. Raises WatchNotFound."""
        held = self.get(owner, id)
        values: dict[str, Any] = {"frequency": frequency}
        if held.frequency == "off" != frequency:
            values |= {"mark": revision, "since": revision, "looked_at": self.clock()}
        with writing(self.engine) as connection:
            connection.execute(watches.update().where(watches.c.id == id).values(values))

    def remove(self, owner: int, id: int) -> None:
        """With its alerts. Raises WatchNotFound."""
        self.get(owner, id)
        with writing(self.engine) as connection:
            connection.execute(alerts.delete().where(alerts.c.watch == id))
            connection.execute(watches.delete().where(watches.c.id == id))

    def told(self, watch: Watch, found: Iterable[Found], mark: int) -> int:
        """Keep what was found up to a revision, in one transaction with the mark; how many of it was not told before."""
        at, new = self.clock(), 0
        with writing(self.engine) as connection:
            still = connection.scalar(sa.select(watches.c.id).where(watches.c.id == watch.id).with_for_update())
            if still is None:
                return 0
            records = [one.record for one in found]
            known = set(
                connection.scalars(
                    sa.select(alerts.c.record).where(alerts.c.watch == watch.id, alerts.c.record.in_(records))
                )
            )
            rows = [
                {"watch": watch.id, "record": one.record, "why": list(one.why), "at": at}
                for one in found
                if one.record not in known
            ]
            if rows:
                connection.execute(alerts.insert(), rows)
                new = len(rows)
            connection.execute(watches.update().where(watches.c.id == watch.id).values(mark=mark, looked_at=at))
        return new

    def alerts(self, owner: int) -> list[Alert]:
        """The latest, latest first."""
        return self._alerts(watches.c.owner == owner, most=KEPT)

    def unseen(self, owner: int) -> list[int]:
        """The records of alerts that were not seen yet."""
        asked = sa.select(alerts.c.record).join(watches).where(watches.c.owner == owner, alerts.c.seen_at.is_(None))
        with self.engine.connect() as connection:
            return list(dict.fromkeys(connection.scalars(asked.limit(KEPT))))

    def unsent(self, since: datetime) -> list[tuple[Watch, list[Alert]]]:
        """What was found since a time and not sent, by watch; of what was seen on the site already, nothing."""
        held = self._alerts(
            alerts.c.at >= since, alerts.c.sent_at.is_(None), alerts.c.seen_at.is_(None), watches.c.frequency != "off"
        )
        by_watch = {watch.id: watch for watch in self._listed(watches.c.id.in_({alert.watch for alert in held}))}
        return [(watch, [one for one in held if one.watch == id]) for id, watch in by_watch.items()]

    def _listed(self, *conditions: sa.ColumnElement[bool]) -> list[Watch]:
        asked = sa.select(watches).where(*conditions).order_by(watches.c.id.desc())
        with self.engine.connect() as connection:
            return [Watch(**row) for row in connection.execute(asked).mappings()]

    def _alerts(self, *conditions: sa.ColumnElement[bool], most: int | None = None) -> list[Alert]:
        asked = sa.select(alerts).join(watches).where(*conditions).order_by(alerts.c.at.desc(), alerts.c.id)
        with self.engine.connect() as connection:
            return [Alert(**row) for row in connection.execute(asked.limit(most)).mappings()]
