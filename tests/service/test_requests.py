"""Asking to be put in touch: what a visitor, a firm, a broker and an operator see and do; the contact stands in no page unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.disclosures import disclosures_of
from corpus.records import Achievement, Demand
from corpus.tries import CONTACTS
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from tests.service.conftest import form, sign_in
from tests.service.test_pages import words

PHONE, LAB = "138 0000 1234", "李老师 0571-88000000"
ASKED = {"name": "周工", "organisation": "甬江电机公司", "contact": PHONE, "message": "想看样机的噪声数据"}
OFFER = Achievement(
    source="t", source_id="offer", title="电机降噪", summary="抑制电机噪声", contact=LAB, organisation="某大学"
)
HIDDEN = Demand(source="t", source_id="hidden", title="电机啸叫", problem="低速啸叫", visibility="brokers")
SOLVED = Achievement(source="t", source_id="solved", title="电机散热", summary="电机水冷", status="transferred")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path)) as installation:
        yield installation


@pytest.fixture
def ids(opened: Installation) -> dict[str, int]:
    saved = opened.store.save([OFFER, HIDDEN, SOLVED])
    return {record.source_id: record.id for record in saved.records}


@pytest.fixture
def client(opened: Installation, ids: dict[str, int]) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def become(client: TestClient, opened: Installation, role: str, **more: str) -> Account | None:
    client.cookies.clear()
    return None if role == "visitor" else sign_in(client, opened, role, **more)


def ask(client: TestClient, id: int, **changed: str) -> tuple[int, BeautifulSoup]:
    """Open the form, fill it in and send it; the status and the page that answers in the end."""
    client.get(f"/records/{id}/contact")
    answer = client.post(f"/records/{id}/contact", data=form(client, **{**ASKED, **changed}))
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def read(client: TestClient, address: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == status
    return BeautifulSoup(answer.text, "html.parser")


def test_a_visitor_asks_a_broker_takes_opens_and_closes_it(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    link = read(client, f"/records/{ids['offer']}").select_one(".getting a")
    assert link
    assert link["href"] == f"/records/{ids['offer']}/contact"
    status, told = ask(client, ids["offer"])
    assert status == 200
    assert "请求已发给本站的技术经纪人" in words(told.main)

    broker = become(client, opened, "broker", name="林经纪")
    assert broker
    assert words(read(client, "/").select_one(".waits")) == "1 条待接手"
    (listed,) = read(client, "/requests").select("ol.requests > li")
    assert words(listed.h2) == "周工，甬江电机公司"
    address = str(listed.select("h2 a")[0]["href"])
    for shown in ("/requests", address):
        assert PHONE not in client.get(shown).text
        assert LAB not in client.get(shown).text
    assert disclosures_of(opened.store.engine, ids["offer"]) == []

    reached = client.post(address, data=form(client))
    assert PHONE in reached.text
    assert LAB in reached.text
    noted = disclosures_of(opened.store.engine, ids["offer"])
    assert [(one.user, one.request) for one in noted] == [(broker.id, None), (broker.id, 1)]

    client.post(f"{address}/take", data=form(client))
    assert not read(client, "/").select(".waits")
    lacking = client.post(f"{address}/close", data=form(client, note=" "))
    assert lacking.status_code == 400
    assert "请填写答复" in lacking.text
    closed = client.post(f"{address}/close", data=form(client, note="周三通话"))
    assert "已办结" in closed.text
    assert [words(one.h2) for one in read(client, "/requests?state=closed").select("ol.requests > li")] == [
        "周工，甬江电机公司"
    ]


def test_a_firm_is_known_and_reads_what_became_of_its_request(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    firm = become(client, opened, "firm", name="周工", organisation="甬江电机公司", email="zhou@example.com")
    filled = {
        str(i["name"]): i["value"]
        for i in read(client, f"/records/{ids['offer']}/contact").select(".contact input[value]")
    }
    assert (filled["name"], filled["organisation"], filled["contact"]) == ("周工", "甬江电机公司", "zhou@example.com")
    assert "还没有发过" in words(read(client, "/my/requests").main)
    ask(client, ids["offer"])
    assert "现在是“待接手”" in words(read(client, f"/records/{ids['offer']}/contact").select_one(".calm"))
    assert firm
    broker = become(client, opened, "broker")
    assert broker
    opened.requests.take(1, broker.id)
    opened.requests.close(1, broker.id, "对方周三回电")
    client.cookies.clear()
    client.cookies.set("duijie_session", opened.accounts.begin(firm))
    (mine,) = read(client, "/my/requests").select("ol.requests > li")
    assert "已办结" in words(mine)
    assert "对方周三回电" in words(mine)
    assert "电机降噪" in words(mine.h2)
    become(client, opened, "firm")
    assert "还没有发过" in words(read(client, "/my/requests").main)


@pytest.mark.parametrize("role", ["visitor", "firm"])
@pytest.mark.parametrize("address", ["/requests", "/requests/1"])
def test_requests_are_for_brokers(
    client: TestClient, opened: Installation, ids: dict[str, int], role: str, address: str
) -> None:
    ask(client, ids["offer"])
    become(client, opened, role)
    answer = client.get(address, follow_redirects=False)
    assert answer.status_code == (303 if role == "visitor" else 403)
    assert "周工" not in answer.text
    for step in ("", "/take", "/release", "/close"):
        sent = client.post(f"/requests/1{step}", data=form(client, note="x"), follow_redirects=False)
        assert sent.status_code == (303 if role == "visitor" else 403)
    assert opened.requests.get(1).state == "new"
    assert disclosures_of(opened.store.engine, ids["offer"]) == []


def test_what_may_not_be_seen_is_asked_about_like_what_does_not_exist(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    client.get(f"/records/{ids['offer']}/contact")
    told = []
    for id in (ids["hidden"], 999):
        for answer in (
            client.get(f"/records/{id}/contact"),
            client.post(f"/records/{id}/contact", data=form(client, **ASKED)),
        ):
            assert answer.status_code == 404
            told.append(answer.text.replace(f"编号为 {id} 的", "").replace(f"%2F{id}%2F", ""))
    assert told[:2] == told[2:]
    assert opened.requests.waiting() == 0


def test_a_wrong_field_keeps_what_was_written_and_says_what_to_mend(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    status, told = ask(client, ids["offer"], contact="找我就行", message="<b>样机</b>")
    assert status == 400
    assert words(told.select_one("#contact-told")) == "请写电话号码（带区号）或电子邮箱"
    assert told.select("#contact[aria-invalid]")
    assert words(told.select_one("#message")) == "<b>样机</b>"
    assert opened.requests.waiting() == 0


def test_a_machine_that_fills_in_everything_is_told_apart(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    status, told = ask(client, ids["offer"], callback="https://example.com")
    assert status == 400
    assert "请清空后再发" in words(told.select_one("[role=alert]"))
    assert opened.requests.waiting() == 0


def test_a_form_from_elsewhere_sends_nothing(client: TestClient, opened: Installation, ids: dict[str, int]) -> None:
    assert client.post(f"/records/{ids['offer']}/contact", data=ASKED).status_code == 403
    client.get(f"/records/{ids['offer']}/contact")
    assert client.post(f"/records/{ids['offer']}/contact", data={**ASKED, "token": "x"}).status_code == 403
    assert opened.requests.waiting() == 0


def test_many_requests_from_one_address_have_to_wait(client: TestClient, ids: dict[str, int]) -> None:
    statuses = [ask(client, ids["offer"], message=f"第 {n} 次")[0] for n in range(CONTACTS)]
    assert statuses == [200] * CONTACTS
    status, told = ask(client, ids["offer"], message="再来一次")
    assert status == 429
    assert "联系请求发得太多" in words(told.select_one("[role=alert]"))
    assert words(told.select_one("#message")) == "再来一次"


def test_who_owns_or_sees_to_a_record_and_what_is_closed_ask_for_nothing(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    for role, organisation, name in (("firm", "某大学", "offer"), ("broker", "", "offer"), ("visitor", "", "solved")):
        become(client, opened, role, organisation=organisation)
        assert not read(client, f"/records/{ids[name]}").select(".getting")
        status, told = ask(client, ids[name])
        assert status == 400
        assert not told.select("form.contact")
    assert opened.requests.waiting() == 0


def test_a_record_that_went_leaves_its_requests_readable(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    ask(client, ids["offer"])
    opened.store.delete([ids["offer"]])
    become(client, opened, "broker")
    assert "现已撤下" in words(read(client, "/requests").main)
    assert PHONE in client.post("/requests/1", data=form(client)).text
    assert read(client, "/requests/7", 404)
    assert client.post("/requests/1/release", data=form(client)).status_code == 409


def test_what_people_write_in_a_request_comes_out_as_text(
    client: TestClient, opened: Installation, ids: dict[str, int]
) -> None:
    script = "<script>alert(1)</script>"
    ask(client, ids["offer"], name=script, organisation=script, message=script, contact=f"{script} {PHONE}")
    become(client, opened, "operator")
    for text in (
        client.get("/requests").text,
        client.get("/requests/1").text,
        client.post("/requests/1", data=form(client)).text,
    ):
        found = BeautifulSoup(text, "html.parser")
        assert script in words(found.main)
        assert [one.get("src") for one in found.select("script")] == ["/static/duijie.js"]
