"""Quotes: the sentences of a record that hold what was asked, word for word, with the places to mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from corpus.records import Record, searched_texts
from indexer.normalise import fold, fold_with_origins
from indexer.words import latin_words, runs

_SENTENCE = re.compile(r"[^。！？；;!?\n]+[。！？；;!?\n]?")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0002ffff〇]")
_LONGEST = 120
_PER_RECORD = 2
_READ = 20_000
"""Characters of a field that are looked at, and below the words of a question: nobody waits for more."""
_HEAVIEST = 50


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a record's field as they stand there; `marks` are (start, end) within `text`."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a field, and which of the words asked for it holds."""

    field: str
    text: str
    words: tuple[str, ...]


def quotes(record: Record, weights: Mapping[str, float], limit: int = _PER_RECORD) -> list[Quote]:
    """The sentences that hold the heaviest words, each bringing words the ones before it did not; title and organisation only if alone."""
    weights = dict(sorted(weights.items(), key=lambda item: -item[1])[:_HEAVIEST])
    found = [
        sentence for name, text in searched_texts(record).items() for sentence in _telling(name, text[:_READ], weights)
    ]
    body = [sentence for sentence in found if sentence.field not in ("title", "organisation")]
    chosen: list[_Sentence] = []
    heard: set[str] = set()
    for _ in range(limit):
        best = max(body or found, key=lambda one: _worth(one, weights, heard), default=None)
        if best is None or not set(best.words) - heard:
            break
        chosen.append(best)
        heard |= set(best.words)
    return [_quoted(sentence) for sentence in chosen]


def _worth(sentence: _Sentence, weights: Mapping[str, float], heard: set[str]) -> float:
    """What a sentence adds to those already chosen; prose says more than a list of keywords."""
    new = sum(weights[word] for word in sentence.words if word not in heard)
    return new / 2 if sentence.field in ("keywords", "scenarios") else new


def _telling(name: str, text: str, words: Iterable[str]) -> list[_Sentence]:
    """The sentences of a text that hold some of the words."""
    pieces = [piece.group().strip() for piece in _SENTENCE.finditer(text)]
    folded = list(map(fold, pieces))
    anywhere = "\n".join(folded)
    tight = _tight(anywhere)
    present = [word for word in words if (word in anywhere if _is_chinese(word) else _tight(word) in tight)]
    others = frozenset(word for word in present if not _is_chinese(word))
    return [
        _Sentence(name, piece, held)
        for piece, its_folded in zip(pieces, folded, strict=True)
        if (held := _held(its_folded, present, others))
    ]


@lru_cache(maxsize=4096)
def _is_chinese(word: str) -> bool:
    """Whether it is cut out of running Chinese: then it may stand anywhere."""
    return bool(_HAN.search(word))


def _tight(text: str) -> str:
    """Without what a code may be written with or without, `gb/t 4754-2017` or `gb/t47542017`: what is not in this is not in the text."""
    return text.replace(" ", "").replace("-", "")


def _held(folded: str, words: Iterable[str], others: frozenset[str]) -> tuple[str, ...]:
    """The words that stand in a folded text: Chinese ones anywhere, others only where a record holds them."""
    latin = _latin_places(folded) if others else {}
    return tuple(word for word in words if (word in latin if word in others else word in folded))


def _quoted(sentence: _Sentence) -> Quote:
    words, marks = marked(sentence.text, sentence.words)
    return _shortened(Quote(sentence.field, sentence.text, marks, words))


def marked(text: str, words: Iterable[str]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Which of the words stand in a text, and where: (words, marks), marks merged and in order."""
    folded, origins = fold_with_origins(text[:_READ])
    words = list(words)
    latin = _latin_places(folded) if not all(map(_is_chinese, words)) else {}
    held: list[str] = []
    spans: list[tuple[int, int]] = []
    for word in words:
        places = latin.get(word) or (list(_places(word, folded)) if _is_chinese(word) else [])
        if places:
            held.append(word)
            spans += [(origins[start], origins[end - 1] + 1) for start, end in places]
    return tuple(held), _joined(spans)


def _places(word: str, folded: str) -> Iterator[tuple[int, int]]:
    end = 0
    while (start := folded.find(word, end)) >= 0:
        end = start + len(word)
        yield start, end


def _latin_places(folded: str) -> dict[str, list[tuple[int, int]]]:
    """Where each word stands that is not Chinese: only where a record holds it, `gb/t4754` at `GB/T 4754-2017`, `sic` not at `basic`."""
    places: dict[str, list[tuple[int, int]]] = {}
    for run in runs(folded):
        if run.kind == "han":
            continue
        whole, *parts = latin_words(run)
        places.setdefault(whole, []).append((run.start, run.start + len(run.text)))
        at = 0
        for part in parts:
            start = run.text.find(part, at)
            at = start + len(part) if start >= 0 else len(run.text)
            places.setdefault(part, []).append((run.start + max(start, 0), run.start + at))
    return places


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _shortened(quote: Quote) -> Quote:
    """A long sentence is cut to a window around its first mark."""
    if len(quote.text) <= _LONGEST or not quote.marks:
        return quote
    start = max(0, min(quote.marks[0][0] - 20, len(quote.text) - _LONGEST))
    end = start + _LONGEST
    marks = tuple((max(a, start) - start, min(b, end) - start) for a, b in quote.marks if a < end and b > start)
    text = quote.text[start:end]
    head, tail = ("…" if start else ""), ("…" if end < len(quote.text) else "")
    return Quote(quote.field, head + text + tail, tuple((a + len(head), b + len(head)) for a, b in marks), quote.words)
