"""/search : how a question was read, what answers it, how to narrow it; without one, the latest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from corpus.errors import BadInput
from corpus.records import Record
from corpus.vocabulary import KIND, Vocabulary
from indexer.attributes import attributes, read_filter
from indexer.entries import Among, Between
from indexer.fusion import Mode
from service.access import Asker, Opened
from service.answers import PAGED, Answer, Hit, browse, browse_facets, search
from service.facets import Facet
from service.installation import Installation
from service.pages.understanding import Understanding, understanding
from service.templating import address, page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

MODE = Vocabulary("检索方式", {"hybrid": "综合", "semantic": "语义", "keyword": "关键词"})
PER_PAGE = 10
_LAST_PAGE = 100
_LONG = 200
"""A question of more characters is sent by buttons of one form, not repeated in every link of the page."""
_UNSAID = {"mode": "hybrid", "page": 1}
"""What an address means where it does not say."""


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for."""

    q: str = ""
    kind: str | None = None
    where: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    mode: str = "hybrid"
    page: int = 1

    @property
    def is_long(self) -> bool:
        return len(self.q) > _LONG

    def address(self, **changes: object) -> str:
        """The address that asks the same but for the changes; the first page unless one is named."""
        new = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        said = {name: value for name, value in vars(new).items() if value != _UNSAID.get(name)}
        return address("/search", **said)

    def leaving_out(self, word: str) -> str:
        return self.address(without=(*self.without, word))

    def taking_back(self, word: str) -> str:
        return self.address(without=tuple(w for w in self.without if w != word))

    def dropping(self, condition: str) -> str:
        return self.address(where=tuple(w for w in self.where if w != condition))

    def narrowed(self, name: str, code: str) -> str:
        """One value of a facet, in place of a wider one that is already chosen there."""
        if name == "kind":
            return self.address(kind=code)
        others = tuple(w for w in self.where if not w.startswith(f"{name}="))
        return self.address(where=(*others, f"{name}={code}"))


@dataclass(frozen=True)
class Condition:
    """A condition of the address, understood. `codes` are the values it lets pass, none for a range."""

    written: str
    name: str
    label: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Results:
    """One page of records, with what is told about all of them. `answer` is None where nothing was asked."""

    total: int
    rows: Sequence[tuple[Record, Hit | None]]
    facets: Sequence[Facet]
    answer: Answer | None = None

    @property
    def is_capped(self) -> bool:
        return self.answer is not None and self.total >= PAGED

    @property
    def pages(self) -> int:
        return min(_LAST_PAGE, -(-self.total // PER_PAGE))

    @property
    def only_near(self) -> bool:
        """Whether none of the records shown holds a word of the question."""
        return self.answer is not None and all(hit is None or hit.is_only_near for _, hit in self.rows)


@dataclass(frozen=True)
class Choice:
    """A list to choose a range from: the conditions on offer and how they read."""

    label: str
    options: Sequence[tuple[str, str]]
    chosen: str = ""


@router.get("/search")
def get_search(
    request: Request,
    opened: Opened,
    asker: Asker,
    q: str = "",
    kind: str = "",
    where: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 - FastAPI copies it
    without: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006
    mode: str = "hybrid",
    number: Annotated[str, Query(alias="page")] = "1",
) -> HTMLResponse:
    asked = Asked(q.strip(), None, _each_once(where), _each_once(without), page=_page_number(number))
    try:
        side = KIND.code(kind) if kind.strip() else None
        asked = replace(asked, kind=side, mode=MODE.code(mode or "hybrid"))
        conditions = [understood(written) for written in asked.where]
        found = results(opened, asked, asker)
    except BadInput as problem:
        readable = _understandable(asked.where)
        told = str(problem)
        return page(request, "search.html", 400, asked=asked, conditions=readable, problem=told, modes=MODE.labels)
    return page(
        request,
        "search.html",
        asked=asked,
        conditions=conditions,
        found=found,
        facets=[offered for facet in found.facets if (offered := within(facet, conditions)).values],
        choices=choices(asked.kind, conditions),
        modes=MODE.labels,
        weights=opened.index.fusion.weights,
        problem=None,
        understood=understanding(found.answer.reading) if found.answer else Understanding(),
    )


def results(opened: Installation, asked: Asked, viewer: Viewer) -> Results:
    offset = (asked.page - 1) * PER_PAGE
    if not asked.q:
        total, records = browse(
            opened, viewer=viewer, kind=asked.kind, where=asked.where, limit=PER_PAGE, offset=offset
        )
        facets = browse_facets(opened.index, asked.kind, asked.where, viewer=viewer)
        return Results(total, [(record, None) for record in records], facets)
    answer = search(
        opened,
        asked.q,
        viewer=viewer,
        kind=asked.kind,
        where=asked.where,
        without=asked.without,
        mode=cast(Mode, asked.mode),
        limit=PER_PAGE,
        offset=offset,
        facets=True,
    )
    return Results(answer.total, [(hit.record, hit) for hit in answer.hits], answer.facets, answer)


def understood(written: str) -> Condition:
    """Raises what a filter that cannot be read raises."""
    (condition,) = read_filter([written])
    attribute = attributes()[condition.attribute]
    if isinstance(condition, Among):
        label = attribute.vocabulary.name if attribute.vocabulary else str
        named = "、".join(label(code) for code in sorted(condition.values))
        return Condition(written, condition.attribute, f"{attribute.label}：{named}", condition.values)
    return Condition(written, condition.attribute, f"{attribute.label} {_range(condition)}")


def within(facet: Facet, conditions: Iterable[Condition]) -> Facet:
    """What a facet still offers: once a value of it is chosen, only what lies within that one.

    Values of one field are alternatives: a second one beside it would widen what its count says it narrows.
    """
    chosen = {code for condition in conditions if condition.name == facet.name for code in condition.codes}
    vocabulary = attributes()[facet.name].vocabulary
    if not chosen or vocabulary is None:
        return facet
    return replace(facet, values=tuple(inner for v in facet.values if v.code in chosen for inner in v.within))


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
        given = next((c for c in conditions if c.name == name), None)
        if given and given.written not in dict(options):
            options.insert(0, (given.written, given.label))
        found.append(Choice(label, options, given.written if given else ""))
    return found


def _understandable(where: Iterable[str]) -> list[Condition]:
    """The conditions of the address as far as they can be read; the others as they are written."""
    told = []
    for written in where:
        try:
            told.append(understood(written))
        except BadInput:
            told.append(Condition(written, "", written))
    return told


def _range(condition: Between) -> str:
    low, high = (f"{end:g}" if isfinite(end) else "" for end in (condition.low, condition.high))
    if low == high:
        return f"= {low}"
    return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}"


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def _page_number(written: str) -> int:
    return min(_LAST_PAGE, max(1, int(written))) if written.isascii() and written.isdigit() else 1
