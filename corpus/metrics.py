"""Indicators 技术指标: `击穿电压 ≥ 1200 V`, `厚度 0.9～1.7 μm (25 ℃)`, as a sheet or a sentence writes them, and back.

An indicator keeps the words it was read from; a piece of text in which no number can be found stays an indicator with a name only.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

_OPERATORS = {
    "≥": "≥", ">=": "≥", "=>": "≥", "≧": "≥", "不低于": "≥", "不小于": "≥", "不少于": "≥", "至少": "≥", "大于等于": "≥", "达到": "≥",
    "≤": "≤", "<=": "≤", "=<": "≤", "≦": "≤", "不高于": "≤", "不大于": "≤", "不超过": "≤", "小于等于": "≤", "至多": "≤",
    ">": ">", "大于": ">", "高于": ">", "超过": ">", "<": "<", "小于": "<", "低于": "<", "少于": "<",
    "=": "=", "＝": "=", "为": "=", ":": "=", "约": "≈", "≈": "≈", "约为": "≈", "±": "±",
}  # fmt: skip
_BETTER = "优于"
_LOWER_IS_BETTER = re.compile(
    r"误差|精度|精密度|噪声|噪音|损耗|泄漏|漏率|漏电|粗糙度|暗电流|漂移|温漂|偏差|畸变|失真|能耗|不平衡|跳动"
)
_TRAILING = re.compile(r"\s*(?:[及或]?(?P<least>以上)|[及或]?(?P<most>以下|以内))$")
"""Words after the unit that say what a sign before the amount would."""
_NUMBER = r"[-+]?\d+(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_POWER = re.compile(r"(?<=\d)\s*[×xX*]\s*10(?:\^\+?|(?=-))(?=-?\d)")
"""`×10^6` and `×10-6`, but not the ×10 of `1920×1080`."""
_SUPERSCRIPT = re.compile(r"(?<=10)[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_GRADE = re.compile(r"[A-Za-z]$")
_OPERATOR = "|".join(re.escape(o) for o in sorted([*_OPERATORS, _BETTER], key=len, reverse=True))
_UNIT = r"[^\s\d(（,，。;；、≥≤<>=~～±][^\s(（,，。;；、≥≤<>=~～]{0,15}(?:\([^)]{1,8}\))?"
_SIGNS = "≥≤≧≦><=±≈"
_COMPARED = re.compile(rf"^(?P<name>[^{_SIGNS}]+?)\s*(?P<op>>=|<=|=>|=<|[{_SIGNS}])\s*(?P<amount>.+)$")
"""A name, a sign of comparison and what follows it; numbers in the name (AC-4 电寿命) are not the amount."""
_TOLERANCE = re.compile(
    rf"(?<![\dA-Za-z.,×*^-])(?P<middle>{_NUMBER})\s*(?P<unit>[%℃°a-zA-Zµμ]{{1,4}})?\s*±\s*(?P<by>{_NUMBER})(?=\s*(?P<next>[^\d\s]?))"
)
"""`25±2`, the range from 23 to 27."""
_SIZE_FOLLOWS = re.compile(r"\s*[×xX*]\s*\d")
_INDICATOR = re.compile(
    rf"^(?P<lead>.*?)\s*(?P<op>{_OPERATOR})?\s*(?P<value>{_NUMBER})"
    rf"\s*(?:(?P<first_unit>[%℃°a-zA-Zµμ]{{1,4}})?\s*(?:~|～|—|–|至|-(?=\d))\s*(?P<value2>{_NUMBER}))?"
    rf"\s*(?P<unit>{_UNIT})?\s*(?:[(（](?P<condition>[^)）]*)[)）])?\s*(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One indicator. `op` is ≥ ≤ > < = ≈ ± or ～ (a range from `value` to `value2`); None means not stated."""

    name: str
    op: str | None = None
    value: float | None = None
    value2: float | None = None
    unit: str | None = None
    condition: str | None = None
    text: str = ""
    """The words of the record this was read from."""


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """The indicators of a list separated by semicolons or lines."""
    pieces = (piece.strip(" \t。.，,、") for piece in re.split(r"[;；\n]+", text))
    return tuple(parse_metric(piece) for piece in pieces if piece)


