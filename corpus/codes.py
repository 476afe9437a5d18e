"""A closed list: codes, the Chinese label a person reads, and the words under which people write a code.

Codes of a classification are trees: `C3812` lies in `C381`, `C38` and `C`; `330108` lies in `330100` and `330000`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from corpus.errors import UnknownValue


@dataclass(frozen=True)
class Vocabulary:
    """A closed list. `also` holds further words under which people write a code."""

    label: str
    labels: Mapping[str, str]
    also: Mapping[str, str] = field(default_factory=dict)
    pattern: str | None = None
    """Codes of this form are accepted though the list does not name them (the finer levels of a classification)."""

    def code(self, written: str) -> str:
        """The code a person meant by a code, a label or another word for it. Raises UnknownValue."""
        word = written.strip()
        if word in self.labels:
            return word
        if word.lower() in self.labels:
            return word.lower()
        if self.pattern and re.fullmatch(self.pattern, word) and self.ancestors(word):
            return word
        if (code := self._codes.get(word)) is not None or (code := self._finer(word)) is not None:
            return code
        known = "；".join(list(self.labels.values())[:14]) + ("……" if len(self.labels) > 14 else "")
        raise UnknownValue(label=self.label, value=written, known=known)

    def _finer(self, word: str) -> str | None:
        """A finer code of which the outermost letter was left off: 3812 for C3812."""
        code = self.also.get(word[:-1], "") + word[-1:]
        return code if self.pattern and re.fullmatch(self.pattern, code) else None

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        """Where two levels share a label, the wider keeps it."""
        wider_last = reversed(list(self.labels.items()))
        return {label: code for code, label in wider_last} | dict(self.also)

    def name(self, code: str) -> str:
        """The label of a code, or of the nearest listed one it lies in, or the code itself."""
        listed = [code, *reversed(self.ancestors(code))]
        return next((self.labels[c] for c in listed if c in self.labels), code)

    def ancestors(self, code: str) -> list[str]:
        """The listed codes in which a code lies, outermost first, without itself."""
        return [c for c in _shorter(code) if c in self.labels and c != code]


def _shorter(code: str) -> list[str]:
    if re.fullmatch(r"\d{6}", code):
        return [code[:2] + "0000", code[:4] + "00", code]
    return [code[:length] for length in (1, 3, 4, 5) if length <= len(code)]


@dataclass(frozen=True)
class Regions(Vocabulary):
    """Regions, also as people write them: from the outside in, by label or short name (浙江省杭州市, 杭州滨江)."""

    shorts: Sequence[tuple[str, str]] = ()
    """Every short name with its code; several regions may share one."""

    def code(self, written: str) -> str:
        try:
            return super().code(written)
        except UnknownValue:
            if (code := self._innermost(written.strip())) is not None:
                return code
            raise

    def _innermost(self, words: str, outer: str | None = None) -> str | None:
        """The last of the regions named one in another; a county the list leaves out means the region around it."""
        for name, code, around in self._named:
            if words.startswith(name) and (outer is None or outer in around):
                rest = words[len(name) :].lstrip(" -/·>—")
                if not rest or (found := self._innermost(rest, code)) is not None:
                    return found if rest else code
        has_counties = outer is None or outer in self._with_counties or not outer.endswith("00")
        is_county = words in self._codes or re.fullmatch(r"[\u4e00-\u9fff]{1,12}[区县市旗]", words)
        return outer if is_county and not has_counties else None

    @cached_property
    def _named(self) -> list[tuple[str, str, list[str]]]:
        """Every name with its code and the regions around it, longer names first."""
        named = {*((label, code) for code, label in self.labels.items()), *self.shorts}
        return sorted(((name, code, self.ancestors(code)) for name, code in named), key=lambda n: (-len(n[0]), n[1]))

    @cached_property
    def _with_counties(self) -> set[str]:
        return {around for code in self.labels if not code.endswith("00") for around in self.ancestors(code)}
