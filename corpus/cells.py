"""From what stands in a cell (or a JSON value) to the value of a field, or to the reason why not."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from corpus import vocabulary as v
from corpus.amounts import end_of_range, is_negotiable, is_range, money, number, whole
from corpus.codes import Vocabulary
from corpus.errors import DuijieError, RecordRefused, UnknownValue
from corpus.fields import About
from corpus.metrics import Metric, operator, parse_metric, parse_metrics
from corpus.records import Achievement, Demand, Ip, Record, about, hints, is_stated, stated_fields

_LIST = re.compile(r"[;；、,，|\n]+")
_TERMS = re.compile(r"[;；、，|\n]+|,\s*(?!\d)")
_CHOICES = re.compile(r"[;；、,，|/\n]+|或")
_LONGEST_LABEL = 6
"""Parts: 农、林、牧、渔业 has four."""
_DATE = re.compile(r"(\d{4})\s*(?:[-/.年]\s*(?:(\d{1,2})\s*(?:[-/.月]\s*(?:(\d{1,2})\s*日?)?)?)?)?")
"""Year, month and day with a sign between: `45717`, a workbook's number for a day, is none."""
_CLOCK = re.compile(r"(?:T|\s+)\d{1,2}:.*$", re.DOTALL)
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control signs and half characters, which databases, workbooks or pages do not take."""
LONGEST = {"source": 200, "source_id": 500}
"""Characters; PostgreSQL cannot index a key of more than 2,704 bytes."""
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+")
_REGISTRATION = re.compile(r"[0-9A-Za-z]{3}\d{4}[A-Za-z]\d{4}")
_IPC = re.compile(r"[A-H]\d\d[A-Z](?:\s?\d{1,4}/\d{2,6})?")
_ENDS = (("price_min", "price_max", "价格"), ("budget_min", "budget_max", "预算"))
_EMPTY = {"", "-", "--", "/", "无", "未知", "n/a", "null", "none"}
_EVERYWHERE = {"全国", "不限"}


def record_of(kind: type[Record], cells: Mapping[str, Any]) -> Record:
    """A record from its fields' cells, by field name. Raises RecordRefused with every reason at once."""
    values: dict[str, Any] = {}
    reasons: list[str] = []
    for name, cell in _told(kind, cells).items():
        try:
            values[name] = value_of(kind, name, cell)
        except (DuijieError, ValueError) as refused:
            reasons.append(str(refused).rstrip("。"))
    values = {name: value for name, value in values.items() if is_stated(value)}
    if kind is Demand and "title" not in values and "problem" in values:
        values["title"] = _opening(values["problem"])
    reasons += _missing(kind, values) + _forbidden(values)
    if reasons:
        raise RecordRefused(reason="；".join(reasons))
    return kind(**values)


