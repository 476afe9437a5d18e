"""What a search and a match answer: one function each, called by the page, the API, the command line and notebooks.

text → reading → ranked records → quotes and comparisons → answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.cells import UNSEEN
from corpus.errors import BadInput
from corpus.records import Achievement, Demand, Record, searched_texts
from indexer.attributes import read_filter
from indexer.classes import Tag
from indexer.comparisons import Finding, Pair, compare
from indexer.fusion import Band, Mode
from indexer.index import Index
from indexer.matching import Ranked
from indexer.quotes import Quote, quotes
from indexer.reading import Reading
from service.folding import folded
from service.holdings import OTHER_SIDE, held, seen
from service.installation import Installation
from service.turning import marked, turned
from service.viewer import Viewer

PAGED = 200
"""How deep a ranking is counted and paged."""
MARKED = 20
"""Liked and disliked records that one question takes, of each."""


class NothingAsked(BadInput):
    """没有可查的内容。请写下要解决的问题、产品、型号或技术名词。"""


@dataclass(frozen=True)
class Hit:
    """A record of an answer with its score, the parts that add up to it, and its own words that speak for it."""

    record: Record
    score: float
    parts: Mapping[str, float]
    quotes: Sequence[Quote]
    comparisons: Sequence[Finding] = ()
    band: Band | None = None
    """How good a match it is; None where the model's scores were not calibrated."""
    folded: Sequence[Record] = ()
    """Others that say the same, where that was asked for."""

    @property
    def is_only_near(self) -> bool:
        """Whether it holds no word of the question: by the score, or where words were not scored, by the quotes."""
        return not self.parts.get("words", len(self.quotes))


@dataclass(frozen=True)
class Answer:
    """`degraded` says why the mode is keyword though another was asked for.

    `total` counts what was ranked, at most the first 200. `note` says what a person should know of the whole: that nothing holds the words.
    Every change up to `revision` is in the answer.
    """

    mode: Mode
    degraded: str | None
    reading: Reading
    revision: int
    total: int
    hits: Sequence[Hit]
    note: str | None = None


def search(
    installation: Installation,
    text: str,
    *,
    viewer: Viewer,
    kind: str | None = None,
    where: Iterable[str] = (),
    without: Iterable[str] = (),
    like: Sequence[int] = (),
    unlike: Sequence[int] = (),
    fold: bool = False,
    mode: Mode = "hybrid",
    limit: int = 10,
    offset: int = 0,
) -> Answer:
    """The records a viewer may see that answer a text best; with `fold`, those that say the same in one hit, and limit and offset count hits.

    Raises NothingAsked, and what a filter that cannot be read raises.
    """
    index, revision = installation.fresh(), installation.index.engine.revision
    liked, disliked = (marked(installation, viewer, ids) for ids in (like, unlike))
    reading, leaning = turned(
        installation, text, viewer=viewer, kind=kind, without=without, liked=liked, disliked=disliked
    )
    if not reading.text:
        raise NothingAsked()
    used, found = index.find(
        reading,
        mode=mode,
        kind=kind,
        filter=read_filter(where),
        seen=viewer.seen,
        limit=PAGED + len(unlike),
        leaning=leaning,
    )
    ranked = [hit for hit in found if hit.id not in unlike][:PAGED]
    wanted = ranked if fold else ranked[offset : offset + limit]
    records = held(installation, viewer, [hit.id for hit in wanted])
    shown = [hit for hit in wanted if hit.id in records]
    groups = _once(index, shown, records)[offset : offset + limit] if fold else [[hit] for hit in shown]
    return Answer(
        mode=used,
        degraded=index.degraded if mode != "keyword" else None,
        reading=reading,
        revision=revision,
        total=len(ranked),
        hits=[
            replace(hit_of(first, records[first.id], reading), folded=[records[hit.id] for hit in others])
            for first, *others in groups
        ],
        note=note_of(ranked, installation.late),
    )


def _once(index: Index, ranked: Sequence[Ranked], records: Mapping[int, Record]) -> list[list[Ranked]]:
    """What was ranked in groups that say the same, the best of each first."""
    groups = folded([records[hit.id] for hit in ranked], index.engine.vectors([hit.id for hit in ranked]))
    return [[ranked[at] for at in group] for group in groups]


def match(
    installation: Installation,
    *,
    viewer: Viewer,
    id: int | None = None,
    text: str | None = None,
    kind: str | None = None,
    where: Iterable[str] = (),
    mode: Mode = "hybrid",
    limit: int = 10,
) -> Answer:
    """The other side's records a viewer may see for a stored record or a text, each compared point by point.

    A text is taken for a demand, and answered with achievements, unless `kind` says otherwise. Raises RecordNotFound, NothingAsked.
    """
    index = installation.fresh()
    asked = seen(installation, id, viewer=viewer) if id is not None else None
    answer = matched(installation, asked or text or "", viewer=viewer, kind=kind, where=where, mode=mode, limit=limit)
    return replace(answer, hits=[_compared(index, answer.reading, asked, hit) for hit in answer.hits])


