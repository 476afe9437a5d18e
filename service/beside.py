"""What stands beside a record: the other side's records that it may be brought together with, and those of its own kind that are like it.

reading → ranked under the viewer's permission → the same thing once → compared point by point, indicators held side by side
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.records import Record
from indexer.comparisons import Pair, compare
from indexer.index import Index
from indexer.indicators import Held, held_against
from indexer.reading import Reading
from service.answers import Answer, Hit, NothingAsked, matched, supposed
from service.folding import folded
from service.installation import Installation
from service.viewer import Viewer

MATCHES, NEAREST, LIKE = 5, 3, 4
"""How many are shown: that may fit, that are only nearest where none does, and that are like the record."""
_LOOKED = 15
"""Records that are looked at to show so many different ones."""


@dataclass(frozen=True)
class Match:
    """A record of the other side with its comparisons; `held`: each criterion of the demand against the achievement's indicators."""

    hit: Hit
    held: Sequence[Held]
    folded: Sequence[Record]


@dataclass(frozen=True)
class Beside:
    """`answer` is None for a record in which there is nothing to ask by. `same` are other entries of the record's own thing."""

    answer: Answer | None = None
    matches: Sequence[Match] = ()
    nearest: Sequence[Match] = ()
    like: Sequence[Record] = ()
    same: Sequence[Record] = ()


def beside(installation: Installation, record: Record, viewer: Viewer) -> Beside:
    """What stands beside a record, of what a viewer may see."""
    index = installation.fresh()
    try:
        answer = matched(installation, record, viewer=viewer, limit=_LOOKED)
    except NothingAsked:
        return Beside()
    fit = [hit for hit in answer.hits if hit.band != "none"]
    shown, most = (fit, MATCHES) if fit else (answer.hits, NEAREST)
    matches = [_compared(index, answer.reading, record, group) for group in _grouped(index, shown)[:most]]
    like, same = _like(installation, index, answer.reading, record, viewer)
    return Beside(answer, matches if fit else (), () if fit else matches, like, same)


def _grouped(index: Index, hits: Sequence[Hit]) -> list[list[Hit]]:
    records = [hit.record for hit in hits]
    groups = folded(records, index.engine.vectors([record.id for record in records]))
    return [[hits[at] for at in group] for group in groups]


def _compared(index: Index, reading: Reading, asked: Record, group: Sequence[Hit]) -> Match:
    first = group[0]
    pair = Pair(reading, asked, first.record, supposed(index, first.record))
    criteria = pair.demand.criteria if pair.demand else ()
    metrics = pair.achievement.metrics if pair.achievement else ()
    held = [held_against(criterion, metrics) for criterion in criteria]
    return Match(replace(first, comparisons=compare(pair)), held, [hit.record for hit in group[1:]])


def _like(
    installation: Installation, index: Index, reading: Reading, record: Record, viewer: Viewer
) -> tuple[Sequence[Record], Sequence[Record]]:
    """Records of the same kind that are near by vector and words, each thing once; and those that are the same thing as the record."""
    _, ranked = index.find(reading, kind=record.kind, seen=viewer.seen, limit=_LOOKED)
    near = [one.id for one in ranked if one.band != "none" and one.id != record.id]
    held = installation.store.get_many(near)
    others = [record, *(held[id] for id in near if id in held and viewer.sees(held[id]))]
    own, *groups = folded(others, index.engine.vectors([one.id for one in others]))
    return [others[group[0]] for group in groups[:LIKE]], [others[at] for at in own[1:]]