def _told(kind: type[Record], cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells that state something. A range of amounts states both its ends, 面议 the manner of pricing."""
    told = {
        name: cells[name]
        for name in stated_fields(kind)
        if name in cells and not _says_nothing(about(kind, name), cells[name])
    }
    for low, high, _ in _ENDS:
        for name, other in ((low, high), (high, low)):
            cell = told.get(name)
            if isinstance(cell, str) and is_range(cell):
                told.setdefault(other, cell)
            elif isinstance(cell, str) and is_negotiable(cell):
                del told[name]
                if kind is Achievement:
                    told.setdefault("price_mode", "negotiable")
    return {name: told[name] for name in stated_fields(kind) if name in told}


def _says_nothing(told: About, cell: Any) -> bool:
    if not isinstance(cell, str):
        return cell is None
    word = cell.strip().lower()
    return word in _EMPTY or (told.vocabulary is v.regions and word in _EVERYWHERE)


def value_of(kind: type[Record], name: str, cell: Any) -> Any:
    """One field's value. Raises ValueError or UnknownValue with the reason in Chinese."""
    told, hint = about(kind, name), hints(kind)[name]
    if name == "registration_no":
        return _matching(_REGISTRATION, told, _text(cell), "三位地区或部门代码、四位年份、一个字母、四位序号")
    if name == "ipc":
        return tuple(_matching(_IPC, told, item.upper(), "形如 A61K 31/495") for item in _items(cell))
    reader = _READERS.get(_bare(hint))
    if reader is money:
        cell = end_of_range(name, cell)
    value = reader(told, cell) if reader else _closed(told, _text(cell))
    if name in LONGEST and len(value) > LONGEST[name]:
        raise ValueError(f"{told.label}超过 {LONGEST[name]} 个字，可能是列对错了")
    return value


def _bare(hint: Any) -> str:
    return str(hint).replace(" | None", "").replace("<class '", "").replace("'>", "").rpartition("datetime.")[2]


def _text(cell: Any) -> str:
    if isinstance(cell, bool | Mapping | list):
        raise ValueError(f"应为文字，这里是 {cell!r}")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = UNSEEN.sub("", str(cell).replace("\r\n", "\n")).strip()
    return unicodedata.normalize("NFC", text)


def _closed(told: About, text: str) -> str:
    return told.vocabulary().code(text) if told.vocabulary else text


def _identifier_or_text(told: About, cell: Any) -> str:
    text = _text(cell)
    if told.label == "来源编号" and _SCIENTIFIC.fullmatch(text):
        raise ValueError(f"来源编号“{text}”被表格软件写成了科学计数法，原来的数字已丢失，请把该列设为文本后重新导出")
    return _closed(told, text)


def _items(cell: Any, separators: re.Pattern[str] = _LIST) -> list[str]:
    parts = [_text(part) for part in cell] if isinstance(cell, list | tuple) else separators.split(_text(cell))
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _terms(told: About, cell: Any) -> tuple[str, ...]:
    if told.vocabulary:
        written = cell if isinstance(cell, list | tuple) else [cell]
        return tuple(dict.fromkeys(code for part in written for code in _codes(told.vocabulary(), _text(part))))
    return tuple(_items(cell, _TERMS))


def _codes(listed: Vocabulary, text: str) -> list[str]:
    """The codes of one label after another; a label may itself hold a sign that parts them (农、林、牧、渔业)."""
    parts = [found.span() for found in re.finditer(rf"(?:(?!{_CHOICES.pattern}).)+", text) if found.group().strip()]
    codes: list[str] = []
    while parts:
        count, code = _longest_label(listed, text, parts)
        codes.append(code)
        parts = parts[count:]
    return codes


def _longest_label(listed: Vocabulary, text: str, parts: list[tuple[int, int]]) -> tuple[int, str]:
    """How many of the parts make one label, and its code. Raises UnknownValue for a first part that is none."""
    for count in range(min(_LONGEST_LABEL, len(parts)), 1, -1):
        try:
            return count, listed.code(text[parts[0][0] : parts[count - 1][1]])
        except UnknownValue:
            continue
    return 1, listed.code(text[slice(*parts[0])])


def _day(told: About, cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _CLOCK.sub("", _text(cell))
    compact = re.fullmatch(r"(\d{4})(\d\d)(\d\d)?", text)
    found = compact or _DATE.fullmatch(text)
    try:
        year, month, day = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        month = month or (12 if told.ends else 1)
        return date(year, month, day or (monthrange(year, month)[1] if told.ends else 1))
    except ValueError:
        raise ValueError(f"{told.label}应为日期（如 2025-03-01），这里是“{cell}”") from None


def _indicators(told: About, cell: Any) -> tuple[Metric, ...]:
    if not isinstance(cell, list | tuple):
        return parse_metrics(_text(cell))
    return tuple(_indicator(told, item) for item in cell)


def _indicator(told: About, item: Any) -> Metric:
    if not isinstance(item, Mapping):
        return parse_metric(_text(item))
    stated = {name: item[name] for name in Metric.__dataclass_fields__ if item.get(name) is not None}
    known: dict[str, Any] = {}
    for name, part in stated.items():
        known[name] = number(told, part) if name in ("value", "value2") else _text(part) or None
    if not known.get("name"):
        raise ValueError(f"{told.label}中有一项没有名称")
    try:
        known["op"] = operator(known["op"]) if known.get("op") else None
    except KeyError:
        raise ValueError(f"{told.label}的比较符“{known['op']}”不认识，可用 ≥ ≤ > < = ≈ ± ～") from None
    return Metric(**{**known, "text": in_words(known)})


def in_words(part: Mapping[str, Any]) -> str:
    """An indicator or a right given as an object, in the words in which a cell states it."""
    if "kind" in part:
        more = "，".join(str(part[name]) for name in ("status", "number") if part.get(name))
        return f"{part['kind']}（{more}）" if more else str(part["kind"])
    if part.get("text"):
        return str(part["text"])
    values = [part[name] for name in ("value", "value2") if part.get(name) is not None]
    amount = "～".join(f"{value:.15g}" if isinstance(value, float) else str(value) for value in values)
    op = part.get("op") if len(values) == 1 else None
    condition = f"({part['condition']})" if part.get("condition") else None
    words = [str(word) for word in (part.get("name"), op, amount, part.get("unit"), condition) if word]
    return " ".join(words) or str(dict(part))


def _rights(told: About, cell: Any) -> tuple[Ip, ...]:
    items = cell if isinstance(cell, list | tuple) else re.split(r"[;；\n]+|(?<=[项件个])[，、,]", _text(cell))
    return tuple(_right(item) for item in items if item)


def _right(item: Any) -> Ip:
    """`发明专利（授权，ZL201910000000.0）`, or an object with kind, status and number."""
    if isinstance(item, Mapping):
        kind, status, number = item.get("kind"), item.get("status"), item.get("number")
    else:
        text = re.sub(r"(?<=[\u4e00-\u9fff])\s*\d+\s*[项件个](?!\w)", "", _text(item))
        parts = [part.strip() for part in re.split(r"[（()），,/\s]+", text) if part.strip()]
        kind = parts[0] if parts else ""
        statuses = {*v.IP_STATUS.labels, *v.IP_STATUS.labels.values(), *v.IP_STATUS.also}
        status = next((p for p in parts[1:] if p in statuses), None)
        number = next((p for p in parts[1:] if p != status), None)
    return Ip(
        kind=v.IP_KIND.code(str(kind or "")),
        status=v.IP_STATUS.code(str(status)) if status else None,
        number=_text(number) if number else None,
    )


_READERS: Mapping[str, Callable[[About, Any], Any]] = {
    "str": _identifier_or_text,
    "int": whole,
    "float": money,
    "date": _day,
    "tuple[str, ...]": _terms,
    "tuple[corpus.metrics.Metric, ...]": _indicators,
    "tuple[corpus.records.Ip, ...]": _rights,
}


def _matching(pattern: re.Pattern[str], told: About, text: str, form: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{told.label}“{text}”写法不对，应为{form}")
    return text


def _opening(problem: str) -> str:
    """The first clause of a demand that came without a title."""
    clause = re.split(r"[。！？\n；;]", problem.strip(), maxsplit=1)[0].strip()
    return clause if len(clause) <= 40 else clause[:39] + "…"


def _missing(kind: type[Record], values: Mapping[str, Any]) -> list[str]:
    return [] if "title" in values else [f"缺少{about(kind, 'title').label}"]


def _forbidden(values: Mapping[str, Any]) -> list[str]:
    reasons = []
    if values.get("security_level") == "secret":
        reasons.append("涉密成果不得登记入库，请从表中移除")
    for low, high, what in _ENDS:
        if low in values and high in values and values[low] > values[high]:
            reasons.append(f"{what}下限大于上限")
    return reasons