def matched(
    installation: Installation,
    asked: Record | str,
    *,
    viewer: Viewer,
    kind: str | None = None,
    where: Iterable[str] = (),
    mode: Mode = "hybrid",
    limit: int = 10,
) -> Answer:
    """The other side's records a viewer may see for a record, stored or not, or a text; by the index as it stands, and not yet compared. Raises NothingAsked."""
    if isinstance(asked, Record):
        reading = installation.read(asked_text(asked), asked.title, confidential=is_confidential(asked))
    else:
        reading = installation.read(UNSEEN.sub("", asked))
    wanted = OTHER_SIDE[asked.kind] if isinstance(asked, Record) else kind or "achievement"
    return _read_and_matched(installation, reading, wanted, viewer=viewer, where=where, mode=mode, limit=limit)


def foreseen(installation: Installation, demand: Demand, *, viewer: Viewer, limit: int = 5) -> Answer:
    """What would match a demand that is still being written, compared point by point. It is read by rule: nothing unfinished goes to a
    language model. Raises NothingAsked."""
    index = installation.fresh()
    reading = index.reader.read(asked_text(demand), demand.title)
    answer = _read_and_matched(installation, reading, "achievement", viewer=viewer, limit=limit)
    return replace(answer, hits=[_compared(index, reading, demand, hit) for hit in answer.hits])


def _read_and_matched(
    installation: Installation,
    reading: Reading,
    wanted: str,
    *,
    viewer: Viewer,
    where: Iterable[str] = (),
    mode: Mode = "hybrid",
    limit: int,
) -> Answer:
    """Raises NothingAsked."""
    index, revision = installation.index, installation.index.engine.revision
    if not reading.text:
        raise NothingAsked()
    used, ranked = index.find(reading, mode=mode, kind=wanted, filter=read_filter(where), seen=viewer.seen, limit=limit)
    records = held(installation, viewer, [hit.id for hit in ranked])
    hits = [hit_of(hit, records[hit.id], reading) for hit in ranked if hit.id in records]
    degraded = index.degraded if mode != "keyword" else None
    return Answer(used, degraded, reading, revision, len(hits), hits, note=note_of(ranked, installation.late))


def comparisons(installation: Installation, demand: Demand, achievement: Achievement) -> list[Finding]:
    """A demand held against an achievement, point by point."""
    index = installation.fresh()
    reading = installation.read(asked_text(demand), demand.title, confidential=is_confidential(demand))
    return compare(Pair(reading, demand, achievement, supposed(index, achievement)))


def _compared(index: Index, reading: Reading, asked: Record | None, hit: Hit) -> Hit:
    pair = Pair(reading, asked, hit.record, supposed(index, hit.record))
    return replace(hit, comparisons=compare(pair))


def supposed(index: Index, record: Record) -> tuple[Tag, ...]:
    """The classes that a record speaks of, where it does not state its industry itself."""
    return () if record.industry else index.tags(record)


def note_of(ranked: Sequence[Ranked], late: int) -> str | None:
    """What to say of a list as a whole: that it is no match, that the latest records are not in it."""
    waiting = f"刚存入的 {late:,} 条记录正在收录，稍后再查就能查到。" if late else ""
    return (_unfitting(ranked) or "") + waiting or None


def _unfitting(ranked: Sequence[Ranked]) -> str | None:
    """No record holds a word of the question, or none fits well."""
    if not ranked:
        return "没有符合条件的记录。"
    if not any("words" not in hit.parts or hit.parts["words"] > 0 for hit in ranked):
        return "没有一条记录写有所问的词语；以下只是意思相近，未必相关。"
    if ranked[0].band in (None, "strong"):
        return None
    return "没有找到高度匹配的记录：库里也许没有合适的，以下仅供参考。不妨换个说法，或补上材料、设备、现象和指标。"


def is_confidential(record: Record) -> bool:
    """Whether a record is not for everybody: shown to some only, or a secret achievement."""
    return record.visibility != "public" or (isinstance(record, Achievement) and record.security_level == "secret")


def asked_text(record: Record) -> str:
    """What a stored record asks by: a demand by its need and criteria, an achievement by what it is and does."""
    texts = searched_texts(record)
    names = {
        Demand: ("title", "problem", "public_summary", "criteria", "keywords"),
        Achievement: ("title", "summary", "keywords", "scenarios"),
    }
    return "。".join(texts[name] for name in names.get(type(record), tuple(texts)) if name in texts)


def hit_of(ranked: Ranked, record: Record, reading: Reading) -> Hit:
    """A ranked record with its own words that speak for it."""
    said = [
        term for term in reading.terms if len(term.word) > 1
    ] or reading.terms  # 的 and 个 say little beside longer words
    weights = {term.word: term.weight * (len(term.word) - 0.5) for term in said}
    weights |= dict.fromkeys(reading.exact, 10.0)
    return Hit(record, ranked.score, ranked.parts, quotes(record, weights), band=ranked.band)
