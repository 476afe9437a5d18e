"""Words: what a text is searched by.

Folded text is cut twice. First our own pattern takes out what a dictionary would break: standards (`gb/t4754-2017`),
classifications (`a61k31/495`), sizes (`640×512`), amounts (`12kV`), models (`igbt-6500v/750a`) and Latin words. What is Chinese then goes to jieba.

A record is held under its words *and* under every pair of neighbouring Chinese characters, so that a two-character word finds it
however jieba happened to cut the sentence around it (脱氮 in 脱氮除磷, 焦平面 cut as 焦/平面).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import add

from indexer.normalise import fold
from indexer.segmenter import Segmenter

WORDS_VERSION = 4
"""Raised by hand whenever the rules below give other words, or a record other texts or attributes; an index made with other rules is rebuilt."""

_STANDARD = (
    r"gjb(?:/z)?[ -]?\d{2,5}[a-e]?(?:\.\d{1,3})*(?:-\d{1,4})*"  # editions of one have letters: gjb 9001c-2017
    r"|(?:gb|gbz|db\d\d|jb|hg|yy|yb|ys|sj|jt|dl|nb|ny|qb|sy|ty|hj|jg|jgj|cj|cjj|sl|ly|mt|fz|bb|qc|tb|wb|wj|yd|ga|hb|qj"
    r"|iso|iec|ieee|itu|astm|din|en|jis|ansi|ul|sae|api|asme|t)"
    r"(?:/(?:t|z|tr|ts|iec|[a-z]{2,6}))?[ -]?\d{2,6}(?:\.\d{1,3})*(?:[-:]\d{1,4})*"
)
_CLASSIFICATION = r"[a-h]\d\d[a-z] ?\d{1,4}/\d{2,6}"
_SIZE = r"\d+(?:\.\d+)?(?:×\d+(?:\.\d+)?)+"
_UNITS = (
    r"[kmgtnpµ]?(?:m|g|s|v|a|w|hz|pa|n|l|j|wh|va|vah|ah|bit|bps|b|ω|ohm|mol|cd|lm|lx|t|oe|db(?:\(a\))?|ev)(?:[23]|²|³)?"
    r"|°c|%|‰|min|h|d|rpm|rad|arcmin|arcsec|ppm|ppb|dpi|bar|torr|inch|fps|kgf|dtex|hv|hrc|hb|au|nm"
)
_QUANTITY = rf"\d+(?:\.\d+)? ?(?:{_UNITS})(?:/(?:\([^)\u4e00-\u9fff]{{1,12}}\)|{_UNITS}))*(?![a-z0-9])"
_CHUNK = r"[a-zα-ωµ0-9℃°ω]+(?:[-/._+%&'][a-zα-ωµ0-9]+)*(?:\+\+|[#%+])?"
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff〇]+"
_RUNS = re.compile(
    rf"(?<![a-z0-9])(?P<standard>{_STANDARD})(?![a-z0-9])"
    rf"|(?<![a-z0-9])(?P<classification>{_CLASSIFICATION})(?!\d)"
    rf"|(?<![a-z0-9.])(?P<size>{_SIZE})"
    rf"|(?<![a-z0-9.])(?P<quantity>{_QUANTITY})"
    rf"|(?P<chunk>{_CHUNK})"
    rf"|(?P<han>{_HAN})"
)
_PARTS = re.compile(r"[-/_+%&'#:×]+|(?<!\d)\.|\.(?!\d)")
_YEAR = re.compile(r"[-:](?:19|20)\d\d$")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of folded text that is cut by one rule. `kind` is standard, classification, size, quantity, chunk or han."""

    kind: str
    text: str
    start: int

    @property
    def is_code(self) -> bool:
        """A name that is met letter by letter: a standard, a size, a model, an abbreviation; not a bare number or letter."""
        return self.kind in ("standard", "classification", "size") or (
            self.kind == "chunk" and len(self.text) > 1 and any(character.isalpha() for character in self.text)
        )


def runs(folded: str) -> Iterator[Run]:
    """The runs of a folded text, in order."""
    for match in _RUNS.finditer(folded):
        kind = match.lastgroup or "chunk"
        yield Run(kind, match.group(), match.start())


def latin_words(run: Run) -> list[str]:
    """The words of a run that is not Chinese: the whole, then what it is made of."""
    if run.kind == "standard":
        whole = re.sub(r"(?<=[a-z]) ?-?(?=\d)", "", run.text.replace(" ", ""), count=1)
        undated = _YEAR.sub("", whole)
        return [whole] if undated == whole else [whole, undated]
    if run.kind in ("classification", "quantity"):
        return [run.text.replace(" ", "")]
    parts = [part for part in _PARTS.split(run.text) if part]
    return [run.text, *parts] if parts != [run.text] else [run.text]


class Words:
    """Cuts texts of records and of questions with one segmenter, so that both always agree."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        rules = f"{WORDS_VERSION} {segmenter.version}"
        self.version = hashlib.blake2b(rules.encode(), digest_size=8).hexdigest()

    def of_record(self, texts: Iterable[str]) -> Counter[str]:
        """How often each word and each pair of neighbouring Chinese characters stands in the texts."""
        found: list[str] = []
        for text in texts:
            for run in runs(fold(text)):
                if run.kind == "han":
                    found += map(add, run.text, run.text[1:])
                    found += [word for word in self.segmenter.cut(run.text) if len(word) != 2]
                else:
                    found += latin_words(run)
        return Counter(found)

    def of_question(self, text: str) -> list[tuple[str, Run]]:
        """The words of a question in order, each with the run it stands in."""
        found: list[tuple[str, Run]] = []
        for run in runs(fold(text)):
            pieces = self.segmenter.cut(run.text) if run.kind == "han" else latin_words(run)
            found.extend((piece, run) for piece in pieces)
        return found
