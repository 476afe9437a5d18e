"""A demand from the fields of a form, with what is wrong told at the field; and the fields from a demand, a question or a note."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any
from uuid import uuid4

from corpus import vocabulary as v
from corpus.cells import in_words, value_of
from corpus.codes import Vocabulary
from corpus.drafts import Fields, first
from corpus.errors import BadInput, UnknownValue
from corpus.metrics import Metric
from corpus.records import Demand, is_stated
from indexer.attributes import today
from indexer.conditions import budget, deadline, region
from indexer.drafts import criteria
from indexer.reading import Reading
from service.viewer import Viewer

SOURCE = "站内"
"""The source of what was filed on the site."""
OPERATORS = ("", "≥", "≤", ">", "<", "=", "≈", "±")
ROW = ("criterion_name", "criterion_op", "criterion_value", "criterion_unit")
"""Fields that are repeated, one of each for an indicator."""
MOST_ROWS = 40
_TEXTS = {
    "title": 80, "problem": 5000, "tried": 2000, "public_summary": 1000, "private_detail": 5000,
    "solver_requirements": 1000, "contact": 200, "organisation": 200,
}  # fmt: skip
"""Fields of free text, with the most characters of each."""
_OTHERS = (
    "demand_kind", "budget_min", "budget_max", "deadline", "transfer_modes", "industry", "region", "min_trl",
    "ip_ownership", "exclude_orgs", "visibility",
)  # fmt: skip
FORM = (*_TEXTS, *_OTHERS)
"""The fields of the form that are not repeated."""
_LISTS = ("industry", "exclude_orgs")
"""Fields of several values that are written in one box."""
_ASKED = {
    "title": "请给需求起个名字，一句话说清要解决什么",
    "problem": "请写下难题：什么东西、什么工况、出了什么问题",
}
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_AMOUNT = re.compile(rf"({_NUMBER})(?:\s*(?:~|～|—|–|至|-)\s*({_NUMBER}))?")
_OPENING = re.compile(r"[。！？\n；;]")
_TITLE = 40


@dataclass(frozen=True)
class Read:
    """What was read from a form: what could be understood, and by field what could not, in words."""

    values: Mapping[str, Any]
    faults: Mapping[str, str]

    def demand(self, asker: Viewer, held: Demand | None = None) -> Demand:
        """The demand as the asker files it, or as they change the one `held`; meant for a reading without faults, possible for any."""
        stated: dict[str, Any] = {name: self.values.get(name) for name in (*_TEXTS, *_OTHERS, "criteria")}
        stated |= {name: _unsaid(name) for name, value in stated.items() if not is_stated(value)}
        if held is not None:
            return replace(held, **stated | ({} if asker.is_staff else {"organisation": held.organisation}))
        own: dict[str, Any] = {} if asker.is_staff else {"organisation": asker.organisation}
        new: dict[str, Any] = {
            "source": SOURCE,
            "source_id": uuid4().hex,
            "owner": asker.account,
            "published_on": today(),
        }
        return Demand(**stated | own | new)


def read(fields: Fields, held: Demand | None = None) -> Read:
    """Read a form; `held` is the demand that it changes."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, reader in _readers(fields, held):
        try:
            values[name] = reader()
        except (BadInput, ValueError) as fault:
            faults[name] = str(fault).rstrip("。")
    if "budget_max" in values and not is_stated(values.get("budget_min")):
        values["budget_min"] = _low_end(fields)
    low, high = values.get("budget_min"), values.get("budget_max")
    if low is not None and high is not None and low > high:
        faults["budget_max"] = "预算上限比下限小"
    return Read(values, faults)


def rows(fields: Fields) -> list[Mapping[str, str]]:
    """The indicators of a form, those left empty left out."""
    columns = [fields.get(name, ()) for name in ROW]
    found = [dict(zip(ROW, row, strict=True)) for row in zip_longest(*columns, fillvalue="")]
    return [row for row in found if any(row[name].strip() for name in ROW if name != "criterion_op")]


def fields_of(demand: Demand) -> dict[str, list[str]]:
    """The form that says what a demand says."""
    texts = {name: [value] for name in _TEXTS if (value := getattr(demand, name))}
    numbers = {
        name: [f"{value:.15g}"]
        for name in ("budget_min", "budget_max", "min_trl")
        if (value := getattr(demand, name)) is not None
    }
    closed = {
        name: [value] for name in ("demand_kind", "ip_ownership", "visibility") if (value := getattr(demand, name))
    }
    lists = {
        "industry": [industries_in_words(demand.industry)],
        "exclude_orgs": ["\n".join(demand.exclude_orgs)],
        "transfer_modes": list(demand.transfer_modes),
        "region": [region_in_words(demand.region)] if demand.region else [],
        "deadline": [demand.deadline.isoformat()] if demand.deadline else [],
    }
    return texts | numbers | closed | lists | _columns(demand.criteria)


