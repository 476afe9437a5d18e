"""Folding: what counts as the same character when texts are compared, never when they are shown.

NFKC (full width, ligatures, ㎡), lower case, traditional to simplified characters, and one sign each for multiplication between
numbers, for micro, for dashes and quotes: `６４０Ｘ５１２`, `640*512` and `640×512` fold to the same text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources

_ONE_SIGN = str.maketrans(
    {
        "μ": "µ",  # NFKC turns the micro sign into Greek mu; both end as one
        "ς": "σ",  # lower() writes a Σ that ends a word (ΔΣ) differently
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "﹣": "-",
        "～": "~",
        "∼": "~",
        "〜": "~",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "⁄": "/",
        "∕": "/",
        "✕": "×",
        "╳": "×",
        "⨯": "×",
        "∙": "·",
        "•": "·",
        "・": "·",
    }
)
_TIMES = re.compile(r"(?<=\d)\s*[×x*]\s*(?=\d)")


@cache
def _simplified() -> dict[int, str]:
    """Traditional character → simplified, one to one, from OpenCC's table (first of its readings)."""
    table = resources.files("opencc").joinpath("dictionary/TSCharacters.txt")
    pairs = (line.split("\t") for line in table.read_text("utf-8").splitlines() if "\t" in line)
    simpler = {old: new.split()[0] for old, new in pairs if len(old) == 1}
    return {ord(old): simpler.get(new, new) for old, new in simpler.items()}  # 薴 is written 苧, and that 苎


def simplified(text: str) -> str:
    """The text as a model reads it: one width and simplified characters, otherwise as it was written."""
    return unicodedata.normalize("NFKC", text).translate(_simplified())


def fold(text: str) -> str:
    """The text as it is compared; its length may differ from the original's."""
    folded = text.translate(_ALONE)
    return _TIMES.sub("×", folded if _JOINS not in folded else _folded_together(text))


def _folded_together(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return folded.translate(_simplified()).translate(_ONE_SIGN)


class _Alone(dict[int, str]):
    """What each character folds to by itself, by its number; `_JOINS` for one that may become one with what stands before it: an accent, a Korean vowel.

    Almost every text has none of these, and is then folded in one pass, in a quarter of the time.
    """

    def __missing__(self, code: int) -> str:
        folded = _folded_together(chr(code))
        self[code] = _JOINS if any(map(_may_join, (chr(code), folded[:1]))) else folded
        return self[code]


def _may_join(character: str) -> bool:
    return unicodedata.category(character or " ").startswith("M") or "\u1100" <= character <= "\u11ff"


_JOINS = "\uffff"
"""No character of any text (a noncharacter of Unicode)."""
_ALONE = _Alone()


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    return _folded_together(character)


def fold_with_origins(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the position of the original it came from.

    Lets a word that was found in the folded text be marked in the text a person reads. Characters are folded one by one, so a
    base letter and a combining accent stay two; for Chinese technical text the result equals `fold`.
    """
    characters = list(map(_fold_character, text))
    lengths = list(map(len, characters))
    origins = list(range(len(text)))
    if lengths.count(1) < len(lengths):
        origins = [position for position, length in enumerate(lengths) for _ in range(length)]
    return _with_one_sign("".join(characters), origins)


def _with_one_sign(folded: str, origins: list[int]) -> tuple[str, list[int]]:
    """`fold`'s last step, for a text with origins: one × for every spelling of it, which comes from where the sign stood."""
    pieces: list[str] = []
    kept: list[int] = []
    done = 0
    for times in _TIMES.finditer(folded):
        sign = times.start() + len(times.group()) - len(times.group().lstrip())
        pieces += folded[done : times.start()], "×"
        kept += origins[done : times.start()]
        kept.append(origins[sign])
        done = times.end()
    return "".join([*pieces, folded[done:]]), kept + origins[done:]
