"""What a machine proposes: for each demand the achievements that fit it best, where no person has done anything with the pair yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from corpus.history import standing
from corpus.matches import REPLY_DAYS, Matches
from corpus.pairs import SYSTEM, events_of
from corpus.tables import TABLES, marks, matches

WHY: Mapping[str, str] = {
    "demand_new": "新的需求",
    "demand_changed": "需求有改动",
    "achievement_new": "新的成果",
    "achievement_changed": "成果有改动",
    "library": "与库中已有的成果相配",
    "by_hand": "由人提出",
    "asked": "有人请求牵线",
}
_MARK = "suggestions"
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An achievement for a demand. `why` says what is new: a code of `WHY`; `details` go with it, a quote for instance."""

    achievement_id: int
    score: float
    band: str | None
    parts: Mapping[str, float]
    why: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """How far suggestions follow the store: everything up to `revision`, and towards `target` the demands whose id is not above `after`.

    A revision of -1: nothing yet.
    """

    revision: int = -1
    target: int = -1
    after: int = 0

    @property
    def is_between(self) -> bool:
        return self.target > self.revision


@dataclass(frozen=True)
class Suggested:
    """What became of one demand's suggestions, in numbers; `left` those that a person's hand is on."""

    added: int = 0
    renewed: int = 0
    lapsed: int = 0
    left: int = 0

    def __add__(self, other: Suggested) -> Suggested:
        return Suggested(
            self.added + other.added, self.renewed + other.renewed, self.lapsed + other.lapsed, self.left + other.left
        )


def suggest(
    made: Matches,
    demand_id: int,
    found: Sequence[Suggestion],
    *,
    revision: int,
    model: str | None,
    run: str,
    mark: Mark | None = None,
) -> Suggested:
    """Make `found` the suggestions of a demand, and set the mark, in one transaction.

    A pair that a person ever did anything with is left exactly as it is; a suggestion that is found no more lapses.
    """
    computed = {"revision": revision, "model": model, "run": run}
    with made.engine.connect().execution_options(writes=True) as connection, connection.begin():
        asked = sa.select(matches).where(matches.c.demand_id == demand_id).order_by(matches.c.id).with_for_update()
        held = {row["achievement_id"]: row for row in connection.execute(asked).mappings()}
        done = Suggested()
        for one in found:
            done += _put(made, connection, demand_id, one, held.get(one.achievement_id), computed)
        wanted = {one.achievement_id for one in found}
        for id, row in held.items():
            if id not in wanted and not row["touched"] and row["state"] == "suggested":
                _moved(made, connection, row["id"], "lapsed", {})
                done += Suggested(lapsed=1)
        if mark:
            _set(connection, mark)
    return done


def _put(
    made: Matches,
    connection: sa.Connection,
    demand_id: int,
    one: Suggestion,
    held: sa.RowMapping | None,
    computed: Mapping[str, Any],
) -> Suggested:
    if held is not None and held["touched"]:
        return Suggested(left=1)
    values = {"score": one.score, "band": one.band, "parts": dict(one.parts), **computed}
    details = {"why": one.why, **one.details, "run": computed["run"]}
    if held is None:
        id = made.begin(connection, demand_id, one.achievement_id, **values)
        if events_of(connection, id, lock=True):  # a person proposed it meanwhile
            return Suggested(left=1)
        _moved(made, connection, id, "suggested", details)
        return Suggested(added=1)
    if held["state"] == "lapsed":
        _moved(made, connection, held["id"], "suggested", details)
    connection.execute(matches.update().where(matches.c.id == held["id"]).values(values))
    return Suggested(renewed=1)


def _moved(made: Matches, connection: sa.Connection, id: int, to: str, details: Mapping[str, Any]) -> None:
    events = events_of(connection, id, lock=True)
    before = standing(events).state
    made.add(connection, events, SYSTEM, "step", match_id=id, from_state=before, to_state=to, details=dict(details))


def withdraw(made: Matches, achievement_id: int) -> Suggested:
    """Let the suggestions of an achievement that is gone or not shown any more lapse, where no person's hand is on them."""
    with made.engine.connect().execution_options(writes=True) as connection, connection.begin():
        asked = sa.select(matches.c.id).where(
            matches.c.achievement_id == achievement_id, matches.c.state == "suggested", ~matches.c.touched
        )
        ids = connection.scalars(asked.order_by(matches.c.id).with_for_update()).all()
        for id in ids:
            _moved(made, connection, id, "lapsed", {})
    return Suggested(lapsed=len(ids))


def demands(made: Matches) -> list[int]:
    """The ids of all demands, ascending."""
    table = TABLES["demand"]
    with made.engine.connect() as connection:
        return list(connection.scalars(sa.select(table.c.id).order_by(table.c.id)))


def suggested_to(made: Matches, achievements: Sequence[int]) -> set[int]:
    """The demands that any of the achievements is suggested to, where no person's hand is on the pair."""
    found: set[int] = set()
    with made.engine.connect() as connection:
        for start in range(0, len(achievements), _AT_ONCE):
            some = matches.c.achievement_id.in_(achievements[start : start + _AT_ONCE])
            asked = sa.select(matches.c.demand_id).where(some, matches.c.state == "suggested", ~matches.c.touched)
            found.update(connection.scalars(asked))
    return found


def close_unanswered(made: Matches) -> int:
    """Close what was pushed and not answered long after the day it was due; returns how many."""
    last = made.today() - timedelta(days=REPLY_DAYS)
    asked = sa.select(matches.c.id).where(matches.c.state == "recommended", matches.c.due_on < last)
    with made.engine.connect() as connection:
        ids = connection.scalars(asked).all()
    for id in ids:
        made.step(id, "no_reply", SYSTEM)
    return len(ids)


def mark_of(made: Matches) -> Mark:
    with made.engine.connect() as connection:
        row = connection.execute(sa.select(marks).where(marks.c.name == _MARK)).mappings().first()
    return Mark(row["revision"], row["target"], row["after"]) if row else Mark()


def set_mark(made: Matches, mark: Mark) -> None:
    with made.engine.connect().execution_options(writes=True) as connection, connection.begin():
        _set(connection, mark)


def _set(connection: sa.Connection, mark: Mark) -> None:
    values = {"revision": mark.revision, "target": mark.target, "after": mark.after}
    if not connection.execute(marks.update().where(marks.c.name == _MARK).values(values)).rowcount:
        connection.execute(marks.insert().values(name=_MARK, **values))
