"""A library as it lies in a work folder, read without anything of the indexer, so that a peer's process holds the peer only.

records.jsonl         achievements as `duijie import` takes them
words.txt             a line a record: the words that every engine holds it under, without Duijie's pairs of characters
vectors.npy           a 16-bit vector a record
attributes.npz        whole numbers, by attribute
filters.json, questions.json, question_vectors.npy, truth.npz   what is asked, and the exact answers
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.plausible import Columns, Ranged

KINDS = ("short", "paragraph", "page")
RAREST = 12


@dataclass(frozen=True)
class Question:
    """`words` are those of the text, each once; `rarest` the twelve of them that the fewest records hold."""

    kind: str
    text: str
    words: tuple[str, ...]
    rarest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Library:
    """What is in the work folder; nothing is in memory before it is asked for."""

    folder: Path

    @property
    def vectors(self) -> NDArray[np.float16]:
        """From the file, not in memory."""
        held: NDArray[np.float16] = np.load(self.folder / "vectors.npy", mmap_mode="r")
        return held

    @cached_property
    def count(self) -> int:
        return len(self.vectors)

    def words(self) -> Iterator[list[str]]:
        """The words of each record, in order."""
        with (self.folder / "words.txt").open(encoding="utf-8") as lines:
            for line in lines:
                yield line.split()

    @cached_property
    def columns(self) -> Columns:
        with np.load(self.folder / "attributes.npz") as held:
            return {name: held[name] for name in held.files}

    @cached_property
    def filters(self) -> list[Ranged]:
        rows = json.loads((self.folder / "filters.json").read_text("utf-8"))
        return [
            Ranged(r["name"], tuple(r["where"]), tuple((a, low, high) for a, low, high in r["ranges"]), r["share"])
            for r in rows
        ]

    @cached_property
    def questions(self) -> list[Question]:
        rows = json.loads((self.folder / "questions.json").read_text("utf-8"))
        return [Question(row["kind"], row["text"], tuple(row["words"]), tuple(row["rarest"])) for row in rows]

    @cached_property
    def question_vectors(self) -> NDArray[np.float32]:
        held: NDArray[np.float32] = np.load(self.folder / "question_vectors.npy")
        return held

    def of_kind(self, kind: str) -> list[int]:
        """The places of the questions of a kind."""
        return [place for place, question in enumerate(self.questions) if question.kind == kind]

    @cached_property
    def exact_scores(self) -> NDArray[np.float32]:
        """Cosines of the exact nearest: (no filter and each filter, questions, ten)."""
        with np.load(self.folder / "truth.npz") as held:
            scores: NDArray[np.float32] = held["scores"]
        return scores
