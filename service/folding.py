"""Folding: records that say the same are shown as one card.

Two records of one kind are the same thing where they

    hold the same patent or other registered number,
    or have the same title, however it is punctuated,
    or have texts so near that their vectors are almost one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.records import Achievement, Record
from indexer.normalise import fold

NEARLY_ONE = 0.97
"""Cosine from which two texts differ in a few words only."""
_TELLING = 6
"""Characters of a title, or digits of a number, that do not meet by chance."""


def folded(records: Sequence[Record], vectors: NDArray[np.float32]) -> list[list[int]]:
    """The places of the records in groups, in the order of their first; `vectors` has a row for each, of unit length or zero.

    A text is held against the first of a group only, so that nearness does not wander from one to the next.
    """
    groups: list[list[int]] = []
    known: dict[tuple[str, str], int] = {}
    for place, record in enumerate(records):
        keys = list(_keys(record))
        same = sorted({known[key] for key in keys if key in known} or _near(place, records, vectors, groups))
        at = same[0] if same else len(groups)
        if not same:
            groups.append([])
        for other in same[1:]:  # what seemed two things is one, by way of this record
            groups[at] += groups[other]
            groups[other] = []
            known |= {key: at for key, held in known.items() if held == other}
        groups[at].append(place)
        known |= dict.fromkeys(keys, at)
    return [sorted(group) for group in groups if group]


def _near(
    place: int, records: Sequence[Record], vectors: NDArray[np.float32], groups: Sequence[Sequence[int]]
) -> set[int]:
    """The group whose first record has nearly the same text, if there is one."""
    firsts = [at for at, group in enumerate(groups) if group and records[min(group)].kind == records[place].kind]
    if not firsts or not vectors.shape[1]:
        return set()
    near = vectors[[min(groups[at]) for at in firsts]] @ vectors[place]
    best = int(np.argmax(near))
    return {firsts[best]} if near[best] >= NEARLY_ONE else set()


def _keys(record: Record) -> Iterator[tuple[str, str]]:
    """What another record of the kind holds only if it is the same thing."""
    title = re.sub(r"\W", "", fold(record.title))
    if len(title) >= _TELLING:
        yield record.kind, f"title {title}"
    for right in record.ip if isinstance(record, Achievement) else ():
        number = re.sub(r"\W", "", fold(right.number or "")).removeprefix("zl").removeprefix("cn")
        if sum(character.isdigit() for character in number) >= _TELLING:
            yield record.kind, f"number {number}"
