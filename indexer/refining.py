"""Refining: a question turned towards records that a person likes and away from those that they do not (after Rocchio).

Its vector moves; the words that say most of a liked record are asked for as well; words that only disliked records hold count for half.
What the person wrote stays the heavier part of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.bm25 import rarity
from indexer.entries import Engine, Entry, Filter, Vector
from indexer.reading import Reading, Term

TOWARDS = 0.75
AWAY = 0.25
"""How much the middle of the liked, and of the disliked, counts against the question's own vector."""
LIKED_WEIGHT = 0.4
"""Of a word that a liked record brings in: no more than a synonym's."""
DISLIKED_SHARE = 0.5
_WORDS = 8
"""Words that a liked record brings in."""
LIKED = "更像这个"
"""The entry of a term that a liked record brought in; its origin is the record's title."""


@dataclass(frozen=True)
class Leaning:
    """The vectors of what is liked and of what is not, shapes (records, dimensions)."""

    towards: NDArray[np.float32]
    away: NDArray[np.float32]

    def of(self, vector: Vector) -> Vector:
        """The unit vector of a question, turned; the vector itself where nothing is left of it."""
        turned = vector.astype(np.float64)
        for vectors, share in ((self.towards, TOWARDS), (self.away, -AWAY)):
            if len(vectors):
                turned = turned + share * vectors.astype(np.float64).mean(axis=0)
        length = float(np.linalg.norm(turned))
        return (turned / length).astype(np.float32) if length else vector


def leaning(liked: Sequence[Entry], disliked: Sequence[Entry]) -> Leaning:
    return Leaning(_vectors(liked), _vectors(disliked))


def _vectors(entries: Sequence[Entry]) -> NDArray[np.float32]:
    return np.array([entry.vector for entry in entries if entry.vector is not None], np.float32)


def refined(
    reading: Reading,
    engine: Engine,
    liked: Sequence[tuple[str, Entry]],
    disliked: Sequence[Entry],
    everyone: Filter = (),
) -> Reading:
    """The reading with the words of liked records, each given with its title, and less of those that only disliked ones hold."""
    wanted = {word for _, entry in liked for word in entry.words}
    unwanted = {word for entry in disliked for word in entry.words} - wanted
    kept = tuple(
        replace(term, weight=term.weight * DISLIKED_SHARE) if term.word in unwanted else term for term in reading.terms
    )
    terms = {term.word: term for term in kept}
    for title, entry in liked:
        for word in _telling(engine, entry, terms.keys() | unwanted, everyone):
            terms.setdefault(word, Term(word, LIKED_WEIGHT, title, LIKED))
    return replace(reading, terms=tuple(terms.values()))


def _telling(engine: Engine, entry: Entry, known: set[str], everyone: Filter) -> list[str]:
    """The words that weigh most in a record, of those not yet asked for."""
    whole = [word for word in entry.words if not any(word != other and word in other for other in entry.words)]
    new = [word for word in whole if len(word) > 1 and word not in known and not word.isdigit()]
    total, holding = engine.frequencies(new, everyone)
    shared = [word for word in new if holding[word] > 1]  # a word that only this record holds finds no other
    return sorted(shared, key=lambda word: (-entry.words[word] * rarity(total, holding[word]), word))[:_WORDS]
