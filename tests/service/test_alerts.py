"""What saved searches tell, and what they never tell; on the site, and by mail through a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.records import Achievement, Demand
from corpus.watches import Found, Watch, Watches, WatchNotFound
from service.access import SESSION
from service.alerting import alert
from service.alerts import shown, tell, waiting
from service.installation import Installation
from service.mail import MailUnavailable
from service.viewer import viewer_of
from tests.service.conftest import Run, form, sign_in
from tests.service.test_demands import FIRM, filed, sent, text

QUESTION = {"q": "外转子风机电磁噪声", "kind": "achievement", "where": [], "without": [], "mode": "hybrid"}


def offer(number: str, **more: Any) -> Achievement:
    told: dict[str, Any] = {
        "source": "t", "source_id": number, "title": f"外转子风机电磁噪声抑制 {number}", "summary": "风机低速电磁噪声降低 7 dB",
        "organisation": "某研究院", "region": "330100",
    }  # fmt: skip
    return Achievement(**told | more)


@pytest.fixture
def firm(installation: Installation) -> Account:
    return installation.accounts.add(
        "wang", "four horses stand still", role="firm", organisation=FIRM, email="wang@example.org"
    )


def watch(installation: Installation, account: Account, **more: Any) -> Watch:
    given: dict[str, Any] = {"asked": QUESTION, "frequency": "instant"} | more
    return installation.watches.add(account.id, "风机噪声", installation.store.revision(), **given)


def told(installation: Installation, account: Account) -> list[str]:
    """Titles of what the account's page lists."""
    held = shown(installation, viewer_of(account), installation.watches.alerts(account.id))
    return sorted(record.title for _, record in held)


def later(installation: Installation, hours: float) -> None:
    clock = installation.watches.clock
    installation.watches.clock = lambda: clock() + timedelta(hours=hours)


def test_what_came_since_is_told_once_with_its_reasons(installation: Installation, firm: Account) -> None:
    installation.store.save([offer("0")])
    watch(installation, firm, asked={**QUESTION, "where": ["region=浙江"]})
    installation.store.save(
        [
            offer("1"),
            offer("2", region="310000"),
            Achievement(source="t", source_id="3", title="印染废水回用", region="330100"),
        ]
    )
    assert tell(installation).alerts == 1
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 1"]
    (one,) = installation.watches.alerts(firm.id)
    assert one.why[0] in ("高度匹配", "可能匹配")
    assert "噪声" in one.why[1]
    assert one.why[2] == "地区：浙江省"
    installation.store.save([offer("1", summary="风机低速电磁噪声降低 9 dB")])
    assert tell(installation).alerts == 0
    assert waiting(installation, viewer_of(firm)) == 1


def test_a_search_without_words_tells_all_that_passes(installation: Installation, firm: Account) -> None:
    watch(installation, firm, asked={**QUESTION, "q": "", "where": ["region=杭州"]})
    installation.store.save([offer("1"), offer("2", region="310000")])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 1"]


def test_an_old_record_that_is_edited_is_no_news_but_one_that_is_published_is(
    installation: Installation, firm: Account
) -> None:
    installation.store.save([offer("1"), offer("2", status="pending_review")])
    made = watch(installation, firm)
    tomorrow = made.made_at.date() + timedelta(days=1)
    installation.store.save([offer("1", price_max=30), offer("2", published_on=tomorrow)])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 2"]


@pytest.mark.parametrize(
    "hidden",
    [
        {"visibility": "brokers"},
        {"visibility": "org"},
        {"visibility": "private"},
        {"status": "draft"},
        {"status": "withdrawn"},
        {"status": "pending_review"},
    ],
)
def test_what_its_owner_may_not_see_is_never_told(
    installation: Installation, firm: Account, hidden: dict[str, str]
) -> None:
    watch(installation, firm)
    installation.store.save([offer("1", **hidden), offer("2", visibility="members")])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 2"]


def test_what_was_withdrawn_hidden_or_deleted_since_is_told_no_more(installation: Installation, firm: Account) -> None:
    watch(installation, firm)
    ids = installation.store.save([offer(number) for number in "1234"]).added
    tell(installation)
    assert len(told(installation, firm)) == 4
    installation.store.save([offer("1", status="withdrawn"), offer("2", visibility="brokers")])
    installation.store.delete([ids[2]])
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 4"]
    assert waiting(installation, viewer_of(firm)) == 1


def test_a_disabled_account_is_told_nothing(installation: Installation, firm: Account) -> None:
    watch(installation, firm)
    installation.store.save([offer("1")])
    installation.accounts.disable(firm)
    assert tell(installation).alerts == 0


