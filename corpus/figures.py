"""How matches go: how many reached which state, how long they stayed there, who has how many, and why they were declined."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from statistics import median
from typing import Any, TypeVar

import sqlalchemy as sa

from corpus.pairs import Match, Pairs, match_from
from corpus.records import Achievement, Demand, Record
from corpus.sight import By, offered_by, seen_by
from corpus.steps import REASONS, STATES
from corpus.tables import match_events, matches

_DAY = 86_400.0
G = TypeVar("G")
T = TypeVar("T")


@dataclass(frozen=True)
class Stay:
    """How long matches stayed in a state, in days; those that are still there are not counted."""

    count: int
    median: float
    mean: float


Counts = Mapping[str, int]
Stays = Mapping[str, Stay]


@dataclass(frozen=True)
class Figures:
    """`reached` counts the matches that ever stood in a state, `now` those that do; the rest count the matches that do, by state.

    `stays` tells how long they stayed in each state, `stays_by_…` of whose matches: by login, code of GB/T 4754, or month of beginning.
    """

    reached: Counts
    now: Counts
    stays: Stays
    by_broker: Mapping[str, Counts]
    by_field: Mapping[str, Counts]
    by_month: Mapping[str, Counts]
    stays_by_broker: Mapping[str, Stays]
    stays_by_field: Mapping[str, Stays]
    stays_by_month: Mapping[str, Stays]


@dataclass(frozen=True)
class Declined:
    """How often an organisation's achievements were turned down for a reason."""

    organisation: str
    reason: str
    count: int


def figures(made: Pairs, *, since: datetime | None = None, by: By | None = None) -> Figures:
    """Of the matches that `by` sees and that began at or after `since`; all of them without."""
    began = [matches.c.created_at >= since] if since else []
    began += [seen_by(by)] if by else []
    with made.engine.connect() as connection:
        asked = sa.select(matches).where(*began)
        held = {row["id"]: match_from(row) for row in connection.execute(asked).mappings()}
        paths = list(_paths(connection, began))
    demands = _records(made, (match.demand_id for match in held.values()))
    groups = {id: _groups(match, demands.get(match.demand_id)) for id, match in held.items()}
    reached, now = Counter[str](), Counter[str]()
    counts = tuple(defaultdict[str, Counter[str]](Counter) for _ in range(3))
    days = tuple(defaultdict[str, _Days](lambda: defaultdict(list)) for _ in range(4))
    for id, match in held.items():
        now[match.state] += 1
        for count, key in zip(counts, groups[id], strict=True):
            count[key][match.state] += 1
    for id, steps in paths:
        reached.update({state for state, _ in steps})
        for (state, at), (_, left) in pairwise(steps):
            for stayed, key in zip(days, ("", *groups.get(id, ("", "", ""))), strict=True):
                stayed[key][state].append((left - at).total_seconds() / _DAY)
    return Figures(
        reached=_in_order(reached),
        now=_in_order(now),
        stays=_stays(days[0][""]),
        by_broker=_grouped(counts[0], _in_order),
        by_field=_grouped(counts[1], _in_order),
        by_month=_grouped(counts[2], _in_order),
        stays_by_broker=_grouped(days[1], _stays),
        stays_by_field=_grouped(days[2], _stays),
        stays_by_month=_grouped(days[3], _stays),
    )


def declines(made: Pairs, *, by: By | None = None) -> list[Declined]:
    """Why achievements were turned down, by the organisation that owns them, most frequent first; undone steps do not count.

    `by`: brokers are told of the matches that they see; a firm of its own achievements, and not of what was rejected in the house.
    """
    firm = by if by is not None and by.role == "firm" else None
    closed = ("declined", "lost", "terminated", *(() if firm else ("rejected",)))
    counted: Counter[tuple[str, str]] = Counter()
    closing = sa.select(match_events.c.reason, matches.c.achievement_id).select_from(_WITH_EVENTS)
    closing = closing.where(_STANDS, match_events.c.to_state.in_(closed))
    if by is not None:
        closing = closing.where(offered_by(firm) if firm else seen_by(by))
    with made.engine.connect() as connection:
        rows = connection.execute(closing).all()
    owners = _records(made, (id for _, id in rows))
    for reason, id in rows:
        owner = owners.get(id)
        name = (owner.organisation if owner else None) or ""
        if reason:
            counted[name, reason] += 1
    order = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [Declined(name, reason, count) for (name, reason), count in order if reason in REASONS]


_WITH_EVENTS = matches.join(match_events, matches.c.id == match_events.c.match_id)
_UNDOING = match_events.alias("undoing")
_STANDS = sa.and_(
    match_events.c.type == "step",
    ~sa.exists().where(_UNDOING.c.match_id == match_events.c.match_id, _UNDOING.c.undoes == match_events.c.version),
)
"""Steps that were not undone."""


_Days = defaultdict[str, list[float]]


def _paths(connection: sa.Connection, began: Iterable[Any]) -> Iterator[tuple[int, list[tuple[str, datetime]]]]:
    """The states of each match with the times it came there, without what was undone."""
    asked = sa.select(match_events.c.match_id, match_events.c.to_state, match_events.c.at).select_from(_WITH_EVENTS)
    asked = asked.where(_STANDS, *began)
    asked = asked.order_by(match_events.c.match_id, match_events.c.version)
    for id, steps in groupby(connection.execute(asked), key=lambda row: row[0]):
        yield id, [(state, at) for _, state, at in steps]


def _groups(match: Match, demand: Record | None) -> tuple[str, str, str]:
    """By broker, field and month."""
    return match.owner or "", field_of(demand), f"{match.created_at:%Y-%m}"


def field_of(record: Record | None) -> str:
    """The section and division of GB/T 4754 that a record states first: C38; empty where none is stated."""
    return record.industry[0][:3] if isinstance(record, Demand | Achievement) and record.industry else ""


def _records(made: Pairs, ids: Iterable[int]) -> dict[int, Record]:
    return made.store.get_many(dict.fromkeys(ids))


def _stays(days: Mapping[str, list[float]]) -> dict[str, Stay]:
    return {state: _stay(days[state]) for state in STATES if days.get(state)}


def _stay(days: list[float]) -> Stay:
    return Stay(len(days), round(median(days), 2), round(sum(days) / len(days), 2))


def _grouped(groups: Mapping[str, G], told: Callable[[G], T]) -> dict[str, T]:
    return {key: told(groups[key]) for key in sorted(groups)}


def _in_order(counted: Mapping[str, int]) -> dict[str, int]:
    return {state: counted[state] for state in STATES if state in counted}
