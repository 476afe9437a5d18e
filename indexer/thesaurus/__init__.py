"""The thesaurus of technology: what people in a trade say, and the terms under which science answers it.

Plain text that whoever knows a trade can edit. `industries/` hangs on the classes of GB/T 4754-2017, `technologies/` on the main groups of the
International Patent Classification, one file a division or class; an operator's own lines are in `thesaurus.txt` of the installation's folder.

    [C1711] 棉纺纱加工
    上机就断、老断头、细纱断头多 → 断头率、纱线强力、条干均匀度      # a comment

A line in brackets opens a class; the lines below it belong to it. Left of the arrow (`→` or `->`) is what is said, right of it the terms, divided by 、.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from filelock import FileLock

from corpus.errors import BadInput
from indexer.dictionary import text_of
from indexer.normalise import fold

OWN = "thesaurus.txt"
FOLDERS = ("industries", "technologies")
LONGEST = 30
"""Characters of a wording or a term."""
MOST = 20
"""Wordings, and terms, of a line."""
_CLASS = re.compile(r"\[([A-Z0-9/]+)\]\s*(.*)")
_ARROW = re.compile(r"\s*(?:→|->|=>)\s*")
_BETWEEN = re.compile(r"[、，;；\t]|(?<!\d),|,(?!\d)")
"""A comma between two digits is part of a name: 1,3-丙二醇."""


class LineNotUnderstood(BadInput):
    """“{line}”不是一条叙词：{reason}。应写成“大家怎么说、另一种说法 → 技术名词、技术名词”。"""


@dataclass(frozen=True, slots=True)
class Sense:
    """One line: wordings that mean one thing, the terms for it, and the class it is filed under (a code of GB/T 4754 or the IPC, or "")."""

    said: tuple[str, ...]
    terms: tuple[str, ...]
    code: str = ""

    def __str__(self) -> str:
        return f"{'、'.join(self.said)} → {'、'.join(self.terms)}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was passed over, and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class Thesaurus:
    """Every line that could be read, the names of the classes by code, and the lines that could not be read."""

    senses: Sequence[Sense] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    refused: Sequence[Refused] = ()

    def holding(self, word: str) -> list[Sense]:
        """The lines in whose wordings or terms a word stands, however it is written."""
        wanted = fold(" ".join(word.split()))
        return [sense for sense in self.senses if wanted in _folded(sense)] if wanted else []


def read_thesaurus(own: Path | None = None) -> Thesaurus:
    """The lines of the package and of the operator's folder. Raises ListUnreadable where the operator's file is no text."""
    shipped, added = shipped_thesaurus(), own_thesaurus(own)
    names = {**added.names, **shipped.names}
    return Thesaurus((*shipped.senses, *added.senses), names, (*shipped.refused, *added.refused))


@cache
def shipped_thesaurus() -> Thesaurus:
    """The lines of the package."""
    return _parsed(_shipped_files())


def own_thesaurus(own: Path | None) -> Thesaurus:
    """The lines of the operator's folder alone. Raises ListUnreadable."""
    return _parsed([(OWN, "\n".join(own_lines(own)))] if own else [])


def _parsed(files: Iterable[tuple[str, str]]) -> Thesaurus:
    senses: list[Sense] = []
    names: dict[str, str] = {}
    refused: list[Refused] = []
    for file, text in files:
        code = ""
        for number, line in enumerate(text.splitlines(), start=1):
            bare = line.partition("#")[0].strip()
            if opened := _opens(bare):
                code = opened[1]
                names.setdefault(code, opened[2] or code)
            elif bare:
                try:
                    senses.append(read_line(bare, code))
                except LineNotUnderstood as problem:
                    refused.append(Refused(file, number, str(problem)))
    return Thesaurus(tuple(senses), names, tuple(refused))


@lru_cache(maxsize=1 << 15)
def _folded(sense: Sense) -> str:
    return "\n".join(map(fold, (*sense.said, *sense.terms)))


def read_line(line: str, code: str = "") -> Sense:
    """A line of a file, without its comment. Raises LineNotUnderstood."""
    sides = _ARROW.split(line)
    if len(sides) != 2:
        raise LineNotUnderstood(line=line, reason="两边之间要有一个箭头（→ 或 ->）")
    said, terms = (
        tuple(dict.fromkeys(" ".join(p.split()) for p in _BETWEEN.split(side) if p.strip())) for side in sides
    )
    for name, side in (("左", said), ("右", terms)):
        if not side:
            raise LineNotUnderstood(line=line, reason=f"箭头{name}边是空的")
        if len(side) > MOST or any(len(part) > LONGEST for part in side):
            raise LineNotUnderstood(line=line, reason=f"箭头{name}边每个词最多 {LONGEST} 字，最多 {MOST} 个词")
    if any(len(part) < 2 for part in said):
        raise LineNotUnderstood(line=line, reason="箭头左边有单个字的说法，它到处都会遇到")
    return Sense(said, terms, code)


def own_lines(own: Path) -> list[str]:
    """The lines of the operator's file as they stand there; none where there is no file. Raises ListUnreadable."""
    return text_of(own / OWN).splitlines() if (own / OWN).is_file() else []


def add_line(own: Path, line: str) -> Sense:
    """Add a line to the operator's file, above the classes that are opened there; the next search knows it.

    A line that is there stays as it is. Raises LineNotUnderstood.
    """
    sense = read_line(line)
    if _sense_of(str(sense)) != sense or not str(sense).isprintable() or str(sense).startswith("["):
        raise LineNotUnderstood(line=line, reason="里面不能有 #、开头的方括号或看不见的字符")
    with _writing(own) as lines:
        if all(_sense_of(written) != sense for written in lines):
            lines.insert(
                next((place for place, written in enumerate(lines) if _opens(written)), len(lines)), str(sense)
            )
    return sense


def remove_line(own: Path, line: str) -> bool:
    """Take a line out of the operator's file, however it is spaced there; whether it was there. Raises LineNotUnderstood."""
    gone = read_line(line)
    with _writing(own) as lines:
        before = len(lines)
        lines[:] = [written for written in lines if _sense_of(written) != gone]
        return len(lines) < before


@contextmanager
def _writing(own: Path) -> Iterator[list[str]]:
    """The operator's lines to change: one writer at a time, and readers see the old file or the new one."""
    with FileLock(own / f".{OWN}.lock"):
        lines = own_lines(own)
        before = list(lines)
        yield lines
        if lines != before:
            new = own / f".{OWN}.new"
            new.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            new.replace(own / OWN)


def _opens(written: str) -> re.Match[str] | None:
    """The code and name of the class that a line opens."""
    return _CLASS.fullmatch(written.partition("#")[0].strip())


def _sense_of(written: str) -> Sense | None:
    """The sense of a line as it stands in a file, whatever class it is filed under; None for anything else."""
    try:
        return read_line(written.partition("#")[0].strip())
    except LineNotUnderstood:
        return None


def _shipped_files() -> Iterator[tuple[str, str]]:
    """(name, text) of every file of the package, in the order of their names."""
    for folder in FOLDERS:
        files = resources.files(__name__).joinpath(folder).iterdir()
        for file in sorted(files, key=lambda file: file.name):
            if file.name.endswith(".txt"):
                yield f"{folder}/{file.name}", file.read_text("utf-8")
