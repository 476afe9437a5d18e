"""What a firm is told of a match that a broker pushed to it: once, with reasons, on the site and by mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.needs import Given
from corpus.pairs import Actor
from corpus.records import Achievement, Demand
from service.access import SESSION
from service.alerting import alert
from service.alerts import waiting
from service.installation import Installation
from service.pushes import pushed, tell_pushes
from service.viewer import viewer_of
from tests.service.conftest import PASSWORD, Box, sign_in
from tests.service.test_demands import FIRM

LI = Actor("li", "lead")
NEED = Demand(
    source="站内", source_id="1", title="外转子风机电磁噪声", problem="外转子风机低速时嗡嗡响", organisation=FIRM,
    public_summary="风机降噪",
)  # fmt: skip
OFFER = Achievement(
    source="t", source_id="1", title="外转子风机电磁噪声抑制", summary="低速电磁噪声降低 7 dB", organisation="某研究院"
)


@pytest.fixture
def firm(installation: Installation) -> Account:
    return installation.accounts.add("wang", PASSWORD, role="firm", organisation=FIRM, email="wang@example.org")


@pytest.fixture
def institute(installation: Installation) -> Account:
    return installation.accounts.add("zhao", PASSWORD, role="firm", organisation="某研究院", email="zhao@example.org")


def push(installation: Installation, first: str = "demand", need: Demand = NEED, offer: Achievement = OFFER) -> int:
    """A match brought as far as its push."""
    demand, achievement = installation.store.save([need, offer]).added
    made = installation.matches
    id = made.propose(demand, achievement, LI).id
    return pushed_again(installation, id, first)


def pushed_again(installation: Installation, id: int, first: str) -> int:
    made = installation.matches
    made.step(id, "shortlisted", LI)
    made.review(id, LI, "advance")
    made.step(id, "assessed", LI)
    made.step(id, "recommended", LI, Given(first=first, said="请看看这项，厂家可以寄样"))
    return id


def told(installation: Installation, account: Account) -> list[str]:
    return [one.title for one in pushed(installation, viewer_of(account), installation.pushes.of(account.id))]


def test_a_firm_is_told_once_with_the_brokers_word_and_what_speaks_for_it(
    installation: Installation, firm: Account, institute: Account
) -> None:
    id = push(installation, need=replace(NEED, visibility="brokers", owner=firm.id))
    assert (tell_pushes(installation), tell_pushes(installation)) == (1, 0)
    (one,) = pushed(installation, viewer_of(firm), installation.pushes.of(firm.id))
    assert (one.title, one.whose, one.own.title, one.word) == (OFFER.title, "某研究院", NEED.title, "待答复")
    assert one.push.why[0] == "经纪人说：请看看这项，厂家可以寄样"
    assert "噪声" in "".join(one.push.why[1:])
    assert waiting(installation, viewer_of(firm)) == 1
    assert told(installation, institute) == []
    installation.matches.step(id, "interested", LI, Given(side="demand"))
    assert tell_pushes(installation) == 1
    (one,) = pushed(installation, viewer_of(institute), installation.pushes.of(institute.id))
    assert (one.title, one.whose) == ("风机降噪", None)  # the demand is for brokers
    assert one.push.why == ["对方对贵方的成果有意向"]


def test_a_push_to_both_sides_is_told_to_each_once(
    installation: Installation, firm: Account, institute: Account
) -> None:
    id = push(installation, "both")
    assert tell_pushes(installation) == 2
    installation.matches.step(id, "interested", LI, Given(side="supply"))
    assert tell_pushes(installation) == 0
    assert told(installation, firm) == [OFFER.title]


@pytest.mark.parametrize("first", ["demand", "supply"])
def test_whose_other_side_asked_before_the_push_is_told_whomever_it_was_pushed_to_first(
    installation: Installation, firm: Account, institute: Account, first: str
) -> None:
    need = replace(NEED, visibility="brokers", owner=firm.id)
    demand, achievement = installation.store.save([need, OFFER]).added
    request = installation.requests.add(achievement, name="王工", contact="wang@example.org", message="想看样机")
    match = installation.matches.ask(demand, achievement, Actor("wang", "demand"), "demand", request=request)
    pushed_again(installation, match.id, first)
    tell_pushes(installation)
    (one,) = pushed(installation, viewer_of(institute), installation.pushes.of(institute.id))
    assert one.title == "风机降噪"
    assert one.push.why == {
        "demand": ["对方对贵方的成果有意向"],
        "supply": ["经纪人说：请看看这项，厂家可以寄样", "经纪人认为合适"],
    }[first]  # fmt: skip


def test_what_is_taken_back_is_told_no_more_and_what_is_pushed_anew_is_told_anew(
    installation: Installation, firm: Account
) -> None:
    id = push(installation)
    tell_pushes(installation)
    installation.matches.undo(id, LI)
    assert told(installation, firm) == []
    assert waiting(installation, viewer_of(firm)) == 0
    installation.matches.step(id, "rejected", LI, Given(reason="region"))
    installation.matches.step(id, "reopened", LI, Given(reason="other", note="又有了眉目"))
    pushed_again(installation, id, "demand")
    assert tell_pushes(installation) == 1
    assert told(installation, firm) == [OFFER.title]


@pytest.mark.parametrize("hidden", [{"visibility": "brokers"}, {"visibility": "members", "status": "withdrawn"}])
def test_what_a_firm_may_not_see_is_not_told(installation: Installation, firm: Account, hidden: dict[str, Any]) -> None:
    push(installation)
    installation.store.save([replace(OFFER, **hidden)])
    tell_pushes(installation)
    assert told(installation, firm) == []


def test_other_firms_disabled_accounts_and_brokers_are_not_told(installation: Installation, firm: Account) -> None:
    other = installation.accounts.add("sun", PASSWORD, role="firm", organisation="别的厂")
    broker = installation.accounts.add("lin", PASSWORD, role="broker", organisation=FIRM)
    installation.accounts.disable(firm)
    push(installation)
    assert tell_pushes(installation) == 0
    assert [told(installation, account) for account in (firm, other, broker)] == [[], [], []]


def test_a_firm_that_answered_before_it_was_told_is_not_told(installation: Installation, firm: Account) -> None:
    id = push(installation)
    installation.matches.step(id, "interested", Actor("wang", "demand"))
    assert tell_pushes(installation) == 0


def test_a_letter_tells_of_a_push_and_is_sent_once(installation: Installation, firm: Account, box: Box) -> None:
    push(installation, offer=replace(OFFER, contact="分机 8001"))
    box.refuses = True
    assert alert(installation).refused == 1
    box.refuses = False
    assert [alert(installation).letters for _ in range(2)] == [1, 0]
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("wang@example.org", "经纪人推送给您 1 项 · 对接")
    said = letter.get_content().replace("\r\n", "\n")
    assert "1. 科技成果：外转子风机电磁噪声抑制（某研究院）\n   为什么：经纪人说：请看看这项，厂家可以寄样；" in said
    assert "针对您的技术需求：外转子风机电磁噪声" in said
    assert "https://duijie.example.org/my/matches#match-" in said
    assert "8001" not in said


def test_what_was_seen_on_the_site_is_not_sent(installation: Installation, firm: Account, box: Box) -> None:
    push(installation)
    tell_pushes(installation)
    installation.pushes.see([one.id for one in installation.pushes.of(firm.id)])
    assert alert(installation).letters == 0


def test_the_page_of_alerts_leads_to_where_the_firm_answers(visitor: TestClient, installation: Installation) -> None:
    sign_in(visitor, installation, "firm", organisation=FIRM)
    push(installation)
    tell_pushes(installation)
    home = BeautifulSoup(visitor.get("/").text, "html.parser")
    assert home.select_one("a[href='/my/alerts'] .waits").get_text() == "1 条没有看过"  # type: ignore[union-attr]
    page = BeautifulSoup(visitor.get("/my/alerts").text, "html.parser")
    (row,) = page.select("section[aria-labelledby=pushed] .alert-row")
    assert "经纪人说：请看看这项，厂家可以寄样" in row.get_text()
    assert visitor.cookies[SESSION]
    link = row.select_one("h3 a")
    assert link is not None
    led = visitor.get(str(link["href"]))
    assert led.status_code == 200
    assert BeautifulSoup(led.text, "html.parser").select(str(link["href"]).partition("/my/matches")[2])
    assert BeautifulSoup(visitor.get("/").text, "html.parser").select("a[href='/my/alerts'] .waits") == []


def test_what_its_owner_keeps_from_everybody_is_told_to_the_other_side_no_more(
    installation: Installation, firm: Account, institute: Account
) -> None:
    push(installation, first="both", need=replace(NEED, owner=firm.id))
    assert tell_pushes(installation) == 2
    assert told(installation, institute) == [NEED.title]
    installation.store.save([replace(NEED, visibility="private", owner=firm.id)])
    assert told(installation, institute) == []
