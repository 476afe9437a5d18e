"""Alerts: what came into the library that a saved search would list, or that matches a demand, told to whoever asked to be told.

    watches that are due → what changed since each one's mark → what its owner may see and asked for → why → alerts and mark in one transaction

A watch is asked as its owner, as they are now. What is told is a strong or a possible match; where scores are not graded, what holds a word of the
question; without a question, all that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from corpus.conflicts import conflicts
from corpus.errors import BadInput
from corpus.records import Achievement, Demand, Record
from corpus.watches import Alert, Found, Watch
from indexer.attributes import attributes, attributes_of, is_current, read_filter, scope
from indexer.entries import Among, Attributes, Between, passes
from indexer.fusion import BANDS
from indexer.reading import Reading
from indexer.refining import Leaning
from service.answers import asked_text, hit_of, is_confidential
from service.installation import Installation
from service.pushes import pushed
from service.results import mode_of
from service.turning import marked, turned
from service.viewer import Viewer, viewer_of

MOST = 50
"""Records that one look of a watch tells of: the best."""
_WORDS = 6
"""Words of a record that are told as the reason."""


@dataclass(frozen=True)
class Told:
    """How many watches were asked, and how many alerts came of them."""

    watches: int = 0
    alerts: int = 0


@dataclass
class _Changed:
    """What changed up to a revision, read once for all watches, with the attributes by which it is filtered."""

    installation: Installation
    upto: int
    read: dict[int, list[tuple[Record, Attributes]]] = field(default_factory=dict)

    def after(self, revision: int) -> list[tuple[Record, Attributes]]:
        if revision not in self.read:
            changes = self.installation.store.changes_after(revision, self.upto)
            self.read[revision] = [(change.record, attributes_of(change.record)) for change in changes if change.record]
        return self.read[revision]


def tell(installation: Installation, *, give_way: Callable[[], bool] = lambda: True) -> Told:
    """Ask every watch that is due; `give_way` is called before each, and says whether to go on."""
    due = installation.watches.due()
    if not due:
        return Told()
    upto = installation.fresh().engine.revision
    changed = _Changed(installation, upto)
    asked = told = 0
    for watch in (watch for watch in due if watch.mark < upto):
        if not give_way():
            break
        told += installation.watches.told(watch, found_by(installation, watch, changed.after(watch.mark)), upto)
        asked += 1
    return Told(asked, told)


def found_by(installation: Installation, watch: Watch, changed: Iterable[tuple[Record, Attributes]]) -> Sequence[Found]:
    """What a watch tells of, among what changed; nothing where it cannot be asked any more."""
    account = installation.accounts.get(watch.owner)
    viewer = viewer_of(account)
    demand = _demand_of(installation, watch, viewer)
    if account.is_disabled or (watch.demand is not None and demand is None):
        return ()
    try:
        filter = read_filter(watch.asked.get("where", ()))
    except BadInput:  # a vocabulary changed since
        return ()
    kind = "achievement" if demand else watch.asked.get("kind")
    wanted = (*scope(kind, filter, viewer.seen), *filter)
    new = [
        record
        for record, held in changed
        if _is_new(record, watch)
        and record.id not in watch.asked.get("unlike", ())
        and passes(held, wanted)
        and not (demand and _conflicts(demand, record))
    ]
    met = [in_words(condition) for condition in filter]
    asked = _asked(installation, watch, viewer, demand)
    if not new or asked is None:
        return [Found(record.id, met) for record in new[:MOST]]
    return _ranked(installation, watch, viewer, *asked, {record.id: record for record in new}, met)


def waiting(installation: Installation, viewer: Viewer) -> int:
    """How many records and pushes a viewer has been told of and not looked at, of those they may still see."""
    if viewer.account is None:
        return 0
    unseen = installation.watches.unseen(viewer.account)
    pushes = installation.pushes.unseen(viewer.account) if viewer.role == "firm" else []
    records = tellable(installation, viewer, unseen) if unseen else ()
    return len(records) + (len(pushed(installation, viewer, pushes)) if pushes else 0)


def tellable(installation: Installation, viewer: Viewer, ids: Iterable[int]) -> Mapping[int, Record]:
    """The records that a viewer may be told of now: there, published, and for them to see."""
    held = installation.store.get_many(ids)
    return {id: record for id, record in held.items() if is_current(record) and viewer.sees(record)}


def shown(installation: Installation, viewer: Viewer, alerts: Iterable[Alert]) -> list[tuple[Alert, Record]]:
    """Alerts with their records, those left out that may not be told of any more."""
    held = list(alerts)
    records = tellable(installation, viewer, [alert.record for alert in held])
    return [(alert, records[alert.record]) for alert in held if alert.record in records]


def in_words(condition: Among | Between) -> str:
    """A condition of a filter as a person reads it."""
    attribute = attributes()[condition.attribute]
    if isinstance(condition, Among):
        name = attribute.vocabulary.name if attribute.vocabulary else str
        return f"{attribute.label}：{'、'.join(name(code) for code in sorted(condition.values))}"
    low, high = (f"{end:g}" if isfinite(end) else "" for end in (condition.low, condition.high))
    if low == high:
        return f"{attribute.label} {low}"
    return f"{attribute.label} {f'{low}–{high}' if low and high else f'≥ {low}' if low else f'≤ {high}'}"


def _is_new(record: Record, watch: Watch) -> bool:
    """Whether it came in since the watch was made, or was published since."""
    return record.id > watch.since or (record.published_on is not None and record.published_on > watch.made_at.date())


def _demand_of(installation: Installation, watch: Watch, viewer: Viewer) -> Demand | None:
    """The demand that a watch follows, if it is still its owner's and open."""
    held = installation.store.get_many([watch.demand]).get(watch.demand) if watch.demand is not None else None
    is_followed = isinstance(held, Demand) and viewer.owns(held) and is_current(held)
    return held if isinstance(held, Demand) and is_followed else None


