"""/thesaurus : a word looked up in the thesaurus, and the operator's own lines, to add to and take from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from indexer.reading import Reader
from indexer.thesaurus import (
    LineNotUnderstood,
    Sense,
    Thesaurus,
    add_line,
    own_thesaurus,
    read_thesaurus,
    remove_line,
    shipped_thesaurus,
)
from service.access import Opened, Staff
from service.forms import Form
from service.installation import Installation
from service.templating import address, page

router = APIRouter(include_in_schema=False)

MOST = 100
"""Lines that are listed, found ones and own ones."""
_LONGEST = 200
"""Characters of a word to look up."""
DONE = {"added": "已加入，下一次搜索就用得上。", "removed": "已去掉，下一次搜索就不再用它。"}


@dataclass(frozen=True)
class Line:
    """A line to show. `words` are what its terms are searched by, told of own lines alone."""

    sense: Sense
    is_own: bool = False
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Shelf:
    """The lines found in one class."""

    code: str
    name: str
    lines: Sequence[Line]


@router.get("/thesaurus")
def get_thesaurus(request: Request, opened: Opened, q: str = "", done: str = "") -> HTMLResponse:
    return _page(request, opened, q=q.strip()[:_LONGEST], done=DONE.get(done))


@router.post("/thesaurus")
def post_thesaurus(request: Request, opened: Opened, asker: Staff, form: Form) -> Response:
    """Add a line; what cannot be one is told beside the form."""
    said, terms = form.get("said", ""), form.get("terms", "")
    try:
        add_line(opened.settings.home, f"{said} → {terms}")
    except LineNotUnderstood as problem:
        told = f"这一条还不能用：{problem.facts['reason']}。"
        return _page(request, opened, status=HTTPStatus.BAD_REQUEST, said=said, terms=terms, problem=told)
    return _back("added")


@router.post("/thesaurus/remove")
def post_removal(opened: Opened, asker: Staff, form: Form) -> Response:
    """Take a line of the operator's out; one that is gone already stays gone."""
    remove_line(opened.settings.home, form.get("line", ""))
    return _back("removed")


def shelves(known: Thesaurus, lines: Sequence[Line]) -> list[Shelf]:
    """The lines by class, in their order; own lines without a class by themselves."""
    held: dict[str, list[Line]] = {}
    for line in lines:
        held.setdefault(line.sense.code, []).append(line)
    return [Shelf(code, known.names.get(code, "自己的叙词"), found) for code, found in held.items()]


def own_line(reader: Reader, sense: Sense) -> Line:
    """An own line with the words that its terms come to; none where no term can be searched by."""
    words = dict.fromkeys(word for term in sense.terms for word in reader.whole_words(term))
    return Line(sense, True, tuple(words))


def _page(
    request: Request,
    opened: Installation,
    *,
    status: int = HTTPStatus.OK,
    q: str = "",
    said: str = "",
    terms: str = "",
    problem: str | None = None,
    done: str | None = None,
) -> HTMLResponse:
    home, reader = opened.settings.home, opened.index.reader
    known, own = read_thesaurus(home), own_thesaurus(home)
    found = known.holding(q)
    mine = {sense: own_line(reader, sense) for sense in own.senses}
    return page(
        request,
        "thesaurus.html",
        status,
        q=q,
        total=len(found),
        shelves=shelves(known, [mine.get(sense) or Line(sense) for sense in found[:MOST]]),
        shipped=len(shipped_thesaurus().senses),
        own=list(mine.values())[::-1],
        refused=own.refused,
        most=MOST,
        said=said or ("" if found else q),
        terms=terms,
        problem=problem,
        done=done,
    )


def _back(done: str) -> RedirectResponse:
    return RedirectResponse(address("/thesaurus", done=done) + "#own", HTTPStatus.SEE_OTHER)
