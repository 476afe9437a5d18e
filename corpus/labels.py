"""What people's decisions say of relevance: how well an achievement fits a demand, from 0 (not at all) to 3 (put in touch).

A reason of business (a price, a region, a patent) says nothing of relevance and is no label; what was thought fit before it still is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from corpus.history import Event, last_step
from corpus.pairs import Pairs
from corpus.steps import REASONS
from corpus.tables import match_events, matches

LEVELS: Mapping[str, int] = {
    "shortlisted": 2,
    "assessed": 2,
    "recommended": 2,
    "interested": 3,
    "connecting": 3,
    "negotiating": 3,
    "contracted": 3,
    "registered": 3,
    "landed": 3,
}
"""What a person says who brings a match there."""


@dataclass(frozen=True)
class Label:
    demand_id: int
    achievement_id: int
    level: int


def labels(made: Pairs) -> list[Label]:
    """One a pair that people's decisions speak about, by demand and achievement."""
    pairs = sa.select(matches.c.demand_id, matches.c.achievement_id, match_events)
    asked = pairs.join(matches, matches.c.id == match_events.c.match_id).where(matches.c.touched)
    asked = asked.order_by(matches.c.demand_id, matches.c.achievement_id, match_events.c.version)
    found = []
    with made.engine.connect() as connection:
        rows = connection.execute(asked).mappings()
        for (demand, achievement), group in groupby(rows, key=lambda row: (row["demand_id"], row["achievement_id"])):
            events = [Event(**{name: row[name] for name in match_events.c.keys()}) for row in group]  # noqa: SIM118
            if (level := level_of(events)) is not None:
                found.append(Label(demand, achievement, level))
    return found


def level_of(events: Sequence[Event]) -> int | None:
    """What a history says of relevance: its last step where that has a reason which speaks of it, else how far people brought it."""
    undone = {event.undoes for event in events if event.type == "undo"}
    taken = [e for e in events if e.type == "step" and e.role != "system" and e.version not in undone]
    last = last_step(events)
    reason = REASONS.get(last.reason or "") if last else None
    if reason and reason.level is not None:
        return reason.level
    reached = (LEVELS.get(event.to_state or "") for event in taken)
    return max((level for level in reached if level is not None), default=None)
