"""A record's sheet: what it states, under plain headings, in the order of the registration form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from corpus.metrics import Metric
from corpus.records import Record, about, is_stated
from service.templating import number

_REGISTERED = ("published_on", "expires_on", "status", "visibility", "source", "source_id", "source_url")
_PLACE = ("industry", "cluster", "region")
SHEET: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "achievement": {
        "成果内容": (
            "summary", "body", "advantages", "compared_with", "scenarios", "keywords", "result_class", "result_type", "innovation_kind",
        ),
        "技术指标": ("metrics",),
        "成熟度": ("stage", "trl", "mrl", "trl_evidence", "verified_on", "evaluation_level", "completed_on"),
        "知识产权": ("ip", "ipc"),
        "权属": ("organisation", "co_owners", "inventors", "registration_no", "security_level"),
        "转化与价格": ("transfer_modes", "willingness", "price"),
        "行业与地区": _PLACE,
        "登记与更新": _REGISTERED,
    },
    "demand": {
        "需求内容": ("public_summary", "problem", "background", "tried", "keywords", "demand_kind"),
        "考核指标": ("criteria",),
        "合作条件": (
            "min_trl", "transfer_modes", "budget", "deadline", "ip_ownership", "solver_requirements", "region_limit", "exclude_orgs",
        ),
        "需求方": ("organisation", *_PLACE),
        "登记与更新": ("verified_on", *_REGISTERED),
    },
}  # fmt: skip
"""Fields by heading; `WHOLE` says of which fields a line is made that is no field itself."""
WHOLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "price": ("价格", ("price_min", "price_max", "price_mode")),
    "budget": ("预算", ("budget_min", "budget_max")),
}
_FIT = ("transfer_modes", "industry", "region")
_KEY = {
    "achievement": ("metrics", "compared_with", "stage", "trl", "ip", "price", *_FIT),
    "demand": ("criteria", "min_trl", "budget", "deadline", "ip_ownership", *_FIT),
}
"""Fields that decide whether two sides fit; the page names those that are not stated."""


@dataclass(frozen=True)
class Stated:
    """One line of the form."""

    name: str
    label: str
    value: Any
    is_coded: bool = False


@dataclass(frozen=True)
class Section:
    heading: str
    lines: list[Stated]


def sections(record: Record) -> list[Section]:
    """What it states, without its title and what is confidential; a heading under which nothing is stated is left out."""
    found = [Section(heading, _stated(record, names)) for heading, names in SHEET[record.kind].items()]
    return [section for section in found if section.lines]


def missing(record: Record) -> list[str]:
    """Labels of the key fields that the record does not state."""
    return [_label(record, name) for name in _KEY[record.kind] if not any(map(is_stated, _values(record, name)))]


def wording(metric: Metric) -> str:
    """The words an indicator was read from, where its parts do not say the same already."""
    amount = (number(value).replace(",", "") for value in (metric.value, metric.value2) if value is not None)
    parts = "".join([metric.name, *amount, metric.unit or "", metric.condition or ""])
    return "" if _bare(metric.text) == _bare(parts) else metric.text


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def _label(record: Record, name: str) -> str:
    return WHOLE[name][0] if name in WHOLE else about(type(record), name).label


def _values(record: Record, name: str) -> list[Any]:
    return [getattr(record, field) for field in (WHOLE[name][1] if name in WHOLE else (name,))]


def _stated(record: Record, names: Iterable[str]) -> list[Stated]:
    found = []
    for name in names:
        values = _values(record, name)
        if not any(map(is_stated, values)):
            continue
        coded = name not in WHOLE and about(type(record), name).vocabulary is not None
        value = tuple(values) if coded and not isinstance(values[0], tuple) else values[0]
        found.append(Stated(name, _label(record, name), value, coded))
    return found
