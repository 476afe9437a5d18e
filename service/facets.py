"""Facets: by which values the records of an answer can be narrowed, and how many have each.

A facet is counted without its own condition: several values of one field are alternatives, so the count beside a value says how many
records there are with it, whichever others are chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from corpus import vocabulary as v
from indexer.attributes import attributes
from indexer.entries import Attributes, Engine, Filter

FACETS: Mapping[str | None, Sequence[str]] = {
    "achievement": ("industry", "stage", "trl", "transfer_modes", "region", "year", "organisation", "ip", "cluster"),
    "demand": ("industry", "demand_kind", "transfer_modes", "region", "year", "organisation", "cluster"),
    None: ("kind", "industry", "transfer_modes", "region", "year"),
}
_IN_ORDER = ("kind", "stage")
"""Listed as the vocabulary has them, not by how many there are."""
_SHOWN = 30
"""Values of an open list, such as organisations."""

Count = Callable[[str, Sequence[str]], Mapping[str, int]]
"""How many records have each of the codes of an attribute; of an attribute without a closed list, each value there is may be told."""


@dataclass(frozen=True)
class Value:
    """`within` are the values that lie in this one, as far as they are shown."""

    code: str
    label: str
    count: int
    chosen: bool = False
    within: tuple[Value, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a chosen value lies in it."""
        return any(value.chosen or value.is_open for value in self.within)


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    values: tuple[Value, ...]


def facet(name: str, count: Count, chosen: Iterable[str] = ()) -> Facet | None:
    """A facet with its counts; a chosen value is among its values even where no record has it. None where it offers nothing."""
    attribute, wanted = attributes()[name], frozenset(chosen)
    if attribute.tree:
        values = _branches(name, count, wanted, _within(name, None), top=True)
    else:
        codes = list(attribute.vocabulary.labels) if attribute.vocabulary else sorted(wanted)
        values = _listed(name, dict.fromkeys(wanted, 0) | dict(count(name, codes)), wanted)
    return Facet(name, attribute.label, tuple(values)) if values else None


def counted_by(engine: Engine, filter: Filter, names: Sequence[str] = ()) -> Count:
    """Counts over all entries that pass; `names` are the organisations to count."""

    def count(name: str, codes: Sequence[str]) -> Mapping[str, int]:
        if attributes()[name].number:
            return {f"{number:g}": held for number, held in engine.spread(name, filter).items()}
        return engine.tally(name, [*dict.fromkeys([*codes, *(names if name == "organisation" else ())])], filter)

    return count


def counted_over(held: Iterable[Attributes]) -> Count:
    """Counts over the records of a ranking, given by their attributes."""
    every = list(held)

    @cache
    def tally(name: str) -> Counter[str]:
        return Counter(value for one in every for value in _values(one.get(name)))

    return lambda name, codes: tally(name)


def _values(value: tuple[str, ...] | float | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else () if value is None else (f"{value:g}",)


def _branches(
    name: str, count: Count, chosen: frozenset[str], codes: Sequence[str], *, top: bool = False
) -> list[Value]:
    """The values of one level of a tree, most first; the level below is shown of the outermost, and along the chosen path."""
    counts = count(name, codes) if codes else {}
    shown = [code for code in codes if counts.get(code) or code in chosen or _leads(name, code, chosen)]
    found = []
    for code in sorted(shown, key=lambda code: (-counts.get(code, 0), code)):
        opened = top or code in chosen or _leads(name, code, chosen)
        within = _branches(name, count, chosen, _within(name, code), top=False) if opened else []
        found.append(Value(code, _label(name, code), counts.get(code, 0), code in chosen, tuple(within)))
    return found


def _leads(name: str, code: str, chosen: frozenset[str]) -> bool:
    vocabulary = attributes()[name].vocabulary
    return vocabulary is not None and any(code in vocabulary.ancestors(one) for one in chosen)


def _listed(name: str, counts: Mapping[str, int], chosen: frozenset[str]) -> list[Value]:
    attribute = attributes()[name]
    shown = [code for code, number in counts.items() if number or code in chosen]
    if name in _IN_ORDER and attribute.vocabulary:
        shown.sort(key=list(attribute.vocabulary.labels).index)
    elif attribute.number:
        shown.sort(key=float, reverse=True)
    else:
        shown.sort(key=lambda code: (-counts[code], code))
    kept = [code for place, code in enumerate(shown) if place < _SHOWN or code in chosen]
    return [Value(code, _label(name, code), counts[code], code in chosen) for code in kept]


def _label(name: str, code: str) -> str:
    if name == "trl" and code.isdigit():
        return f"{code} 级：{v.TRL.get(int(code), '')}"
    vocabulary = attributes()[name].vocabulary
    return f"{code} 年" if name == "year" else vocabulary.name(code) if vocabulary else code


@cache
def _tree(name: str) -> Mapping[str | None, Sequence[str]]:
    """The codes that lie directly in each code of a tree; under None the outermost."""
    vocabulary = attributes()[name].vocabulary
    assert vocabulary is not None
    inner: dict[str | None, list[str]] = {}
    for code in vocabulary.labels:
        around = vocabulary.ancestors(code)
        inner.setdefault(around[-1] if around else None, []).append(code)
    return inner


def _within(name: str, code: str | None) -> Sequence[str]:
    return _tree(name).get(code, ())
