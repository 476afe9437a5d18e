"""Reading: what was asked, understood.

A reading holds the need without the story around it, the words it is searched by with their weights and where each came from, the codes that must be
met letter by letter, the indicators and conditions, and the classes it falls under. This reader goes by rule; others can make the same type.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import islice, pairwise
from pathlib import Path

from corpus.metrics import Metric
from indexer import dictionary
from indexer.classes import Classes, Tag
from indexer.hearing import Heard, Hearing
from indexer.need import parted
from indexer.normalise import fold
from indexer.segmenter import Cut
from indexer.thesaurus import OWN, Refused, own_thesaurus, read_thesaurus, shipped_thesaurus
from indexer.words import Words, latin_words, runs

OWN_FILES = ("synonyms.txt", "muted.txt", OWN)
"""What an operator adds to reading; a change of them is heard of at the next question."""
SYNONYM_WEIGHT = 0.4
TERM_WEIGHT = 0.4
"""Of a term of the thesaurus whose wording was surely heard."""
_LEAST_SURE = 0.3
"""Strength below which a line that was heard adds no words."""
_AMBIGUOUS = 2
"""Characters of a wording that many trades may use; it names a class but adds no words unless an operator wrote it."""
_MOST_HEARD = 12
"""Lines of the thesaurus that widen one question."""
TITLE_COUNTS = 2
"""How many times more a word counts for standing in the title."""
_SHORT = 4
"""Characters of a question that is one run of Chinese and is then looked for as it stands."""
_MOST_PIECES = 3
"""Words of which a synonym may be made up; what breaks into more says something else."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question. `origin` is `text`, or the words of the text that brought it in, and `entry` the line that did."""

    word: str
    weight: float
    origin: str = "text"
    entry: str = ""


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
    need: str = ""
    """What is searched by: the text without story and conditions."""
    story: tuple[str, ...] = ()
    """Sentences about the asker that are not searched by."""
    conditions: tuple[str, ...] = ()
    """Sentences about money, time and cooperation."""
    indicators: tuple[Metric, ...] = ()
    """Amounts that are demanded."""
    tags: tuple[Tag, ...] = ()
    ordinary: float = 0.0
    """How near the need lies to what is said of its trades in general, as a mean cosine (`Classes.placed`): a record that fits lies nearer than that."""
    reader: str = "rule"
    """Who read it: `rule`, or the name of a language model."""
    note: str | None = None
    """Why it was read otherwise than is configured."""

    @property
    def searched(self) -> tuple[Term, ...]:
        """The terms, and the pairs that are no words."""
        known = {term.word for term in self.terms}
        return (*self.terms, *(Term(pair, 1.0) for pair in self.pairs if pair not in known))

    @property
    def words(self) -> list[str]:
        """The words of the text in the order in which they first stand in it; without synonyms."""
        return [term.word for term in self.terms if term.origin == "text"]

    def is_suggested(self, term: Term) -> bool:
        """Whether a language model brought the word in; its origin is then no word of the text."""
        return self.reader != "rule" and term.entry == self.reader

    def without(self, removed: Iterable[str]) -> Reading:
        """The reading after a person took words out of it."""
        gone = {fold(word) for word in removed}
        kept = tuple(
            term
            for term in self.terms
            if term.word not in gone
            and (term.origin == "text" or self.is_suggested(term) or fold(term.origin) not in gone)
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
    hearing: Hearing = field(default_factory=Hearing)
    classes: Classes = field(default_factory=Classes)
    refused: Sequence[Refused] = ()
    """Lines of the operator's thesaurus that could not be read."""

    def read(self, text: str, title: str = "") -> Reading:
        """Read what was asked; `title`, if the text has one, is part of it and counts for more."""
        whole, head = " ".join(text.split()), " ".join(title.split())
        parts = parted(text)
        need = " ".join(parts.need.split())
        found = self.words.of_question(need)
        counts = Counter(word for word, _ in found)
        for word, _ in self.words.of_question(head):
            counts[word] += TITLE_COUNTS
        known = [word for word in counts if word not in self.muted] or list(counts)
        codes = dict.fromkeys(word for word, run in found if run.is_code and word == latin_words(run)[0])
        pairs, code = _short_question(need)
        terms = {word: Term(word, 1 + math.log(counts[word] or 1)) for word in [*code, *known]}
        heard = self.hearing.heard(need)
        tags, ordinary = self.classes.placed(need)
        for term in (*self._synonyms(need, terms), *self._heard(heard)):
            terms.setdefault(term.word, term)
        return Reading(
            text=whole,
            terms=tuple(terms.values()),
            codes=tuple(codes),
            exact=frozenset(pairs or code or codes),
            title=head,
            pairs=pairs,
            need=need,
            story=parts.story,
            conditions=parts.conditions,
            indicators=parts.indicators,
            tags=tags,
            ordinary=ordinary,
        )

    def _synonyms(self, need: str, terms: Mapping[str, Term]) -> Iterator[Term]:
        folded = fold(need)
        for said, others in self.synonyms.items():
            if said in folded and (not said.isascii() or said in terms):
                for other in others:
                    for word in self.whole_words(other):
                        yield Term(word, SYNONYM_WEIGHT, said, "、".join((said, *others)))

    def _heard(self, heard: Sequence[Heard]) -> Iterator[Term]:
        """The terms of the lines heard, less of a wording that many trades use, each in its own sense (起泡); an operator's lines are meant."""
        lines = Counter(one.said for one in heard if one.sense.code)
        for one in islice(heard, _MOST_HEARD):
            surely = one.strength / math.sqrt(lines[one.said]) if one.sense.code else one.strength
            if surely >= _LEAST_SURE and (len(one.said) > _AMBIGUOUS or not one.sense.code):
                for term in one.sense.terms:
                    for word in self.whole_words(term):
                        yield Term(word, round(TERM_WEIGHT * surely, 4), one.said, str(one.sense))

    def whole_words(self, synonym: str) -> list[str]:
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


@dataclass(frozen=True, slots=True)
class _Cutting:
    """A segmenter's way to cut, known by its version: two of one version cut alike."""

    version: str
    cut: Cut = field(compare=False)


@lru_cache(maxsize=2)
def _shipped_hearing(cutting: _Cutting, muted: frozenset[str]) -> Hearing:
    """The lines of the package, made ready; they are cut into words once, whatever an operator adds beside them."""
    return Hearing(shipped_thesaurus().senses, cutting.cut, muted)


@cache
def _shipped_classes() -> Classes:
    """The classes of the package; what they are about is reckoned once, at the first question."""
    shipped = shipped_thesaurus()
    return Classes(shipped.senses, shipped.names)


def load_reader(words: Words, own: Path | None = None) -> Reader:
    """The reader with the dictionaries of the package and of the operator's folder, the files `OWN_FILES`. Raises ListUnreadable."""
    synonyms: dict[str, tuple[str, ...]] = {}
    for line in dictionary.lines("synonyms.txt", own):
        group = [term.strip() for term in re.split(r"[、，,;；\t]", line) if term.strip()]
        for term in group:
            others = (other for other in group if other != term)
            synonyms[fold(term)] = tuple(dict.fromkeys((*synonyms.get(fold(term), ()), *others)))
    muted = frozenset(fold(word) for word in dictionary.lines("muted.txt", own))
    thesaurus, added = read_thesaurus(own), own_thesaurus(own)
    cutting = _Cutting(words.segmenter.version, words.segmenter.cut)
    hearing = Hearing(added.senses, cutting.cut, muted, after=_shipped_hearing(cutting, muted))
    return Reader(
        words,
        muted,
        synonyms,
        hearing,
        Classes(thesaurus.senses, thesaurus.names) if added.names else _shipped_classes(),
        thesaurus.refused,
    )


def own_state(own: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What tells whether the operator's lists changed: name, time and size of those that are there."""
    if own is None:
        return ()
    found = []
    for name in OWN_FILES:
        with suppress(OSError):
            status = (own / name).stat()
            found.append((name, status.st_mtime_ns, status.st_size))
    return tuple(found)
