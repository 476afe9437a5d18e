"""A served site with one of everything on it: a demand with a match that was pushed, unsaved edits, a saved search, a request, an import, a job, a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from corpus.accounts import Account
from corpus.needs import Given
from corpus.pairs import Actor
from corpus.records import Demand
from service.access import SESSION
from service.installation import Installation
from service.pushes import tell_pushes
from service.suggesting import follow
from tests.service.conftest import PASSWORD, form

FIRM = "甬江智驱科技公司（示例）"
SHEET = (
    "需求名称,技术难题\n磁钢起泡,磁钢放半年表面起泡掉皮，盐雾不过\n套圈烧伤,内圆磨削后套圈滚道有烧伤\n,没有写名称\n"
).encode()
OFFER = 18
"""An achievement of the sample library that is pushed to the firm."""
FOLLOWED = 6
"""Demands of the sample library that suggestions are made for."""


@dataclass(frozen=True)
class Site:
    """`known` are the numbers by which its pages are asked for, `sessions` those of its people by role."""

    address: str
    installation: Installation
    known: Mapping[str, object]
    sessions: Mapping[str, str]

    def url(self, path: str) -> str:
        return self.address + path.format(**self.known)

    def client(self, role: str) -> httpx.Client:
        """A client signed in as one of its people, or as nobody."""
        cookies = {SESSION: self.sessions[role]} if role in self.sessions else {}
        return httpx.Client(base_url=self.address, cookies=cookies, follow_redirects=True, trust_env=False, timeout=30)


def furnished(installation: Installation, address: str) -> Site:
    """The site over an installation with the sample library that is served at an address."""
    add, begin = installation.accounts.add, installation.accounts.begin
    firm = add("wang", PASSWORD, role="firm", name="王工", organisation=FIRM, email="wang@example.org")
    people = {
        "firm": firm,
        "broker": add("lin", PASSWORD, role="broker", name="林经纪"),
        "operator": add("boss", PASSWORD, role="operator", name="管理员"),
    }
    asked = count()
    follow(installation, give_way=lambda: next(asked) < FOLLOWED)
    site = Site(address, installation, {}, {role: begin(account) for role, account in people.items()})
    known = _matched(installation, firm) | _sent(site)
    known |= _asked(site, firm, known["demand"])
    return Site(address, installation, known, site.sessions)


def _matched(installation: Installation, firm: Account) -> dict[str, Any]:
    need = Demand(
        source="站内", source_id="1", title="磁钢半年就起泡掉皮", owner=firm.id, organisation=FIRM,
        problem="钕铁硼磁钢表面起泡掉皮，电镀前处理换过两种，盐雾还是不过 500 h", visibility="members",
        published_on=installation.matches.today(),
    )  # fmt: skip
    (demand,) = installation.store.save([need]).added
    made, broker = installation.matches, Actor("lin", "lead")
    id = made.propose(demand, OFFER, broker).id
    made.step(id, "shortlisted", broker)
    made.review(id, broker, "advance", "镀层和基体的结合力正是他们要的")
    made.step(id, "assessed", broker)
    made.step(id, "recommended", broker, Given(first="demand", said="团队愿意先寄五片样品试镀。"))
    tell_pushes(installation)
    asked = {
        "q": "磁钢",
        "kind": "achievement",
        "where": ["region=330000"],
        "without": [],
        "mode": "hybrid",
        "like": [OFFER],
    }
    installation.watches.add(firm.id, "磁钢", installation.store.revision(), asked=asked)
    installation.keys.add("ERP", role="broker", scopes=["read", "match"])
    return {"demand": demand, "match": id}


def _sent(site: Site) -> dict[str, Any]:
    """A sheet that is matched, and one that is to be imported."""
    with site.client("operator") as client:
        files = {"file": ("镇上三家的需求.csv", SHEET, "text/csv")}
        job = client.post("/bulk", data=form(client), files=files).raise_for_status()
        sent = client.post("/import", data=form(client), files=files).raise_for_status()
    return {"job": job.url.path.rpartition("/")[2], "file": sent.url.path.rpartition("/")[2]}


def _asked(site: Site, firm: Account, demand: int) -> dict[str, Any]:
    """What the firm left: a request to be put in touch, edits it has not saved, a draft."""
    with site.client("firm") as client:
        said = {"name": "王工", "organisation": FIRM, "contact": "0574-88123456", "message": "能否寄样到宁波试镀？"}
        client.post(f"/records/{OFFER + 1}/contact", data=form(client, **said)).raise_for_status()
        edited = {"title": "磁钢半年就起泡掉皮", "problem": "改到一半"}
        client.post(f"/demands/{demand}/edit/keep", data=form(client, **edited)).raise_for_status()
        client.post("/demands/drafts", data=form(client, title="风机噪声")).raise_for_status()
    (request,) = site.installation.requests.of_user(firm.id)
    return {"request": request.id}