@pytest.mark.parametrize(("frequency", "hours"), [("instant", 0.0), ("daily", 24), ("weekly", 24 * 7)])
def test_a_search_is_asked_when_its_time_has_come(
    installation: Installation, firm: Account, frequency: str, hours: float
) -> None:
    watch(installation, firm, frequency=frequency)
    installation.store.save([offer("1")])
    if hours:
        later(installation, hours - 0.1)
        assert tell(installation).watches == 0
        later(installation, 0.2)
    assert (tell(installation).alerts, tell(installation).watches) == (1, 0)


def test_what_came_while_a_search_was_off_is_not_told_later(installation: Installation, firm: Account) -> None:
    held = watch(installation, firm, frequency="off")
    installation.store.save([offer("1")])
    assert tell(installation).watches == 0
    installation.watches.change(firm.id, held.id, "instant", installation.store.revision())
    installation.store.save([offer("2")])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 2"]


def test_a_demand_is_followed_while_it_is_open(installation: Installation, firm: Account) -> None:
    demand = Demand(
        source="站内",
        source_id="1",
        title="外转子风机电磁噪声",
        problem="风机低速时嗡嗡响",
        owner=firm.id,
        organisation=FIRM,
        exclude_orgs=("某大学",),
    )
    (id,) = installation.store.save([demand]).added
    watch(installation, firm, asked=None, demand=id)
    installation.store.save([offer("1"), offer("2", organisation="某大学"), replace(demand, source_id="2", owner=None)])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 1"]
    installation.store.save([replace(demand, status="solved")])
    installation.store.save([offer("3")])
    tell(installation)
    assert told(installation, firm) == ["外转子风机电磁噪声抑制 1"]


def test_a_record_is_told_once_whoever_writes(installation: Installation, firm: Account) -> None:
    held = watch(installation, firm)
    assert installation.watches.told(held, [Found(7, ["甲"]), Found(8, [])], 9) == 2
    assert Watches(installation.store.engine).told(held, [Found(7, ["乙"]), Found(9, [])], 10) == 1
    assert [(one.record, one.why) for one in installation.watches.alerts(firm.id) if one.record == 7] == [(7, ["甲"])]


def test_a_watch_is_its_owners(installation: Installation, firm: Account) -> None:
    held = watch(installation, firm)
    for change in (
        lambda: installation.watches.get(99, held.id),
        lambda: installation.watches.change(99, held.id, "off", 1),
        lambda: installation.watches.remove(99, held.id),
    ):
        with pytest.raises(WatchNotFound):
            change()
    assert installation.watches.of(firm.id) == [held]


