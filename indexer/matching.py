"""Matching: from a reading to ranked records.

    reading → words and vector → candidates of both halves under the filter → both exact scores of each → one fused score → order

A search page, a match for a stored demand, a command and an evaluation all call `find`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.attributes import scope
from indexer.bm25 import K1, rarity
from indexer.encoder import Encoder
from indexer.entries import Engine, Filter, Vector
from indexer.fusion import UNFITTED, Band, Fusion, Mode, score_of
from indexer.normalise import simplified
from indexer.reading import Reading
from indexer.refining import Leaning

CANDIDATES = 500
"""Records that each half puts up, whatever is asked of them: a page more or less must not change the ranking."""
TITLE_SHARE = 2.0
"""How much a title's vector counts against that of the whole text."""
DEEPEST = CANDIDATES
"""How far down a ranking is whole: below it stands only what one of the halves happened to put up."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A record's place: its score, the parts that add up to it, and how good a match that is, where the model's scores were calibrated."""

    id: int
    score: float
    parts: Mapping[str, float]
    band: Band | None = None


@dataclass(frozen=True)
class Question:
    """A reading made ready for one engine: the question's half of BM25, its vector, and how much its words could score."""

    words: Mapping[str, float]
    vector: Vector | None
    exact: Mapping[str, float]
    mass: float
    ordinary: float = 0.0
    """The reading's."""
    all_or_nothing: bool = False
    """Whether the exact words count only where all of them are held."""

    @property
    def is_empty(self) -> bool:
        return not self.words and self.vector is None


def find(
    engine: Engine,
    encoder: Encoder | None,
    reading: Reading,
    *,
    mode: Mode = "hybrid",
    kind: str | None = None,
    filter: Filter = (),
    seen: Filter = (),
    limit: int = 10,
    among: Sequence[int] | None = None,
    fusion: Fusion = UNFITTED,
    leaning: Leaning | None = None,
) -> list[Ranked]:
    """The best `limit` records for a reading, best first, equal ones by id. `seen` is what the asker may see; `among` ranks the given ids only."""
    everyone = scope(kind, filter, seen)
    question = ask(engine, encoder, reading, mode, everyone, leaning)
    if question.is_empty:
        return []
    ids = candidates(engine, question, (*everyone, *filter), CANDIDATES) if among is None else list(among)
    return score(engine, question, ids, mode, fusion, limit if among is not None else min(limit, DEEPEST))


def ask(
    engine: Engine,
    encoder: Encoder | None,
    reading: Reading,
    mode: Mode,
    everyone: Filter,
    leaning: Leaning | None = None,
) -> Question:
    """Weigh the reading's words by their rarity among the records the question is put to, and embed its text.

    Narrowing by a further filter does not change a score: rarity is taken before it.
    """
    terms = reading.searched
    total, holding = engine.frequencies([term.word for term in terms], everyone)
    weighed = {t.word: t.weight * rarity(total, holding[t.word]) for t in terms if holding[t.word]}
    unknown = sum(t.weight * rarity(total, 0) for t in terms if not holding[t.word] and t.origin == "text")
    asked = sum(weighed[t.word] for t in terms if t.word in weighed and t.origin == "text")
    vector = None
    if encoder is not None and mode != "keyword":
        vector = embedded(encoder, reading)
        vector = leaning.of(vector) if leaning and vector is not None else vector
    return Question(
        words=weighed if mode != "semantic" else {},
        vector=vector,
        exact={word: weighed.get(word, rarity(total, 0)) for word in sorted(reading.exact)}
        if mode != "semantic"
        else {},
        mass=asked + unknown if asked else sum(weighed.values()),
        ordinary=reading.ordinary,
        all_or_nothing=bool(reading.pairs),
    )


def embedded(encoder: Encoder, reading: Reading) -> Vector | None:
    """The unit vector of a reading, its title counting twice the whole; None for a text in which the model knows nothing."""
    need = reading.need or reading.text
    texts, shares = ([reading.title, need], [TITLE_SHARE, 1.0]) if reading.title else ([need], [1.0])
    vector = np.asarray(shares, np.float32) @ encoder.encode([simplified(text) for text in texts], asking=True)
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else None


def candidates(engine: Engine, question: Question, filter: Filter, k: int) -> list[int]:
    """The ids that either half puts up, ascending."""
    ids = {id for id, _ in engine.holding(question.words, k, filter)} if question.words else set()
    if question.vector is not None and engine.has_vectors:
        ids |= {id for id, _ in engine.near(question.vector, k, filter)}
    return sorted(ids)


def score(
    engine: Engine, question: Question, ids: Sequence[int], mode: Mode, fusion: Fusion, limit: int
) -> list[Ranked]:
    """The best of the candidates by both exact scores, whichever half put them up."""
    cosines, held = engine.scores(ids, question.vector, question.words)
    shares = np.sqrt(np.minimum(1.0, held.astype(np.float64) / (question.mass * (K1 + 1) or 1.0)))
    named = _named(engine, question, ids)
    parts = fusion.parts_of(mode, words=shares, meaning=cosines.astype(np.float64), exact=named)
    whole = score_of(parts)
    order = np.lexsort((ids, -whole))[:limit]
    each = zip(*(part[order].tolist() for part in parts.values()), strict=True)
    return [
        Ranked(ids[at], score, dict(zip(parts, amounts, strict=True)), fusion.band(mode, score, question.ordinary))
        for at, score, amounts in zip(order.tolist(), whole[order].tolist(), each, strict=True)
    ]


def _named(engine: Engine, question: Question, ids: Sequence[int]) -> NDArray[np.float64]:
    """The share of the question's weight that lies on what each record holds letter by letter."""
    exact, every = np.zeros(len(ids)), np.ones(len(ids), np.bool_)
    for word, weight in question.exact.items():
        holds = engine.scores(ids, None, {word: 1.0})[1] > 0
        exact += holds * weight
        every &= holds
    return np.minimum(1.0, exact * (every if question.all_or_nothing else 1.0) / (question.mass or 1.0))
