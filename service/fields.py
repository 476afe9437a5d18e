"""Fields: demands against achievements, by industry, by maturity and month by month.

Every number is the engine's count of the list that its address leads to, so that what a person sees on the map is what the list says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from corpus.errors import BadInput
from corpus.vocabulary import industries
from indexer.attributes import month, read_filter, scope, today
from indexer.entries import Among, Engine
from service.installation import Installation
from service.templating import address
from service.viewer import Viewer

LEVELS = ((1, 3, "概念与原理"), (4, 6, "小试与中试"), (7, 9, "样机与应用"))
"""Technology readiness in three steps: from, to, and what they are."""
MONTHS = 24
"""Months of the trend, this one the last."""
SHADES = 5
"""Steps of colour for a number that is not zero."""
_MATURITY = {"achievement": "trl", "demand": "min_trl"}


class FieldUnknown(BadInput):
    """没有“{code}”这个行业门类或大类。请从供需图谱里选一个，例如 C 或 C34。"""


@dataclass(frozen=True)
class Cell:
    """A number, and the address of the list it counts."""

    kind: str
    where: tuple[str, ...]
    count: int

    @property
    def address(self) -> str:
        return address("/search", kind=self.kind, where=self.where)


@dataclass(frozen=True)
class Sides:
    """What stands on the two sides."""

    achievements: Cell
    demands: Cell

    @property
    def is_empty(self) -> bool:
        return not (self.achievements.count or self.demands.count)

    @property
    def balance(self) -> str:
        """Which side stands alone: `unmet` demands, `idle` achievements, `short` where demands are more, else `met`."""
        offered, wanted = self.achievements.count, self.demands.count
        if not (offered and wanted):
            return "unmet" if wanted else "idle"
        return "short" if wanted > offered else "met"


@dataclass(frozen=True)
class Field:
    """An industry with both sides, whole and by maturity. `finer` is the address of the map of what lies in it."""

    code: str
    label: str
    sides: Sides
    levels: Sequence[Sides]
    finer: str | None = None

    @property
    def unreached(self) -> Sequence[bool]:
        """For each level, whether demands ask for at least it and no achievement has reached it."""
        reached = [side.achievements.count for side in self.levels]
        return [bool(side.demands.count) and not sum(reached[at:]) for at, side in enumerate(self.levels)]


@dataclass(frozen=True)
class Group:
    """A section of industries, and those in it that hold any record."""

    whole: Field
    fields: Sequence[Field]


@dataclass(frozen=True)
class Month:
    year: int
    month: int
    sides: Sides

    @property
    def label(self) -> str:
        return f"{self.year}年{self.month}月"


@dataclass(frozen=True)
class FieldMap:
    """`unfiled` are records that state no industry, `unlevelled` those that state no maturity; neither can be listed by a filter."""

    total: Sides
    groups: Sequence[Group]
    levels: Sequence[Sides]
    months: Sequence[Month]
    unfiled: tuple[int, int]
    unlevelled: tuple[int, int]

    @property
    def fields(self) -> list[Field]:
        return [field for group in self.groups for field in group.fields]

    def most(self, kind: str) -> int:
        """The greatest number of a side in one field, on which its colours are scaled."""
        return max((_of(field.sides, kind).count for field in self.fields), default=0)


def field_map(installation: Installation, within: str | None = None, *, viewer: Viewer) -> FieldMap:
    """What a viewer may see: the map of all industries by division, or of what lies in one section or division. Raises FieldUnknown."""
    if within is not None and (within not in industries().labels or len(within) > 3):
        raise FieldUnknown(code=within)
    engine = installation.fresh().engine
    counts = {kind: _counted(engine, kind, within, viewer) for kind in _MATURITY}
    whole = _sides(counts, within)
    levels = [_sides(counts, within, level) for level in range(len(LEVELS))]
    sections = [code for code in industries().labels if len(code) == 1]
    return FieldMap(
        total=whole,
        groups=list(_groups(counts, [within] if within else sections)),
        levels=levels,
        months=[
            Month(year, number, _published(counts, within, year, number)) for year, number in months_until(today())
        ],
        unfiled=_each(lambda kind: _unfiled(engine, kind, sections, viewer)),
        unlevelled=_each(lambda kind: _of(whole, kind).count - sum(_of(level, kind).count for level in levels)),
    )


def shade(count: int, most: int) -> int:
    """A step of colour from 0 (none) to SHADES (the most), by the logarithm, so that small numbers differ too."""
    if count < 1:
        return 0
    return 1 + min(SHADES - 1, int((SHADES - 1) * math.log(count) / math.log(max(most, 2)) + 1e-9))


def months_until(last: date) -> list[tuple[int, int]]:
    """The months of the trend, earliest first, as (year, month)."""
    final = last.year * 12 + last.month - 1
    return [(number // 12, number % 12 + 1) for number in range(final - MONTHS + 1, final + 1)]


@dataclass(frozen=True)
class _Counts:
    """Of one kind: by level of maturity (None: all levels) and industry (None: all that is shown), and by month."""

    fields: Mapping[int | None, Mapping[str | None, int]]
    months: Mapping[float, int]


def _counted(engine: Engine, kind: str, within: str | None, viewer: Viewer) -> _Counts:
    """All that the map tells of a kind, in a few passes over the library however many cells it has."""
    fields: dict[int | None, Mapping[str | None, int]] = {}
    for level in (None, *range(len(LEVELS))):
        filter = read_filter(_where(kind, within, level))
        passing = (*scope(kind, filter, viewer.seen), *filter)
        by_industry: dict[str | None, int] = {None: engine.count(passing)}
        by_industry.update(engine.tally("industry", list(industries().labels), passing).items())
        fields[level] = by_industry
    filter = read_filter(_where(kind, within))
    return _Counts(fields, engine.spread("published", (*scope(kind, filter, viewer.seen), *filter)))


def _where(kind: str, industry: str | None, level: int | None = None) -> tuple[str, ...]:
    """The conditions of a cell, as people write them."""
    by_industry = (f"industry={industry}",) if industry else ()
    return by_industry if level is None else (*by_industry, f"{_MATURITY[kind]}={LEVELS[level][0]}..{LEVELS[level][1]}")


def _groups(counts: Mapping[str, _Counts], sections: Iterable[str]) -> Iterator[Group]:
    """Sections with their divisions; or the one field that was chosen, with what lies in it."""
    known = industries().labels
    for code in sections:
        whole = _field(counts, code)
        if not whole.sides.is_empty:
            length = 3 if len(code) == 1 else 4
            inner = (_field(counts, finer) for finer in known if len(finer) == length and finer.startswith(code))
            yield Group(whole, [field for field in inner if not field.sides.is_empty])


def _field(counts: Mapping[str, _Counts], code: str) -> Field:
    levels = [_sides(counts, code, level) for level in range(len(LEVELS))]
    finer = address("/map", within=code) if len(code) == 3 else None
    return Field(code, industries().name(code), _sides(counts, code), levels, finer)


def _sides(counts: Mapping[str, _Counts], code: str | None, level: int | None = None) -> Sides:
    cells = (Cell(kind, _where(kind, code, level), held.fields[level].get(code, 0)) for kind, held in counts.items())
    return Sides(*cells)


def _published(counts: Mapping[str, _Counts], within: str | None, year: int, number: int) -> Sides:
    key = month(date(year, number, 1))
    cells = (
        Cell(kind, (*_where(kind, within), f"published={key}"), held.months.get(key, 0))
        for kind, held in counts.items()
    )
    return Sides(*cells)


def _unfiled(engine: Engine, kind: str, sections: Iterable[str], viewer: Viewer) -> int:
    everything = scope(kind, (), viewer.seen)
    return engine.count(everything) - engine.count((*everything, Among("industry", frozenset(sections))))


def _each(counted: Callable[[str], int]) -> tuple[int, int]:
    return counted("achievement"), counted("demand")


def _of(sides: Sides, kind: str) -> Cell:
    return sides.achievements if kind == "achievement" else sides.demands
