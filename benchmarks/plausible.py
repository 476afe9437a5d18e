"""Fields, regions, maturity, transfer modes and years, drawn for records as skewed as a transfer centre's, by a fixed seed.

Engines that know no trees get whole numbers: a region is its GB/T 2260 code, an industry its place in the order of GB/T 4754 codes, so that
whatever lies in a region or an industry lies between two numbers. A filter is such ranges, all of which must hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import vocabulary as v

Columns = Mapping[str, NDArray[np.int32]]
"""A whole number for every record, by attribute; NOT_STATED where nobody said."""

NOT_STATED = -1
_SEED = 20_260
_UNSTATED = 0.1
"""Share of records that state no stage and no TRL."""
_TRL = (0.03, 0.07, 0.14, 0.2, 0.2, 0.15, 0.11, 0.07, 0.03)
_STAGE_OF_TRL = ("rd", "rd", "lab", "lab", "pilot", "pilot", "sample", "sample", "mass")
_MODES = ("joint_dev", "license", "assign", "commission", "equity", "service")
_YEARS = range(2011, 2026)


@dataclass(frozen=True)
class Ranged:
    """A filter: its name, as Duijie is told it, as ranges of whole numbers, and the share of records it keeps."""

    name: str
    where: tuple[str, ...]
    ranges: tuple[tuple[str, int, int], ...]
    share: float

    def passing(self, columns: Columns) -> NDArray[np.bool_]:
        """Which records pass."""
        passed: NDArray[np.bool_] = np.ones(len(columns["trl"]), np.bool_)
        for attribute, low, high in self.ranges:
            passed &= (columns[attribute] >= low) & (columns[attribute] <= high)
        return passed


@cache
def industry_codes() -> list[str]:
    """The groups of GB/T 4754 (C381) in order; an industry's number is its place here."""
    return sorted(code for code in v.industries().labels if len(code) == 4)


def drawn(count: int) -> Columns:
    """The attributes of `count` records. The same count gives the same ones."""
    generator = np.random.default_rng(_SEED)
    unstated = generator.random(count) < _UNSTATED
    trl = np.where(unstated, NOT_STATED, 1 + generator.choice(9, count, p=_TRL))
    of_trl = np.array([list(v.STAGE.labels).index(stage) for stage in _STAGE_OF_TRL])
    modes = sum((generator.random(count) < 0.6 / (place + 1)).astype(int) << place for place in range(len(_MODES)))
    growing = np.arange(1, len(_YEARS) + 1)
    columns = {
        "industry": _skewed(generator, len(industry_codes()), count),
        "region": np.array(_regions(generator))[_skewed(generator, len(_regions(generator)), count)],
        "stage": np.where(unstated, NOT_STATED, of_trl[np.maximum(trl, 1) - 1]),
        "trl": trl,
        "transfer_modes": np.asarray(modes),
        "year": _YEARS.start + generator.choice(len(_YEARS), count, p=growing / growing.sum()),
    }
    return {name: column.astype(np.int32) for name, column in columns.items()}


def _skewed(generator: np.random.Generator, kinds: int, count: int) -> NDArray[np.int64]:
    """Places of 0…kinds−1 of which few are frequent and most are rare."""
    weights = generator.permutation(1 / (3.0 + np.arange(kinds)))
    return generator.choice(kinds, count, p=weights / weights.sum())


def _regions(generator: np.random.Generator) -> list[int]:
    """Cities of the whole country, and every county of the one province that lists its counties."""
    return sorted(int(code) for code in v.regions().labels if not code.endswith("0000"))


def fields_of(columns: Columns, row: int) -> dict[str, Any]:
    """The attributes of one record under the names of its fields, without what is not stated."""
    value = {name: int(column[row]) for name, column in columns.items()}
    stated = {
        "industry": [industry_codes()[value["industry"]]],
        "region": f"{value['region']:06d}",
        "stage": list(v.STAGE.labels)[value["stage"]] if value["stage"] != NOT_STATED else None,
        "trl": value["trl"] if value["trl"] != NOT_STATED else None,
        "transfer_modes": [mode for place, mode in enumerate(_MODES) if value["transfer_modes"] >> place & 1],
        "completed_on": f"{value['year']}-12-31",
    }
    return {name: one for name, one in stated.items() if one is not None and one != []}


def filters(columns: Columns) -> list[Ranged]:
    """By maturity half of the records, by division of industry a twentieth, by division and region a thousandth, as near as there are."""
    half = [_filter("50 %", columns, [f"trl>={least}"], [("trl", least, 9)]) for least in range(1, 10)]
    codes = industry_codes()
    divisions = [
        _filter("5 %", columns, [f"industry={code}"], [("industry", *_within(codes, code))])
        for code in sorted({code[:3] for code in codes})
    ]
    twentieth = _nearest(divisions, 0.05)
    regions = [
        _filter("0.1 %", columns, [*twentieth.where, f"region={low}"], [*twentieth.ranges, ("region", low, high)])
        for low, high in _places()
    ]
    return [_nearest(half, 0.5), twentieth, _nearest(regions, 0.001)]


def _filter(name: str, columns: Columns, where: Sequence[str], ranges: Sequence[tuple[str, int, int]]) -> Ranged:
    ranged = Ranged(name, tuple(where), tuple(ranges), 0.0)
    return Ranged(name, ranged.where, ranged.ranges, float(ranged.passing(columns).mean()))


def _within(codes: Sequence[str], outer: str) -> tuple[int, int]:
    places = [place for place, code in enumerate(codes) if code.startswith(outer)]
    return places[0], places[-1]


def _places() -> list[tuple[int, int]]:
    """Provinces, cities and counties, each with the last code within it."""
    codes = sorted(int(code) for code in v.regions().labels)
    return [(code, code + (9999 if code % 10_000 == 0 else 99 if code % 100 == 0 else 0)) for code in codes]


def _nearest(candidates: Sequence[Ranged], share: float) -> Ranged:
    """The one that keeps a share nearest to the wanted one, by ratio."""
    return min(candidates, key=lambda ranged: abs(np.log(max(ranged.share, 1e-9) / share)))
