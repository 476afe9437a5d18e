"""How a question was understood, as the search page shows it: its words in groups, each group under what brought it in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.reading import Reading, Term
from indexer.refining import LIKED

SHOWN = 3
"""Groups of the thesaurus that are shown at once; the others are folded away."""


@dataclass(frozen=True)
class Word:
    """A word as it is held, as it is written in the question, and the line that brought it in."""

    held: str
    written: str
    entry: str = ""


@dataclass(frozen=True)
class Group:
    """Words under one label. `origin` is the wording that brought all of them in, where taking it out takes out no more than them."""

    label: str
    words: Sequence[Word]
    origin: str = ""


@dataclass(frozen=True)
class Understanding:
    """`said` are words of the question, their synonyms and a language model's; `heard` those that the thesaurus joins to a wording."""

    said: Sequence[Group] = ()
    heard: Sequence[Group] = ()

    @property
    def shown(self) -> Sequence[Group]:
        return self.heard[:SHOWN]

    @property
    def folded(self) -> Sequence[Group]:
        return self.heard[SHOWN:]


def understanding(reading: Reading) -> Understanding:
    """Groups in the order of the reading: codes, words, then what was added."""
    said: dict[str, list[Word]] = {"型号代号": [_word(reading, code) for code in reading.codes], "词语": []}
    heard: dict[str, list[Word]] = {}
    for term in reading.terms:
        if term.word in reading.codes:
            continue
        if is_heard(term):
            heard.setdefault(term.origin, []).append(_word(reading, term.word, term.entry))
        else:
            said.setdefault(_label(reading, term), []).append(_word(reading, term.word, _entry(reading, term)))
    return Understanding(
        [Group(label, words) for label, words in said.items() if words],
        [
            Group(f"由“{origin}”联想", words, "" if origin in reading.words else origin)
            for origin, words in heard.items()
        ],
    )


def is_heard(term: Term) -> bool:
    """Whether a line of the thesaurus brought the word in, not a group of synonyms."""
    return " → " in term.entry


def _label(reading: Reading, term: Term) -> str:
    if term.origin == "text":
        return "词语"
    if term.entry == LIKED:
        return f"由“{term.origin}”补充"
    return f"语言模型 {reading.reader} 补充" if reading.is_suggested(term) else f"“{term.origin}”的同义词"


def _entry(reading: Reading, term: Term) -> str:
    return "" if reading.is_suggested(term) else term.entry


def _word(reading: Reading, held: str, entry: str = "") -> Word:
    found = re.search(re.escape(held), reading.text, re.IGNORECASE)
    return Word(held, found.group() if found else held, entry)
