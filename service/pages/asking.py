"""What the address of a results page asks for, and the addresses that ask a little else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite

from corpus.codes import Vocabulary
from corpus.errors import BadInput
from indexer.attributes import attributes, read_filter
from indexer.entries import Among, Between
from service.facets import Value
from service.results import LAST_PAGE, Wanted
from service.templating import address

MODE = Vocabulary("检索方式", {"hybrid": "综合", "semantic": "语义", "keyword": "关键词"})
ORDER = Vocabulary(
    "排序",
    {"": "相关度", "new": "最新发布", "mature": "成熟度", "price": "价格从低到高", "budget": "预算从高到低"},
)
_ORDERS: dict[str | None, Sequence[str]] = {
    "achievement": ("", "new", "mature", "price"),
    "demand": ("", "new", "budget"),
    None: ("", "new"),
}
_LONG = 60
"""A question of more characters is sent by buttons of one form, not repeated in every link of the page."""
_UNSAID = {"mode": "hybrid", "page": 1, "low": False}
"""What an address means where it does not say."""


@dataclass(frozen=True)
class Condition:
    """A condition of the address, understood. `codes` are the values it lets pass, none for a range."""

    written: str
    name: str
    label: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """A list to choose a range from: the conditions on offer and how they read."""

    label: str
    options: Sequence[tuple[str, str]]
    chosen: str = ""


@dataclass(frozen=True)
class Asked(Wanted):
    @property
    def is_long(self) -> bool:
        return len(self.q) > _LONG

    @property
    def said(self) -> list[tuple[str, str]]:
        """Everything but the page, as the fields of a form."""
        held = {name: value for name, value in _written(replace(self, page=1)).items() if value not in (None, "", ())}
        return [
            (name, str(one))
            for name, value in held.items()
            for one in (value if isinstance(value, tuple) else (value,))
        ]

    def address(self, **changes: object) -> str:
        """The address that asks the same but for the changes; the first page unless one is named."""
        return address("/search", **_written(replace(self, **{"page": 1, **changes})))  # type: ignore[arg-type]

    def leaving_out(self, word: str) -> str:
        return self.address(without=(*self.without, word))

    def taking_back(self, word: str) -> str:
        return self.address(without=tuple(w for w in self.without if w != word))

    def dropping(self, *conditions: str) -> str:
        return self.address(where=tuple(w for w in self.where if w not in conditions))

    def more_like(self, id: int) -> str:
        return self.address(like=(*(i for i in self.like if i != id), id), unlike=_but(self.unlike, id))

    def less_like(self, id: int) -> str:
        return self.address(unlike=(*(i for i in self.unlike if i != id), id), like=_but(self.like, id))

    def forgetting(self, id: int) -> str:
        return self.address(like=_but(self.like, id), unlike=_but(self.unlike, id))

    def toggled(self, name: str, value: Value, conditions: Sequence[Condition]) -> str:
        """A value of a facet beside those chosen, or no more; in place of what lies in it, or in what it lies."""
        if name == "kind":
            return self.address(kind=value.code)
        kept = self.dropping_for(name, value, conditions)
        return self.address(where=kept if value.chosen else (*kept, f"{name}={value.code}"))

    def dropping_for(self, name: str, value: Value, conditions: Sequence[Condition]) -> tuple[str, ...]:
        """The conditions that stay when a value is chosen, or is chosen no more."""
        vocabulary = attributes()[name].vocabulary if attributes()[name].tree else None
        around = {value.code, *(vocabulary.ancestors(value.code) if vocabulary else ())}
        gone = {
            condition.written
            for condition in conditions
            if condition.name == name
            and any(
                code in around or (vocabulary is not None and value.code in vocabulary.ancestors(code))
                for code in condition.codes
            )
        }
        return tuple(written for written in self.where if written not in gone)


def _but(ids: tuple[int, ...], id: int) -> tuple[int, ...]:
    return tuple(one for one in ids if one != id)


def _written(asked: Wanted) -> dict[str, object]:
    held = {name: value for name, value in vars(asked).items() if value != _UNSAID.get(name)}
    return held | ({"low": "1"} if asked.low else {})


def understood(written: str) -> Condition:
    """Raises what a filter that cannot be read raises."""
    (condition,) = read_filter([written])
    attribute = attributes()[condition.attribute]
    if isinstance(condition, Among):
        label = attribute.vocabulary.name if attribute.vocabulary else str
        named = "、".join(label(code) for code in sorted(condition.values))
        return Condition(written, condition.attribute, f"{attribute.label}：{named}", condition.values)
    exactly = frozenset({f"{condition.low:g}"}) if condition.low == condition.high else frozenset[str]()
    return Condition(written, condition.attribute, f"{attribute.label} {_range(condition)}", exactly)


def understandable(where: Iterable[str]) -> list[Condition]:
    """The conditions of the address as far as they can be read; the others as they are written."""
    told = []
    for written in where:
        try:
            told.append(understood(written))
        except BadInput:
            told.append(Condition(written, "", written))
    return told


def choices(kind: str | None, conditions: Iterable[Condition]) -> list[Choice]:
    """Ranges to choose from, with those of the address among them."""
    year = date.today().year
    offered = {
        "trl": ("技术就绪度", [(f"trl>={level}", f"{level} 级以上") for level in range(3, 10)]),
        "year": ("年份", [(f"year>={year - back}", f"{year - back} 年以来") for back in (1, 3, 5, 10)]),
        "price": ("价格", [(f"price<={price}", f"{price} 万元以内") for price in (10, 50, 100, 300, 1000)]),
        "budget": ("预算", [(f"budget>={budget}", f"{budget} 万元以上") for budget in (10, 50, 100, 300, 1000)]),
    }
    names = {"achievement": ("trl", "year", "price"), "demand": ("year", "budget"), None: ("year",)}[kind]
    found = []
    for name in names:
        label, options = offered[name]
        given = next((c for c in conditions if c.name == name and not c.codes), None)
        if given and given.written not in dict(options):
            options.insert(0, (given.written, given.label))
        found.append(Choice(label, options, given.written if given else ""))
    return found


def orders(kind: str | None, *, asked: bool) -> dict[str, str]:
    """The orders on offer; without a question the first is that in which records came in."""
    return {code: ORDER.labels[code] if code or asked else "最近收录" for code in _ORDERS[kind]}


def _range(condition: Between) -> str:
    low, high = (f"{end:g}" if isfinite(end) else "" for end in (condition.low, condition.high))
    if low == high:
        return f"= {low}"
    return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}"


def each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def ids(written: Iterable[str]) -> tuple[int, ...]:
    """The ids among what is written; what is none is passed over."""
    numbers = (int(one) for one in written if one.isascii() and one.isdigit() and len(one) <= 18)
    return tuple(dict.fromkeys(number for number in numbers if number))


def page_number(written: str) -> int:
    return min(LAST_PAGE, max(1, int(written))) if written.isascii() and written.isdigit() else 1