def _conflicts(demand: Demand, record: Record) -> bool:
    return isinstance(record, Achievement) and bool(conflicts(demand, record))


def _asked(
    installation: Installation, watch: Watch, viewer: Viewer, demand: Demand | None
) -> tuple[Reading, Leaning | None] | None:
    """What a watch asks, turned by what its owner likes and does not; None where it asks nothing."""
    if demand is not None:
        return installation.read(asked_text(demand), demand.title, confidential=is_confidential(demand)), None
    asked = watch.asked
    if not asked.get("q"):
        return None
    liked, disliked = (marked(installation, viewer, asked.get(name, ())) for name in ("like", "unlike"))
    return turned(
        installation,
        asked["q"],
        viewer=viewer,
        kind=asked.get("kind"),
        without=asked.get("without", ()),
        liked=liked,
        disliked=disliked,
    )


def _ranked(
    installation: Installation,
    watch: Watch,
    viewer: Viewer,
    reading: Reading,
    leaning: Leaning | None,
    new: Mapping[int, Record],
    met: Sequence[str],
) -> list[Found]:
    kind = "achievement" if watch.demand is not None else watch.asked.get("kind")
    mode = mode_of(watch.asked.get("mode", ""))
    _, ranked = installation.index.find(
        reading, mode=mode, kind=kind, seen=viewer.seen, limit=MOST, among=sorted(new), leaning=leaning
    )
    found = []
    for one in ranked:
        hit = hit_of(one, new[one.id], reading)
        is_fit = not hit.is_only_near if one.band is None else one.band in ("strong", "possible")
        if is_fit or one.parts.get("exact"):
            words = list(dict.fromkeys(word for quote in hit.quotes for word in quote.words))[:_WORDS]
            said = [*([BANDS[one.band]] if one.band else []), *([f"写有{'、'.join(words)}"] if words else [])]
            found.append(Found(one.id, [*said, *met]))
    return found
