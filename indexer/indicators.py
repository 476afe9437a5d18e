"""Holding a demand's criterion against an achievement's indicators: is it met, not met, or not stated?

Names must be of one quantity, amounts are compared after conversion to one unit (with Pint). A wrong verdict is worse than none:
what cannot be compared, or may be of something else, is not stated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Literal

from corpus.metrics import Metric
from indexer.normalise import fold

Verdict = Literal["met", "partial", "not_met", "not_stated"]
LABELS: dict[str, str] = {"met": "满足", "partial": "部分满足", "not_met": "不满足", "not_stated": "未说明"}
_ALIKE = 0.8
_NEUTRAL = frozenset({
    "", "平均", "综合", "整机", "系统", "额定", "典型", "标称", "实测", "总体", "整体", "设备", "器件", "材料", "样品", "单位", "产品",
    "指标", "参数", "水平", "性能", "数值", "值", "率",
})  # fmt: skip
"""What a name may have before or after it and still be of the same quantity."""
_TELLING = re.compile(
    r"[a-z0-9α-ω]|最|[高低大小上下正反负入出过漏充放开关通断吸脱轻重长短内外前后冷热湿干静动纵横轴径]|降|减|提|升|增|改善|差|比|率|非|无|未|不"
)
"""What makes another quantity of a name where it stands in the middle: a symbol, one of two opposites, a change."""
_DIFFERENCE = re.compile(r"温升|温降|温漂|升温|降温|过冷|过热|差|精度|误差|波动|均匀|稳定|分辨|准确|漂移|变化|灵敏")
"""Names of amounts in ℃ or K that count from no zero."""

_CHINESE_UNITS = {
    "毫米": "mm", "厘米": "cm", "微米": "um", "纳米": "nm", "公里": "km", "米": "m", "英寸": "inch",
    "毫秒": "ms", "秒": "s", "分钟": "min", "小时": "h", "天": "day", "周": "week", "个月": "month", "月": "month", "年": "year",
    "毫克": "mg", "克": "g", "公斤": "kg", "千克": "kg", "吨": "tonne", "伏": "V", "千伏": "kV", "安": "A", "毫安": "mA",
    "瓦": "W", "千瓦": "kW", "兆瓦": "MW", "千瓦时": "kWh", "度电": "kWh", "帕": "Pa", "千帕": "kPa", "兆帕": "MPa",
    "升": "L", "毫升": "mL", "转/分": "rpm", "r/min": "rpm", "赫兹": "Hz", "摄氏度": "degC", "°c": "degC", "℃": "degC",
    "分贝": "dB", "欧": "ohm", "兆欧": "Mohm", "%": "percent", "‰": "permille",
    "转/分钟": "rpm", "min⁻¹": "rpm", "min-1": "rpm",  # to Pint a turn is 2π and 1/min is none
}  # fmt: skip
_TENS = {"千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}


@dataclass(frozen=True, slots=True)
class Held:
    """A criterion, the indicator it was held against, and the verdict."""

    criterion: Metric
    metric: Metric | None
    verdict: Verdict

    @property
    def label(self) -> str:
        return LABELS[self.verdict]


def held_against(criterion: Metric, metrics: Sequence[Metric]) -> Held:
    """The verdict on a criterion by the indicator of the likest name that can be compared."""
    comparable = [metric for metric in metrics if alike(criterion.name, metric.name)]
    for metric in sorted(comparable, key=lambda m: -likeness(criterion.name, m.name)):
        verdict = judge(criterion, metric)
        if verdict != "not_stated":
            return Held(criterion, metric, verdict)
    return Held(criterion, None, "not_stated")


def alike(one: str, other: str) -> bool:
    """Whether two names are of one quantity: the same, with a neutral word before or after, or with a little more in the middle."""
    short, long = sorted((_bare(one), _bare(other)), key=len)
    if short == long:
        return True
    before, held, after = long.partition(short)
    if held and short:
        return before in _NEUTRAL and after in _NEUTRAL
    if likeness(one, other) < _ALIKE:
        return False
    steps = SequenceMatcher(None, short, long, autojunk=False).get_opcodes()
    said = "".join(long[start:end] for step, _, _, start, end in steps if step == "insert")
    only_in_the_middle = (
        all(step in ("equal", "insert") for step, *_ in steps) and steps[0][0] == steps[-1][0] == "equal"
    )
    return only_in_the_middle and not _TELLING.search(said)


def _bare(name: str) -> str:
    """A name without its number in a list, blanks and 的."""
    return re.sub(r"^\(?\d{1,2}[.、)](?!\d)|[\s:的]", "", fold(name))


def likeness(one: str, other: str) -> float:
    """Dice coefficient of the names' pairs of characters; 1 for equal names."""
    one, other = _bare(one), _bare(other)
    if one == other:
        return 1.0
    pairs, others = ({a + b for a, b in pairwise(name)} for name in (one, other))
    return 2 * len(pairs & others) / (len(pairs) + len(others)) if pairs and others else 0.0


