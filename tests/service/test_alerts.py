"""What saved searches tell, and what they never tell; on the site, and by mail through a real SMTP server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
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
from tests.service.conftest import Box, Run, form, sign_in
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
    given: dict[str, Any] = {"name": "风机噪声", "asked": QUESTION, "frequency": "instant"} | more
    return installation.watches.add(account.id, revision=installation.store.revision(), **given)


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


def test_a_saved_search_stays_turned_as_it_was_when_it_was_saved(installation: Installation, firm: Account) -> None:
    liked = offer("0", title="叶片穿孔吸声结构", summary="轴流叶片开微孔，吸掉旋转噪声")
    (id,) = installation.store.save([liked]).added
    asked = {**QUESTION, "q": "低噪声", "mode": "keyword"}
    for name, turn in (("原样", {}), ("更像叶片", {"like": [id]}), ("不要叶片", {"unlike": [id]})):
        watch(installation, firm, asked={**asked, **turn}, name=name)
    new = offer("1", title="微孔叶片", summary="叶片前缘开微孔，旋转噪声下降")
    (found,) = installation.store.save([new]).added
    installation.store.save([replace(liked, published_on=installation.watches.clock().date() + timedelta(days=1))])
    tell(installation)
    names = {one.id: one.name for one in installation.watches.of(firm.id)}
    alerts = installation.watches.alerts(firm.id)
    assert {(names[one.watch], one.record) for one in alerts if one.record == id} == {("原样", id), ("更像叶片", id)}
    why = {names[one.watch]: "".join(one.why) for one in alerts if one.record == found}
    assert "微孔" in why["更像叶片"]
    assert "微孔" not in why["原样"]


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


def test_what_is_liked_and_not_is_saved_with_the_search_and_shown(
    visitor: TestClient, installation: Installation
) -> None:
    account = sign_in(visitor, installation, "firm", organisation=FIRM)
    address = {"q": "涂层", "kind": "achievement", "like": ["18"], "unlike": ["3", "4"]}
    listed = BeautifulSoup(visitor.get("/search", params=address).text, "html.parser")
    titles = [a.get_text() for a in listed.select(".hits h2 a")]
    saving = listed.select_one(".saving form")
    assert saving is not None
    fields: dict[str, Any] = {"frequency": "daily"}
    for box in saving.select("input"):
        fields.setdefault(str(box["name"]), []).append(box.get("value", ""))
    answer = BeautifulSoup(visitor.post("/my/searches", data=fields).text, "html.parser")
    (held,) = installation.watches.of(account.id)
    assert (held.asked["like"], held.asked["unlike"]) == ([18], [3, 4])
    (row,) = answer.select(".watch-row h3")
    told = row.find_next("p")
    assert told is not None
    assert f"更像：{installation.store.get(18).title}；不要：{installation.store.get(3).title}" in told.get_text()
    again = BeautifulSoup(visitor.get(str(row.a["href"])).text, "html.parser")  # type: ignore[index]
    assert [a.get_text() for a in again.select(".hits h2 a")] == titles
    assert visitor.post("/my/searches", data=form(visitor, q="涂层", like="无")).status_code == 200


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
    assert run("alerts", "--json").json == {"watches": 1, "alerts": 1, "pushes": 0, "letters": 0, "refused": 0}
    assert run("alerts").out == "看过到时的搜索 0 个，新提醒 0 条，告知推送 0 项；没有设邮件服务器，只记在站内。\n"
