"""Notes: a visit note 企情日记 split into the needs it tells of, small talk and story left out.

note → sentences and what each does → matters, by turns of speech and by what words they share → needs
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.encoder import packaged
from indexer.normalise import simplified
from indexer.reading import Reader
from indexer.telling import Role, Sentence, cues, sentences

_TELLING = 2
"""Characters from which a word may hold two sentences together."""
_CLAUSES = re.compile(r"[^，,]+[，,]*")
_NEAR = 0.25
"""Cosine of a sentence with the matter before it, below which a shared word is chance."""
_TOLD = 3
"""Sentences after which a matter is taken for told, though it ended neither in a wish nor in what was tried."""
_SHORTEST = 8
"""Characters of a need."""
_SURELY = 0.5
"""Pertinence from which a sentence at the edge of a matter is kept though it has neither a word of a fault nor one of the matter."""
_MATERIALS = frozenset("铝铜铁钢锌镍锡漆胶釉")
"""Single characters that do, too."""
_COUNTED = re.compile(r"[\d一二两三四五六七八九十百千万几半]")
_COMMON = frozenset(cues("common"))
"""Words that matters of every kind share."""


@dataclass(frozen=True, slots=True)
class Need:
    """One need of a note: the sentences that tell of it, in their order."""

    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return "".join(sentence.text for sentence in self.sentences).strip()

    @property
    def places(self) -> list[tuple[int, int]]:
        """Start and end of each stretch of the note that it was read from."""
        joined: list[tuple[int, int]] = []
        for one in self.sentences:
            if joined and joined[-1][1] == one.start:
                joined[-1] = joined[-1][0], one.end
            else:
                joined.append((one.start, one.end))
        return joined


def needs(note: str, reader: Reader, own: Path | None = None) -> list[Need]:
    """The needs of a note, in the order in which they are first spoken of."""
    matters: list[list[Sentence]] = []
    after_talk = False
    for sentence in sentences(note, own):
        if sentence.role is Role.TALK:
            after_talk = True
        elif sentence.role is not Role.CONDITION:
            if _is_new(sentence, matters, reader, after_talk=after_talk):
                matters.append([])
            matters[-1].append(sentence)
            after_talk = False
        elif matters:
            matters[-1].append(sentence)
    trimmed = [_trimmed(matter, reader) for matter in matters]
    return [Need(tuple(matter)) for matter in trimmed if _is_need(matter)]


def _is_new(sentence: Sentence, matters: Sequence[Sequence[Sentence]], reader: Reader, *, after_talk: bool) -> bool:
    """Whether a sentence begins another matter: by a turn of speech, or where the one before was told to its end and this is about something else."""
    if not matters or sentence.turns:
        return True
    current = matters[-1]
    if sentence.role is not Role.OPENS and not sentence.adds:
        return False
    is_told = (
        after_talk or len(current) >= _TOLD or any(one.role is Role.GOES_ON or one.asks or one.tries for one in current)
    )
    return is_told and not _is_about(sentence, current, reader)


def _is_about(sentence: Sentence, matter: Sequence[Sentence], reader: Reader) -> bool:
    """Whether a sentence is about the same thing: where it begins it has a word of the matter, and its meaning is not far off."""
    if sentence.role is not Role.OPENS:
        return _shares(sentence.text, matter, reader)
    theme = "".join(_CLAUSES.findall(sentence.text)[:2])
    if not _shares(theme, matter, reader):
        return False
    texts = [simplified(sentence.text), simplified("".join(one.text for one in matter))]
    one, other = packaged().encode(texts)
    return bool(one @ other >= _NEAR)


def _trimmed(matter: Sequence[Sentence], reader: Reader) -> Sequence[Sentence]:
    """A matter without a scene that is set before it or a remark made after it."""
    kept = list(matter)
    for edge in (0, -1):
        one, rest = kept[edge], kept[1:] if edge == 0 else kept[:-1]
        if rest and _is_aside(one) and not _shares(one.text, rest, reader):
            kept = rest
    return kept


def _is_aside(one: Sentence) -> bool:
    return (
        one.role is not Role.CONDITION
        and not (one.is_telling or one.is_measured or one.turns)
        and one.pertinence < _SURELY
    )


def _is_need(matter: Sequence[Sentence]) -> bool:
    """Whether it says what is wrong or wanted, in more than a few characters."""
    said = sum(len(one.text.strip()) for one in matter)
    return said >= _SHORTEST and any(not _is_aside(one) or one.role is Role.CONDITION for one in matter)


def _shares(text: str, matter: Iterable[Sentence], reader: Reader) -> bool:
    """Whether a text has a telling word of the matter."""
    said = {word for one in matter for word in _words(one.text, reader)}
    return bool(said & _words(text, reader))


def _words(text: str, reader: Reader) -> set[str]:
    found = {word for word, _ in reader.words.of_question(text) if len(word) >= _TELLING or word in _MATERIALS}
    return {word for word in found - reader.muted - _COMMON if not _COUNTED.match(word)}
