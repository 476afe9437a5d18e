"""Hearing: which lines of the thesaurus a text speaks of.

A wording is heard where it stands in the text as it is written, or, if it is made of several words, where all of them stand in one clause (布面…起毛).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from indexer.normalise import fold
from indexer.thesaurus import Sense
from indexer.words import latin_words, runs

_CLAUSE = re.compile(r"[，,。；;！!？?：:\n、（）()“”\"\s]+")
_EMPTY = frozenset("的了着过就太不老易多少大小好得会有是被把一很没总再又也都还能要想上下里外中后前时来去出进到与和及或")
"""Single characters that say nothing of what a wording is about."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A line of the thesaurus, the wording of it that was heard, and how surely (0–1)."""

    sense: Sense
    said: str
    strength: float


class Hearing:
    """Finds the wordings of many lines in a text; `cut` segments a run of Chinese characters."""

    def __init__(
        self,
        senses: Iterable[Sense] = (),
        cut: Callable[[str], list[str]] = list,
        muted: frozenset[str] = frozenset(),
        *,
        after: Hearing | None = None,
    ) -> None:
        """`after` hears further lines, made ready before: what it hears comes after what is heard here."""
        self._cut, self._muted, self._after = cut, muted, after
        self._written: dict[str, list[tuple[str, str, Sense]]] = defaultdict(list)
        """First two characters → wordings that begin with them, as (folded, as written, sense)."""
        self._apart: dict[str, list[tuple[frozenset[str], str, Sense]]] = defaultdict(list)
        """A word → wordings of several words of which it is the longest, as (its words, as written, sense)."""
        for sense in senses:
            for said in sense.said:
                folded = fold(said)
                self._written[folded[:2]].append((folded, said, sense))
                words = self._telling(folded)
                if len(words) > 1:
                    self._apart[max(words, key=lambda word: (len(word), word))].append((words, said, sense))

    def heard(self, text: str) -> list[Heard]:
        """The lines that the text speaks of, surest first, each once; those of `after` at the end."""
        folded = fold(text)
        best: dict[Sense, Heard] = {}
        for found in (*self._as_written(folded), *self._word_by_word(folded)):
            if found.sense not in best or best[found.sense].strength < found.strength:
                best[found.sense] = found
        here = sorted(best.values(), key=lambda one: -one.strength)
        return [*here, *(self._after.heard(text) if self._after else ())]

    def _as_written(self, folded: str) -> Iterator[Heard]:
        for start in range(len(folded) - 1):
            for said, written, sense in self._written.get(folded[start : start + 2], ()):
                if folded.startswith(said, start) and _stands_alone(folded, start, start + len(said)):
                    yield Heard(sense, written, min(1.0, 0.4 + 0.15 * len(said)))

    def _word_by_word(self, folded: str) -> Iterator[Heard]:
        for clause in _CLAUSE.split(folded):
            words = self._words(clause)
            for word in words:
                for wanted, written, sense in self._apart.get(word, ()):
                    if wanted <= words:
                        yield Heard(sense, written, 0.7)

    def _words(self, folded: str) -> set[str]:
        found: set[str] = set()
        for run in runs(folded):
            found.update(self._cut(run.text) if run.kind == "han" else latin_words(run))
        return found

    def _telling(self, folded: str) -> frozenset[str]:
        """The words that make a wording what it is, none of them a piece of another."""
        words = {word for word in self._words(folded) - self._muted if word not in _EMPTY}
        return frozenset(word for word in words if not any(word != other and word in other for other in words))


def _stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether Latin letters or digits do not go on beyond either end: `mvr` is not heard in `mvrs`."""
    return not (_runs_on(folded, start) or _runs_on(folded, end))


def _runs_on(folded: str, place: int) -> bool:
    if not 0 < place < len(folded):
        return False
    before, after = folded[place - 1], folded[place]
    return all(character.isascii() and character.isalnum() for character in (before, after))