class Box:
    """What a mail server does with letters: keeps them, or refuses them."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        if self.refuses:
            return "554 no"
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


@pytest.fixture
def box(installation: Installation) -> Iterator[Box]:
    """A mail server on loopback, and an installation that sends through it."""
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    installation.settings = replace(
        installation.settings,
        smtp_host=f"127.0.0.1:{port}",
        smtp_security="none",
        smtp_from="对接 <duijie@example.org>",
        site="https://duijie.example.org",
    )
    yield box
    controller.stop()


def test_a_letter_tells_what_is_new_and_why(installation: Installation, firm: Account, box: Box) -> None:
    watch(installation, firm)
    (id,) = installation.store.save([offer("1", contact="分机 8001")]).added
    assert alert(installation).letters == 1
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("wang@example.org", "“风机噪声”有 1 条新的 · 对接")
    assert "对接" in letter["From"]
    said = letter.get_content().replace("\r\n", "\n")
    assert "1. 科技成果：外转子风机电磁噪声抑制 1（某研究院）\n   为什么：" in said
    assert f"https://duijie.example.org/records/{id}" in said
    assert "8001" not in said
    assert alert(installation).letters == 0


def test_a_letter_that_is_refused_is_tried_again_and_sent_once(
    installation: Installation, firm: Account, box: Box
) -> None:
    watch(installation, firm)
    installation.store.save([offer("1")])
    box.refuses = True
    assert (alert(installation).refused, box.letters) == (1, [])
    box.refuses = False
    assert (alert(installation).letters, alert(installation).letters, len(box.letters)) == (1, 0, 1)


def test_what_may_not_be_told_any_more_or_was_seen_is_not_sent(
    installation: Installation, firm: Account, box: Box
) -> None:
    watch(installation, firm)
    installation.store.save([offer("1"), offer("2"), offer("3")])
    tell(installation)
    installation.store.save([offer("1", status="withdrawn")])
    seen = [
        one.id
        for one, record in shown(installation, viewer_of(firm), installation.watches.alerts(firm.id))
        if record.source_id == "2"
    ]
    installation.watches.see(seen)
    alert(installation)
    (letter,) = box.letters
    assert [line for line in letter.get_content().splitlines() if "科技成果" in line] == [
        "1. 科技成果：外转子风机电磁噪声抑制 3（某研究院）"
    ]


def test_nothing_is_claimed_while_the_mail_server_is_away(installation: Installation, firm: Account, box: Box) -> None:
    watch(installation, firm)
    installation.store.save([offer("1")])
    settings = installation.settings
    installation.settings = replace(settings, smtp_host="127.0.0.1:9")
    with pytest.raises(MailUnavailable, match="连不上邮件服务器"):
        alert(installation)
    installation.settings = settings
    assert alert(installation).letters == 1


def test_a_search_is_saved_from_its_page_and_its_news_are_counted_until_they_are_seen(
    visitor: TestClient, installation: Installation
) -> None:
    assert "登录 后可以保存这个搜索" in text(visitor.get("/search", params={"q": "风机噪声"}))
    sign_in(visitor, installation, "firm", organisation=FIRM)
    page = BeautifulSoup(
        visitor.get("/search", params={"q": "外转子风机电磁噪声", "kind": "achievement", "where": "region=浙江"}).text,
        "html.parser",
    )
    saving = page.select_one(".saving form")
    assert saving is not None
    fields = {str(box["name"]): box.get("value", "") for box in saving.select("input")} | {"frequency": "instant"}
    answer = sent(visitor, "/my/searches", fields)
    assert "地区：浙江省" in text(answer)
    installation.store.save([offer("1")])
    tell(installation)
    home = BeautifulSoup(visitor.get("/").text, "html.parser")
    assert home.select_one("a[href='/my/alerts'] .waits").get_text() == "1 条没有看过"  # type: ignore[union-attr]
    news = visitor.get("/my/alerts")
    assert "外转子风机电磁噪声抑制 1" in text(news)
    assert BeautifulSoup(visitor.get("/").text, "html.parser").select("a[href='/my/alerts'] .waits") == []
    (link,) = BeautifulSoup(news.text, "html.parser").select(".watch-row h3 a")
    assert text(visitor.get(str(link["href"])), "h1") == "找到的成果"


def test_frequency_is_changed_and_a_search_removed_by_its_owner_alone(
    visitor: TestClient, installation: Installation
) -> None:
    account = sign_in(visitor, installation, "firm")
    own = str(visitor.cookies[SESSION])
    held = watch(installation, account)
    sign_in(visitor, installation, "operator")
    assert "风机噪声" not in text(visitor.get("/my/alerts"))
    for path in (f"/my/searches/{held.id}", f"/my/searches/{held.id}/remove"):
        assert sent(visitor, path, {"frequency": "off"}).status_code == 400
        assert visitor.post(path, data={"frequency": "off", "token": "0"}).status_code == 403
    visitor.cookies.set(SESSION, own)
    sent(visitor, f"/my/searches/{held.id}", {"frequency": "weekly"})
    assert installation.watches.get(account.id, held.id).frequency == "weekly"
    assert sent(visitor, f"/my/searches/{held.id}", {"frequency": "hourly"}).status_code == 400
    sent(visitor, f"/my/searches/{held.id}/remove", {})
    assert installation.watches.of(account.id) == []


def test_a_filed_demand_is_followed_unless_its_firm_says_no(visitor: TestClient, installation: Installation) -> None:
    account = sign_in(visitor, installation, "firm", organisation=FIRM)
    filed(visitor, asks="1")
    assert installation.watches.of(account.id) == []
    id = filed(visitor, asks="1", follow="1")
    (held,) = installation.watches.of(account.id)
    assert (held.demand, held.name, held.frequency) == (id, "风机电磁噪声", "daily")


def test_a_filter_that_cannot_be_read_is_not_saved(visitor: TestClient, installation: Installation) -> None:
    account = sign_in(visitor, installation, "firm")
    assert visitor.post("/my/searches", data=form(visitor, q="风机", where="region=亚特兰蒂斯")).status_code == 400
    assert installation.watches.of(account.id) == []


def test_the_command_tells_what_it_did(run: Run, installation: Installation, firm: Account) -> None:
    watch(installation, firm)
    installation.store.save([offer("1")])
    assert run("alerts", "--json").json == {"watches": 1, "alerts": 1, "letters": 0, "refused": 0}
    assert run("alerts").out == "看过到时的搜索 0 个，新提醒 0 条；没有设邮件服务器，只记在站内。\n"
