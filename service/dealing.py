"""Matches as a viewer meets them: which they see, as whom they act, what they are shown.

Brokers see the match whole. A firm sees its own side's matches from when they were shown to it: in the words meant for firms, the other
side as far as it may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from corpus.conflicts import Obstacle, conflicts, unshowable
from corpus.errors import BadInput, RecordNotFound
from corpus.history import Event, last_step, side_of, this_round
from corpus.matches import may
from corpus.needs import Given
from corpus.pairs import Actor, Match, MatchNotFound
from corpus.queue import EVERYTHING, Order, Page, Wanted, histories, page
from corpus.queue import seen as one_seen
from corpus.records import Achievement, Demand, Record
from corpus.sight import By
from corpus.steps import REASONS, SIDES, STATES, StepRefused, possible
from indexer.attributes import audience_of
from indexer.comparisons import Finding
from service.answers import comparisons
from service.installation import Installation
from service.viewer import Viewer

_PUBLIC_OF_KEPT = ("kind", "id", "public_summary", "industry", "region")


@dataclass(frozen=True)
class Meeting:
    """A match with its two records (None for one that is gone), its history, and as whom the viewer acts in it."""

    match: Match
    demand: Demand | None
    achievement: Achievement | None
    events: Sequence[Event]
    actor: Actor

    @property
    def side(self) -> str | None:
        """Of a firm, which side it is."""
        return self.actor.role if self.actor.role in SIDES else None

    @property
    def steps(self) -> tuple[str, ...]:
        """The states that the viewer can bring it to."""
        steps = possible(self.match.state, self.actor.role)
        said = self.match.demand_said if self.side == "demand" else self.match.supply_said
        return tuple(to for to in steps if not (self.side and to == "interested" == said))

    def may(self, act: str) -> bool:
        """Whether the viewer may do something of `steps.ACTS`."""
        return may(act, self.actor, self.match.standing)

    @property
    def version(self) -> int:
        """What the viewer has seen of it: of a firm, up to the last step; what is done in the house counts nothing for it."""
        steps = [event.version for event in self.events if event.type in ("step", "undo")]
        return max(steps, default=0) if self.side else self.match.version

    @property
    def why(self) -> str | None:
        """What was new about it when it was suggested."""
        reasons = [event.details.get("why") for event in self.events if event.to_state == "suggested"]
        return next((reason for reason in reversed(reasons) if reason), None)

    @property
    def decided(self) -> Event | None:
        """The last step that a person took."""
        last = last_step(self.events)
        return last if last and last.role != "system" else None

    @property
    def obstacles(self) -> list[Obstacle]:
        """Conflicts of interest, and why it may not be pushed."""
        both = conflicts(self.demand, self.achievement) if self.demand and self.achievement else []
        return [*both, *unshowable(self.demand, self.achievement)]


@dataclass(frozen=True)
class Meetings:
    """A page of the queue."""

    meetings: tuple[Meeting, ...]
    total: int
    next: str | None


@dataclass(frozen=True)
class Told:
    """A moment of a match as the firm reads it: the word, what the broker said, why it was closed."""

    at: datetime
    word: str
    said: str | None
    reason: str | None


@dataclass(frozen=True)
class Outcome:
    """What became of one match of many: how it stands now, or why nothing was done."""

    id: int
    match: Match | None = None
    error: BadInput | RecordNotFound | None = None


def meetings(
    installation: Installation,
    viewer: Viewer,
    wanted: Wanted = EVERYTHING,
    *,
    order: Order = "best",
    limit: int = 50,
    after: str | None = None,
    total: int | None = None,
) -> Meetings:
    """A page of the matches that a viewer sees. Raises what the queue raises."""
    wanted = replace(wanted, by=by(viewer))
    found = page(installation.matches, wanted, order=order, limit=limit, after=after, total=total)
    return Meetings(tuple(met(installation, viewer, found)), found.total, found.next)


def met(installation: Installation, viewer: Viewer, found: Page) -> list[Meeting]:
    """Each match of a page with what belongs to it."""
    return together(installation, viewer, found.matches)


def together(installation: Installation, viewer: Viewer, found: Sequence[Match]) -> list[Meeting]:
    """Matches with their records and histories, fetched at once."""
    records = installation.store.get_many({id for match in found for id in (match.demand_id, match.achievement_id)})
    events = histories(installation.matches, [match.id for match in found])
    return [_meeting(viewer, match, records, events.get(match.id, ())) for match in found]


def meeting(installation: Installation, viewer: Viewer, id: int) -> Meeting:
    """A match that a viewer sees. Raises MatchNotFound for one they do not see just as for one that is not there."""
    (found,) = together(installation, viewer, [one_seen(installation.matches, id, by(viewer))])
    records = [record for record in (found.demand, found.achievement) if record is not None]
    shown = found.match.standing.is_shown_to(found.side) if found.side else viewer.is_staff
    if not shown or (viewer.is_staff and not found.side and not all(viewer.sees(record) for record in records)):
        raise MatchNotFound(id=id)
    return found


def by(viewer: Viewer) -> By:
    assert viewer.role != "visitor"
    return By(viewer.role, viewer.account or 0, viewer.organisation)


def _meeting(viewer: Viewer, match: Match, records: Mapping[int, Record], events: Sequence[Event]) -> Meeting:
    demand, achievement = records.get(match.demand_id), records.get(match.achievement_id)
    return Meeting(
        match,
        demand if isinstance(demand, Demand) else None,
        achievement if isinstance(achievement, Achievement) else None,
        events,
        Actor(viewer.login, _role(viewer, match, demand, achievement)),
    )


def _role(viewer: Viewer, match: Match, demand: Record | None, achievement: Record | None) -> str:
    """A broker leads the matches that they are named for, or where nobody is, those they own; a firm is the side whose record is its own."""
    if viewer.role == "operator":
        return "operator"
    if viewer.role == "broker":
        leads = viewer.login == (match.lead or match.owner)
        return "lead" if leads else "commenter" if match.lead else "broker"
    own = {"demand": demand, "supply": achievement}
    sides = [side for side, record in own.items() if record is not None and viewer.owns(record)]
    shown = [side for side in sides if match.standing.is_shown_to(side)]
    return next(iter([*shown, *sides]), viewer.role)


def compared(installation: Installation, found: Meeting) -> Sequence[Finding]:
    """The two sides held against each other, point by point."""
    if found.demand is None or found.achievement is None:
        return ()
    return comparisons(installation, found.demand, found.achievement)


def step_many(
    installation: Installation,
    viewer: Viewer,
    chosen: Iterable[tuple[int, int | None]],
    to: str,
    given: Given,
    key: str | None = None,
) -> list[Outcome]:
    """Many matches (id, version that was seen) to one state with one reason; each by itself, one refused does not hold up the others."""
    outcomes = []
    for id, version in dict(chosen).items():
        try:
            actor = meeting(installation, viewer, id).actor
            outcomes.append(Outcome(id, installation.matches.step(id, to, actor, given, version=version, key=key)))
        except (BadInput, RecordNotFound) as error:
            outcomes.append(Outcome(id, error=error))
    return outcomes


def assign(installation: Installation, viewer: Viewer, id: int, login: str | None, key: str | None = None) -> None:
    """Hand a match to a broker or an operator, or to nobody. Raises MatchNotFound, AccountUnknown, StepRefused."""
    found = meeting(installation, viewer, id)
    installation.matches.assign(id, found.actor, _of_staff(installation, login), key=key)


def name_lead(installation: Installation, viewer: Viewer, id: int, login: str | None, key: str | None = None) -> None:
    """Let a broker or an operator decide the review, or nobody in particular. Raises MatchNotFound, AccountUnknown, StepRefused."""
    found = meeting(installation, viewer, id)
    installation.matches.name_lead(id, found.actor, _of_staff(installation, login), key=key)


def _of_staff(installation: Installation, login: str | None) -> str | None:
    account = installation.accounts.find(login) if login else None
    if account and (account.role == "firm" or account.is_disabled):
        raise StepRefused(reason=f"{account.login} 不是在用的经纪人账号")
    return account.login if account else None


def shown_record(viewer: Viewer, record: Record | None, public: Mapping[str, Any]) -> dict[str, Any] | None:
    """The other side's record for a firm: whole where it may see it anyway, else what is meant for others."""
    if record is None:
        return None
    if viewer.sees(record):
        return dict(public)
    return {name: public[name] for name in _PUBLIC_OF_KEPT if name in public} if is_for_brokers(record) else None


