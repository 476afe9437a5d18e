"""Numbers and amounts of money, as people write them."""

from __future__ import annotations

import math
import re
from typing import Any

from corpus.fields import About

_TEN_THOUSANDS = {"亿": 1e4, "千万": 1e3, "百万": 1e2, "万": 1, "千": 0.1, "元": 0.0001}
_MONEY = re.compile("|".join(_TEN_THOUSANDS))
_UNIT = r"(亿|千万|百万|万|千|元)?元?"
_RANGE = re.compile(rf"(?<![\d.-])(\d[\d,，.]*)\s*{_UNIT}\s*[-~～—–至到]+\s*(\d[\d,，.]*)\s*{_UNIT}")
_FOREIGN = re.compile(r"[美欧日港澳加韩]元|英镑|港币|[$＄€£]|\b(?:USD|EUR|GBP|JPY|HKD)\b", re.IGNORECASE)
_NEGOTIABLE = re.compile(r"\D*(?:面议|协商|议价)\D*")


def is_range(written: str) -> bool:
    """Whether two amounts are named: 50～80 万."""
    return bool(_RANGE.search(written))


def is_negotiable(written: str) -> bool:
    """Whether it is left open: 面议."""
    return bool(_NEGOTIABLE.fullmatch(written))


def end_of_range(name: str, cell: Any) -> Any:
    """Of a range of amounts the end that the field means, under its unit."""
    found = _RANGE.search(cell) if isinstance(cell, str) else None
    if not found or _FOREIGN.search(found.string):
        return cell
    low, low_unit, high, high_unit = found.groups(default="")
    return low + (low_unit or high_unit) if name.endswith("_min") else high + (high_unit or low_unit)


def money(told: About, cell: Any) -> float:
    """An amount in 万元, which is also what a bare number means. Raises ValueError."""
    if _FOREIGN.search(str(cell)):
        raise ValueError(f"{told.label}应以人民币计，这里是“{cell}”，请折算成万元")
    unit = _MONEY.search(str(cell))
    return number(told, cell, _TEN_THOUSANDS[unit.group()] if unit else 1)


def number(told: About, cell: Any, factor: float = 1) -> float:
    """The first number in it, times a factor. Raises ValueError where there is none, or it lies out of the field's bounds."""
    written = str(cell).strip().replace(",", "").replace("，", "")
    found = re.search(r"(?:(?<!\w)-)?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", written)
    if isinstance(cell, bool) or not found:
        raise ValueError(f"{told.label}应为数字，这里是“{cell}”")
    value = float(found.group()) * factor
    low, high = told.bounds or (-math.inf, math.inf)
    if not (low <= value <= high and math.isfinite(value)):
        raise ValueError(f"{told.label}应在 {low:g} 到 {high:g} 之间，这里是“{cell}”")
    return value


def whole(told: About, cell: Any) -> int:
    """Raises ValueError."""
    value = number(told, cell)
    if not value.is_integer():
        raise ValueError(f"{told.label}应为整数，这里是“{cell}”")
    return int(value)
