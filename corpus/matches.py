"""Matches: pairs brought together, and everything that is done with them.

A pair has one match, for good: one that was closed is reopened. What is done is an event, added and never changed; where a match stands is
the fold of its events, kept beside for queues. Two who act at once are put in order by the database: the second is told what the first did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from corpus.errors import RecordNotFound
from corpus.history import FOLLOW_UPS, RECOMMENDATIONS, Event, Standing, last_step, standing
from corpus.needs import NOTHING, Case, Given, check
from corpus.records import Achievement, Demand
from corpus.steps import BROKERS, REASONS, SIDES, Step, StepRefused, label, permitted
from corpus.store import Store
from corpus.tables import match_events, matches

REPLY_DAYS = 14
"""How long a side has to answer before somebody is reminded; after as long again the match is closed as unanswered."""
_LARGEST = 2**63 - 1


class MatchNotFound(RecordNotFound):
    """没有编号为 {id} 的匹配。请从匹配列表里找到它。"""


class StaleMatch(StepRefused):
    """{who} 已在 {when} 把这对匹配从“{before}”变为“{now}”{why}。什么也没有改动，请看过再定。"""


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


class Matches:
    """The matches of a store."""

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

    def step(self, id: int, to: str, actor: Actor, given: Given = NOTHING, *, version: int | None = None) -> Match:
        """Bring a match to another state. `version` is that of the match as the actor saw it.

        Raises MatchNotFound, StaleMatch where somebody decided since, and what the table of steps and its needs raise.
        """
        match = self.get(id)
        records = self.store.get_many([match.demand_id, match.achievement_id])
        demand, achievement = records.get(match.demand_id), records.get(match.achievement_id)
        with self.writing(id) as (connection, events):
            _refuse_stale(events, version)
            now = standing(events)
            taken = permitted(now.state, to, actor.role)
            _refuse_unshown(now, actor)
            case = Case(
                role=actor.role,
                given=given,
                now=now,
                events=events,
                demand=demand if isinstance(demand, Demand) else None,
                achievement=achievement if isinstance(achievement, Achievement) else None,
                today=self.today(),
            )
            check(taken, to, case)
            self.add(connection, events, actor, "step", **self._stepped(now, to, given, taken))
        return self.get(id)

    def undo(self, id: int, actor: Actor, *, version: int | None = None) -> Match:
        """Take back the last step; only who took it may. Raises MatchNotFound, StaleMatch, StepRefused."""
        with self.writing(id) as (connection, events):
            _refuse_stale(events, version)
            last = last_step(events)
            if last is None or last.role == "system":
                raise StepRefused(reason="没有可以撤销的步骤")
            if last.actor != actor.name:
                raise StepRefused(reason=f"最后一步是 {last.actor} 在 {told(last.at)} 走的，只有本人能撤销")
            self.add(
                connection, events, actor, "undo",
                from_state=last.to_state, to_state=last.from_state, undoes=last.version,
            )  # fmt: skip
        return self.get(id)

    def review(
        self, id: int, actor: Actor, recommendation: str, comment: str | None = None, *, score: int | None = None
    ) -> Match:
        """An opinion: advance, hold or reject. Raises MatchNotFound, StepRefused."""
        _refuse_others(actor, BROKERS, "评审")
        if recommendation not in RECOMMENDATIONS:
            raise StepRefused(reason=f"评审意见应是：{'、'.join(RECOMMENDATIONS)}")
        details: dict[str, Any] = {"recommendation": recommendation} | ({"score": score} if score is not None else {})
        return self._added(id, actor, "review", note=comment, details=details)

    def follow_up(self, id: int, actor: Actor, type: str, given: Given) -> Match:
        """A call, visit, quote, meeting or note, with what is to be done next and by when. Raises MatchNotFound, StepRefused."""
        _refuse_others(actor, BROKERS, "跟进")
        if type not in FOLLOW_UPS:
            raise StepRefused(reason=f"跟进应是：{'、'.join(FOLLOW_UPS)}")
        if not any((given.note, given.said, given.next_action, given.due_on)):
            raise StepRefused(reason="跟进里什么也没有写")
        return self._added(id, actor, type, **given.event, details=given.details)

    def assign(self, id: int, actor: Actor, owner: str | None) -> Match:
        """Hand a match to a broker, or to nobody. Raises MatchNotFound, StepRefused."""
        _refuse_others(actor, BROKERS, "指派")
        return self._added(id, actor, "assign", details={"owner": owner})

    def viewed(self, id: int, actor: Actor, what: str) -> None:
        """Log that somebody read what is confidential, before it is shown. Raises MatchNotFound."""
        self._added(id, actor, "viewed", details={"what": what})

    def propose(self, demand: int, achievement: int, actor: Actor, note: str | None = None) -> Match:
        """A pair that a person brings together; one that there is already stays as it is, a lapsed one lives again.

        Raises RecordNotFound, StepRefused.
        """
        _refuse_others(actor, BROKERS, "提出匹配")
        for id, kind in ((demand, Demand), (achievement, Achievement)):
            if not isinstance(self.store.get(id), kind):
                raise RecordNotFound(id=id)
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            id = self.begin(connection, demand, achievement)
            events = events_of(connection, id, lock=True)
            state = standing(events).state
            if state in ("", "lapsed"):
                self.add(connection, events, actor, "step", match_id=id, from_state=state, to_state="suggested",
                         note=note, details={"why": "by_hand"})  # fmt: skip
        return self.get(id)

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
        match_id: int | None = None,
        **what: Any,
    ) -> Standing:
        """Append an event to a history, and keep beside where the match stands now."""
        id = match_id if match_id is not None else events[0].match_id
        version = events[-1].version + 1 if events else 1
        event = Event(
            match_id=id, version=version, at=self.clock(), actor=actor.name, role=actor.role, type=type, **what
        )
        connection.execute(match_events.insert().values(asdict(event)))
        now = standing([*events, event])
        kept = {**asdict(now), "updated_at": event.at}
        connection.execute(matches.update().where(matches.c.id == id).values(kept))
        return now

    @contextmanager
    def writing(self, id: int) -> Iterator[tuple[sa.Connection, list[Event]]]:
        """A transaction in which a match is this writer's alone, with its history. Raises MatchNotFound."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            events = events_of(connection, id, lock=True)
            if not events:
                raise MatchNotFound(id=id)
            yield connection, events

    def _stepped(self, now: Standing, to: str, given: Given, taken: Step) -> dict[str, Any]:
        event = {**given.event, "from_state": now.state, "to_state": to, "details": given.details}
        if to == "recommended" and not given.due_on:
            event["due_on"] = self.today() + timedelta(days=REPLY_DAYS)
        if "reason" not in taken.needs:
            event["reason"] = None
        return event

    def _added(self, id: int, actor: Actor, type: str, **what: Any) -> Match:
        with self.writing(id) as (connection, events):
            self.add(connection, events, actor, type, **what)
        return self.get(id)

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


def _refuse_stale(events: Sequence[Event], version: int | None) -> None:
    """Raises StaleMatch where somebody decided after `version`; what else was done since does not matter."""
    later = [event for event in events if version is not None and event.version > version and event.is_decision]
    if later:
        last = later[-1]
        reason = REASONS.get(last.reason or "")
        why = f"，原因：{reason.label}" if reason else ""
        raise StaleMatch(
            who=last.actor,
            when=told(last.at),
            before=label(last.from_state or ""),
            now=label(last.to_state or ""),
            why=why,
        )


def _refuse_unshown(now: Standing, actor: Actor) -> None:
    if actor.role in SIDES and not now.is_shown_to(actor.role):
        raise StepRefused(reason="这对匹配还没有推送给这一方")


def _refuse_others(actor: Actor, roles: frozenset[str], what: str) -> None:
    if actor.role not in roles:
        raise StepRefused(reason=f"{what}由经纪人来做")
