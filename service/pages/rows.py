"""A match of the queue as its line shows it, and what came to the queue since one's round before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from corpus.beats import Beat
from corpus.contact_requests import ContactRequest
from corpus.queue import Wanted, arrivals
from corpus.suggestions import WHY
from service.dealing import Meeting, by, is_overdue
from service.installation import Installation
from service.lining import counted, lined_up
from service.viewer import Viewer


@dataclass(frozen=True)
class Row:
    """A match of the queue as its line shows it."""

    one: Meeting
    verdicts: Mapping[str, int]
    quote: str | None
    days: int
    is_new: bool
    is_overdue: bool
    asked: Sequence[ContactRequest]

    @property
    def key(self) -> str:
        return f"{self.one.match.id}:{self.one.match.version}"


@dataclass(frozen=True)
class News:
    """What came since the round before: how many, and why each counts as new, in words."""

    since: datetime
    total: int
    why: Sequence[tuple[str, int]]


def row_of(one: Meeting, since: datetime | None, today: date, now: datetime, requests: Sequence[ContactRequest]) -> Row:
    match = one.match
    quotes = [event.details.get("quote") for event in one.events if event.to_state == "suggested"]
    return Row(
        one,
        counted(lined_up(one.demand, one.achievement)),
        next((str(quote) for quote in reversed(quotes) if quote), None),
        (now - match.since).days,
        is_new=since is not None and match.state == "suggested" and match.since > since,
        is_overdue=is_overdue(match, today),
        asked=[request for request in requests if request.state != "closed"],
    )


def news_of(opened: Installation, asker: Viewer, since: datetime, beat: Beat | None) -> News:
    why = arrivals(opened.matches, since, Wanted(states=("suggested",), beat=beat, by=by(asker)))
    return News(since, sum(why.values()), [(WHY.get(code, code), count) for code, count in islice(why.items(), 6)])