def judge(criterion: Metric, metric: Metric) -> Verdict:
    """Whether what the indicator claims lies within what the criterion asks for."""
    wanted, claimed = interval(criterion), interval(metric)
    if wanted is None or claimed is None:
        return "not_stated"
    factor = conversion(metric.unit, criterion.unit)
    if factor is None:
        return "not_stated"
    if _DIFFERENCE.search(criterion.name):
        low, high = (bound * factor for bound in claimed)
    else:
        low, high = (convert(bound, metric.unit, criterion.unit) for bound in claimed)
    if math.isinf(wanted[1]) or math.isinf(wanted[0]):
        asked, given = (wanted[0], low) if math.isinf(wanted[1]) else (wanted[1], high)
        if math.isinf(given):  # at least 5 was asked for, at most 3 is claimed: the sides speak of different things
            return "not_stated"
        return "met" if (_at_most(asked, given) if math.isinf(wanted[1]) else _at_most(given, asked)) else "not_met"
    whole = not math.isinf(low) and not math.isinf(high)  # of ≤ 85 ℃ nobody knows whether it reaches down to -40
    if whole and _at_most(low, wanted[0]) and _at_most(wanted[1], high):
        return "met"
    if criterion.op is None:  # whether more or less would do is not said
        return "not_stated"
    return "partial" if _at_most(low, wanted[1]) and _at_most(wanted[0], high) else "not_met"


def _at_most(one: float, other: float) -> bool:
    """1 bar converts to 0.09999999999999999 MPa, which is still 0.1 MPa."""
    return one <= other or math.isclose(one, other, rel_tol=1e-9)


def interval(metric: Metric) -> tuple[float, float] | None:
    """The amounts an indicator speaks of; None where it states no amount, or one that is “bettered” nobody knows which way."""
    if metric.value is None or (metric.op is None and "优于" in metric.text):
        return None
    if metric.op in ("≥", ">"):
        return metric.value, math.inf
    if metric.op in ("≤", "<", "±"):
        return -math.inf, metric.value
    if metric.value2 is not None:
        return min(metric.value, metric.value2), max(metric.value, metric.value2)
    return metric.value, metric.value


@cache
def _registry() -> Any:
    import pint  # takes half a second, and most answers compare no amounts

    return pint.UnitRegistry(on_redefinition="ignore")


@lru_cache(maxsize=4096)
def conversion(unit: str | None, into: str | None) -> float | None:
    """What one of a unit is in another; None where they cannot be converted."""
    try:
        return convert(2.0, unit, into) - convert(1.0, unit, into)
    except ValueError:
        return None


def convert(amount: float, unit: str | None, into: str | None) -> float:
    """An amount in another unit. Raises ValueError where the two cannot be converted."""
    if math.isinf(amount) or _plain(unit) == _plain(into):
        return amount
    (tens, one), (other_tens, other) = _scaled(unit), _scaled(into)
    if one == other:
        return amount * tens / other_tens
    try:
        registry = _registry()
        return float(registry.Quantity(amount * tens, one).to(other).magnitude) / other_tens
    except Exception as error:  # Pint raises many kinds for what is not a unit
        raise ValueError(f"{unit} → {into}") from error


def _plain(unit: str | None) -> str:
    return re.sub(r"(以上|以下|以内|左右)$", "", (unit or "").replace(" ", ""))


def _scaled(unit: str | None) -> tuple[float, str]:
    """The tens before a unit (万, 亿) and the unit as Pint writes it."""
    plain = _plain(unit)
    tens = next(
        (t for t in sorted(_TENS, key=len, reverse=True) if plain.startswith(t) and plain not in _CHINESE_UNITS), ""
    )
    rest = plain[len(tens) :]
    known = _CHINESE_UNITS.get(rest) or _CHINESE_UNITS.get(rest.lower())
    if known is None and "/" in rest:
        known = "/".join(_CHINESE_UNITS.get(part, part) for part in rest.split("/"))
    written = (
        (known or rest).replace("·", "*").replace("²", "**2").replace("³", "**3").replace("µ", "u").replace("μ", "u")
    )
    written = re.sub(r"(?<=[a-zA-Z])([23])(?![0-9])", r"**\1", written.replace("Ω", "ohm"))
    return _TENS.get(tens, 1.0), written or "dimensionless"
