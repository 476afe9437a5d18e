"""Following a demand: what matches it now, and what is new, better or gone since its firm last looked, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from corpus.conflicts import conflicts
from corpus.glances import Glance
from corpus.records import Achievement, Demand, Record
from indexer.attributes import is_current
from indexer.fusion import BANDS
from service.answers import Answer, Hit, NothingAsked, match, matched
from service.installation import Installation
from service.viewer import Viewer

LOOKED_THROUGH = 20
"""How far down a ranking matches are followed."""
ASIDE = 5
"""Records shown where none fits, which count as no matches."""
_GOOD = ("strong", "possible", None)
_ORDER = {"strong": 3, "possible": 2, "weak": 1, "none": 0, None: 0}
_LABELS = {str(code): label for code, label in BANDS.items()}

Change = Literal["new", "better"]


@dataclass(frozen=True)
class Followed:
    """A match, what changed about it since the last look, and why."""

    hit: Hit
    change: Change | None = None
    why: str = ""


@dataclass(frozen=True)
class Gone:
    """What was a match and is none any more."""

    record: Record
    why: str


@dataclass(frozen=True)
class Following:
    """`near` are the nearest records where there is no match; `hidden` counts what is gone and may not be shown any more."""

    answer: Answer | None
    matches: Sequence[Followed]
    near: Sequence[Hit] = ()
    gone: Sequence[Gone] = ()
    hidden: int = 0
    is_first: bool = False

    def count(self, change: Change) -> int:
        return sum(one.change == change for one in self.matches)

    @property
    def lost(self) -> int:
        return len(self.gone) + self.hidden


def glance_at(installation: Installation, demand: Demand, *, viewer: Viewer, last: Glance | None) -> Following:
    """What matches now against what was shown last; not yet a look."""
    try:
        installation.fresh()
        answer = matched(installation, demand, viewer=viewer, limit=LOOKED_THROUGH)
    except NothingAsked:
        return Following(None, ())
    return _following(installation, demand, viewer, answer, last)


def look_at(installation: Installation, demand: Demand, *, viewer: Viewer) -> Following:
    """What matches now, compared point by point; from here on the viewer has seen it."""
    try:
        answer = match(installation, viewer=viewer, id=demand.id, limit=LOOKED_THROUGH)
    except NothingAsked:
        return Following(None, ())
    assert viewer.account is not None
    shown = Glance(answer.revision, {hit.record.id: hit.band for hit in _good(demand, answer)})
    last = installation.glances.look(viewer.account, demand.id, shown)
    return _following(installation, demand, viewer, answer, last)


def _following(
    installation: Installation, demand: Demand, viewer: Viewer, answer: Answer, last: Glance | None
) -> Following:
    good = _good(demand, answer)
    near = [hit for hit in answer.hits if _may_be(demand, hit)][:ASIDE] if not good else []
    if last is None:
        return Following(answer, [Followed(hit) for hit in good], near, is_first=True)
    now = {hit.record.id for hit in good}
    ids = [id for id in last.bands if id not in now]
    held = {id: record for id, record in installation.store.get_many(ids).items() if viewer.sees(record)}
    gone = [Gone(held[id], _why_gone(held[id], demand, last)) for id in ids if id in held and is_current(held[id])]
    return Following(answer, [_followed(hit, demand, last) for hit in good], near, gone, hidden=len(ids) - len(gone))


def _good(demand: Demand, answer: Answer) -> list[Hit]:
    return [hit for hit in answer.hits if hit.band in _GOOD and _may_be(demand, hit)]


def _may_be(demand: Demand, hit: Hit) -> bool:
    return isinstance(hit.record, Achievement) and not conflicts(demand, hit.record)


def _followed(hit: Hit, demand: Demand, last: Glance) -> Followed:
    if hit.record.id not in last.bands:
        return Followed(hit, "new", _why_new(hit.record, demand, last))
    before = last.bands[hit.record.id]
    if before and hit.band and _ORDER[hit.band] > _ORDER[before]:
        rise = f"从“{_LABELS[before]}”升为“{BANDS[hit.band]}”"
        return Followed(hit, "better", f"{rise}：{_what_moved(hit.record, demand, last)}")
    return Followed(hit)


def _why_new(record: Record, demand: Demand, last: Glance) -> str:
    if record.id > last.revision and record.saved_at:
        on = record.saved_at.replace(tzinfo=UTC).astimezone()
        return f"{on.month}月{on.day}日收入库中"
    return _what_moved(record, demand, last)


def _why_gone(record: Record, demand: Demand, last: Glance) -> str:
    if isinstance(record, Achievement) and conflicts(demand, record):
        return "您排除了这个单位"
    return _what_moved(record, demand, last)


def _what_moved(record: Record, demand: Demand, last: Glance) -> str:
    if record.revision > last.revision:
        return "成果的内容更新了"
    return "您改了需求" if demand.revision > last.revision else "别的成果来去，次序有变"
