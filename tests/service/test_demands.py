"""A demand is written, kept as a draft, filed, followed, answered and closed; and nobody else sees or changes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import html5lib
import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.drafts import Drafts
from corpus.glances import Glances
from corpus.matches import Matches
from corpus.metrics import Metric, parse_metric
from corpus.needs import Given
from corpus.pairs import Actor
from corpus.records import Achievement, Demand
from indexer.attributes import today
from service.access import SESSION
from service.answers import search
from service.filing import MOST_ROWS, ROW, fields_from, fields_of, read, row_of
from service.installation import Installation
from service.viewer import VISITOR, Viewer
from tests.service.conftest import PASSWORD, form, sign_in

FIRM = "甬江智驱科技公司"
PROBLEM = "外转子风机低速时嗡嗡响，换了轴承没用，想把电磁噪声压下来"


def text(response: Any, selector: str = "main") -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").select_one(selector).get_text(" ", strip=True).split())  # type: ignore[union-attr]


def sent(client: TestClient, path: str, fields: dict[str, Any]) -> Any:
    """A form as a browser sends it, repeated fields and all."""
    body = urlencode({**form(client), **fields}, doseq=True)
    return client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.fixture
def firm(visitor: TestClient, installation: Installation) -> Account:
    return sign_in(visitor, installation, "firm", organisation=FIRM)


def filed(client: TestClient, **more: Any) -> int:
    """File a demand and return its number."""
    answer = sent(client, "/demands/new", {"do": "file", "title": "风机电磁噪声", "problem": PROBLEM, **more})
    assert answer.status_code == 200, text(answer)
    return int(answer.url.path.rpartition("/")[2])


def stored(installation: Installation, id: int) -> dict[str, list[str]]:
    """A demand as it stands in the store, as fields of the form."""
    held = installation.store.get(id)
    assert isinstance(held, Demand)
    return fields_of(held)


def test_a_form_makes_the_demand_that_it_says() -> None:
    found = read(
        {
            "title": [" 风机电磁噪声 "],
            "problem": [PROBLEM],
            "criterion_name": ["空载噪声", "", "涂层厚度", "能过盐雾"],
            "criterion_op": ["≤", "≥", "", "≥"],
            "criterion_value": ["45", "", "0.9～1.7", ""],
            "criterion_unit": ["dB", "", "μm", ""],
            "budget_max": ["30-80 万"],
            "deadline": [str(today() + timedelta(days=30))],
            "transfer_modes": ["license", "joint_dev"],
            "industry": ["轴承、齿轮和传动部件制造"],
            "region": ["杭州滨江"],
            "min_trl": ["6"],
            "exclude_orgs": ["某某大学\n某某研究所"],
            "visibility": ["brokers"],
            "private_detail": ["转子外径 92 mm"],
        }
    )
    assert found.faults == {}
    demand = found.demand(Viewer("firm", 7, FIRM))
    assert (demand.title, demand.organisation, demand.owner, demand.status) == ("风机电磁噪声", FIRM, 7, "published")
    assert (demand.budget_min, demand.budget_max, demand.min_trl) == (30, 80, 6)
    assert (demand.transfer_modes, demand.industry, demand.region) == (("license", "joint_dev"), ("C345",), "330108")
    assert (demand.exclude_orgs, demand.visibility) == (("某某大学", "某某研究所"), "brokers")
    assert demand.private_detail == "转子外径 92 mm"
    assert demand.criteria == (
        Metric(name="空载噪声", op="≤", value=45, unit="dB", text="空载噪声 ≤ 45 dB"),
        Metric(name="涂层厚度", op="～", value=0.9, value2=1.7, unit="μm", text="涂层厚度 0.9～1.7 μm"),
        Metric(name="能过盐雾", text="能过盐雾"),
    )


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("title", "", "请给需求起个名字"),
        ("title", "噪" * 81, "最多 80 个字，这里有 81 个"),
        ("problem", " ", "请写下难题"),
        ("budget_max", "看着给", "应为数字"),
        ("deadline", "2020-01-01", "已经过了"),
        ("deadline", "年底", "应为日期"),
        ("industry", "魔法制造", "没有叫“魔法制造”的行业"),
        ("region", "亚特兰蒂斯", "没有叫“亚特兰蒂斯”的地区"),
        ("min_trl", "12", "应在 1 到 9 之间"),
        ("visibility", "everyone", "不认识"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(field: str, written: str, said: str) -> None:
    found = read({"title": ["风机"], "problem": [PROBLEM], field: [written]})
    assert list(found.faults) == [field]
    assert said in found.faults[field]


def test_every_row_of_an_indicator_that_is_wrong_is_named() -> None:
    found = read(
        {"title": ["风机"], "problem": [PROBLEM], "criterion_name": ["", "噪声"], "criterion_value": ["3", "很小"]}
    )
    assert found.faults["criteria"].startswith("第 1 项没有写名称；第 2 项的数值“很小”应是")


def test_a_range_of_money_the_wrong_way_round_is_told() -> None:
    found = read({"title": ["风机"], "problem": [PROBLEM], "budget_min": ["80"], "budget_max": ["30"]})
    assert found.faults == {"budget_max": "预算上限比下限小"}


@pytest.mark.parametrize("said", ["空载噪声 ≤ 45 dB", "厚度 0.9～1.7 μm (25 ℃)", "防护等级 IP54", "效率 93 %"])
def test_an_indicator_that_is_not_changed_stays_as_it_was(said: str) -> None:
    held = Demand(title="风机", problem=PROBLEM, criteria=(parse_metric(said),), industry=("C3812",), region="330108")
    found = read(fields_of(held), held)
    assert found.faults == {}
    assert found.demand(Viewer("firm", 1), held) == held


def test_a_question_fills_the_form_as_far_as_it_says(installation: Installation) -> None:
    asked = f"{PROBLEM}。空载噪声不大于 45 dB。预算 30 到 80 万元以内"
    fields = fields_from(installation.index.reader.read(asked))
    assert fields["title"] == [PROBLEM]
    assert fields["problem"] == [asked]
    assert [fields[name] for name in ROW] == [["空载噪声"], ["≤"], ["45"], ["dB"]]
    assert (fields["budget_min"], fields["budget_max"]) == (["30"], ["80"])
    assert row_of(Metric(name="噪声", op="≤", value=45, condition="空载", text=""))["criterion_name"] == "噪声（空载）"


def test_a_demand_is_filed_and_found_by_the_next_search(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    answer = sent(
        visitor,
        "/demands/new",
        {"do": "file", "title": "风机电磁噪声", "problem": PROBLEM, "private_detail": "外径 92 mm"},
    )
    assert "需求已提交" in text(answer)
    assert "外径 92 mm" in text(answer, ".secret")
    assert BeautifulSoup(answer.text, "html.parser").select("ol.hits > li")
    found = search(installation, "风机电磁噪声", viewer=VISITOR, kind="demand")
    assert found.hits[0].record.title == "风机电磁噪声"
    assert found.hits[0].record.organisation == FIRM
    assert "风机电磁噪声" in text(visitor.get("/my/demands"))


def test_a_form_with_a_fault_keeps_what_was_typed(visitor: TestClient, firm: Account) -> None:
    answer = sent(
        visitor,
        "/demands/new",
        {"do": "file", "title": "", "problem": PROBLEM, "criterion_name": ["噪声"], "criterion_value": ["很小"]},
    )
    assert answer.status_code == 400
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("#problem").get_text() == PROBLEM  # type: ignore[union-attr]
    assert page.select_one("[name=criterion_value]")["value"] == "很小"  # type: ignore[index]
    title = page.select_one("#title")
    assert title is not None
    assert (title["aria-invalid"], title["aria-describedby"]) == ("true", "title-fault title-hint")
    assert [link["href"] for link in page.select("#faults a")] == ["#title", "#criteria"]


def test_rows_come_and_go_without_javascript(visitor: TestClient, firm: Account) -> None:
    row = {"criterion_name": ["噪声", "效率"], "criterion_op": ["≤", "≥"], "criterion_value": ["45", "90"]}
    more = BeautifulSoup(sent(visitor, "/demands/new", {"do": "add", **row}).text, "html.parser")
    assert len(more.select(".criterion")) == 5
    less = BeautifulSoup(sent(visitor, "/demands/new", {"drop": "1", **row}).text, "html.parser")
    assert [box.get("value") for box in less.select("[name=criterion_name]")][:2] == ["效率", ""]


def test_what_matches_is_shown_while_it_is_written(visitor: TestClient, firm: Account) -> None:
    part = sent(visitor, "/demands/preview", {"title": "风机噪声", "problem": PROBLEM, "budget_max": "还没想好"})
    titles = [link.get_text() for link in BeautifulSoup(part.text, "html.parser").select("li > a")]
    assert any("噪声" in title for title in titles)
    assert "写下名称和难题" in sent(visitor, "/demands/preview", {"title": "风"}).text
    whole = sent(visitor, "/demands/new", {"do": "preview", "title": "风机噪声", "problem": PROBLEM})
    assert text(whole, "#preview") == " ".join(
        BeautifulSoup(part.text, "html.parser").get_text(" ", strip=True).split()
    )


def test_organisations_that_are_excluded_are_not_proposed(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    def owners(**more: Any) -> set[str]:
        part = sent(visitor, "/demands/preview", {"title": "风机噪声", "problem": PROBLEM, **more})
        return {name.get_text(strip=True) for name in BeautifulSoup(part.text, "html.parser").select(".byline")}

    excluded = min(owners())
    assert excluded not in owners(exclude_orgs=excluded)


def test_a_draft_is_kept_and_nobody_else_sees_it(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    id = sent(visitor, "/demands/drafts", {"title": "风机", "budget_max": "看着给"}).json()["draft"]
    assert sent(visitor, "/demands/drafts", {"draft": id, "title": "风机啸叫", "budget_max": "看着给"}).json() == {
        "draft": id
    }
    own = visitor.get("/my/demands")
    assert "风机啸叫" in text(own)
    page = BeautifulSoup(visitor.get("/demands/new", params={"draft": id}).text, "html.parser")
    assert page.select_one("#budget_max")["value"] == "看着给"  # type: ignore[index]
    sign_in(visitor, installation, "broker")
    assert visitor.get("/demands/new", params={"draft": id}).status_code == 400
    assert "风机啸叫" not in visitor.get("/my/demands").text
    sent(visitor, "/demands/drafts/discard", {"draft": id})
    assert [draft.id for draft in installation.drafts.all(firm.id)] == [id]
    taken = sent(visitor, "/demands/drafts", {"draft": id, "title": "别人的"}).json()["draft"]
    assert taken != id
    assert installation.drafts.get(firm.id, id).title == "风机啸叫"


def test_edits_are_kept_until_they_are_saved_and_nobody_else_sees_them(
    visitor: TestClient, installation: Installation
) -> None:
    firm = sign_in(visitor, installation, "firm", organisation=FIRM)
    own = str(visitor.cookies[SESSION])
    id = filed(visitor, budget_max="30")
    page = BeautifulSoup(visitor.get(f"/demands/{id}/edit").text, "html.parser")
    assert page.select_one("form#demand")["data-drafts"] == f"/demands/{id}/edit/keep"  # type: ignore[index]
    written = {"title": "风机电磁噪声", "problem": "改到一半", "budget_max": "看着给"}
    assert sent(visitor, f"/demands/{id}/edit/keep", written).status_code == 200
    assert sent(visitor, f"/demands/{id}/edit/keep", {**written, "problem": "改到一半多"}).status_code == 200
    assert stored(installation, id)["budget_max"] == ["30"]
    page = BeautifulSoup(visitor.get(f"/demands/{id}/edit").text, "html.parser")
    assert page.select_one("#problem").get_text() == "改到一半多"  # type: ignore[union-attr]
    assert page.select_one("#budget_max")["value"] == "看着给"  # type: ignore[index]
    assert "没有保存的内容" in page.get_text()
    assert "没保存的改动" in text(visitor.get("/my/demands"))
    assert installation.drafts.all(firm.id) == []
    sign_in(visitor, installation, "firm", organisation=FIRM)
    assert "改到一半多" not in visitor.get(f"/demands/{id}/edit").text
    sign_in(visitor, installation, "firm", organisation="别的厂")
    assert sent(visitor, f"/demands/{id}/edit/keep", written).status_code == 404
    assert sent(visitor, f"/demands/{id}/edit/drop", {}).status_code == 404
    visitor.cookies.set(SESSION, own)
    assert sent(visitor, f"/demands/{id}/edit", {**written, "do": "file"}).status_code == 400
    assert "没有保存的内容" in text(visitor.get(f"/demands/{id}/edit"))
    sent(visitor, f"/demands/{id}/edit", {**written, "budget_max": "50", "do": "file"})
    assert stored(installation, id)["problem"] == ["改到一半"]
    assert "没有保存的内容" not in text(visitor.get(f"/demands/{id}/edit"))


def test_edits_are_dropped_on_request_and_say_when_the_demand_changed_since(
    visitor: TestClient, installation: Installation
) -> None:
    sign_in(visitor, installation, "firm", organisation=FIRM)
    id = filed(visitor)
    answer = sent(visitor, f"/demands/{id}/edit", {"title": "风机", "problem": "改到一半", "do": "draft"})
    assert "改动已存下" in text(answer)
    assert "又改过一次" not in text(visitor.get(f"/demands/{id}/edit"))
    held = installation.store.get(id)
    installation.store.save([replace(held, title="同事改的名称")])
    assert "又改过一次" in text(visitor.get(f"/demands/{id}/edit"))
    page = BeautifulSoup(sent(visitor, f"/demands/{id}/edit/drop", {}).text, "html.parser")
    assert page.select_one("#title")["value"] == "同事改的名称"  # type: ignore[index]
    assert "没有保存的内容" not in page.get_text()


def test_a_draft_goes_when_it_is_filed_or_discarded(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    one, other = (installation.drafts.keep(firm.id, {"title": ["风机"]}).id for _ in range(2))
    filed(visitor, draft=one)
    assert [draft.id for draft in installation.drafts.all(firm.id)] == [other]
    sent(visitor, "/demands/drafts/discard", {"draft": other})
    assert installation.drafts.all(firm.id) == []


def test_a_visitor_signs_in_and_comes_back_to_what_was_typed(visitor: TestClient, installation: Installation) -> None:
    account = installation.accounts.add("wang", PASSWORD, role="firm")
    asked = visitor.get("/demands/new", params={"text": PROBLEM})
    assert asked.url.path == "/sign-in"
    answer = sent(
        visitor,
        "/demands/new",
        {"prefill": "1", "title": "风机啸叫", "criterion_name": ["噪声"], "criterion_value": ["45"]},
    )
    next = BeautifulSoup(answer.text, "html.parser").select_one("[name=next]")["value"]  # type: ignore[index]
    back = sent(visitor, "/sign-in", {"login": "wang", "password": PASSWORD, "next": str(next)})
    page = BeautifulSoup(back.text, "html.parser")
    assert page.select_one("#title")["value"] == "风机啸叫"  # type: ignore[index]
    assert page.select_one("[name=criterion_value]")["value"] == "45"  # type: ignore[index]
    assert [draft.title for draft in installation.drafts.all(account.id)] == ["风机啸叫"]
    assert visitor.get(str(next)).status_code == 400


def test_a_note_fills_the_form_and_files_nothing(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    before = installation.store.revision()
    answer = sent(
        visitor,
        "/demands/new",
        {"prefill": "1", "title": "套圈烧伤", "problem": "内圆磨削后有烧伤", "industry": "C3451", "budget_min": "10"},
    )
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("#title")["value"] == "套圈烧伤"  # type: ignore[index]
    assert page.select_one("#industry")["value"] == "C3451"  # type: ignore[index]
    assert installation.store.revision() == before


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/demands/new", {"do": "file", "title": "风机", "problem": PROBLEM}),
        ("/demands/drafts", {"title": "风机"}),
        ("/demands/preview", {"title": "风机噪声大得很"}),
        ("/demands/drafts/discard", {"draft": "1"}),
        ("/demands/1/edit/keep", {"title": "风机"}),
        ("/demands/1/edit/drop", {}),
    ],
)
def test_a_form_of_another_site_changes_nothing(
    visitor: TestClient, installation: Installation, firm: Account, path: str, fields: dict[str, str]
) -> None:
    before = installation.store.revision()
    assert visitor.post(path, data={**fields, "token": "0" * 64}).status_code == 403
    assert installation.store.revision() == before
    assert installation.drafts.all(firm.id) == []


def test_only_the_firm_itself_changes_its_demand(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    id = filed(visitor)
    own = str(visitor.cookies[SESSION])
    for role, more in (("firm", {"organisation": "瓯江阀门公司"}), ("broker", {}), ("operator", {})):
        sign_in(visitor, installation, role, **more)
        assert visitor.get(f"/my/demands/{id}").status_code == 404
        assert visitor.get(f"/demands/{id}/edit").status_code == 404
        for path, fields in (
            (f"/demands/{id}/edit", {"do": "file", "title": "改名", "problem": PROBLEM}),
            (f"/my/demands/{id}/status", {"to": "withdrawn"}),
            (f"/my/demands/{id}/answer", {"to": "interested", "match": "1"}),
        ):
            assert sent(visitor, path, fields).status_code == 404
    visitor.cookies.set(SESSION, own)
    assert installation.store.get(id).title == "风机电磁噪声"
    changed = sent(
        visitor, f"/demands/{id}/edit", {"do": "file", "title": "风机啸叫", "problem": PROBLEM, "visibility": "private"}
    )
    assert "修改已保存" in text(changed)
    held = installation.store.get(id)
    assert (held.title, held.organisation, held.owner, held.visibility) == ("风机啸叫", FIRM, firm.id, "private")
    visitor.cookies.delete(SESSION)
    assert visitor.get(f"/my/demands/{id}").url.path == "/sign-in"


def test_a_demand_is_paused_resumed_closed_and_withdrawn(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    id = filed(visitor)

    def shown() -> bool:
        return any(
            hit.record.id == id for hit in search(installation, "风机电磁噪声", viewer=VISITOR, kind="demand").hits
        )

    for to, is_shown in (
        ("paused", False),
        ("published", True),
        ("solved", False),
        ("published", True),
        ("withdrawn", False),
    ):
        assert sent(visitor, f"/my/demands/{id}/status", {"to": to}).status_code == 200
        assert (installation.store.get(id).status, shown()) == (to, is_shown)
    refused = sent(visitor, f"/my/demands/{id}/status", {"to": "solved"})
    assert refused.status_code == 400
    assert "需求现在是“撤回”" in text(refused)


def test_what_is_new_better_and_gone_since_the_last_look_is_told_with_its_reason(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    id = filed(visitor)
    demand = installation.store.get(id)
    assert isinstance(demand, Demand)
    installation.glances.clock = lambda: glanced
    glanced = Glances(installation.store.engine).clock() + timedelta(hours=2)
    matches = BeautifulSoup(visitor.get(f"/my/demands/{id}").text, "html.parser").select(".matches ol.hits > li h3 a")
    gone_id = int(str(matches[0]["href"]).rpartition("/")[2])
    offer = Achievement(
        source="t", source_id="1", title="外转子风机低速电磁噪声抑制", summary=PROBLEM, organisation="某研究院"
    )
    (new_id,) = installation.store.save([offer]).added
    installation.store.save([replace(installation.store.get(gone_id), status="withdrawn")])
    overview = text(visitor.get("/my/demands"))
    assert "上次看过以后： 1 项新的， 1 项不再合适" in overview
    glanced += timedelta(hours=2)
    page = BeautifulSoup(visitor.get(f"/my/demands/{id}").text, "html.parser")
    new = page.select_one(f".hit:has(a[href='/records/{new_id}'])")
    assert new is not None
    assert "新" in [badge.get_text() for badge in new.select(".badge")]
    assert "收入库中" in new.select_one(".changed").get_text()  # type: ignore[union-attr]
    assert "另有 1 项已撤下，或不再公开。" in page.select_one("section:has(#gone)").get_text()  # type: ignore[union-attr]
    again = text(visitor.get(f"/my/demands/{id}"))
    assert "新来 1 项" in again
    assert "上次看过以后没有变化" in text(visitor.get("/my/demands")).replace(" ", "").replace("，", "")
    glanced += timedelta(hours=2)
    assert "没有变化" in text(visitor.get(f"/my/demands/{id}"))


def test_a_firm_answers_what_was_brought_to_it(visitor: TestClient, installation: Installation, firm: Account) -> None:
    id = filed(visitor)
    made, broker = Matches(installation.store), Actor("li", "lead")
    offers = [
        Achievement(source="t", source_id=str(n), title=f"电磁噪声抑制 {n}", organisation="某研究院") for n in (1, 2)
    ]
    one, two = (made.propose(id, offer, broker).id for offer in installation.store.save(offers).added)
    assert "初筛" not in visitor.get(f"/my/demands/{id}").text
    early = sent(visitor, f"/my/demands/{id}/answer", {"to": "interested", "match": str(one)})
    assert early.status_code == 404
    for match in (one, two):
        made.step(match, "shortlisted", broker)
        made.review(match, broker, "advance", "内部意见")
        made.step(match, "assessed", broker)
        made.step(match, "recommended", broker, Given(first="demand", said="这家做过同类风机"))
    assert "2 项等您答复" in text(visitor.get("/my/demands"))
    page = visitor.get(f"/my/demands/{id}")
    assert "这家做过同类风机" in page.text
    assert "内部意见" not in page.text
    version = str(made.get(one).version)
    assert "答复已记下" in text(
        sent(visitor, f"/my/demands/{id}/answer", {"to": "interested", "match": str(one), "version": version})
    )
    assert (made.get(one).state, made.get(one).demand_said) == ("interested", "interested")
    assert made.history(one)[-1].actor == firm.login
    version = str(made.get(two).version)
    lacking = sent(visitor, f"/my/demands/{id}/answer", {"to": "declined", "match": str(two), "version": version})
    assert lacking.status_code == 400
    assert "还缺：原因" in text(lacking)
    declined = sent(
        visitor,
        f"/my/demands/{id}/answer",
        {"to": "declined", "match": str(two), "version": version, "reason": "budget"},
    )
    assert "原因：价格" in text(declined)
    assert made.get(two).state == "declined"
    stale = sent(visitor, f"/my/demands/{id}/answer", {"to": "interested", "match": str(two), "version": "1"})
    assert stale.status_code == 400


def test_a_colleague_follows_what_the_organisation_may_see(
    visitor: TestClient, installation: Installation, firm: Account
) -> None:
    shared, private = filed(visitor), filed(visitor, title="只给自己看的", visibility="private")
    sign_in(visitor, installation, "firm", organisation=FIRM)
    assert "只给自己看的" not in visitor.get("/my/demands").text
    assert visitor.get(f"/my/demands/{shared}").status_code == 200
    assert visitor.get(f"/my/demands/{private}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/demands/new", "/my/demands", "/records/{id}", "/search?q=风机电磁噪声&kind=demand", "/"]
)
def test_what_is_confidential_is_in_no_page_of_others(
    visitor: TestClient, installation: Installation, firm: Account, path: str
) -> None:
    id = filed(visitor, private_detail="图号 KX-9271", contact="分机 8001", public_summary="风机噪声")
    sign_in(visitor, installation, "firm", organisation="瓯江阀门公司")
    page = visitor.get(path.format(id=id)).text
    assert "9271" not in page
    assert "8001" not in page
    assert search(installation, "KX-9271", viewer=VISITOR, kind="demand", mode="keyword").hits == []


def test_a_draft_waits_a_day_for_somebody_to_sign_in(installation: Installation) -> None:
    kept = Drafts(installation.store.engine)
    token = kept.set_aside({"title": ["风机"]})
    start = kept.clock()
    kept.clock = lambda: start + timedelta(hours=25)
    with pytest.raises(Exception, match="没有这份草稿"):
        kept.claim(token, 1)
    kept.clock = lambda: start
    assert kept.claim(token, 1).title == "风机"


def test_the_pages_of_a_firm_are_valid_html(visitor: TestClient, installation: Installation, firm: Account) -> None:
    id = filed(visitor, private_detail="图号 KX-9271", asks="1", follow="1")
    sent(visitor, "/demands/drafts", {"title": "<b>风机</b>"})
    pages = [
        visitor.get(path)
        for path in (
            "/demands/new?text=磁钢起泡掉皮",
            "/my/demands",
            f"/my/demands/{id}",
            f"/demands/{id}/edit",
            "/my/alerts",
        )
    ]
    pages += [
        sent(
            visitor,
            "/demands/new",
            {"do": "file", "title": "<script>", "budget_max": "<b>", "criterion_value": ["<i>"]},
        ),
        visitor.get("/search?q=磁钢"),
    ]
    for page in pages:
        html5lib.HTMLParser(strict=True).parse(page.text)  # raises what is wrong
        assert "<script>" not in page.text.replace("<script type", "")


@pytest.mark.parametrize(
    "path", ["/", "/search", "/records/18", "/map", "/visit-note", "/thesaurus", "/about", "/account", "/docs"]
)
def test_every_page_opens_for_a_firm_that_is_signed_in(visitor: TestClient, firm: Account, path: str) -> None:
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", "²", "9" * 30])
def test_a_number_that_is_none_is_no_error_of_the_server(
    visitor: TestClient, firm: Account, installation: Installation, number: str
) -> None:
    asked = {"title": "风机", "problem": PROBLEM}
    assert visitor.get("/demands/new", params={"draft": number}).status_code in (400, 404)
    assert sent(visitor, "/demands/drafts/discard", {"draft": number}).status_code == 200
    for fields in ({"spare": number}, {"do": "row", "drop": number}, {"draft": number}):
        shown = sent(visitor, "/demands/new", {**asked, **fields})
        assert shown.status_code == 200
        rows = BeautifulSoup(shown.text, "html.parser").select("[name=criterion_name]")
        assert 0 < len(rows) <= MOST_ROWS


def test_a_search_and_a_visit_note_lead_to_filing(visitor: TestClient) -> None:
    found = BeautifulSoup(visitor.get("/search", params={"q": "zzqx"}).text, "html.parser")
    assert found.select("a[href^='/demands/new?text=']")
    visitor.get("/visit-note")
    note = sent(visitor, "/visit-note", {"note": "上午到一家轴承厂。套圈磨完老有烧伤，希望烧伤率压到千分之五以下。"})
    (way,) = BeautifulSoup(note.text, "html.parser").select("form[action='/demands/new'] button[type=submit]")
    assert way.text == "确认，去填需求"
