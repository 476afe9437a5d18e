"""The matches that wait for somebody, best first, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

import sqlalchemy as sa

from corpus import vocabulary as v
from corpus.beats import Beat
from corpus.errors import BadInput
from corpus.history import Event
from corpus.pairs import Match, MatchNotFound, Pairs, match_from
from corpus.sight import By, seen_by
from corpus.steps import OPEN
from corpus.tables import TABLES, contact_requests, match_events, matches

Order = Literal["best", "due", "latest", "moved"]
_DEMAND, _ACHIEVEMENT = TABLES["demand"], TABLES["achievement"]
_SIDES = ((_DEMAND, matches.c.demand_id), (_ACHIEVEMENT, matches.c.achievement_id))
_TO_DECIDE = ("suggested", "reopened")
_LARGEST = 2**63 - 1
NOBODY = "-"
"""As an owner: matches that have none."""


class CursorUnreadable(BadInput):
    """看不懂翻页位置“{cursor}”。请用上一页给出的 next，或从头看起。"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """By what a queue is narrowed; what is None or empty narrows nothing.

    `beat`: of those fields or firms, of either side. `waiting`: what asks for a decision today; `asked`: what an open contact request is about; `overdue`: open matches whose day has passed. `field` is a code of GB/T 4754 and `region` one of
    GB/T 2260, with all below it, of either side. `since`, `before`: dates of the state a match is in. `by`: who looks; without, everything is shown.
    """

    states: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    owner: str | None = None
    field: str | None = None
    region: str | None = None
    beat: Beat | None = None
    since: date | None = None
    before: date | None = None
    demand: int | None = None
    achievement: int | None = None
    waiting: bool = False
    overdue: bool = False
    asked: bool = False
    by: By | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Page:
    """`next` goes on from here; None at the end. `total` counts all that is wanted."""

    matches: tuple[Match, ...]
    total: int
    next: str | None


def page(
    made: Pairs,
    wanted: Wanted = EVERYTHING,
    *,
    order: Order = "best",
    limit: int = 50,
    after: str | None = None,
    total: int | None = None,
) -> Page:
    """A page of the queue: best scores first, or what is due first, or what anything was done with last, or what came to another state last.

    `total` where it is known already. Raises CursorUnreadable, UnknownValue.
    """
    conditions = _conditions(wanted, made.today())
    counted = sa.select(sa.func.count()).select_from(matches).where(*conditions)
    asked = sa.select(matches).where(*conditions, *_beyond(order, after)).order_by(*_ORDERS[order])
    with made.engine.connect() as connection:
        total = int(connection.scalar(counted) or 0) if total is None else total
        rows = connection.execute(asked.limit(limit + 1)).mappings().all()
    found = tuple(match_from(row) for row in rows[:limit])
    return Page(found, total, _cursor(order, found[-1]) if len(rows) > limit else None)


def counted(made: Pairs, wanted: Wanted, views: Mapping[str, Wanted]) -> dict[str, int]:
    """How many of the matches that are wanted each of several views wants, too, in one pass. Raises UnknownValue."""
    today = made.today()
    sums = [
        sa.func.count(sa.case((sa.and_(sa.true(), *_conditions(view, today)), 1))).label(name)
        for name, view in views.items()
    ]
    with made.engine.connect() as connection:
        row = connection.execute(sa.select(*sums).select_from(matches).where(*_conditions(wanted, today))).one()
    return dict(zip(views, row, strict=True))


def seen(made: Pairs, id: int, by: By) -> Match:
    """A match that somebody sees. Raises MatchNotFound for one that they do not see just as for one that is not there, by the same question."""
    asked = sa.select(matches).where(matches.c.id == min(id, _LARGEST), seen_by(by))
    with made.engine.connect() as connection:
        row = connection.execute(asked).mappings().first()
    if row is None:
        raise MatchNotFound(id=id)
    return match_from(row)


def every(made: Pairs, wanted: Wanted = EVERYTHING) -> Iterator[Match]:
    """All that is wanted, oldest first, streamed."""
    asked = sa.select(matches).where(*_conditions(wanted, made.today())).order_by(matches.c.id)
    with made.engine.connect().execution_options(yield_per=500) as connection:
        for row in connection.execute(asked).mappings():
            yield match_from(row)


def histories(made: Pairs, ids: Iterable[int]) -> dict[int, list[Event]]:
    """The events of several matches, by match and in order."""
    found: dict[int, list[Event]] = {}
    asked = sa.select(match_events).where(match_events.c.match_id.in_(list(ids)))
    with made.engine.connect() as connection:
        for row in connection.execute(asked.order_by(match_events.c.match_id, match_events.c.version)).mappings():
            found.setdefault(row["match_id"], []).append(Event(**row))
    return found


def arrivals(made: Pairs, since: datetime, wanted: Wanted = EVERYTHING) -> dict[str, int]:
    """How many of the wanted matches were suggested after a time (UTC), by why: a code of `suggestions.WHY`; most first."""
    why = match_events.c.details["why"].as_string().label("why")
    asked = sa.select(why, sa.func.count(sa.distinct(matches.c.id))).select_from(
        matches.join(match_events, matches.c.id == match_events.c.match_id)
    )
    asked = asked.where(match_events.c.to_state == "suggested", match_events.c.at > since)
    asked = asked.where(*_conditions(wanted, made.today())).group_by("why")
    counted: Counter[str] = Counter()
    with made.engine.connect() as connection:
        for reason, count in connection.execute(asked):
            counted[reason or "library"] += count
    return dict(counted.most_common())


def _conditions(wanted: Wanted, today: date) -> list[sa.ColumnElement[bool]]:
    m = matches.c
    given: list[sa.ColumnElement[bool] | None] = [
        m.state.in_(wanted.states) if wanted.states else None,
        m.band.in_(wanted.bands) if wanted.bands else None,
        None if wanted.owner is None else m.owner.is_(None) if wanted.owner == NOBODY else m.owner == wanted.owner,
        m.demand_id == wanted.demand if wanted.demand is not None else None,
        m.achievement_id == wanted.achievement if wanted.achievement is not None else None,
        m.since >= _midnight(wanted.since) if wanted.since else None,
        m.since < _midnight(wanted.before) if wanted.before else None,
        _in_field(v.industries().code(wanted.field)) if wanted.field else None,
        _in_region(v.regions().code(wanted.region)) if wanted.region else None,
        _on_beat(wanted.beat) if wanted.beat else None,
        _waiting(today) if wanted.waiting else None,
        sa.and_(m.due_on < today, m.state.in_(OPEN)) if wanted.overdue else None,
        _asked() if wanted.asked else None,
        seen_by(wanted.by) if wanted.by else None,
    ]
    return [condition for condition in given if condition is not None]


def _midnight(day: date) -> datetime:
    """When a day begins here, in UTC as the tables have it."""
    return datetime.combine(day, time()).astimezone(UTC).replace(tzinfo=None)


def _waiting(today: date) -> sa.ColumnElement[bool]:
    back = sa.and_(matches.c.state == "hold", matches.c.due_on <= today)
    return sa.or_(matches.c.state.in_(_TO_DECIDE), back)


def _asked() -> sa.ColumnElement[bool]:
    c = contact_requests.c
    return sa.exists().where(c.match_id == matches.c.id, c.state != "closed")


def _in_field(code: str) -> sa.ColumnElement[bool]:
    """Codes below a code begin with it; those of a record stand in a JSON list."""
    held = f'%"{code}%'
    return _either(lambda side: sa.cast(side.c.industry, sa.Text).like(held))


def _on_beat(beat: Beat) -> sa.ColumnElement[bool]:
    firms = [_either(lambda side: side.c.organisation.in_(beat.firms))] if beat.firms else []
    return sa.or_(sa.false(), *map(_in_field, beat.fields), *firms)


def _in_region(code: str) -> sa.ColumnElement[bool]:
    begins = code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return _either(lambda side: side.c.region.like(f"{begins}%"))


def _either(holds: Callable[[sa.Table], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Whether something holds of either side's record."""
    return sa.or_(*(sa.exists().where(side.c.id == id, holds(side)) for side, id in _SIDES))


