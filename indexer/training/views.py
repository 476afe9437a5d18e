"""Views of the same matter that the contextual model brings together: what is asked, and the record that answers, in the forms in which both come.

Each view draws at random, so that no text is met twice in the same words. Half of the batches are topical: drawn from the records nearest to one of them,
so that the model has to tell apart what lies close.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.contextual import STOP
from indexer.training.material import Document, Material, nearest
from indexer.training.packed import Numbers

Chance = np.random.Generator
T = TypeVar("T")
_TOPICS = {"papers": 1000, "patents": 700, "journals": 900, "senses": 2000, "demands": 450}
"""Records of a topical batch, by kind."""


class Drawn(NamedTuple):
    asked: Numbers
    kept: Numbers
    about: int


@dataclass(frozen=True)
class View:
    """`weight`: how often a batch is of this view; `later`: the same near the end of training."""

    weight: float
    later: float
    draw: Callable[[Chance], Drawn | None]


@dataclass
class Views:
    """`near`: unit vectors of the records by kind, shape (records, dimensions); `stop`: the sign at a sentence's end."""

    material: Material
    near: Mapping[str, NDArray[np.float32]]
    words: int
    _topic: dict[str, Numbers] = field(default_factory=dict)

    def topic(self, chance: Chance) -> None:
        """What the next draws are from: everything, or of each kind the records nearest to one."""
        self._topic = {}
        if chance.random() < 0.5:
            self._topic = {
                kind: nearest(vectors, int(chance.integers(len(vectors))), _TOPICS[kind])
                for kind, vectors in self.near.items()
                if len(vectors)
            }

    def every(self) -> list[View]:
        """Those that the material has something for."""
        has = self.material
        views = [
            (has.demands, View(2.5, 6.25, self.demand)),
            (has.papers, View(3, 1.8, lambda chance: self.titled("papers", chance))),
            (has.patents, View(1.5, 0.9, lambda chance: self.titled("patents", chance))),
            (has.papers, View(1.5, 0.9, lambda chance: self.sentence("papers", chance, 0.4))),
            (has.journals, View(1, 0.6, lambda chance: self.sentence("journals", chance, 0.3))),
            (has.patents, View(1, 0.6, lambda chance: self.sentence("patents", chance, 0.3))),
            (has.talk, View(1, 0.6, self.everyday)),
            (has.talk, View(2, 1.2, lambda chance: self.sentence("talk", chance, 0.3))),
            (has.papers, View(3, 7.5, lambda chance: self.for_title("papers", chance))),
            (has.patents, View(1.5, 3.75, lambda chance: self.for_title("patents", chance))),
            (has.senses, View(2, 5, self.sense)),
            (has.titled, View(1, 0.6, self.classed)),
            (has.classes, View(1, 0.6, self.part)),
            (any(paper.paragraphs for paper in has.papers), View(4, 2.4, self.paragraph)),
            (any(len(paper.paragraphs) > 1 for paper in has.papers), View(1, 0.6, self.neighbour)),
        ]
        return [view for there, view in views if there]

    def demand(self, chance: Chance) -> Drawn:
        """A demand in a firm's voice and the document it was written over."""
        said, document = self._one("demands", self.material.demands, chance)
        return Drawn(self._framed(said, 0.15, chance), self._record(document, chance), document.about)

    def titled(self, kind: str, chance: Chance) -> Drawn:
        """A title, its nouns and verbs, or keywords, and the abstract."""
        document = self._document(kind, chance)
        forms = (document.title, document.reduced, document.keywords if len(document.keywords) else document.title)
        asked = forms[int(chance.choice(3, p=(0.5, 0.2, 0.3)))]
        kept = document.abstract if chance.random() < 0.7 else self._joined(document.title, document.abstract)
        return Drawn(self._framed(asked, 0.4, chance), kept, document.about)

    def sentence(self, kind: str, chance: Chance, framed: float) -> Drawn | None:
        """A sentence and the others of its text."""
        document = self._document(kind, chance)
        parts = self._sentences(document.abstract)
        if len(parts) < 2:
            return None
        chosen = int(chance.integers(len(parts)))
        others = np.concatenate([*parts[:chosen], *parts[chosen + 1 :]])
        return Drawn(self._framed(parts[chosen], framed, chance), others, document.about)

    def everyday(self, chance: Chance) -> Drawn:
        document = self._document("talk", chance)
        return Drawn(document.title, document.abstract, document.about)

    def for_title(self, kind: str, chance: Chance) -> Drawn | None:
        """What an abstract says, in a sentence or at length, and the title that is all an office passes on."""
        document = self._document(kind, chance)
        parts = self._sentences(document.abstract)
        if not parts:
            return None
        one = parts[int(chance.integers(len(parts)))]
        asked = one if chance.random() < 0.5 else stretch(document.abstract, 100, chance)
        title = document.title if chance.random() < 0.4 else document.reduced
        return Drawn(self._framed(stretch(asked, 80, chance), 0.5, chance), title, document.about)

    def sense(self, chance: Chance) -> Drawn:
        """What a trade says and the terms for it, and back."""
        at = self._at("senses", len(self.material.senses), chance)
        said, terms, name = self.material.senses[at]
        one = said[int(chance.integers(len(said)))]
        if chance.random() < 0.8:
            return Drawn(self._framed(one, 0.25, chance), terms, at)
        return Drawn(terms, self._joined(name, *said), at)

    def classed(self, chance: Chance) -> Drawn:
        """A patent's title and the names of its classes."""
        title, reduced, classes = self.material.titled[int(chance.integers(len(self.material.titled)))]
        return Drawn(title if chance.random() < 0.5 else reduced, classes, hash(classes.tobytes()))

    def part(self, chance: Chance) -> Drawn:
        """A group of the IPC and what it is part of."""
        return Drawn(*self.material.classes[int(chance.integers(len(self.material.classes)))])

    def paragraph(self, chance: Chance) -> Drawn | None:
        """A paragraph and its paper."""
        paper = self._document("papers", chance)
        if not paper.paragraphs:
            return None
        text = stretch(paper.paragraphs[int(chance.integers(len(paper.paragraphs)))], 120, chance)
        return Drawn(self._framed(text, 0.3, chance), self._record(paper, chance), paper.about)

    def neighbour(self, chance: Chance) -> Drawn | None:
        """A paragraph and the one after it."""
        paper = self._document("papers", chance)
        if len(paper.paragraphs) < 2:
            return None
        at = int(chance.integers(len(paper.paragraphs) - 1))
        return Drawn(paper.paragraphs[at], paper.paragraphs[at + 1], paper.about)

    def _document(self, kind: str, chance: Chance) -> Document:
        documents: Sequence[Document] = getattr(self.material, kind)
        return self._one(kind, documents, chance)

    def _one(self, kind: str, records: Sequence[T], chance: Chance) -> T:
        return records[self._at(kind, len(records), chance)]

    def _at(self, kind: str, count: int, chance: Chance) -> int:
        some = self._topic.get(kind)
        return int(chance.integers(count)) if some is None else int(some[chance.integers(len(some))])

    def _record(self, document: Document, chance: Chance) -> Numbers:
        """A document in one of the forms in which records come."""
        whole = self._joined(document.title, document.abstract)
        forms = (whole, document.abstract, document.title, document.reduced)
        return forms[int(chance.choice(4, p=(0.45, 0.15, 0.15, 0.25)))]

    def _framed(self, need: Numbers, share: float, chance: Chance) -> Numbers:
        """In so many cases of one, in the middle of the words that a firm puts around a need."""
        if chance.random() >= share:
            return need
        closings = self.material.closings
        after = chance.choice(len(closings), size=int(chance.integers(3)), replace=False)
        opening = self.material.openings[int(chance.integers(len(self.material.openings)))]
        return self._joined(opening, stretch(need, 80, chance), *(closings[at] for at in after))

    def _joined(self, *parts: Numbers) -> Numbers:
        stop = np.array([self.words + STOP])
        between = [piece for part in parts if len(part) for piece in (stop, part)]
        return np.concatenate(between[1:]) if between else stop[:0]

    def _sentences(self, text: Numbers) -> list[Numbers]:
        parts = np.split(text, np.flatnonzero(text == self.words + STOP))
        return [part for part in parts if len(part) >= 5]


def stretch(text: Numbers, longest: int, chance: Chance) -> Numbers:
    """So many words of a longer text, from anywhere in it."""
    start = int(chance.integers(max(0, len(text) - longest) + 1))
    return text[start : start + longest]
