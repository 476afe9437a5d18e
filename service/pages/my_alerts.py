"""/my/alerts : what brokers pushed to one, what came that one's saved searches would list, and the searches themselves; saved from a page of results by POST /my/searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from corpus.cells import UNSEEN
from corpus.drafts import first
from corpus.vocabulary import KIND
from corpus.watches import FREQUENCY, Watch
from indexer.attributes import read_filter
from service import forms
from service.access import Member, Opened, account_of
from service.alerts import in_words, shown
from service.answers import MARKED
from service.forms import onward
from service.installation import Installation
from service.mail import is_configured
from service.pages.asking import MODE, Asked, each_once, ids
from service.pushes import pushed
from service.templating import page
from service.turning import marked
from service.viewer import Viewer

router = APIRouter(include_in_schema=False)

DONE = {"saved": "搜索已保存，有新的就列在这里。", "changed": "已改。", "removed": "已删掉，它的提醒也一并删去。"}
_LONGEST = 5000
_NAME = 60
_CONDITIONS = 50


@dataclass(frozen=True)
class Saved:
    """A watch as it is listed: where it leads, and its conditions in words."""

    watch: Watch
    address: str
    conditions: list[str]


@router.get("/my/alerts")
def get_alerts(request: Request, opened: Opened, asker: Member, done: str = "") -> HTMLResponse:
    """Looking at the page makes its alerts seen: they count no more in the head of the page."""
    account = opened.accounts.get(account_of(asker))
    watches = opened.watches.of(account.id)
    alerts = shown(opened, asker, opened.watches.alerts(account.id))
    opened.watches.see([alert.id for alert, _ in alerts if alert.seen_at is None])
    pushes = pushed(opened, asker, opened.pushes.of(account.id))
    opened.pushes.see([one.push.id for one in pushes if one.push.seen_at is None])
    answer = page(
        request,
        "my-alerts.html",
        saved=[_saved(opened, asker, watch) for watch in watches],
        names={watch.id: watch.name for watch in watches},
        alerts=alerts,
        pushes=pushes,
        frequencies=FREQUENCY.labels,
        email=account.email if is_configured(opened.settings) else None,
        has_mail=is_configured(opened.settings),
        done=DONE.get(done),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/my/searches")
def post_search(opened: Opened, asker: Member, fields: forms.Fields) -> Response:
    """Save a search as a page of results asks it. Raises what a filter that cannot be read raises."""
    asked = _asked(fields)
    words = [in_words(condition) for condition in read_filter(asked["where"])]
    name = " ".join(UNSEEN.sub("", first(fields, "name")).split())[:_NAME]
    opened.watches.add(
        account_of(asker),
        name or asked["q"][:_NAME] or "，".join(words)[:_NAME] or "全部",
        opened.store.revision(),
        asked=asked,
        frequency=FREQUENCY.code(first(fields, "frequency") or "daily"),
    )
    return onward("/my/alerts?done=saved")


@router.post("/my/searches/{id:int}")
def post_frequency(opened: Opened, asker: Member, id: int, form: forms.Form) -> Response:
    frequency = FREQUENCY.code(form.get("frequency", ""))
    opened.watches.change(account_of(asker), id, frequency, opened.store.revision())
    return onward("/my/alerts?done=changed")


@router.post("/my/searches/{id:int}/remove")
def post_remove(opened: Opened, asker: Member, id: int, form: forms.Form) -> Response:
    opened.watches.remove(account_of(asker), id)
    return onward("/my/alerts?done=removed")


def _asked(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    kind = first(fields, "kind").strip()
    turns = {name: list(ids(fields.get(name, [])))[:MARKED] for name in ("like", "unlike")}
    return {
        "q": UNSEEN.sub("", first(fields, "q")).strip()[:_LONGEST],
        "kind": KIND.code(kind) if kind else None,
        "where": list(each_once(fields.get("where", [])))[:_CONDITIONS],
        "without": list(each_once(fields.get("without", [])))[:_CONDITIONS],
        "mode": MODE.code(first(fields, "mode") or "hybrid"),
        **{name: marks for name, marks in turns.items() if marks},
    }


def _saved(opened: Installation, asker: Viewer, watch: Watch) -> Saved:
    if watch.demand is not None:
        return Saved(watch, f"/my/demands/{watch.demand}", ["跟着需求：有新的成果合适时提醒"])
    held: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in watch.asked.items()
    }
    turns = [
        f"{label}：{record.title}"
        for name, label in (("like", "更像"), ("unlike", "不要"))
        for record in marked(opened, asker, held.get(name, ()))
    ]
    conditions = [in_words(condition) for condition in read_filter(held["where"])]
    return Saved(watch, Asked(**held).address(), [*conditions, *turns])