_ORDERS: dict[Order, tuple[Any, ...]] = {
    "best": (sa.func.coalesce(matches.c.score, -1.0).desc(), matches.c.id),
    "due": (sa.func.coalesce(matches.c.due_on, date.max), matches.c.id),
    "latest": (matches.c.updated_at.desc(), matches.c.id),
    "moved": (matches.c.since.desc(), matches.c.id),
}


def _cursor(order: Order, last: Match) -> str:
    values = {
        "best": repr(-1.0 if last.score is None else last.score),
        "due": (last.due_on or date.max).isoformat(),
        "latest": last.updated_at.isoformat(),
        "moved": last.since.isoformat(),
    }
    return f"{values[order]}~{last.id}"


def _beyond(order: Order, cursor: str | None) -> list[sa.ColumnElement[bool]]:
    """What comes after a cursor in its order. Raises CursorUnreadable."""
    if cursor is None:
        return []
    written, _, id = cursor.rpartition("~")
    try:
        number = int(id)
        if order == "best":
            score, column = float(written), sa.func.coalesce(matches.c.score, -1.0)
            return [sa.or_(column < score, sa.and_(column == score, matches.c.id > number))]
        if order == "due":
            day, due = date.fromisoformat(written), sa.func.coalesce(matches.c.due_on, date.max)
            return [sa.or_(due > day, sa.and_(due == day, matches.c.id > number))]
        at = datetime.fromisoformat(written)
    except ValueError:
        raise CursorUnreadable(cursor=cursor) from None
    moved = matches.c.updated_at if order == "latest" else matches.c.since
    return [sa.or_(moved < at, sa.and_(moved == at, matches.c.id > number))]
