"""What a record can be filtered and counted by, and how a person writes a filter.

Codes of a tree (industry, region) are held with the codes they lie in, so a filter by `C38` or `330000` lets everything below it pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from corpus import vocabulary as v
from corpus.codes import Vocabulary
from corpus.errors import BadInput, UnknownField
from corpus.records import Achievement, Demand, Record
from indexer.entries import Among, Attributes, Between, Filter


@dataclass(frozen=True)
class Attribute:
    label: str
    vocabulary: Vocabulary | None = None
    number: bool = False
    tree: bool = False


@cache
def attributes() -> Mapping[str, Attribute]:
    """The attributes a filter may name."""
    return {
        "kind": Attribute("类型", v.KIND),
        "industry": Attribute("行业", v.industries(), tree=True),
        "cluster": Attribute("产业集群", v.CLUSTER),
        "region": Attribute("地区", v.regions(), tree=True),
        "stage": Attribute("所处阶段", v.STAGE),
        "transfer_modes": Attribute("转化方式", v.TRANSFER_MODE),
        "result_type": Attribute("成果类型", v.RESULT_TYPE),
        "ip": Attribute("知识产权", v.IP_KIND),
        "demand_kind": Attribute("需求类型", v.DEMAND_KIND),
        "organisation": Attribute("单位"),
        "source": Attribute("来源"),
        "status": Attribute("状态", v.STATUS),
        "visibility": Attribute("可见范围", v.VISIBILITY),
        "trl": Attribute("技术就绪度", number=True),
        "min_trl": Attribute("最低就绪度", number=True),
        "year": Attribute("年份", number=True),
        "published": Attribute("发布年月", number=True),
        "price": Attribute("价格（万元）", number=True),
        "budget": Attribute("预算（万元）", number=True),
    }


EXPIRES = "expires"
"""The last day a record holds, counted as `date.toordinal` does; for `scope`, not for people to name."""


AUDIENCE = "audience"
"""Who may see a record, as `audience_of` says; for `scope`, not for people to name."""
_UNPUBLISHED = frozenset({"draft", "pending_review", "returned", "archived", "withdrawn"})


class FilterUnreadable(BadInput):
    """看不懂筛选条件“{written}”。应形如 字段=值、字段=低..高 或 字段>=值，例如 industry=C38、trl=5..9。"""


def attributes_of(record: Record) -> Attributes:
    """The record's values, by attribute; what is not stated is left out."""
    held: dict[str, tuple[str, ...] | float | None] = {
        "kind": (record.kind,),
        "source": (record.source,),
        "status": (record.status,),
        "visibility": (record.visibility,),
        "organisation": _one(record.organisation),
        "industry": _with_ancestors(v.industries(), record.industry),
        "cluster": record.cluster,
        "region": _with_ancestors(v.regions(), _one(record.region)),
        "transfer_modes": record.transfer_modes,
        "published": month(record.published_on) if record.published_on else None,
        AUDIENCE: audience_of(record),
        EXPIRES: record.expires_on.toordinal() if record.expires_on else math.inf,
    }
    if isinstance(record, Achievement):
        year = record.completed_on or record.published_on
        held |= {
            "stage": _one(record.stage),
            "result_type": record.result_type,
            "ip": tuple(dict.fromkeys(right.kind for right in record.ip)),
            "trl": record.trl,
            "price": record.price_min if record.price_min is not None else record.price_max,
            "year": year.year if year else None,
        }
    if isinstance(record, Demand):
        budget = record.budget_max if record.budget_max is not None else record.budget_min
        year = record.published_on
        held |= {
            "demand_kind": _one(record.demand_kind),
            "budget": budget,
            "min_trl": record.min_trl,
            "year": year.year if year else None,
        }
    return {name: value for name, value in held.items() if value is not None and value != ()}


def month(day: date) -> int:
    """A month as one number that grows with time, as people read it: 202603."""
    return day.year * 100 + day.month