def is_for_brokers(record: Record) -> bool:
    """Whether brokers see it: what its owner keeps from everybody, they no more show to the other side."""
    return "brokers" in audience_of(record)


def word(match: Match) -> str:
    """Where a match stands, in the word for firms."""
    return STATES[match.state].shown


def told(events: Iterable[Event]) -> list[Told]:
    """What a firm reads of a history: from the push on, without what was undone or stays in the house."""
    round_ = this_round(list(events))
    undone = {event.undoes for event in round_ if event.type == "undo"}
    steps = [event for event in round_ if event.type == "step" and event.version not in undone]
    pushed = next((at for at, event in enumerate(steps) if event.to_state == "recommended"), len(steps))
    return [_told(event) for event in steps[pushed:]]


def _told(event: Event) -> Told:
    state = STATES[event.to_state or ""]
    reason = REASONS.get(event.reason or "") if state.closed else None
    who = {"demand": "需求方", "supply": "成果方"}.get(side_of(event) or "", "")
    said = state.shown if event.to_state not in ("interested", "declined") else f"{who}{state.shown}"
    return Told(event.at, said, event.said, (reason.shown or reason.label) if reason else None)


def is_overdue(match: Match, today: date) -> bool:
    return match.due_on is not None and match.due_on < today and not STATES[match.state].closed
