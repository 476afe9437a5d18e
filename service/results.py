"""A page of results: what is listed for a question, or without one.

    reading, turned towards what is liked → ranking under the filter → what is related → one order → the same thing in one card → a page
    beside it: counts, each facet without its own condition; where nothing fits, what each condition costs

Listed is what a match's band calls related or better. What ranks below is counted and listed on demand only, so the counts say what a
person will find: a record's score does not depend on the filter, hence narrowing keeps every related record that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from corpus.records import Record
from indexer.attributes import attributes, attributes_of, read_filter, scope
from indexer.comparisons import Pair, compare
from indexer.entries import Among, Between, Filter
from indexer.fusion import Mode
from indexer.matching import DEEPEST, Ranked
from indexer.reading import Reading
from service.answers import PAGED, Hit, NothingAsked, hit_of, note_of, supposed
from service.facets import FACETS, Count, Facet, counted_by, counted_over, facet
from service.folding import folded
from service.installation import Installation
from service.turning import turned
from service.viewer import Viewer

PER_PAGE = 10
LAST_PAGE = 100
NEAREST = 5
"""Records that are shown, as such, where none is related."""
ORDERS: Mapping[str, tuple[str, bool]] = {
    "new": ("published", False),
    "mature": ("trl", False),
    "price": ("price", True),
    "budget": ("budget", False),
}
"""By which number records can be put in order, and whether the least of it comes first; what does not state it comes last."""


@dataclass(frozen=True)
class Wanted:
    """What a page of results is asked for. `like` and `unlike` are ids; `low` lists also what ranks below related."""

    q: str = ""
    kind: str | None = None
    where: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()
    mode: str = "hybrid"
    order: str = ""
    low: bool = False
    page: int = 1


@dataclass(frozen=True)
class Card:
    """A record with why it is here, and others that say the same."""

    record: Record
    hit: Hit | None = None
    folded: Sequence[Record] = ()


@dataclass(frozen=True)
class Relaxed:
    """How many records would be listed without an attribute's conditions, given as they are written."""

    label: str
    written: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Results:
    """`total` counts the records listed on all pages, `below` those that rank under them. `answered` is None where nothing was asked."""

    total: int
    pages: int
    cards: Sequence[Card]
    facets: Sequence[Facet]
    below: int = 0
    nearest: Sequence[Card] = ()
    relaxed: Sequence[Relaxed] = ()
    liked: Sequence[Record] = ()
    disliked: Sequence[Record] = ()
    answered: Answered | None = None


@dataclass(frozen=True)
class Answered:
    """How a question was read and searched. `is_graded` says whether scores have bands; where they have none, the first 200 are listed."""

    reading: Reading
    mode: Mode
    degraded: str | None
    note: str | None
    is_graded: bool


Ranking = Callable[[Filter], Sequence[Ranked]]


def results(installation: Installation, wanted: Wanted, viewer: Viewer) -> Results:
    """What is wanted, of what a viewer may see. Raises NothingAsked for a question without a word, and what a filter that cannot be read raises."""
    return _searched(installation, wanted, viewer) if wanted.q else _browsed(installation, wanted, viewer)


