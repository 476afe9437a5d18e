"""Every way into an installation: each route of the application, who may use it, under which scope of a key, and what may be asked by it.

`asks` are what a reader asks by it, as addresses or as bodies; where a route names one thing, `{record}`, `{match}`, `{job}`, `{import}`, `{draft}`
or `{watch}` stands for it. A test fails where the application has a route that is not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANYONE = frozenset({"visitor", "firm", "broker", "operator"})
MEMBER = ANYONE - {"visitor"}
STAFF = MEMBER - {"firm"}
OPERATOR = frozenset({"operator"})
OPEN = "open"
"""In place of a scope: what takes no notice of a key."""


@dataclass(frozen=True)
class Way:
    """`who` may use it without a key; `scope` of a key that opens it, None for none. `sends`: bodies that read and change nothing."""

    who: frozenset[str]
    scope: str | None = None
    asks: tuple[str, ...] = ()
    sends: tuple[Any, ...] = ()


def routes(held: Iterable[Any]) -> Iterator[str]:
    """`GET /path` of every route, those of included routers among them."""
    for route in held:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
        elif methods := getattr(route, "methods", None):
            yield from (f"{method} {route.path}" for method in methods if method != "HEAD")
        else:
            yield f"MOUNT {route.path}"


_SEARCHES = (
    "/search?q=液压阀芯卡滞",
    "/search?q=液压阀芯卡滞&kind=demand&low=1",
    "/search?kind=achievement&where=region=330000",
    "/search?kind=demand&q=液压阀芯&where=visibility=private&where=year<=1900",
    "/search?kind=achievement&q=阀芯涂层&like={shown}&unlike={other}",
)
_FOUND = (
    "/api/v1/search?q=液压阀芯卡滞&limit=50&records=true",
    "/api/v1/search?q=液压阀芯卡滞&kind=demand&mode=semantic",
    "/api/v1/search?q=低温涂层&kind=achievement&mode=keyword&where=status=draft&where=status=published",
)
_TEXT = {"text": "液压阀芯在低温下卡滞", "limit": 50, "records": True}

WAYS: Mapping[str, Way] = {
    # pages that anybody reads
    "GET /": Way(ANYONE, asks=("/",)),
    "GET /search": Way(ANYONE, asks=_SEARCHES),
    "GET /records/{id:int}": Way(ANYONE, asks=("/records/{record}", "/records/{shown}", "/records/{other}")),
    "POST /records/{id:int}": Way(MEMBER, asks=("/records/{record}", "/records/{shown}"), sends=({},)),
    "GET /records/{id:int}/contact": Way(ANYONE, asks=("/records/{record}/contact", "/records/{shown}/contact")),
    "POST /records/{id:int}/contact": Way(ANYONE, asks=("/records/{record}/contact",), sends=({"name": "甲", "contact": "0571-1234567", "message": "想联系"},)),
    "GET /map": Way(ANYONE, asks=("/map", "/map?within=C34")),
    "GET /visit-note": Way(ANYONE, asks=("/visit-note",)),
    "POST /visit-note": Way(ANYONE, asks=("/visit-note",), sends=({"note": "上午到一家阀门厂，液压阀芯低温卡滞，想要涂层。"},)),
    "GET /thesaurus": Way(ANYONE, asks=("/thesaurus?q=阀芯",)),
    "GET /about": Way(ANYONE, asks=("/about",)),
    "GET /sign-in": Way(ANYONE, asks=("/sign-in",)),
    "POST /sign-in": Way(ANYONE),
    "POST /sign-out": Way(ANYONE),
    # a member's own
    "GET /account": Way(MEMBER, asks=("/account",)),
    "POST /account/password": Way(MEMBER),
    "GET /my/requests": Way(MEMBER, asks=("/my/requests",)),
    "GET /demands/new": Way(MEMBER, asks=("/demands/new?text=液压阀芯在低温下卡滞", "/demands/new?draft={draft}")),
    "POST /demands/new": Way(ANYONE),
    "POST /demands/drafts": Way(MEMBER),
    "POST /demands/drafts/discard": Way(MEMBER, asks=("/demands/drafts/discard",), sends=({"draft": "{draft}"},)),
    "POST /demands/preview": Way(MEMBER, asks=("/demands/preview",), sends=({"title": "液压阀芯卡滞", "problem": "低温下卡滞"},)),
    "GET /demands/{id:int}/edit": Way(MEMBER, asks=("/demands/{record}/edit",)),
    "POST /demands/{id:int}/edit": Way(MEMBER, asks=("/demands/{record}/edit",), sends=({"do": "file", "title": "改名", "problem": "改过的"},)),
    "POST /demands/{id:int}/edit/keep": Way(MEMBER, asks=("/demands/{record}/edit/keep",), sends=({"title": "改名"},)),
    "POST /demands/{id:int}/edit/drop": Way(MEMBER, asks=("/demands/{record}/edit/drop",), sends=({},)),
    "GET /my/demands": Way(MEMBER, asks=("/my/demands",)),
    "GET /my/demands/{id:int}": Way(MEMBER, asks=("/my/demands/{record}", "/my/demands/{own}")),
    "POST /my/demands/{id:int}/status": Way(MEMBER, asks=("/my/demands/{record}/status",), sends=({"to": "withdrawn"},)),
    "POST /my/demands/{id:int}/answer": Way(MEMBER, asks=("/my/demands/{record}/answer", "/my/demands/{own}/answer"), sends=({"match": "{match}", "to": "interested"},)),
    "GET /my/matches": Way(MEMBER, asks=("/my/matches",)),
    "POST /my/matches/{id:int}/answer": Way(MEMBER, asks=("/my/matches/{match}/answer",), sends=({"to": "interested"},)),
    "POST /my/matches/{id:int}/contacts": Way(MEMBER, asks=("/my/matches/{match}/contacts",), sends=({},)),
    "GET /my/alerts": Way(MEMBER, asks=("/my/alerts",)),
    "POST /my/searches": Way(MEMBER),
    "POST /my/searches/{id:int}": Way(MEMBER, asks=("/my/searches/{watch}",), sends=({"frequency": "off"},)),
    "POST /my/searches/{id:int}/remove": Way(MEMBER, asks=("/my/searches/{watch}/remove",), sends=({},)),
    # the house
    "POST /thesaurus": Way(STAFF),
    "POST /thesaurus/remove": Way(STAFF),
    "GET /requests": Way(STAFF, asks=("/requests", "/requests?state=closed")),
    "GET /requests/{id:int}": Way(STAFF),
    "POST /requests/{id:int}": Way(STAFF),
    "POST /requests/{id:int}/demand": Way(STAFF),
    "POST /requests/{id:int}/take": Way(STAFF),
    "POST /requests/{id:int}/release": Way(STAFF),
    "POST /requests/{id:int}/close": Way(STAFF),
    "GET /workbench": Way(STAFF, asks=("/workbench", "/workbench?view=all", "/workbench?view=all&field=C34&order=latest")),
    "POST /workbench": Way(STAFF, asks=("/workbench",), sends=({"act": "shortlisted", "chosen": "{match}:1"},)),
    "POST /workbench/undo": Way(STAFF, asks=("/workbench/undo",), sends=({"chosen": "{match}:1"},)),
    "GET /workbench/{id:int}": Way(STAFF, asks=("/workbench/{match}", "/workbench/{pair}")),
    "POST /workbench/{id:int}": Way(STAFF, asks=("/workbench/{match}",), sends=({},)),
    "POST /workbench/{id:int}/{what}": Way(STAFF, asks=tuple(f"/workbench/{{match}}/{what}" for what in ("step", "undo", "review", "follow-up", "assign")), sends=({"to": "shortlisted", "recommendation": "advance", "type": "call", "note": "记"},)),
    "GET /workbench/rules": Way(STAFF, asks=("/workbench/rules",)),
    "GET /workbench/beat": Way(STAFF, asks=("/workbench/beat",)),
    "POST /workbench/beat": Way(STAFF),
    "GET /workbench/figures": Way(STAFF, asks=("/workbench/figures",)),
    "GET /workbench/figures.{format}": Way(STAFF, asks=("/workbench/figures.csv", "/workbench/figures.xlsx")),
    "GET /bulk": Way(STAFF, asks=("/bulk",)),
    "POST /bulk": Way(STAFF),
    "GET /bulk/{id}": Way(STAFF, asks=("/bulk/{job}", "/bulk/{made}")),
    "GET /bulk/{id}/again": Way(STAFF, asks=("/bulk/{job}/again", "/bulk/{made}/again")),
    "POST /bulk/{id}/again": Way(STAFF, asks=("/bulk/{job}/again",), sends=({},)),
    "GET /bulk/{id}/matches.{format}": Way(STAFF, asks=("/bulk/{job}/matches.csv", "/bulk/{made}/matches.csv", "/bulk/{made}/matches.xlsx")),
    "GET /bulk/{id}/refused.xlsx": Way(STAFF, asks=("/bulk/{job}/refused.xlsx",)),
    "POST /bulk/{id}/cancel": Way(STAFF, asks=("/bulk/{job}/cancel",), sends=({},)),
    "POST /bulk/{id}/remove": Way(STAFF, asks=("/bulk/{job}/remove",), sends=({},)),
    "GET /import": Way(STAFF, asks=("/import",)),
    "POST /import": Way(STAFF),
    "GET /import/{id}": Way(STAFF, asks=("/import/{import}",)),
    "POST /import/{id}": Way(STAFF, asks=("/import/{import}",), sends=({},)),
    "GET /import/{id}/refused": Way(STAFF, asks=("/import/{import}/refused",)),
    "POST /import/{id}/remove": Way(STAFF, asks=("/import/{import}/remove",), sends=({},)),
    "GET /keys": Way(OPERATOR),
    "POST /keys": Way(OPERATOR),
    "POST /keys/revoke": Way(OPERATOR),
    "GET /accounts": Way(OPERATOR),
    "POST /accounts": Way(OPERATOR),
    "POST /accounts/password": Way(OPERATOR),
    "POST /accounts/disable": Way(OPERATOR),
    "POST /accounts/enable": Way(OPERATOR),
    # programs
    "GET /api/v1/search": Way(ANYONE, "read", asks=_FOUND),
    "POST /api/v1/match": Way(ANYONE, "match", asks=("/api/v1/match",), sends=(_TEXT, {**_TEXT, "kind": "demand"}, {"id": "{record}"}, {"id": "{shown}", "limit": 50}, {"id": "{other}", "limit": 50})),
    "POST /api/v1/match/stream": Way(ANYONE, "match", asks=("/api/v1/match/stream?limit=20",), sends=('{"title": "液压阀芯卡滞"}\n{"title": "低温涂层"}\n',)),
    "GET /api/v1/achievements": Way(ANYONE, "read", asks=("/api/v1/achievements", "/api/v1/achievements?limit=2")),
    "POST /api/v1/achievements": Way(STAFF, "write"),
    "PUT /api/v1/achievements": Way(STAFF, "write"),
    "DELETE /api/v1/achievements": Way(STAFF, "write", asks=("/api/v1/achievements?id={shown}&id={record}",), sends=(None,)),
    "GET /api/v1/achievements/{id}": Way(ANYONE, "read", asks=("/api/v1/achievements/{record}", "/api/v1/achievements/{shown}")),
    "GET /api/v1/achievements/{id}/tags": Way(ANYONE, "read", asks=("/api/v1/achievements/{record}/tags", "/api/v1/achievements/{shown}/tags")),
    "PUT /api/v1/achievements/{id}": Way(STAFF, "write", asks=("/api/v1/achievements/{record}",), sends=({"title": "改名"},)),
    "DELETE /api/v1/achievements/{id}": Way(STAFF, "write", asks=("/api/v1/achievements/{record}",), sends=(None,)),
    "GET /api/v1/demands": Way(ANYONE, "read", asks=("/api/v1/demands", "/api/v1/demands?limit=2")),
    "POST /api/v1/demands": Way(STAFF, "write"),
    "PUT /api/v1/demands": Way(STAFF, "write"),
    "DELETE /api/v1/demands": Way(STAFF, "write", asks=("/api/v1/demands?id={other}&id={record}",), sends=(None,)),
    "GET /api/v1/demands/{id}": Way(ANYONE, "read", asks=("/api/v1/demands/{record}", "/api/v1/demands/{other}")),
    "GET /api/v1/demands/{id}/tags": Way(ANYONE, "read", asks=("/api/v1/demands/{record}/tags",)),
    "PUT /api/v1/demands/{id}": Way(STAFF, "write", asks=("/api/v1/demands/{record}",), sends=({"title": "改名"},)),
    "DELETE /api/v1/demands/{id}": Way(STAFF, "write", asks=("/api/v1/demands/{record}",), sends=(None,)),
    "GET /api/v1/thesaurus": Way(ANYONE, "read", asks=("/api/v1/thesaurus?q=阀芯",)),
    "POST /api/v1/notes/read": Way(ANYONE, "read", asks=("/api/v1/notes/read",), sends=({"text": "液压阀芯低温卡滞，想要涂层。"},)),
    "GET /api/v1/changes": Way(ANYONE, "read", asks=("/api/v1/changes?limit=1000", "/api/v1/changes?after=3")),
    "GET /api/v1/export": Way(ANYONE, "read", asks=("/api/v1/export", "/api/v1/export?format=csv&kind=demand", "/api/v1/export?format=xlsx")),
    "POST /api/v1/imports": Way(STAFF, "write"),
    "GET /api/v1/imports/{id}": Way(STAFF, "read", asks=("/api/v1/imports/{import}",)),
    "POST /api/v1/imports/{id}/run": Way(STAFF, "write", asks=("/api/v1/imports/{import}/run",), sends=({},)),
    "GET /api/v1/imports/{id}/refused": Way(STAFF, "read", asks=("/api/v1/imports/{import}/refused",)),
    "DELETE /api/v1/imports/{id}": Way(STAFF, "write", asks=("/api/v1/imports/{import}",), sends=(None,)),
    "POST /api/v1/bulk-matches": Way(STAFF, "bulk"),
    "GET /api/v1/bulk-matches": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches",)),
    "GET /api/v1/bulk-matches/{id}": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches/{job}", "/api/v1/bulk-matches/{made}")),
    "GET /api/v1/bulk-matches/{id}/results": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches/{job}/results", "/api/v1/bulk-matches/{made}/results", "/api/v1/bulk-matches/{made}/results?format=csv&after=1")),
    "GET /api/v1/bulk-matches/{id}/refused": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches/{job}/refused",)),
    "POST /api/v1/bulk-matches/{id}/cancel": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches/{job}/cancel",), sends=({},)),
    "DELETE /api/v1/bulk-matches/{id}": Way(STAFF, "bulk", asks=("/api/v1/bulk-matches/{job}",), sends=(None,)),
    "GET /api/v1/matches": Way(MEMBER, "read", asks=("/api/v1/matches", "/api/v1/matches?order=latest&limit=1", "/api/v1/matches?demand={record}")),
    "GET /api/v1/matches/rules": Way(ANYONE, "read", asks=("/api/v1/matches/rules",)),
    "GET /api/v1/matches/figures": Way(STAFF, "read", asks=("/api/v1/matches/figures",)),
    "GET /api/v1/matches/declines": Way(MEMBER, "read", asks=("/api/v1/matches/declines",)),
    "GET /api/v1/matches/export": Way(STAFF, "read", asks=("/api/v1/matches/export?format=csv", "/api/v1/matches/export?format=xlsx")),
    "POST /api/v1/matches": Way(STAFF, "write", asks=("/api/v1/matches",), sends=({"demand": "{record}", "achievement": "{shown}"}, {"demand": "{other}", "achievement": "{record}"})),
    "POST /api/v1/matches/steps": Way(STAFF, "write", asks=("/api/v1/matches/steps",), sends=({"to": "shortlisted", "matches": [{"id": "{match}"}]},)),
    "GET /api/v1/matches/{id}": Way(MEMBER, "read", asks=("/api/v1/matches/{match}", "/api/v1/matches/{pair}")),
    "POST /api/v1/matches/{id}/step": Way(MEMBER, "write", asks=("/api/v1/matches/{match}/step",), sends=({"to": "shortlisted"},)),
    "POST /api/v1/matches/{id}/undo": Way(MEMBER, "write", asks=("/api/v1/matches/{match}/undo",), sends=({},)),
    "POST /api/v1/matches/{id}/review": Way(STAFF, "write", asks=("/api/v1/matches/{match}/review",), sends=({"recommendation": "advance"},)),
    "POST /api/v1/matches/{id}/follow-up": Way(STAFF, "write", asks=("/api/v1/matches/{match}/follow-up",), sends=({"type": "call", "note": "记"},)),
    "POST /api/v1/matches/{id}/assign": Way(STAFF, "write", asks=("/api/v1/matches/{match}/assign",), sends=({"owner": None},)),
    "POST /api/v1/matches/{id}/lead": Way(STAFF, "write", asks=("/api/v1/matches/{match}/lead",), sends=({"lead": None},)),
    "GET /api/v1/matches/{id}/contacts": Way(MEMBER, "read", asks=("/api/v1/matches/{match}/contacts",)),
    "GET /healthz": Way(ANYONE, "read", asks=("/healthz",)),
    "GET /readyz": Way(ANYONE, "read", asks=("/readyz",)),
    # the same for everybody
    "GET /openapi.json": Way(ANYONE, OPEN),
    "GET /docs": Way(ANYONE, OPEN),
    "GET /docs/oauth2-redirect": Way(ANYONE, OPEN),
    "MOUNT /static": Way(ANYONE, OPEN),
    "MOUNT /static-offline-docs": Way(ANYONE, OPEN),
}  # fmt: skip
