"""Suggestions follow the store: what came or changed since the last time is matched, and what fits well is put before the brokers.

mark → changes since → demands they touch → the best achievements of each → suggestions and mark in one transaction

One process at a time; killed at any moment, the next goes on after the last whole demand. A pair that a person's hand is on is never touched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import TypeVar
from uuid import uuid4

from corpus.conflicts import conflicts, unshowable
from corpus.errors import BadInput
from corpus.matches import Matches
from corpus.records import Achievement, Demand, Record
from corpus.suggestions import (
    Mark,
    Suggested,
    Suggestion,
    close_unanswered,
    demands,
    mark_of,
    set_mark,
    suggest,
    suggested_to,
    withdraw,
)
from indexer.fusion import Band
from service.answers import Hit, NothingAsked, matched
from service.installation import Installation
from service.repeating import alone, repeated
from service.viewer import Viewer

BROKER = Viewer("broker")
"""For whom suggestions are made: they rest on what every broker may see."""
BEST = 10
"""Suggestions of one demand."""
BANDS: tuple[Band, ...] = ("strong", "possible")
_SPARE = 2
"""How many times as many are looked at, for those that may not be suggested."""
_NEAR = 50
"""Demands that a changed achievement is held against."""
PAUSE = 5.0
"""Seconds between two looks at the store."""


class SuggestingElsewhere(BadInput):
    """另一个进程正在做推荐。它会把新来的都做完，不必再运行一次。"""


class _Ended(Exception):
    """Asked to end while a plan was made; the next one makes it anew."""


@dataclass(frozen=True)
class Plan:
    """What is to be done: the demands to match, in order, of which the mark's are done; why each record counts as new."""

    mark: Mark
    demands: tuple[int, ...]
    why: Mapping[int, str]
    run: str


@dataclass(frozen=True)
class Followed:
    """What was done: demands matched, what became of suggestions, and pushes closed as unanswered."""

    demands: int = 0
    suggested: Suggested = field(default_factory=Suggested)
    closed: int = 0


Steps = Callable[[int], None]
_Item = TypeVar("_Item")


def follow(
    installation: Installation,
    *,
    limit: int = BEST,
    anew: bool = False,
    give_way: Callable[[], bool] = lambda: True,
    planned: Steps = lambda total: None,
    progress: Steps = lambda done: None,
) -> Followed:
    """Suggest for everything that changed since the last time; with `anew`, for every demand.

    `give_way` is asked before each demand, and ends it by False. Raises SuggestingElsewhere.
    """
    made = installation.matches
    with alone(installation.settings.home / "suggesting.lock", SuggestingElsewhere):
        try:
            plan = _plan(installation, made, anew, give_way)
        except _Ended:
            return Followed()
        planned(len(plan.demands))
        done, suggested = 0, Suggested()
        for id in takewhile(lambda _: give_way(), plan.demands):
            suggested += _one(installation, made, plan, id, limit)
            done += 1
            progress(1)
        if done == len(plan.demands) and plan.mark.is_between:
            set_mark(made, Mark(plan.mark.target, plan.mark.target, 0))
        return Followed(done, suggested, close_unanswered(made))


def _plan(installation: Installation, made: Matches, anew: bool, give_way: Callable[[], bool]) -> Plan:
    """What changed since the mark, or the rest of what was begun; suggestions of what is gone lapse here."""
    mark, run = mark_of(made), f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    if anew or not mark.is_between:
        mark = Mark(-1 if anew else mark.revision, installation.store.revision())
        if not mark.is_between:
            return Plan(mark, (), {}, run)
        if not demands(made):  # a library of achievements alone: nothing to suggest them to
            set_mark(made, Mark(mark.target, mark.target, 0))
            return Plan(mark, (), {}, run)
        set_mark(made, mark)
    installation.fresh()
    installation.take_in(mark.target, math.inf)
    touched, changed, why = set[int](), list[int](), dict[int, str]()
    for change in _going(installation.store.changes_after(mark.revision, mark.target), give_way):
        side = "demand" if isinstance(change.record, Demand) else "achievement"
        why[change.id] = f"{side}_new" if change.id == change.revision else f"{side}_changed"
        if side == "demand":
            touched.add(change.id)
        else:
            changed.append(change.id)
    touched |= _touched_by(installation, made, changed, give_way)
    todo = tuple(id for id in sorted(touched) if id > mark.after)
    return Plan(mark, todo, why if mark.revision >= 0 else {}, run)


