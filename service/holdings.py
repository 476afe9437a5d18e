"""The library as a viewer sees it, without a question: counted, gone through, listed, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from corpus.arrivals import first_added
from corpus.disclosures import disclose
from corpus.errors import RecordNotFound
from corpus.records import Record
from indexer.attributes import read_filter, scope
from indexer.entries import Among, Engine, Filter
from service.facets import Facet, counted_by, facet
from service.installation import Installation
from service.viewer import Viewer, confidential

OTHER_SIDE = {"achievement": "demand", "demand": "achievement"}
_LISTED = 200
"""Records that are read at once to list those a viewer may see."""
WEEK = timedelta(days=7)
COUNTED = 10_000
"""Of the latest records, those that are looked at to tell how many are new."""


@dataclass(frozen=True)
class Holdings:
    """How many records there are of each kind, how many came in this week, and by which values they can be gone through."""

    counts: Mapping[str, int]
    new: int
    facets: Mapping[str, Mapping[str, Facet | None]]


def browse(
    installation: Installation, *, viewer: Viewer, kind: str | None, where: Iterable[str], limit: int, offset: int
) -> tuple[int, list[Record]]:
    """Without a question: how many records pass of those a viewer may see, and the latest of them."""
    index = installation.fresh()
    filter = _passing(kind, where, viewer)
    ids = index.engine.browse(offset + limit, filter)[offset:]
    records = held(installation, viewer, ids)
    return index.engine.count(filter), [records[id] for id in ids if id in records]


def holdings(installation: Installation, *, viewer: Viewer) -> Holdings:
    """What the library holds of what a viewer may see."""
    engine = installation.fresh().engine
    shown = {kind: scope(kind, (), viewer.seen) for kind in OTHER_SIDE}
    return Holdings(
        {kind: engine.count(filter) for kind, filter in shown.items()},
        _added_since(installation, engine, viewer, datetime.now(UTC).replace(tzinfo=None) - WEEK),
        {
            kind: {name: facet(name, counted_by(engine, filter)) for name in ("industry", "stage", "region")}
            for kind, filter in shown.items()
        },
    )


def _added_since(installation: Installation, engine: Engine, viewer: Viewer, moment: datetime) -> int:
    """How many records came in at or after a moment, of the latest `COUNTED` that a viewer may see."""
    first = first_added(installation.store, moment)
    return sum(id >= first for id in engine.browse(COUNTED, scope(None, (), viewer.seen))) if first is not None else 0


def _passing(kind: str | None, where: Iterable[str], viewer: Viewer) -> Filter:
    filter = read_filter(where)
    return (*scope(kind, filter, viewer.seen), *filter)


def seen(installation: Installation, id: int, *, viewer: Viewer) -> Record:
    """A record that a viewer may see. Raises RecordNotFound for one they may not see just as for one that is not there."""
    record = installation.store.get(id)
    if not viewer.sees(record):
        raise RecordNotFound(id=id)
    return record


def listed(
    installation: Installation, kind: str, *, viewer: Viewer, limit: int, before: int | None = None
) -> tuple[int, list[Record]]:
    """How many records of a kind a viewer may see, whatever their status, and the latest changed of them, below revision `before` if given."""
    index = installation.fresh()
    total = index.engine.count((*viewer.seen, Among("kind", frozenset({kind}))))
    found: list[Record] = []
    while len(found) < limit and (more := installation.store.latest(kind, _LISTED, before)):
        found += [record for record in more if viewer.sees(record)]
        before = more[-1].revision
    return total, found[:limit]


def disclosed(installation: Installation, id: int, *, viewer: Viewer) -> Mapping[str, str]:
    """What a record states confidentially, by field, where the viewer may be told; noted, unless it is their own. Raises RecordNotFound."""
    record = seen(installation, id, viewer=viewer)
    told = confidential(record) if viewer.may_be_told(record) else {}
    if told and viewer.account is not None and not viewer.owns(record):
        disclose(installation.store.engine, viewer.account, id)
    return told


def held(installation: Installation, viewer: Viewer, ids: Sequence[int]) -> dict[int, Record]:
    """The records as they stand in the store, which may be ahead of the index: what went, or may be seen no more, is left out."""
    return {id: record for id, record in installation.store.get_many(ids).items() if viewer.sees(record)}
