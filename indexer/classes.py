"""Classes: under which trades of GB/T 4754 and which groups of the IPC a text falls.

A class is known by its name and by all that the thesaurus files under it. A text falls under those whose meaning lies nearest, by the static
model of the package, whatever model an installation searches with: of the sample library's achievements, the division that their owner stated
is among the two nearest in 83 of 100, among the two whose lines are heard most in the text in 53.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from indexer.encoder import packaged
from indexer.entries import Vector
from indexer.neighbours import Neighbours, neighbours
from indexer.normalise import simplified
from indexer.thesaurus import Sense

MOST = 2
"""Classes of each of the two classifications."""
GENERAL = 10
"""Trades whose descriptions tell how much a text has in common with anything that is said of its trades."""
FARTHEST = 0.35
"""Nearness that is reckoned with for a text that lies farther from its trades than that: nothing is easier to fit for being unusual."""
LEAST = 0.4
"""Cosine below which a class is not named: texts about nothing in particular stay below it."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A class that a text falls under: a code of GB/T 4754 or of the IPC, and its name."""

    code: str
    name: str

    @property
    def is_technology(self) -> bool:
        """Whether it is a group of the IPC, not a trade."""
        return "/" in self.code


@dataclass(frozen=True)
class Classes:
    """The classes that lines of the thesaurus are filed under."""

    senses: Sequence[Sense] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Code → name."""

    def of(self, text: str) -> tuple[Tag, ...]:
        """The nearest trades, then the nearest groups of technology; nothing for a text in which the model knows no word."""
        return self.placed(text)[0]

    def placed(self, text: str) -> tuple[tuple[Tag, ...], float]:
        """Those, and how near the text lies to the descriptions of the `GENERAL` trades nearest to it: the mean of their cosines, at least `FARTHEST`."""
        vector = packaged().encode([simplified(text)], asking=True)[0]
        trades, technologies = _nearest(*self._trades, vector), _nearest(*self._technologies, vector)
        ordinary = sum(cosine for _, cosine in trades) / max(1, len(trades))
        return (*_named(trades), *_named(technologies)), max(FARTHEST, round(ordinary, 6))

    @cached_property
    def _trades(self) -> tuple[list[Tag], Neighbours | None]:
        return self._known(technologies=False)

    @cached_property
    def _technologies(self) -> tuple[list[Tag], Neighbours | None]:
        return self._known(technologies=True)

    def _known(self, *, technologies: bool) -> tuple[list[Tag], Neighbours | None]:
        """The classes of one classification, and what each is about as vectors to search."""
        filed: dict[str, list[str]] = {}
        for sense in self.senses:
            filed.setdefault(sense.code, []).append(" ".join((*sense.terms, *sense.said)))
        tags = [Tag(code, self.names.get(code, code)) for code in filed if code]
        tags = [tag for tag in tags if tag.is_technology is technologies]
        if not tags:
            return [], None
        vectors = packaged().encode([simplified("。".join((tag.name, *filed[tag.code]))) for tag in tags])
        return tags, neighbours(len(tags), vectors.shape[1], lambda start, end: vectors[start:end])


def _nearest(tags: Sequence[Tag], known: Neighbours | None, vector: Vector) -> list[tuple[Tag, float]]:
    """The nearest classes with their cosines, best first."""
    if known is None:
        return []
    rows, cosines = known.nearest(vector, GENERAL)
    return [(tags[row], float(cosine)) for row, cosine in zip(rows, cosines, strict=True)]


def _named(found: Sequence[tuple[Tag, float]]) -> list[Tag]:
    return [tag for tag, cosine in found[:MOST] if cosine >= LEAST]
