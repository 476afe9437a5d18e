"""Conditions: what a person says of money, time and place, and numbers as they are spoken (三十万, 百分之四)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import cache

from corpus import vocabulary as v

_SHARE = re.compile(r"(?<![\d.])([1-9])成(?!本|型|品|分|功|熟|立)")
_FROM = re.compile(r"从现?在?的?[\d.]+\s*[%‰\w]{0,4}?(?:[做提升降压]\w{0,2})?到(?=\d)")
_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS = {"十": 10, "百": 100, "千": 1000}
_SPOKEN = re.compile(
    r"(?:(?P<part>百分之|千分之)(?P<share>[\d.零一二两三四五六七八九十百点]+))|(?P<number>[零一二两三四五六七八九十百千]{1,9}(?:点[零一二三四五六七八九]+)?(?=[万亿]?(?:元|块|吨|度|分贝|毫米|微米|厘米|米|公斤|克|天|小时|分钟|秒|周|个?月|年|次|万|亿|块|倍|丝|成|[%‰℃μa-zA-Z])))"
)
_AMOUNT = r"(\d[\d,.]*)\s*(亿|千万|百万|万|千)?\s*(?:元|块)?"
_BUDGET = re.compile(
    rf"(?:预算|投入|出资|拿出|资金|经费|费用)[^，,。；;\d]{{0,10}}?{_AMOUNT}(?:\s*(?:[-~～—–至到])\s*{_AMOUNT})?\s*(以[内下]|左右|上下)?"
)
_TEN_THOUSANDS = {"亿": 1e4, "千万": 1e3, "百万": 1e2, "万": 1.0, "千": 0.1, "": 1e-4}
_YEARS = {"今年": 0, "明年": 1, "后年": 2, "": 0}
_DAY = re.compile(
    r"(?:(?P<year>20\d\d)\s*年|(?P<said>今年|明年|后年))?\s*(?:(?P<month>\d{1,2})\s*月(?P<day>\d{1,2})?[日号]?|(?P<end>年底|年末|(?<![半\d])年内)|(?P<half>上半年)|(?P<feast>春节|五一|国庆))"
    r"\s*(?P<last>底|末)?\s*(?P<before>之?[以]?前|内|完成|要用|投用|交付|验收)"
)
_WITHIN = re.compile(
    r"(?:(?P<half>半年)|(?P<number>\d{1,2})\s*(?P<unit>个月|年|周|个星期))\s*(?:之?内|以内)?\s*(?:完成|做完|交付|投用|上线|验收|用上|出结果)"
)
_FEASTS = {"春节": (1, 31), "五一": (4, 30), "国庆": (9, 30)}


def spoken(text: str) -> str:
    """The text with numbers that are followed by a unit as figures (百分之四 → 4%, 三十万 → 30万, 七成 → 70%), a change by where it leads (从五成做到七成)."""
    said = _SHARE.sub(lambda found: f"{found[1]}0%", _SPOKEN.sub(_figure, text))
    return _FROM.sub("", said)


def _figure(found: re.Match[str]) -> str:
    if found["part"]:
        sign = "%" if found["part"] == "百分之" else "‰"
        return f"{_number(found['share'])}{sign}"
    return _number(found["number"])


def _number(written: str) -> str:
    if re.fullmatch(r"[\d.]+", written):
        return written
    whole, _, decimals = written.partition("点")
    total, digit = 0, 0
    for sign in whole:
        if sign in _TENS:
            total += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    last = whole[-2:-1]
    if digit and last in ("百", "千") and len(whole) > 1:  # 一百二 is 120
        digit *= _TENS[last] // 10
    rest = "".join(str(_DIGITS[sign]) for sign in decimals)
    return f"{total + digit}.{rest}" if rest else str(total + digit)


def budget(text: str) -> tuple[float | None, float | None]:
    """What would be paid, from and to, in 万元; None for what is not said. A price for each piece is no budget."""
    found = _BUDGET.search(spoken(text))
    if not found:
        return None, None
    first, unit, second, other = found[1], found[2] or "", found[3], found[4] or ""
    if second:
        return _ten_thousands(first, unit or other), _ten_thousands(second, other or unit)
    return None, _ten_thousands(first, unit)


def _ten_thousands(figure: str, unit: str) -> float:
    return round(float(figure.replace(",", "").rstrip(".")) * _TEN_THOUSANDS[unit], 4)


def deadline(text: str, told_on: date) -> date | None:
    """The day by which it is wanted, reckoned from the day it was told."""
    said = spoken(text)
    if found := _DAY.search(said):
        return _day(found, told_on)
    if found := _WITHIN.search(said):
        if found["half"]:
            return _months_on(told_on, 6)
        number = int(found["number"])
        if "周" in found["unit"] or "星期" in found["unit"]:
            return told_on + timedelta(weeks=number)
        return _months_on(told_on, number * (12 if found["unit"] == "年" else 1))
    return None


def _day(found: re.Match[str], told_on: date) -> date | None:
    year = int(found["year"]) if found["year"] else told_on.year + _YEARS[found["said"] or ""]
    month, day = 12, 31
    if found["half"]:
        month, day = 6, 30
    elif found["feast"]:
        month, day = _FEASTS[found["feast"]]
    elif found["month"]:
        month = int(found["month"])
        if not 1 <= month <= 12:
            return None
        ends = found["last"] or not found["before"].endswith("前")
        if found["day"]:
            day = min(int(found["day"]), monthrange(year, month)[1])
        elif ends:
            day = monthrange(year, month)[1]
        else:  # 六月前 ends with May
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
            day = monthrange(year, month)[1]
    wanted = date(year, month, max(day, 1))
    return (
        wanted
        if found["year"] or found["said"] or wanted >= told_on
        else wanted.replace(year=year + 1, day=min(day, 28) if month == 2 else day)
    )


def _months_on(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def region(text: str) -> str | None:
    """The code of the place named first: by its full name, or by its short one after a word of going or lying and before a word of what is there."""
    found = [(one.start(1), _short_names()[one[1]]) for one in _visited().finditer(text)]
    found += [(text.find(label), code) for label, code in _full_names() if label in text]
    return min(found)[1] if found else None


@cache
def _short_names() -> dict[str, str]:
    return {name: code for name, code in v.regions().also.items() if len(name) >= 2}


@cache
def _full_names() -> list[tuple[str, str]]:
    """Longer names first: where two begin at one place the longer is found first."""
    return sorted(
        ((label, code) for code, label in v.regions().labels.items() if len(label) > 2), key=lambda n: -len(n[0])
    )


@cache
def _visited() -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_short_names(), key=len, reverse=True)))
    before = "到|去|赴|走访|考察|调研|位于|坐落于|坐落在|地处|在|是|来自|我们|^|[，。；、：]"
    return re.compile(rf"(?:{before})了?({names})(?=[的市县区，。；一某看做山]|企业|走访|考察|调研|工业|$)")
