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
    ">": ">", "大于": ">", "高于": ">", "超过": ">", "优于": ">", "<": "<", "小于": "<", "低于": "<", "少于": "<",
    "=": "=", "＝": "=", "为": "=", ":": "=", "约": "≈", "≈": "≈", "约为": "≈", "±": "±",
}  # fmt: skip
_NUMBER = r"[-+]?\d+(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_POWER = re.compile(r"(?<=\d)\s*[×xX*]\s*10(?:\^\+?|(?=-))(?=-?\d)")
"""`×10^6` and `×10-6`, but not the ×10 of `1920×1080`."""
_SUPERSCRIPT = re.compile(r"(?<=10)[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_GRADE = re.compile(r"[A-Za-z]$")
_OPERATOR = "|".join(re.escape(o) for o in sorted(_OPERATORS, key=len, reverse=True))
_UNIT = r"[^\s\d(（,，。;；、≥≤<>=~～±][^\s(（,，。;；、≥≤<>=~～]{0,15}(?:\([^)]{1,8}\))?"
_SIGNS = "≥≤≧≦><=±≈"
_COMPARED = re.compile(rf"^(?P<name>[^{_SIGNS}]+?)\s*(?P<op>>=|<=|=>|=<|[{_SIGNS}])\s*(?P<amount>.+)$")
"""A name, a sign of comparison and what follows it; numbers in the name (AC-4 电寿命) are not the amount."""
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
    condition = " ".join(part for part in (found["condition"], found["rest"].strip(" ,，、")) if part)
    return Metric(
        name=(name or found["lead"]).strip(" :：,，、的") or text,
        op="～" if value2 is not None else _OPERATORS.get(sign or ""),
        value=value,
        value2=value2,
        unit=(found["unit"] or found["first_unit"] or "").strip() or None,
        condition=condition or None,
        text=text,
    )


def _folded(text: str) -> str:
    """One form for signs, widths and powers of ten; runs of blanks, over which the patterns would go back and forth, become one."""
    powers = _SUPERSCRIPT.sub(lambda found: "^" + found.group(), text)
    folded = unicodedata.normalize("NFKC", powers).replace("\N{MINUS SIGN}", "-")
    return _POWER.sub("e", " ".join(folded.split()))


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
