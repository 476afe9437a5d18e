"""A firm asks to be put in touch for a demand of its own: the workbench has it, both sides answer, and contacts are given in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient
from httpx2 import Response

from corpus.disclosures import disclosures_of
from corpus.pairs import Actor
from corpus.records import Achievement, Demand
from service.access import SESSION
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from tests.service.conftest import PASSWORD, form
from tests.service.test_pages import words

NEED = Demand(
    source="表", source_id="D1", title="压铸件表面起皮", problem="铝合金压铸件喷涂后起皮。", organisation="甲压铸厂（示例）",
    contact="分机 8001", visibility="members",
)  # fmt: skip
OFFER = Achievement(
    source="表", source_id="A1", title="压铸脱模剂残留清除", summary="激光清洗去除脱模剂残留。", organisation="乙研究所（示例）",
    contact="分机 9002",
)  # fmt: skip
ASKED = {
    "name": "周工",
    "organisation": "甲压铸厂（示例）",
    "contact": "0574-88123456",
    "message": "想看清洗后的附着力数据。月产两万件。",
}
PEOPLE = {
    "li": ("broker", None),
    "jia": ("firm", NEED.organisation),
    "yi": ("firm", OFFER.organisation),
    "bing": ("firm", "丙公司"),
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path)) as installation:
        for login, (role, organisation) in PEOPLE.items():
            installation.accounts.add(login, PASSWORD, role=role, name=f"{login} 先生", organisation=organisation)
        yield installation


@pytest.fixture
def client(opened: Installation) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def ids(opened: Installation) -> dict[str, int]:
    return {record.kind: record.id for record in opened.store.save([NEED, OFFER]).records}


def become(client: TestClient, opened: Installation, login: str | None) -> None:
    client.cookies.clear()
    if login:
        client.cookies.set(SESSION, opened.accounts.begin(opened.accounts.find(login)))


def read(answer: Response, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return BeautifulSoup(answer.text, "html.parser")


def do(client: TestClient, path: str, **fields: object) -> Response:
    return client.post(path, data={**form(client), **fields}, follow_redirects=True)


def ask(client: TestClient, record: int, **more: str) -> BeautifulSoup:
    client.get(f"/records/{record}/contact")
    return read(do(client, f"/records/{record}/contact", **ASKED, **more))


def test_a_firm_asks_for_its_demand_and_both_sides_are_brought_together(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    become(client, opened, "jia")
    found = read(client.get(f"/records/{ids['achievement']}/contact?own={ids['demand']}"))
    assert words(found.select_one("#own option[selected]")) == NEED.title
    assert "请求已发给" in words(ask(client, ids["achievement"], own=str(ids["demand"])).main)

    become(client, opened, "li")
    (row,) = read(client.get("/workbench?view=asked")).select(".pair")
    assert "请求牵线 周工，甲压铸厂（示例）：想看清洗后的附着力数据" in words(row)
    (match,) = opened.matches.of_demand(ids["demand"])
    at = f"/workbench/{match.id}"
    found = read(client.get(at))
    assert "有人请求牵线" in words(found.select_one(".byline"))
    assert ASKED["message"] in words(found.select_one("section:has(#asked-for)"))
    assert ASKED["contact"] not in str(found)
    assert f"匹配 {match.id}" in words(read(client.get("/requests/1")).select_one(".calm"))
    assert words(read(do(client, "/requests/1/take")).h1).startswith(f"匹配 {match.id}")
    assert opened.matches.get(match.id).owner == "li"
    assert do(client, "/requests/1/close", note="好").status_code == 409

    opened.matches.step(match.id, "shortlisted", Actor("li", "lead"))
    read(do(client, f"{at}/review", recommendation="advance", note="对得上"))
    read(do(client, f"{at}/step", to="assessed"))
    found = read(do(client, f"{at}/step", to="recommended", first="supply", said="他们想看数据"))
    assert "需求方有意向，成果方还没有答复" in words(found.select_one(".answers"))

    become(client, opened, "bing")
    assert "还没有推给您的" in words(read(client.get("/my/matches")).main)
    for path in ("answer", "contacts"):
        assert do(client, f"/my/matches/{match.id}/{path}", to="interested").status_code == 404

    become(client, opened, "yi")
    (line,) = read(client.get("/my/matches")).select(".brought")
    assert words(line.select_one(".badge")) == "待答复"
    assert "他们想看数据" in words(line)
    assert do(client, f"/my/matches/{match.id}/contacts").status_code == 403
    assert "答复已记下" in words(read(do(client, f"/my/matches/{match.id}/answer", to="interested", version="9")).main)

    become(client, opened, "li")
    read(do(client, f"{at}/step", to="connecting", said="周三通话"))
    become(client, opened, "jia")
    (mine,) = read(client.get("/my/requests")).select("ol.requests > li")
    assert "双方都有意向，经纪人已经牵线。周三通话" in words(mine)
    assert "分机 9002" not in client.get("/my/matches").text
    found = read(do(client, f"/my/matches/{match.id}/contacts"))
    assert "分机 9002" in words(found.select_one(".reached"))
    assert [(event.type, event.actor) for event in opened.matches.history(match.id)][-1] == ("viewed", "jia")


def test_what_a_visitor_asked_becomes_a_demand_with_a_match(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    become(client, opened, None)
    ask(client, ids["achievement"])
    assert opened.requests.get(1).match_id is None
    become(client, opened, "li")
    found = read(do(client, "/requests/1/demand"))
    match = opened.matches.get(opened.requests.get(1).match_id or 0)
    assert words(found.h1).startswith(f"匹配 {match.id}")
    demand = opened.store.get(match.demand_id)
    assert isinstance(demand, Demand)
    assert (demand.title, demand.problem, demand.organisation, demand.visibility) == (
        "想看清洗后的附着力数据", ASKED["message"], ASKED["organisation"], "brokers",
    )  # fmt: skip
    assert [one.request for one in disclosures_of(opened.store.engine, ids["achievement"])] == [1]
    become(client, opened, None)
    assert client.get(f"/records/{demand.id}").status_code == 404
    become(client, opened, "li")
    assert do(client, "/requests/1/demand").status_code == 400


def test_a_demand_that_states_no_contact_is_reached_by_that_of_the_request(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    opened.store.save([replace(NEED, contact=None)])
    become(client, opened, "jia")
    ask(client, ids["achievement"], own=str(ids["demand"]))
    (match,) = opened.matches.of_demand(ids["demand"])
    for to, fields in (("shortlisted", {}), ("assessed", {}), ("recommended", {"first": "both"})):
        become(client, opened, "li")
        read(do(client, f"/workbench/{match.id}/review", recommendation="advance"))
        read(do(client, f"/workbench/{match.id}/step", to=to, **fields))
    become(client, opened, "yi")
    read(do(client, f"/my/matches/{match.id}/answer", to="interested"))
    become(client, opened, "li")
    read(do(client, f"/workbench/{match.id}/step", to="connecting"))
    become(client, opened, "yi")
    reached = read(do(client, f"/my/matches/{match.id}/contacts")).select_one(".reached")
    assert f"周工，{ASKED['contact']}" in words(reached)
    assert [one.user for one in disclosures_of(opened.store.engine, ids["achievement"])] == [3]


def test_nobody_brings_what_is_anothers(client: TestClient, opened: Installation, ids: dict[str, int]) -> None:
    become(client, opened, "bing")
    assert not read(client.get(f"/records/{ids['achievement']}/contact")).select("#own")
    told = do(client, f"/records/{ids['achievement']}/contact", **ASKED, own=str(ids["demand"]))
    assert "不是您的" in words(read(told, 400).select_one("[role=alert]"))
    assert opened.requests.waiting() == 0
    assert opened.matches.of_demand(ids["demand"]) == []


def test_a_supplier_declines_and_reads_why_its_offers_failed(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    match = opened.matches.propose(ids["demand"], ids["achievement"], Actor("li", "broker"))
    for to, fields in (("shortlisted", {}), ("assessed", {}), ("recommended", {"first": "both"})):
        become(client, opened, "li")
        read(do(client, f"/workbench/{match.id}/review", recommendation="advance"))
        read(do(client, f"/workbench/{match.id}/step", to=to, **fields))
    become(client, opened, "jia")
    assert do(client, f"/my/matches/{match.id}/answer", to="declined").status_code == 409
    read(do(client, f"/my/matches/{match.id}/answer", to="declined", reason="too_early", note="还没有中试"))
    become(client, opened, "yi")
    found = read(client.get("/my/matches"))
    assert "成熟度不足 1 次" in words(found.select_one("section:has(#why-not)"))
    assert "原因：成熟度不足" in words(found.select_one(".told"))
    assert "还没有中试" not in str(found)
    become(client, opened, "li")
    assert client.get("/my/matches", follow_redirects=False).headers["location"] == "/workbench"