def audience_of(record: Record) -> tuple[str, ...]:
    """Whoever holds one of these tokens may see the record: `public`, `members`, `org:NAME`, `brokers`, `operators`, `user:ID`.

    Its owner always may. Brokers see all but private demands and drafts that have an owner; what has no owner and is private, operators see.
    What is not published yet or no more is for brokers and its owner, whatever its visibility.
    """
    own = (f"user:{record.owner}",) if record.owner is not None else ()
    if isinstance(record, Demand) and record.visibility == "private":
        return own or ("operators",)
    if record.status == "draft" and own:
        return own
    if record.status in _UNPUBLISHED:
        return ("brokers", *own)
    organisation = (f"org:{record.organisation}",) if record.organisation else ()
    others = {"public": ("public",), "members": ("members",), "org": organisation}.get(record.visibility, ())
    return (*others, "brokers", *own)


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _with_ancestors(vocabulary: Vocabulary, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for code in codes for c in (*vocabulary.ancestors(code), code)))


def read_filter(conditions: Iterable[str]) -> Filter:
    """A filter from conditions as people write them: several values of one field are alternatives, several fields must all hold.

    `region=杭州`, `地区=杭州`, `transfer_modes=license`, `trl=5..7`, `year>=2022`, `price<30`. Raises FilterUnreadable, UnknownField, UnknownValue.
    """
    among: dict[str, set[str]] = {}
    between: list[Between] = []
    exactly: dict[str, list[Between]] = {}
    for written in conditions:
        found = re.fullmatch(r"\s*([^\s<>=≥≤]+)\s*(>=|<=|[=<>≥≤])\s*(.+?)\s*", written)
        if not found:
            raise FilterUnreadable(written=written)
        name, sign, value = _named(found[1]), _SIGNS.get(found[2], found[2]), found[3]
        attribute = attributes().get(name)
        if attribute is None and not name.isascii():
            raise FilterUnreadable(written=written)
        if attribute is None:
            raise UnknownField(name=name, known="、".join(attributes()))
        if attribute.number:
            range = _range(name, sign, value, written)
            (exactly.setdefault(name, []) if range.low == range.high else between).append(range)
        elif sign != "=":
            raise FilterUnreadable(written=written)
        else:
            among.setdefault(name, set()).add(attribute.vocabulary.code(value) if attribute.vocabulary else value)
    for name, ranges in exactly.items():  # one number is a range of one; several are alternatives
        if len(ranges) == 1:
            between += ranges
        else:
            among[name] = {f"{range.low:.15g}" for range in ranges}
    return (*(Among(name, frozenset(values)) for name, values in sorted(among.items())), *between)


_SIGNS = {"≥": ">=", "≤": "<="}


def _named(written: str) -> str:
    """The attribute a person named by its label, with or without the unit: 价格（万元）, 价格."""
    labels = {label: name for name, a in attributes().items() for label in (a.label, a.label.partition("（")[0])}
    return labels.get(written, written)


def _range(name: str, sign: str, value: str, written: str) -> Between:
    low, dots, high = value.partition("..")
    if "nan" in value.lower():
        raise FilterUnreadable(written=written)
    try:
        if sign == ">=":
            return Between(name, low=float(value))
        if sign == "<=":
            return Between(name, high=float(value))
        if sign == ">":
            return Between(name, low=math.nextafter(float(value), math.inf))
        if sign == "<":
            return Between(name, high=math.nextafter(float(value), -math.inf))
        if not dots:
            return Between(name, float(value), float(value))
        return Between(name, float(low or "-inf"), float(high or "inf"))
    except ValueError:
        raise FilterUnreadable(written=written) from None


SHOWN_STATUSES = frozenset({"published", "expiring"})


def scope(kind: str | None, filter: Filter, seen: Filter = ()) -> Filter:
    """Whom a question is put to before anyone narrows it: what the asker may see (`seen`), the kind, and records that are published and have
    not expired, unless a status is asked for."""
    conditions: list[Among | Between] = [*seen, *([Among("kind", frozenset({kind}))] if kind else [])]
    if not any(condition.attribute == "status" for condition in filter):
        conditions.append(Among("status", SHOWN_STATUSES))
        conditions.append(Between(EXPIRES, low=today().toordinal()))
    return tuple(conditions)


def is_current(record: Record) -> bool:
    """What `scope` says, of one record: whether it is published and has not expired."""
    return record.status in SHOWN_STATUSES and (record.expires_on is None or record.expires_on >= today())


def today() -> date:
    """The one place where an answer depends on the day it is asked for."""
    return date.today()
