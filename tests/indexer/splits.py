"""How well notes are split: sentence by sentence against notes that were split by hand (`visit_notes.jsonl`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

Places = Sequence[Sequence[tuple[int, int]]]
"""For each need of a note, the stretches that tell of it."""


@dataclass(frozen=True)
class Note:
    """A note split by hand: its pieces, each with the number of its need, 0 for talk."""

    trade: str
    part: str
    pieces: Sequence[tuple[int, str]]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


@dataclass(frozen=True)
class Split:
    """Sentences: assigned by both, by the splitter, by hand; then notes whose number of needs is right, and all notes."""

    right: int = 0
    assigned: int = 0
    expected: int = 0
    counted: int = 0
    notes: int = 0

    def __add__(self, other: Split) -> Split:
        return Split(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def precision(self) -> float:
        return self.right / self.assigned

    @property
    def recall(self) -> float:
        return self.right / self.expected


def visit_notes() -> list[Note]:
    lines = Path(__file__).with_name("visit_notes.jsonl").read_text("utf-8").splitlines()
    made = map(json.loads, lines)
    return [Note(one["trade"], one["part"], [(number, text) for number, text in one["pieces"]]) for one in made]


def measured(notes: Iterable[Note], places: Callable[[str], Places]) -> Split:
    """All notes together; `places` splits one."""
    total = Split()
    for note in notes:
        total += compared(note, places(note.text))
    return total


def given(note: Note, places: Places) -> list[int]:
    """For each piece the need it was assigned to by most of its characters, counted from 1; 0 for none."""
    numbers, at = [], 0
    for _, text in note.pieces:
        held = [
            sum(max(0, min(end, at + len(text)) - max(start, at)) for start, end in stretches) for stretches in places
        ]
        best = max(range(len(held)), key=held.__getitem__, default=-1)
        numbers.append(best + 1 if best >= 0 and held[best] * 2 > len(text.strip()) else 0)
        at += len(text)
    return numbers


def compared(note: Note, places: Places) -> Split:
    """One note: a need of the splitter is the one by hand with which it shares most sentences, each taken once."""
    mine, theirs = given(note, places), [number for number, _ in note.pieces]
    shared = Counter((a, b) for a, b in zip(mine, theirs, strict=True) if a and b)
    right, taken = 0, set[tuple[str, int]]()
    for (a, b), count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if ("mine", a) not in taken and ("theirs", b) not in taken:
            taken |= {("mine", a), ("theirs", b)}
            right += count
    return Split(
        right, sum(map(bool, mine)), sum(map(bool, theirs)), int(len(places) == len(set(theirs) - {0})), notes=1
    )
