"""Facets: by which values the records of an answer can be narrowed, and how many have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from corpus.records import Record
from indexer.attributes import attributes, attributes_of

FACETS = {
    "achievement": ("industry", "stage", "transfer_modes", "region", "cluster", "ip"),
    "demand": ("industry", "demand_kind", "transfer_modes", "region", "cluster"),
    None: ("kind", "industry", "region", "transfer_modes"),
}
_SHOWN = 12
_LEVEL = {"industry": (1, 3), "region": (6,)}
"""Which lengths of a tree's codes are offered: sections and divisions; provinces and cities."""


@dataclass(frozen=True)
class Value:
    code: str
    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    values: tuple[Value, ...]


def facets_of(kind: str | None, records: Iterable[Record]) -> list[Facet]:
    """Counted over the records of a ranking."""
    held = [attributes_of(record) for record in records]
    tallies = {name: Counter(v for a in held for v in _values(a.get(name))) for name in FACETS[kind]}
    return [_facet(name, tally) for name, tally in tallies.items() if tally]


def counted(kind: str | None, count: Callable[[str, str], int]) -> list[Facet]:
    """Counted by asking for each value of a closed list."""
    found = []
    for name in FACETS[kind]:
        vocabulary = attributes()[name].vocabulary
        codes = [code for code in (vocabulary.labels if vocabulary else ()) if _is_offered(name, code)]
        tally = Counter({code: number for code in codes if (number := count(name, code))})
        if tally:
            found.append(_facet(name, tally))
    return found


def _values(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _is_offered(name: str, code: str) -> bool:
    if name == "region":
        return code.endswith("00")
    return name not in _LEVEL or len(code) in _LEVEL[name]


def _facet(name: str, tally: Counter[str]) -> Facet:
    attribute = attributes()[name]
    offered = [(code, n) for code, n in tally.items() if _is_offered(name, code)]
    if name == "industry":  # divisions say more than sections, and are enough for one screen
        offered = [(code, n) for code, n in offered if len(code) == 3] or offered
    best = sorted(offered, key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
    label = attribute.vocabulary.name if attribute.vocabulary else str
    return Facet(name, attribute.label, tuple(Value(code, label(code), count) for code, count in best))