def fields_from(reading: Reading) -> dict[str, list[str]]:
    """The form as far as a question says what belongs in it."""
    said = reading.text
    opening = _OPENING.split(reading.need.strip() or said, maxsplit=1)[0].strip(" ，,、")
    title = opening if len(opening) <= _TITLE else opening[: _TITLE - 1] + "…"
    low, high = budget(said)
    begun = Demand(
        title=title,
        problem=said,
        criteria=criteria(said) or reading.indicators,
        industry=tuple(tag.code for tag in reading.tags if not tag.is_technology)[:1],
        budget_min=low,
        budget_max=high,
        deadline=deadline(said, today()),
        region=region(said),
    )
    return {name: values for name, values in fields_of(begun).items() if name != "visibility"}


def industries_in_words(codes: Iterable[str]) -> str:
    return "；".join(_in_words(v.industries(), code) for code in codes)


def region_in_words(code: str) -> str:
    return _in_words(v.regions(), code)


def _readers(fields: Fields, held: Demand | None) -> Iterable[tuple[str, Callable[[], Any]]]:
    for name, most in _TEXTS.items():
        yield name, partial(_text, fields, name, most)
    for name in _OTHERS:
        yield name, partial(_value, fields, name, held)
    yield "criteria", partial(_criteria, fields, held)


def _text(fields: Fields, name: str, most: int) -> str:
    """Raises ValueError."""
    said: str = value_of(Demand, name, first(fields, name))
    if not said and name in _ASKED:
        raise ValueError(_ASKED[name])
    if len(said) > most:
        raise ValueError(f"最多 {most} 个字，这里有 {len(said)} 个")
    return said


def _value(fields: Fields, name: str, held: Demand | None) -> Any:
    """Raises ValueError, UnknownValue."""
    said = [value.strip() for value in fields.get(name, ()) if value.strip()]
    if not said:
        return _unsaid(name)
    try:
        value = value_of(Demand, name, said if name == "transfer_modes" else said[0])
    except UnknownValue as fault:
        what = {"industry": "行业", "region": "地区"}.get(name)
        if what is None:
            raise
        raise ValueError(f"没有叫“{fault.facts['value']}”的{what}，请从列出的里面选，或写它的代码") from None
    if name == "deadline" and value < today() and (held is None or value != held.deadline):
        raise ValueError("完成时限已经过了，请填今天以后的日期")
    return value


def _unsaid(name: str) -> Any:
    if name == "visibility":
        return "public"
    return () if name in ("transfer_modes", "criteria", *_LISTS) else "" if name == "title" else None


def _low_end(fields: Fields) -> float | None:
    """The lower end, where the box for the upper one holds a range."""
    said = first(fields, "budget_max").strip()
    low = value_of(Demand, "budget_min", said) if said else None
    return low if said and low != value_of(Demand, "budget_max", said) else None


def _criteria(fields: Fields, held: Demand | None) -> tuple[Metric, ...]:
    """Raises ValueError with what is wrong in each row. A row that was not changed stays the indicator that it was."""
    standing = {tuple(row_of(metric).values()): metric for metric in (held.criteria if held else ())}
    found, wrong = [], []
    for number, row in enumerate(rows(fields)[:MOST_ROWS], 1):
        try:
            found.append(standing.get(tuple(row.values())) or _metric(row))
        except ValueError as fault:
            wrong.append(f"第 {number} 项{fault}")
    if wrong:
        raise ValueError("；".join(wrong))
    return tuple(found)


def _metric(row: Mapping[str, str]) -> Metric:
    """Raises ValueError."""
    name, op, written, unit = (value_of(Demand, "title", row[field]) for field in ROW)
    if not name:
        raise ValueError("没有写名称")
    if op not in OPERATORS and op != "～":
        raise ValueError(f"的比较符“{op}”不认识")
    if not written:
        text = " ".join(filter(None, (name, unit)))
        return Metric(name=text, text=text)
    amount = _AMOUNT.fullmatch(written.replace(",", "").replace("，", ""))
    if not amount:
        raise ValueError(f"的数值“{written}”应是一个数或一个范围，如 45 或 0.9～1.7；说不成数的，请写在名称里")
    low, high = float(amount[1]), float(amount[2]) if amount[2] else None
    stated = {
        "name": name,
        "op": "～" if high is not None else op or None,
        "value": low,
        "value2": high,
        "unit": unit or None,
    }
    return Metric(**stated, text=in_words(stated))


def row_of(metric: Metric) -> Mapping[str, str]:
    """The indicator as one row of the form; what the form has no column for stands behind the name."""
    ends = [f"{end:.15g}" for end in (metric.value, metric.value2) if end is not None]
    name = metric.name if metric.value is not None else metric.text or metric.name
    condition = f"（{metric.condition}）" if metric.condition else ""
    op = metric.op if metric.op in OPERATORS else ""
    return dict(zip(ROW, (name + condition, op or "", "～".join(ends), metric.unit or ""), strict=True))


def _columns(metrics: Sequence[Metric]) -> dict[str, list[str]]:
    made = [row_of(metric) for metric in metrics]
    return {name: [row[name] for row in made] for name in ROW}


def _in_words(listed: Vocabulary, code: str) -> str:
    """The label where it leads back to the code, else the code."""
    label = listed.labels.get(code)
    try:
        return label if label and listed.code(label) == code else code
    except UnknownValue:
        return code
