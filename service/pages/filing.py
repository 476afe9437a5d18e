"""/demands/new, /demands/{id}/edit : a demand is written or changed, kept as a draft, held against the library while it grows, and filed.

Whoever is not signed in is sent to sign in, and comes back to what they had typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from corpus import vocabulary as v
from corpus.cells import UNSEEN
from corpus.conflicts import conflicts
from corpus.drafts import Draft, Fields, first
from corpus.errors import RecordNotFound
from corpus.records import Achievement, Demand
from service import forms
from service.access import Asker, Member, Opened, Turn, account_of
from service.answers import Answer, Hit, NothingAsked, foreseen
from service.filing import (
    FORM,
    MOST_ROWS,
    OPERATORS,
    ROW,
    Read,
    fields_from,
    fields_of,
    industries_in_words,
    read,
    region_in_words,
    rows,
)
from service.forms import onward
from service.holdings import seen
from service.installation import Installation
from service.templating import address, page
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

_SHOWN = 5
_LEAST = 6
"""Characters of a problem below which nothing is looked for."""
_SPARE = 2
"""Empty rows for indicators that a new form has."""
_OURS = ("do", "draft", "drop", "prefill")
"""Fields of the form that say nothing of the demand."""
AUDIENCES = {
    "public": "谁都能看到，不登录也行",
    "members": "登录本站的企业和经纪人看得到",
    "org": "只有本单位的账号和经纪人看得到",
    "brokers": "只有您和经纪人看得到，经纪人替您去找",
    "private": "只有您自己看得到，经纪人也看不到，不会有人替您推荐",
}
"""Who sees a demand, in plain words."""


@dataclass(frozen=True)
class Preview:
    """What would match; `answer` is None while too little is written."""

    answer: Answer | None = None
    hits: tuple[Hit, ...] = ()


@router.get("/demands/new")
def get_new(
    request: Request, opened: Opened, asker: Member, text: str = "", draft: str | None = None, kept: str = ""
) -> Response:
    """An empty form, one that begins from a question (`text`), a draft, or what was written before signing in (`kept`)."""
    if kept:
        claimed = opened.drafts.claim(kept, account_of(asker))
        return onward(address("/demands/new", draft=claimed.id))
    if draft is not None:
        held = opened.drafts.get(account_of(asker), _number(draft) or 0)
        return _form_page(request, opened, asker, held.fields, draft=held)
    asked = UNSEEN.sub("", text).strip()
    begun = fields_from(opened.read(asked)) if asked else {}
    return _form_page(request, opened, asker, begun | _contact(opened, asker), begun=bool(asked))


@router.post("/demands/new")
def post_new(request: Request, opened: Opened, asker: Asker, fields: forms.Fields) -> Response:
    """What is to be done says the button: file it (`do=file`), keep it, look what matches, add a row; or nothing, for a form filled in elsewhere."""
    if not asker.is_signed_in:
        token = opened.drafts.set_aside(_written(fields))
        return onward(address("/sign-in", next=address("/demands/new", kept=token)))
    do, written, id = first(fields, "do"), _written(fields), _draft_of(fields)
    if do == "file":
        found = read(written)
        if found.faults:
            return _form_page(request, opened, asker, written, found=found, id=id, status=HTTPStatus.BAD_REQUEST)
        saved = opened.store.save([found.demand(asker)])
        if _is_followed(fields):
            name, id_ = str(found.values["title"]), saved.added[0]
            opened.watches.add(account_of(asker), name, opened.store.revision(), demand=id_)
        if id is not None:
            opened.drafts.discard(account_of(asker), id)
        return onward(f"/my/demands/{saved.added[0]}?done=filed")
    if do == "draft":
        kept = opened.drafts.keep(account_of(asker), written, id)
        return onward(address("/my/demands", done="kept", draft=kept.id))
    return _form_page(request, opened, asker, _with_rows(written, fields), id=id, begun=bool(first(fields, "prefill")))


@router.post("/demands/drafts")
def post_draft(opened: Opened, asker: Member, fields: forms.Fields) -> JSONResponse:
    """What is being written, kept as it grows; answers with the draft's number."""
    kept = opened.drafts.keep(account_of(asker), _written(fields), _draft_of(fields))
    return JSONResponse({"draft": kept.id})


@router.post("/demands/drafts/discard")
def post_discard(opened: Opened, asker: Member, form: forms.Form) -> Response:
    opened.drafts.discard(account_of(asker), _number(form.get("draft", "")) or 0)
    return onward("/my/demands?done=discarded")


@router.post("/demands/preview", dependencies=[Turn])
def post_preview(request: Request, opened: Opened, asker: Member, fields: forms.Fields) -> HTMLResponse:
    """What would match what is written so far, as a part of a page."""
    return page(request, "preview.html", preview=previewed(opened, asker, _written(fields)))


@router.get("/demands/{id:int}/edit")
def get_edit(request: Request, opened: Opened, asker: Member, id: int) -> HTMLResponse:
    """The form with what the demand says, or with what was changed and not saved yet."""
    held = own_demand(opened, asker, id)
    edits = unsaved(opened, asker, [held]).get(id)
    return _form_page(request, opened, asker, edits.fields if edits else fields_of(held), held=held, edits=edits)


