"""Telling: what each sentence of a rambling note does: it opens a matter, goes on with one, asks, sets a condition, or is talk.

By its pertinence (`talk`), and by the words in which people tell of a fault, of what they want and tried, and of another matter (`dictionary/cues.txt`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from indexer import dictionary
from indexer.need import SENTENCE, is_condition, is_story
from indexer.talk import pertinence

_CLAUSE = re.compile(r"[^，,]+[，,]*")
_RUN_ON = 40
"""Characters of a sentence whose clauses are weighed one by one for talk among them."""
_ASIDE = -0.4
"""Pertinence below which a clause of a long sentence is an aside."""
_CUE, _AGAINST = 0.45, 0.5
"""What words of faults, of asking and of trying add to a sentence's pertinence, and what words of talk take from it."""
_NEEDFUL = 0.0
"""Pertinence, with what its words add, above which a sentence is of a need."""


def cues(name: str) -> list[str]:
    """The words of one section of `dictionary/cues.txt`, as patterns."""
    sections: dict[str, list[str]] = {}
    for line in dictionary.lines("cues.txt"):
        if heading := re.fullmatch(r"\[([a-z ]+)\]", line):
            sections[heading[1]] = []
        else:
            sections[list(sections)[-1]] += line.split()
    return sections[name]


def _any(name: str) -> str:
    return "|".join(cues(name))


FAULT, ASK, TRIED, TALK = (re.compile(_any(name)) for name in ("fault", "ask", "tried", "talk"))
_SPEAKER = r"(?:[他她]们?|我们|厂里|老板|厂长|企业|总工)?"
TURNING = re.compile(rf"^\W*{_SPEAKER}(?:{_any('turn')})|{_any('turn within')}")
_BREAK = re.compile(rf"[，,](?=\s*(?:{_any('turn')}))")
_GOES_ON = re.compile(rf"跟着这个|^\W*{_SPEAKER}[也又就还]?(?:{_any('goes on')})")
_ADDS = re.compile(rf"^\W*{_SPEAKER}还(?:想|要|希望|需要)")
_DUE = re.compile(r"^[^，,]{0,10}(?:限期|期限|截止)")
_MEASURED = re.compile(
    r"[\d一二两三四五六七八九十百千万几半]+[来多]?(?:成|吨|度|块|倍|公斤|丝|毫米|厘|个?月|天|小时|分钟|秒|次|遍|%|‰|[a-zA-Zμ]+)|百分之|千分之"
)


class Role(Enum):
    """What a sentence does in a note."""

    OPENS = "opens"
    """Says of a thing what is wrong with it."""
    ASKS = "asks"
    GOES_ON = "goes on"
    """Tells what was tried, suspected or measured."""
    CONDITION = "condition"
    """Speaks of money, time or the form of cooperation."""
    TALK = "talk"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of one, with its place in the note."""

    start: int
    end: int
    text: str
    role: Role
    pertinence: float = 1.0
    turns: bool = False
    """Whether it begins by going over to another matter."""
    goes_on: bool = False
    """Whether it begins as one does that goes on with a matter."""
    asks: bool = False
    tries: bool = False
    faults: bool = False
    is_measured: bool = False
    """Whether it has an amount."""
    adds: bool = False
    """Whether it adds something to what was asked (还想…): another matter, unless it speaks of the same thing."""

    @property
    def is_telling(self) -> bool:
        """Whether it has a word of a fault, of asking or of trying."""
        return self.faults or self.asks or self.tries


def sentences(note: str, own: Path | None = None) -> list[Sentence]:
    """The sentences of a note in their order; `own` is the operator's folder of word lists."""
    pieces = [(start, text) for start, text in _pieces(note, own) if text.strip()]
    scores = pertinence([text for _, text in pieces], own)
    return [
        Sentence(
            start,
            start + len(text),
            text,
            _role(text, score + _cued(text)),
            pertinence=score,
            turns=bool(TURNING.search(text)),
            goes_on=bool(_GOES_ON.search(text)),
            asks=bool(ASK.search(text)),
            tries=bool(TRIED.search(text)),
            faults=bool(FAULT.search(text)),
            is_measured=bool(_MEASURED.search(text)),
            adds=bool(_ADDS.search(text)),
        )
        for (start, text), score in zip(pieces, scores, strict=True)
    ]


def _pieces(note: str, own: Path | None) -> Iterator[tuple[int, str]]:
    """Sentences with where they start, broken where a speaker turns to another matter within one, and around talk in a long one."""
    for found in SENTENCE.finditer(note):
        start, at = found.start(), 0
        text = found.group()
        for cut in [*(broken.end() for broken in _BREAK.finditer(text)), len(text)]:
            yield from _parted(start + at, text[at:cut], own)
            at = cut


def _parted(start: int, text: str, own: Path | None) -> Iterator[tuple[int, str]]:
    clauses = [(found.start(), found.group()) for found in _CLAUSE.finditer(text)]
    if len(text) <= _RUN_ON or len(clauses) < 3:
        yield start, text
        return
    scores = pertinence([clause for _, clause in clauses], own)
    aside = [
        score + _cued(clause) < _ASIDE and bool(TALK.search(clause)) and not ASK.search(clause)
        for (_, clause), score in zip(clauses, scores, strict=True)
    ]
    first = 0
    for number in range(1, len(clauses) + 1):
        if number == len(clauses) or aside[number] != aside[number - 1]:
            end = clauses[number][0] if number < len(clauses) else len(text)
            yield start + clauses[first][0], text[clauses[first][0] : end]
            first = number


def _cued(sentence: str) -> float:
    told = sum(bool(cue.search(sentence)) for cue in (FAULT, ASK, TRIED))
    return _CUE * min(told, 2) - _AGAINST * min(len(TALK.findall(sentence)), 3)


def _role(sentence: str, score: float) -> Role:
    """What one sentence does, by its words and its pertinence."""
    fault, asks = bool(FAULT.search(sentence)), bool(ASK.search(sentence))
    if (is_condition(sentence) or _DUE.search(sentence)) and not fault:
        return Role.CONDITION
    if is_story(sentence) or score <= _NEEDFUL:
        return Role.TALK
    head = _CLAUSE.findall(sentence)[0]
    if _GOES_ON.search(sentence) or ASK.search(head) or TRIED.search(head):
        return Role.ASKS if asks else Role.GOES_ON
    return Role.OPENS