def _searched(installation: Installation, wanted: Wanted, viewer: Viewer) -> Results:
    index, filter = installation.fresh(), read_filter(wanted.where)
    held = _Held(installation, viewer)
    liked, disliked = held.records(wanted.like), held.records(wanted.unlike)
    reading, turn = turned(
        installation,
        wanted.q,
        viewer=viewer,
        kind=wanted.kind,
        without=wanted.without,
        liked=liked,
        disliked=disliked,
    )
    if not reading.text:
        raise NothingAsked()
    modes: list[Mode] = []

    @cache
    def ranking(filter: Filter) -> Sequence[Ranked]:
        mode, ranked = index.find(
            reading,
            mode=mode_of(wanted.mode),
            kind=wanted.kind,
            filter=filter,
            seen=viewer.seen,
            limit=DEEPEST,
            leaning=turn,
        )
        modes.append(mode)
        return [one for one in ranked if one.id not in wanted.unlike]

    def listed(filter: Filter) -> Sequence[Ranked]:
        return ranking(filter) if wanted.low else related(ranking(filter))

    records = {record.id: record for record in held.records(one.id for one in listed(filter))}
    ordered = _in_order([one for one in listed(filter) if one.id in records], records, wanted.order)
    groups = folded([records[one.id] for one in ordered], index.engine.vectors([one.id for one in ordered]))

    def card(ranked: Ranked, record: Record, others: Sequence[Record] = ()) -> Card:
        hit = hit_of(ranked, record, reading)
        found = compare(Pair(reading, None, record, supposed(index, record)))
        return Card(record, replace(hit, comparisons=found), others)

    nearest = [] if ordered else ranking(filter)[:NEAREST]
    shown = {record.id: record for record in held.records(one.id for one in nearest)}
    degraded = index.degraded if wanted.mode != "keyword" else None
    is_graded = modes[0] in index.fusion.bands
    return Results(
        total=len(ordered),
        pages=-(-len(groups) // PER_PAGE),
        cards=[
            card(ordered[group[0]], records[ordered[group[0]].id], [records[ordered[at].id] for at in group[1:]])
            for group in _of_page(groups, wanted.page)
        ],
        facets=_facets(wanted.kind, filter, _counts_of(held, listed)),
        below=len(ranking(filter)) - len(listed(filter)) if is_graded else 0,
        nearest=[card(one, shown[one.id]) for one in nearest if one.id in shown],
        relaxed=[] if ordered else _relaxed(wanted.where, lambda others: len(listed(others))),
        liked=liked,
        disliked=disliked,
        answered=Answered(reading, modes[0], degraded, note_of(listed(filter), installation.late), is_graded),
    )


def _browsed(installation: Installation, wanted: Wanted, viewer: Viewer) -> Results:
    index, filter = installation.fresh(), read_filter(wanted.where)
    by, least = ORDERS.get(wanted.order, (None, False))

    def passing(filter: Filter) -> Filter:
        return (*scope(wanted.kind, filter, viewer.seen), *filter)

    total = index.engine.count(passing(filter))
    offset = (wanted.page - 1) * PER_PAGE
    ids = index.engine.browse(offset + PER_PAGE, passing(filter), by, least=least)[offset:]
    held = _Held(installation, viewer)
    records = held.records(ids)
    groups = folded(records, index.engine.vectors([record.id for record in records]))

    @cache
    def names(filter: Filter) -> Sequence[str]:
        latest = held.records(index.engine.browse(DEEPEST, filter))
        return sorted({record.organisation for record in latest if record.organisation})

    def counts(filter: Filter, name: str) -> Count:
        return counted_by(index.engine, passing(filter), names(passing(filter)) if name == "organisation" else ())

    return Results(
        total=total,
        pages=min(LAST_PAGE, -(-total // PER_PAGE)),
        cards=[Card(records[group[0]], folded=[records[at] for at in group[1:]]) for group in groups],
        facets=_facets(wanted.kind, filter, counts),
        relaxed=[] if total else _relaxed(wanted.where, lambda others: index.engine.count(passing(others))),
    )


def related(ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    """Those that a band calls related or better; where no band says, the first 200."""
    if any(one.band is None for one in ranked):
        return ranked[:PAGED]
    return [one for one in ranked if one.band != "none"]


def mode_of(said: str) -> Mode:
    """The mode that an address names; hybrid where it names none."""
    modes: Mapping[str, Mode] = {"semantic": "semantic", "keyword": "keyword"}
    return modes.get(said, "hybrid")


def _in_order(ranked: list[Ranked], records: Mapping[int, Record], order: str) -> list[Ranked]:
    if order not in ORDERS:
        return ranked
    name, least = ORDERS[order]

    def height(one: Ranked) -> tuple[bool, float]:
        value = attributes_of(records[one.id]).get(name)
        stated = isinstance(value, int | float)
        return not stated, (value if least else -value) if isinstance(value, int | float) else 0.0

    return sorted(ranked, key=height)  # equal ones stay as they rank


def _of_page(groups: Sequence[list[int]], page: int) -> Sequence[list[int]]:
    return groups[(page - 1) * PER_PAGE : page * PER_PAGE]


@dataclass
class _Held:
    """Records of the store that a viewer may see, each read once; the store may be ahead of the index."""

    installation: Installation
    viewer: Viewer
    read: dict[int, Record] = field(default_factory=dict)

    def records(self, ids: Iterable[int]) -> list[Record]:
        """Those there are, in the order of the ids."""
        wanted = list(ids)
        new = self.installation.store.get_many(id for id in wanted if id not in self.read)
        self.read |= {id: record for id, record in new.items() if self.viewer.sees(record)}
        return [self.read[id] for id in wanted if id in self.read]


def _counts_of(held: _Held, listed: Callable[[Filter], Sequence[Ranked]]) -> Callable[[Filter, str], Count]:
    @cache
    def over(filter: Filter) -> Count:
        return counted_over(attributes_of(record) for record in held.records(one.id for one in listed(filter)))

    return lambda others, name: over(others)


def _facets(kind: str | None, filter: Filter, counts: Callable[[Filter, str], Count]) -> list[Facet]:
    found = []
    for name in FACETS[kind]:
        others = tuple(condition for condition in filter if not _is_choice(condition, name))
        chosen = {value for condition in filter if _is_choice(condition, name) for value in _chosen(condition)}
        if offered := facet(name, counts(others, name), chosen):
            found.append(offered)
    return found


def _is_choice(condition: Among | Between, name: str) -> bool:
    """Whether a condition chooses values of an attribute, rather than a range of it."""
    return condition.attribute == name and (isinstance(condition, Among) or condition.low == condition.high)


def _chosen(condition: Among | Between) -> Iterable[str]:
    return condition.values if isinstance(condition, Among) else (f"{condition.low:g}",)


def _relaxed(where: Sequence[str], count: Callable[[Filter], int]) -> list[Relaxed]:
    """What leaving out each attribute's conditions would list, most first; where one is not enough, what leaving out all would."""
    named = {written: read_filter([written])[0].attribute for written in where}
    found = []
    for name in dict.fromkeys(named.values()):
        others = [written for written in where if named[written] != name]
        given = tuple(written for written in where if named[written] == name)
        found.append(Relaxed(attributes()[name].label, given, count(read_filter(others))))
    helping = sorted((one for one in found if one.count), key=lambda one: -one.count)
    if helping or len(found) < 2:
        return helping
    return [Relaxed("", tuple(where), every)] if (every := count(())) else []
