"""Pairs that were written for this project: the lines of the thesaurus, and demands in the voices of firms over public titles.

A demand was written by reading one paper or patent and saying what somebody would ask who has the trouble and not the paper. One in five, and those that
came in later and are marked so, are never trained on: they measure, and calibrate bands (`held_back`).
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from indexer.evaluation import Judged
from indexer.thesaurus import read_thesaurus
from indexer.training.pairs import Pair, read_rows, title_with_abstract

HELD_BACK = 5
"""One demand in so many is kept for measuring."""


def said_and_terms(data: Path) -> Iterator[Pair]:
    """What a trade says finds the terms for it, one pair for each wording."""
    for number, sense in enumerate(read_thesaurus().senses):
        for said in sense.said:
            yield Pair(said, " ".join(sense.terms), f"thesaurus {number}")


def terms_and_class(data: Path) -> Iterator[Pair]:
    """The terms of a line find the name of the class it is filed under, with what else is said there."""
    thesaurus = read_thesaurus()
    for number, sense in enumerate(thesaurus.senses):
        if name := thesaurus.names.get(sense.code):
            yield Pair(" ".join(sense.terms), f"{name} {' '.join(sense.said)}", f"thesaurus {number}")


def demand_and_paper(data: Path) -> Iterator[Pair]:
    """A demand in a firm's voice finds the paper it was written over."""
    return _demand_and_document(read_rows(data / "chinaxiv-papers.jsonl"))


def demand_and_patent(data: Path) -> Iterator[Pair]:
    """A demand in a firm's voice finds the patent it was written over."""
    return _demand_and_document(read_rows(data / "patents.jsonl"))


def _demand_and_document(documents: Iterator[dict[str, Any]]) -> Iterator[Pair]:
    for document in documents:
        for demand in demands().get(document["id"], ()):
            if not held_back(document["id"]):
                yield Pair(demand, title_with_abstract(document), document["id"])


@cache
def demands() -> Mapping[str, tuple[str, ...]]:
    """Id of a public document → the demands that were written over it."""
    found: dict[str, tuple[str, ...]] = {}
    for row in _rows():
        found[row["about"]] = (*found.get(row["about"], ()), row["demand"])
    return found


def held_back(about: str) -> bool:
    """Whether the demands over a document are for measuring only; the same on every machine."""
    return zlib.crc32(about.encode()) % HELD_BACK == 0 or about in _kept_apart()


def measuring() -> list[Judged]:
    """The demands that are never trained on, each with the document it was written over as its source."""
    return [
        Judged(f"{row['about']} {number}", row["demand"], {}, source=row["about"], style=row.get("style", ""))
        for number, row in enumerate(_rows(), start=1)
        if held_back(row["about"])
    ]


def unanswered() -> list[Judged]:
    """Demands that no public paper answers: of each, the ten titles that a search of all of them gave were read, and none would have been put in touch."""
    return [
        Judged(f"unanswered {number}", row["demand"], {}, expect_none=True, style=row["style"])
        for number, row in enumerate(_rows("unanswered.jsonl"), start=1)
    ]


@cache
def _rows(name: str = "demands.jsonl") -> tuple[dict[str, Any], ...]:
    lines = resources.files("indexer.training").joinpath(name).read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def _kept_apart() -> frozenset[str]:
    return frozenset(row["about"] for row in _rows() if row.get("measuring"))