def parse_metric(text: str) -> Metric:
    """One indicator from its words. What follows the unit in words belongs to the condition."""
    folded = _folded(text)
    compared = _COMPARED.match(folded)
    name, amount = (compared["name"], compared["amount"]) if compared else ("", folded)
    found = _INDICATOR.match(amount)
    if not found or (compared and found["lead"]) or _is_code(found, amount):
        return Metric(name=(name or folded).strip(), text=text)
    value, value2 = _number(found["value"]), _number(found["value2"])
    if not all(math.isfinite(part) for part in (value, value2) if part is not None):
        return Metric(name=(name or folded).strip(), text=text)
    sign = compared["op"] if compared else found["op"]
    unit, trailing = _without_trailing((found["unit"] or found["first_unit"] or "").strip())
    rest, after = _without_trailing(found["rest"].strip(" ,，、"), whole=True)
    condition = " ".join(part for part in (found["condition"], rest) if part)
    name = (name or found["lead"]).strip(" :：,，、的") or text
    return Metric(
        name=name,
        op="～" if value2 is not None else _meant(sign, trailing or after, name),
        value=value,
        value2=value2,
        unit=unit or None,
        condition=condition or None,
        text=text,
    )


def _folded(text: str) -> str:
    """One form for signs, widths and powers of ten; runs of blanks, over which the patterns would go back and forth, become one."""
    powers = _SUPERSCRIPT.sub(lambda found: "^" + found.group(), text)
    folded = unicodedata.normalize("NFKC", powers).replace("\N{MINUS SIGN}", "-")
    return _TOLERANCE.sub(_as_range, _POWER.sub("e", " ".join(folded.split())))


def _as_range(found: re.Match[str]) -> str:
    """A middle and a tolerance of the same unit as a range; 220 V±10% stays as it is."""
    middle, by, unit = float(found["middle"].replace(",", "")), float(found["by"].replace(",", "")), found["unit"]
    if not math.isfinite(middle) or not math.isfinite(by) or (unit and unit[0] != found["next"]):
        return found.group()
    return f"{middle - by:.12g}~{middle + by:.12g}"


def _without_trailing(written: str, *, whole: bool = False) -> tuple[str, str | None]:
    """What stands after an amount without 以上, 以下 or 以内 at its end (`whole`: if it is all there is), and the sign they stand for."""
    found = _TRAILING.match(written) if whole else _TRAILING.search(written)
    if not found:
        return written, None
    return written[: found.start()], "≥" if found["least"] else "≤"


def _meant(sign: str | None, trailing: str | None, name: str) -> str | None:
    """The operator of an amount. 优于 means less where less is better, and what it means elsewhere nobody knows."""
    if sign == _BETTER:
        return "≤" if _LOWER_IS_BETTER.search(name) else None
    stated = _OPERATORS.get(sign or "")
    return trailing if trailing and stated in (None, "=", "≈") else stated


def _is_code(found: re.Match[str], amount: str) -> bool:
    """Sizes such as 640×512 and grades such as IP54 are no amounts."""
    size = _SIZE_FOLLOWS.match(amount, found.end("value"))
    grade = found["op"] is None and _GRADE.search(amount, 0, found.start("value"))
    return bool(size or grade)


def _number(written: str | None) -> float | None:
    return None if written is None else float(written.replace(",", ""))


def operator(written: str) -> str:
    """The sign of comparison a person wrote as a sign or a word. Raises KeyError."""
    return written if written == "～" else _OPERATORS[written]


def written(metrics: tuple[Metric, ...]) -> str:
    """The indicators as one cell of a sheet; `parse_metrics` reads it back."""
    return "；".join(metric.text for metric in metrics)