@router.post("/demands/{id:int}/edit")
def post_edit(request: Request, opened: Opened, asker: Member, id: int, fields: forms.Fields) -> Response:
    held, written, do = own_demand(opened, asker, id), _written(fields), first(fields, "do")
    if do == "draft":
        opened.drafts.keep_edits(account_of(asker), id, written)
        return onward(f"/my/demands/{id}?done=edits")
    if do != "file":
        return _form_page(request, opened, asker, _with_rows(written, fields), held=held)
    found = read(written, held)
    if found.faults:
        return _form_page(request, opened, asker, written, found=found, held=held, status=HTTPStatus.BAD_REQUEST)
    opened.store.save([found.demand(asker, held)])
    opened.drafts.drop_edits(account_of(asker), id)
    return onward(f"/my/demands/{id}?done=changed")


@router.post("/demands/{id:int}/edit/keep")
def post_edits(opened: Opened, asker: Member, id: int, fields: forms.Fields) -> JSONResponse:
    """What is being changed, kept as it grows."""
    own_demand(opened, asker, id)
    return JSONResponse({"draft": opened.drafts.keep_edits(account_of(asker), id, _written(fields)).id})


@router.post("/demands/{id:int}/edit/drop")
def post_drop(opened: Opened, asker: Member, id: int, form: forms.Form) -> Response:
    own_demand(opened, asker, id)
    opened.drafts.drop_edits(account_of(asker), id)
    return onward(f"/demands/{id}/edit")


def own_demand(opened: Installation, asker: Viewer, id: int) -> Demand:
    """A demand of the asker's own. Raises RecordNotFound for any other, whether it is there or not."""
    held = seen(opened, id, viewer=asker)
    if not isinstance(held, Demand) or not asker.owns(held):
        raise RecordNotFound(id=id)
    return held


def unsaved(opened: Installation, asker: Viewer, demands: Iterable[Demand]) -> dict[int, Draft]:
    """What the asker has changed of their demands and not saved; what would change nothing is left out."""
    held = {demand.id: demand for demand in demands}
    edits = opened.drafts.edits(account_of(asker), held)
    return {
        id: draft for id, draft in edits.items() if read(draft.fields, held[id]).demand(asker, held[id]) != held[id]
    }


def previewed(opened: Installation, asker: Viewer, written: Fields, held: Demand | None = None) -> Preview:
    """What would match, without those who are excluded; the form need not be free of faults."""
    if len(first(written, "title").strip() + first(written, "problem").strip()) < _LEAST:
        return Preview()
    demand = read(written, held).demand(asker, held)
    try:
        answer = foreseen(opened, demand, viewer=asker, limit=2 * _SHOWN)
    except NothingAsked:
        return Preview()
    return Preview(answer, tuple(without_conflicts(demand, answer.hits))[:_SHOWN])


def without_conflicts(demand: Demand, hits: Iterable[Hit]) -> Iterable[Hit]:
    """The hits of organisations that the demand does not exclude, and that are not the firm itself."""
    return (hit for hit in hits if isinstance(hit.record, Achievement) and not conflicts(demand, hit.record))


def _form_page(
    request: Request,
    opened: Installation,
    asker: Viewer,
    written: Fields,
    *,
    found: Read | None = None,
    held: Demand | None = None,
    draft: Draft | None = None,
    id: int | None = None,
    edits: Draft | None = None,
    begun: bool = False,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    faults = dict(found.faults) if found else {}
    filled = rows(written)
    empty = min(_number(first(written, "spare")) or _SPARE, MOST_ROWS)
    spare = [dict.fromkeys(ROW, "")] * (empty if len(filled) < MOST_ROWS else 0)
    answer = page(
        request,
        "demand-form.html",
        status,
        action=f"/demands/{held.id}/edit" if held else "/demands/new",
        written={name: first(written, name) for name in FORM},
        chosen=list(written.get("transfer_modes", ())),
        rows=[*filled, *spare][:MOST_ROWS],
        faults=faults,
        follows=_is_followed(written),
        held=held,
        draft=draft.id if draft else id,
        kept_at=draft.updated_at if draft else None,
        edits=edits,
        is_overtaken=bool(held and edits and held.saved_at and held.saved_at > edits.updated_at),
        begun=begun,
        preview=previewed(opened, asker, written, held),
        audiences={code: told for code, told in AUDIENCES.items() if code != "org" or _has_organisation(asker, held)},
        operators=OPERATORS,
        modes={code: label for code, label in v.TRANSFER_MODE.labels.items() if code != "self"},
        levels=[(level, f"{level} 级：{said}") for level, said in v.TRL.items()],
        industries={code: industries_in_words([code]) for code in v.industries().labels},
        regions=[region_in_words(code) for code in v.regions().labels],
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _has_organisation(asker: Viewer, held: Demand | None) -> bool:
    return asker.is_staff or bool(asker.organisation or (held and held.organisation))


def _contact(opened: Installation, asker: Viewer) -> dict[str, list[str]]:
    email = opened.accounts.get(account_of(asker)).email
    return {"contact": [email]} if email and not asker.is_staff else {}


def _written(fields: Fields) -> dict[str, list[str]]:
    return {name: list(values) for name, values in fields.items() if name not in _OURS and any(values)}


def _is_followed(fields: Fields) -> bool:
    """Whether its firm wants to be told what comes; so it is where a form does not ask."""
    return "asks" not in fields or "follow" in fields


def _draft_of(fields: Fields) -> int | None:
    return _number(first(fields, "draft"))


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def _with_rows(written: Fields, fields: Fields) -> Fields:
    """The form after its buttons for rows: one more, or one less (`drop` counts from 1)."""
    kept, drop = rows(written), first(fields, "drop")
    if 0 < (at := _number(drop) or 0) <= len(kept):
        del kept[at - 1]
    columns = {name: [row[name] for row in kept] for name in ROW}
    spare = {"spare": [str(_SPARE + 1)]} if first(fields, "do") == "add" else {}
    return {**written, **columns, **spare}
