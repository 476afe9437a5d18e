"""Reading: what was asked, understood.

A reading holds the need as text, the words it is searched by with their weights and where each came from, and the codes that must be
met letter by letter. This reader goes by rule; others can make the same type.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from indexer import dictionary
from indexer.normalise import fold
from indexer.words import Words, latin_words, runs

SYNONYM_WEIGHT = 0.4
TITLE_COUNTS = 2
"""How many times more a word counts for standing in the title."""
_SHORT = 4
"""Characters of a question that is one run of Chinese and is then looked for as it stands."""
_MOST_PIECES = 3
"""Words of which a synonym may be made up; what breaks into more says something else."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question. `origin` is `text`, or the words of the text it is a synonym of."""

    word: str
    weight: float
    origin: str = "text"


@dataclass(frozen=True, slots=True)
class Reading:
    text: str
    """The whole of what was asked, its title first if it has one."""
    terms: tuple[Term, ...]
    codes: tuple[str, ...] = ()
    exact: frozenset[str] = frozenset()
    """Words whose presence counts by itself: the codes, or the one short word that is all of the question."""

    title: str = ""
    """What a demand calls itself; it says more of the need than any other line."""
    pairs: tuple[str, ...] = ()
    """The pairs of characters of a short Chinese question: `exact` then, and only where a record holds every one."""

    @property
    def searched(self) -> tuple[Term, ...]:
        """The terms, and the pairs that are no words."""
        known = {term.word for term in self.terms}
        return (*self.terms, *(Term(pair, 1.0) for pair in self.pairs if pair not in known))

    @property
    def words(self) -> list[str]:
        """The words of the text in the order in which they first stand in it; without synonyms."""
        return [term.word for term in self.terms if term.origin == "text"]

    def without(self, removed: Iterable[str]) -> Reading:
        """The reading after a person took words out of it."""
        gone = {fold(word) for word in removed}
        kept = tuple(
            term
            for term in self.terms
            if term.word not in gone and (term.origin == "text" or fold(term.origin) not in gone)
        )
        codes = tuple(code for code in self.codes if code not in gone)
        if self.pairs and gone.intersection((*self.words, *self.pairs)):
            return replace(self, terms=kept, codes=codes, exact=frozenset(), pairs=())
        return replace(self, terms=kept, codes=codes, exact=self.exact - gone)


@dataclass(frozen=True)
class Reader:
    """Reads by rule: words weighed by how often they occur, small talk muted, synonyms added at a lower weight."""

    words: Words
    muted: frozenset[str] = frozenset()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folded term → the other terms of its group."""

    def read(self, text: str, title: str = "") -> Reading:
        """Read what was asked; `title`, if the text has one, is part of it and counts for more."""
        need, head = " ".join(text.split()), " ".join(title.split())
        found = self.words.of_question(need)
        counts = Counter(word for word, _ in found)
        for word, _ in self.words.of_question(head):
            counts[word] += TITLE_COUNTS
        heard = [word for word in counts if word not in self.muted] or list(counts)
        codes = dict.fromkeys(word for word, run in found if run.is_code and word == latin_words(run)[0])
        pairs, code = _short_question(need)
        terms = {word: Term(word, 1 + math.log(counts[word] or 1)) for word in [*code, *heard]}
        for term in self._widened(need, terms):
            terms.setdefault(term.word, term)
        return Reading(need, tuple(terms.values()), tuple(codes), frozenset(pairs or code or codes), head, pairs)

    def _widened(self, need: str, terms: Mapping[str, Term]) -> Iterable[Term]:
        folded = fold(need)
        for said, others in self.synonyms.items():
            if said in folded and (not said.isascii() or said in terms):
                for other in others:
                    for word in self._whole(other):
                        yield Term(word, SYNONYM_WEIGHT, said)

    def _whole(self, synonym: str) -> list[str]:
        """The words a synonym is searched by: itself, or the few it is made of, none of them a piece of another."""
        words = dict.fromkeys(word for word, _ in self.words.of_question(synonym))
        made_of = [word for word in words if not any(word != other and word in other for other in words)]
        if len(made_of) > _MOST_PIECES:
            return []
        return [word for word in made_of if len(word) > 1 and word not in self.muted]


def _short_question(need: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How a very short question stands in a record however it is cut there: (its pairs of characters, its code), one of them empty."""
    found = list(runs(fold(need)))
    if len(found) != 1:
        return (), ()
    if found[0].kind != "han":
        return (), tuple(latin_words(found[0])[:1])
    short = 2 <= len(found[0].text) <= _SHORT
    return (tuple(a + b for a, b in pairwise(found[0].text)) if short else ()), ()


def load_reader(words: Words, own: Path | None = None) -> Reader:
    """The reader with the dictionaries of the package and of the operator's folder (`synonyms.txt`, `muted.txt`)."""
    synonyms: dict[str, tuple[str, ...]] = {}
    for line in dictionary.lines("synonyms.txt", own):
        group = [term.strip() for term in re.split(r"[、，,;；\t]", line) if term.strip()]
        for term in group:
            others = (other for other in group if other != term)
            synonyms[fold(term)] = tuple(dict.fromkeys((*synonyms.get(fold(term), ()), *others)))
    muted = frozenset(fold(word) for word in dictionary.lines("muted.txt", own))
    return Reader(words, muted, synonyms)