def _touched_by(
    installation: Installation, made: Matches, achievements: list[int], give_way: Callable[[], bool]
) -> set[int]:
    """The demands that changed achievements may fit or have fitted; where those are many, all."""
    touched, every = suggested_to(made, achievements), demands(made)
    if len(achievements) * _NEAR >= len(every):
        for id, record in _going(_each(installation, achievements), give_way):
            if not _is_suggestible(record):
                withdraw(made, id)
        return touched | set(every)
    for id, record in _going(_each(installation, achievements), give_way, every=1):
        if not isinstance(record, Achievement) or not _is_suggestible(record):
            withdraw(made, id)
            continue
        try:
            touched |= {hit.record.id for hit in matched(installation, record, viewer=BROKER, limit=_NEAR).hits}
        except NothingAsked:
            continue
    return touched


def _going(items: Iterable[_Item], give_way: Callable[[], bool], every: int = 500) -> Iterator[_Item]:
    """The items, for as long as they may go on. Raises _Ended."""
    for number, item in enumerate(items):
        if number % every == 0 and not give_way():
            raise _Ended()
        yield item


def _each(installation: Installation, ids: list[int]) -> Iterator[tuple[int, Record | None]]:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        held = installation.store.get_many(some)
        yield from ((id, held.get(id)) for id in some)


def _one(installation: Installation, made: Matches, plan: Plan, id: int, limit: int) -> Suggested:
    """The suggestions of one demand, made to be what fits it now."""
    index = installation.index
    record = installation.store.get_many([id]).get(id)
    found = _found(installation, record, plan, limit) if isinstance(record, Demand) else []
    model = index.encoder.fingerprint if index.encoder else None
    return suggest(
        made, id, found, revision=index.engine.revision, model=model, run=plan.run, mark=replace(plan.mark, after=id)
    )


def _found(installation: Installation, demand: Demand, plan: Plan, limit: int) -> list[Suggestion]:
    if not _is_suggestible(demand):
        return []
    try:
        hits = matched(installation, demand, viewer=BROKER, limit=limit * _SPARE).hits
    except NothingAsked:
        return []
    fitting = [hit for hit in hits if hit.band in BANDS and _is_free(demand, hit.record)]
    return [
        _suggestion(hit, plan.why.get(demand.id) or plan.why.get(hit.record.id, "library")) for hit in fitting[:limit]
    ]


def _is_free(demand: Demand, record: Record) -> bool:
    return isinstance(record, Achievement) and _is_suggestible(record) and not conflicts(demand, record)


def _is_suggestible(record: Record | None) -> bool:
    """Whether brokers see it and it is to be had: an organisation's own record is suggested, and asks for consent before it is pushed."""
    return record is not None and BROKER.sees(record) and {one.code for one in unshowable(record)} <= {"kept"}


def _suggestion(hit: Hit, why: str) -> Suggestion:
    quoted = {"quote": hit.quotes[0].text} if hit.quotes else {}
    return Suggestion(
        achievement_id=hit.record.id, score=hit.score, band=hit.band, parts=hit.parts, why=why, details=quoted
    )


@contextmanager
def following(installation: Installation, *, pause: float = PAUSE) -> Iterator[None]:
    """Follow the store in a thread until the context ends, giving way to everybody who asks."""
    with repeated(
        "推荐",
        lambda way: follow(installation, give_way=way),
        installation.traffic,
        pause=pause,
        elsewhere=SuggestingElsewhere,
    ):
        yield
