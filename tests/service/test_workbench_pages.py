"""The workbench as a broker meets it: the queue, one match, many decided at once; what a firm and a visitor get instead."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import html5lib
import openpyxl
import pytest
from bs4 import BeautifulSoup, Tag
from fastapi.testclient import TestClient
from httpx2 import Response

from corpus.needs import Given
from corpus.pairs import Actor
from corpus.records import Achievement, Demand
from corpus.steps import ACTS, TABLE
from corpus.suggestions import Suggestion, suggest
from service.access import SESSION
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from tests.service.conftest import PASSWORD, form
from tests.service.test_pages import words

HUM = Demand(
    source="表", source_id="D1", title="外转子风机低速嗡嗡响", problem="外转子风机低速时电磁噪声大。", organisation="戊风机厂（示例）",
    contact="分机 8001", region="330109", industry=("C3462",),
)  # fmt: skip
MOTOR = Achievement(
    source="表", source_id="A1", title="外转子风机电磁噪声抑制", summary="斜极与谐波注入结合，低速嗡嗡声降低。", organisation="丁研究院（示例）",
    contact="分机 9002", industry=("C3812",),
)  # fmt: skip
PEOPLE = {"li": "broker", "wang": "broker", "boss": "operator", "wu": "firm"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation with accounts and nothing else; not to be changed."""
    home = tmp_path_factory.mktemp("staffed")
    with Installation(Settings(home=home)) as installation:
        for login, role in PEOPLE.items():
            organisation = HUM.organisation if role == "firm" else None
            installation.accounts.add(login, PASSWORD, role=role, name=f"{login} 先生", organisation=organisation)
    return home


@pytest.fixture
def opened(staffed: Path, tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=Path(shutil.copytree(staffed, tmp_path / "home")))) as installation:
        yield installation


@pytest.fixture
def client(opened: Installation) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def become(client: TestClient, opened: Installation, login: str | None) -> None:
    client.cookies.clear()
    if login:
        client.cookies.set(SESSION, opened.accounts.begin(opened.accounts.find(login)))


def suggested(opened: Installation, count: int = 1, **of_demand: object) -> list[int]:
    """The ids of matches of as many demands, the best first."""
    motor = opened.store.save([MOTOR]).records[0].id
    ids = []
    for number in range(count):
        told = {"title": f"{HUM.title} {number}", "source_id": f"D{number}", **of_demand}
        demand = opened.store.save([replace(HUM, **told)]).records[0].id  # type: ignore[arg-type]
        found = [
            Suggestion(
                achievement_id=motor, score=0.9 - number / 100, band="strong", parts={"words": 0.5}, why="demand_new",
                details={"quote": "低速嗡嗡声降低"},
            )
        ]  # fmt: skip
        suggest(opened.matches, demand, found, revision=2, model="m", run="r")
        made = opened.matches.of_pair(demand, motor)
        assert made
        ids.append(made.id)
    return ids


def read(answer: Response, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return BeautifulSoup(answer.text, "html.parser")


def queue(found: BeautifulSoup) -> list[str]:
    return [words(one) for one in found.select(".queue .pair-open")]


def do(client: TestClient, path: str, **fields: object) -> Response:
    return client.post(path, data={**form(client), **fields}, follow_redirects=True)


def ways(found: BeautifulSoup) -> list[str]:
    return [str(one["data-act"]) for one in found.select("[data-act]")]


@pytest.mark.parametrize("path", ["/workbench", "/workbench/1", "/workbench/figures", "/workbench/figures.csv"])
def test_the_workbench_is_for_brokers(client: TestClient, opened: Installation, path: str) -> None:
    suggested(opened)
    become(client, opened, "wu")
    assert client.get(path).status_code == 403
    assert not client.get("/").text.count('aria-label="工作台"')
    become(client, opened, None)
    assert client.get(path, follow_redirects=False).headers["location"].startswith("/sign-in?next=%2Fworkbench")
    for login in ("li", "boss"):
        become(client, opened, login)
        assert client.get(path).status_code == 200
        assert words(read(client.get("/")).select_one('nav[aria-label="工作台"]')).startswith("工作台")


def test_the_queue_shows_need_beside_offer_best_first_and_filters_by_its_address(
    client: TestClient, opened: Installation
) -> None:
    first, second = suggested(opened, 2)
    become(client, opened, "li")
    found = read(client.get("/workbench"))
    assert queue(found) == [f"{HUM.title} 0", f"{HUM.title} 1"]
    pair = words(found.select_one(".pair"))
    for said in (MOTOR.title, "系统推荐", "高度匹配", "“低速嗡嗡声降低”", "今天", "无人负责"):
        assert said in pair
    opened.matches.step(first, "shortlisted", Actor("li", "broker"))
    assert queue(read(client.get("/workbench"))) == [f"{HUM.title} 1"]
    found = read(client.get("/workbench?view=going&owner=mine"))
    assert queue(found) == [f"{HUM.title} 0"]
    assert re.search("上一步：li 先生 ?，.*初筛通过", words(found.select_one(".pair-why")))
    assert queue(read(client.get("/workbench?view=all&owner=nobody"))) == [f"{HUM.title} 1"]
    assert len(queue(read(client.get("/workbench?view=all&field=C34&region=330000&band=strong&age=new")))) == 2
    for empty in ("field=C13", "region=110000", "band=weak", "age=week", "owner=wang", "state=hold"):
        found = read(client.get(f"/workbench?view=all&{empty}"))
        assert queue(found) == []
        (chip,) = found.select(".chip:not(.chip-all)")
        assert len(queue(read(client.get(str(chip["href"]))))) == 2
    assert second


def test_the_queue_opens_with_what_a_broker_looks_after(client: TestClient, opened: Installation) -> None:
    suggested(opened, 1)
    become(client, opened, "li")
    read(do(client, "/workbench/beat", fields="C13", firms=""))
    found = read(client.get("/workbench"))
    assert queue(found) == []
    assert {words(one) for one in found.select(".tabs .figure")} == {"0"}
    everything = next(link for link in found.select(".beat a") if words(link) == "看全部")
    assert len(queue(read(client.get(str(everything["href"]))))) == 1
    assert "不认识" in words(read(do(client, "/workbench/beat", fields="炼金术"), 400).select_one("[role=alert]"))
    read(do(client, "/workbench/beat", fields="C13、通用设备制造业", firms=""))
    assert len(queue(read(client.get("/workbench")))) == 1
    read(do(client, "/workbench/beat", fields="", firms=str(HUM.organisation)))
    found = read(client.get("/workbench"))
    assert "1 家企业" in words(found.select_one(".beat"))
    assert len(queue(found)) == 1
    assert words(read(client.get("/workbench/beat")).select_one("#firms")) == HUM.organisation
    become(client, opened, "wang")
    assert len(queue(read(client.get("/workbench")))) == 1
    become(client, opened, "li")
    read(do(client, "/workbench/beat", fields="", firms=""))
    assert opened.beats.of(opened.accounts.find("li").id) is None


def test_a_field_that_nobody_knows_is_told_and_left_out(client: TestClient, opened: Installation) -> None:
    suggested(opened)
    become(client, opened, "li")
    found = read(client.get("/workbench?field=炼金术"), 400)
    assert "炼金术" in words(found.select_one("[role=alert]"))
    assert len(queue(found)) == 1


def test_pages_follow_one_another_without_gap(client: TestClient, opened: Installation) -> None:
    suggested(opened, 23)
    become(client, opened, "li")
    found = read(client.get("/workbench"))
    link = found.select_one(".pages [rel=next]")
    assert link
    assert queue(found) + queue(read(client.get(str(link["href"])))) == [f"{HUM.title} {n}" for n in range(23)]


def test_what_came_since_the_last_visit_is_counted_with_its_reason(client: TestClient, opened: Installation) -> None:
    suggested(opened, 1)
    become(client, opened, "li")
    assert not read(client.get("/workbench")).select(".news")
    opened.rounds.clock = lambda: opened.matches.clock() + timedelta(hours=1)
    assert "没有新的推荐" in words(read(client.get("/workbench")).select_one(".news"))
    later = opened.matches.clock() + timedelta(hours=2)
    opened.matches.clock = lambda: later
    suggested(opened, 2)
    opened.rounds.clock = lambda: later + timedelta(hours=3)
    found = read(client.get("/workbench"))
    assert "新推荐 1 对：新的需求 1 对" in words(found.select_one(".news"))
    assert [words(one) for one in found.select(".is-new .pair-open")] == [f"{HUM.title} 1"]


def test_several_are_rejected_with_one_reason_and_taken_back(client: TestClient, opened: Installation) -> None:
    ids = suggested(opened, 3)
    become(client, opened, "li")
    keys = [str(box["value"]) for box in read(client.get("/workbench")).select("[name=chosen]")]
    assert [key.split(":")[0] for key in keys] == [str(id) for id in ids]
    found = read(do(client, "/workbench", act="rejected", chosen=keys[:2], reason="out_of_scope", note="都不是电机"))
    assert queue(found) == [f"{HUM.title} 2"]
    assert "已排除：2 对" in words(found.select_one(".did")).replace(" ", "").replace("2对", "2 对")
    assert [opened.matches.history(id)[-1].reason for id in ids[:2]] == ["out_of_scope"] * 2
    again = [str(one["value"]) for one in found.select(".did [name=chosen]")]
    assert len(queue(read(do(client, "/workbench/undo", chosen=again)))) == 3
    assert {opened.matches.get(id).state for id in ids} == {"suggested"}


def test_what_many_lack_is_told_and_nothing_that_was_typed_is_lost(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    become(client, opened, "li")
    found = read(do(client, "/workbench", act="rejected", chosen=f"{id}:1", note="写了半天"), 409)
    assert "还缺：原因" in words(found.select_one("[role=alert]"))
    note = found.select_one("#bulk-note")
    assert note
    assert note["value"] == "写了半天"
    assert found.select("[name=chosen][checked]")
    assert "勾选" in words(read(do(client, "/workbench", act="hold"), 400).select_one("[role=alert]"))
    assert "日期" in words(
        read(do(client, "/workbench", act="hold", chosen=f"{id}:1", due_on="明天"), 400).select_one("[role=alert]")
    )
    assert opened.matches.get(id).version == 1


def test_of_two_brokers_the_second_is_told_who_did_what_and_keeps_what_was_typed(
    client: TestClient, opened: Installation
) -> None:
    (id,) = suggested(opened)
    opened.matches.step(id, "rejected", Actor("wang", "broker"), Given(reason="region"))
    become(client, opened, "li")
    found = read(do(client, f"/workbench/{id}/step", to="hold", version="1", due_on="2099-01-01", note="等样机"), 409)
    told = words(found.select_one("[role=alert]"))
    assert re.search(r"wang 已在 \d\d-\d\d \d\d:\d\d 把这对匹配从“系统推荐”变为“已排除”，原因：地区", told)
    assert "等样机" in told
    assert opened.matches.get(id).state == "rejected"
    bulk = read(do(client, "/workbench?view=all", act="shortlisted", chosen=f"{id}:1"), 409)
    assert "wang 已在" in words(bulk.select_one("[role=alert]"))


def test_a_match_goes_all_its_way_by_the_forms_of_its_page(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    at = f"/workbench/{id}"
    become(client, opened, "li")

    def step(to: str, **fields: object) -> BeautifulSoup:
        return read(do(client, f"{at}/step", to=to, version=str(opened.matches.get(id).version), **fields))

    found = read(client.get(at))
    assert ways(found) == ["shortlisted", "rejected", "hold"]
    found = step("shortlisted")
    assert "还缺：至少一份评审意见" in words(found.select_one("[data-way=assessed]"))
    found = read(do(client, f"{at}/review", recommendation="advance", note="指标对得上", score="4"))
    assert "建议推进" in words(found.select_one(".opinion"))
    assert "推送" in words(step("assessed").select_one("[data-way=recommended]"))
    step("recommended", first="both", said="请看看这项成果", note="厂长很急")
    found = step("interested", side="demand")
    assert "需求方有意向，成果方还没有答复" in words(found.select_one(".answers"))
    assert [one["value"] for one in found.select("#interested-side option")] == ["", "supply"]
    assert "还缺：双方都有意向" in words(read(client.get(at)).select_one("[data-way=connecting]"))
    step("interested", side="supply")
    step("connecting")
    read(do(client, f"{at}/follow-up", type="visit", note="看了样机", next_action="寄报价", due_on="2099-01-01"))
    step("negotiating")
    read(do(client, f"{at}/step", to="contracted", contract_kind="licence", amount="很多"), 400)
    found = read(do(client, f"{at}/step", to="contracted", contract_kind="licence"), 422)
    assert found.select("#contracted-contract_kind option[value=licence][selected]")
    step("contracted", contract_kind="licence", amount="1,200.5", contract_no="HT-1")
    step("registered", registration_no="2026330100000123")
    found = step("landed", outcome="产线已用上", evidence="document_verified")
    assert ways(found) == ["reopened"]
    history = words(found.select_one(".history"))
    for said in (
        "技术许可 合同 HT-1 1,200.5 万元",
        "登记编号 2026330100000123",
        "产线已用上（查验文件）",
        "厂长很急",
        "寄报价",
    ):
        assert said.replace(" ", "") in history.replace(" ", "")
    shown = words(found.select_one("section:has(#told)"))
    assert "请看看这项成果" in shown
    assert "厂长很急" not in shown


def test_a_form_that_is_sent_again_is_done_once(client: TestClient, opened: Installation) -> None:
    first, second = suggested(opened, 2)
    become(client, opened, "li")
    found = read(client.get(f"/workbench/{first}"))
    keys = {str(one["value"]) for one in found.select("[name=once]")}
    assert len(keys) == len(found.select("form[data-kept]"))
    said = {"type": "call", "note": "通了电话", "once": keys.pop()}
    for _ in range(2):
        found = read(do(client, f"/workbench/{first}/follow-up", **said))
    assert len(found.select(".event-note")) == 1
    told = read(do(client, f"/workbench/{first}/follow-up", **{**said, "note": "别的话"}), 409)
    assert "这次的没有记" in words(told.select_one("[role=alert]"))
    assert words(told.select_one("#follow-note")) == "别的话"
    assert said["once"] not in {str(one["value"]) for one in told.select("[name=once]")}
    many = {"act": "rejected", "reason": "budget", "chosen": [f"{first}:2", f"{second}:1"], "once": "many"}
    for _ in range(2):
        assert "已排除" in words(read(do(client, "/workbench", **many)).select_one(".did"))
    back = {"chosen": [f"{first}:3", f"{second}:2"], "once": "back"}
    for _ in range(2):
        read(do(client, "/workbench/undo", **back))
    assert [len(opened.matches.history(id)) for id in (first, second)] == [4, 3]


def test_a_lead_is_named_on_the_page_and_then_decides(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    at = f"/workbench/{id}"
    become(client, opened, "li")
    assert not read(client.get(at)).select("#lead")
    assert "归谁负责，就由谁定" in words(read(client.get(at)).select_one("section:has(#review)"))
    read(do(client, f"{at}/step", to="shortlisted"))
    found = read(do(client, f"{at}/lead", lead="wang"))
    assert "wang 先生主评" in words(found.select_one("section:has(#review)"))
    assert "由 wang 先生 主评" in words(found.select_one(".history"))
    assert ways(found) == ["hold"]
    found = read(do(client, f"{at}/review", recommendation="reject", note="功率不够"))
    assert "li 先生（参评）：功率不够" in words(found.select_one(".opinion"))
    read(do(client, f"{at}/step", to="rejected", reason="spec_not_met"), 403)
    become(client, opened, "wang")
    assert ways(read(client.get(at))) == ["assessed", "rejected", "hold"]
    found = read(do(client, f"{at}/step", to="assessed"))
    assert opened.matches.get(id).state == "assessed"
    read(do(client, f"{at}/lead", lead="wu"), 409)


def test_who_may_do_what_stands_in_one_table(client: TestClient, opened: Installation) -> None:
    become(client, opened, "li")
    found = read(client.get("/workbench/rules"))
    roles = [words(one) for one in found.select(".steps thead th")][2:-1]
    rows = {words(row.select_one("th[scope=row]")): row for row in found.select(".steps tbody tr")}
    may = [role for role, cell in zip(roles, rows["评审通过"].select(".mark"), strict=True) if words(cell)]
    assert may == ["主评经纪人", "管理员"]
    assert "至少一份评审意见" in words(rows["评审通过"])
    assert len(found.select(".steps tbody tr")) == len(TABLE) + len(ACTS)


def test_only_who_took_the_last_step_is_offered_to_take_it_back(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    opened.matches.step(id, "shortlisted", Actor("wang", "broker"))
    become(client, opened, "li")
    assert not read(client.get(f"/workbench/{id}")).select("[data-undo]")
    become(client, opened, "wang")
    assert read(client.get(f"/workbench/{id}")).select("[data-undo]")
    read(do(client, f"/workbench/{id}/undo", version="2"))
    assert opened.matches.get(id).state == "suggested"


def test_conflicts_and_what_others_decided_are_shown(client: TestClient, opened: Installation) -> None:
    first, second = suggested(opened, 2, exclude_orgs=("丁研究院（示例）",))
    opened.matches.step(first, "rejected", Actor("wang", "broker"), Given(reason="budget", note="超了三倍"))
    become(client, opened, "li")
    found = read(client.get(f"/workbench/{second}"))
    assert "需求方排除了丁研究院（示例）" in words(found.select_one(".conflicts"))
    before = words(found.select_one("section:has(#before-achievement)"))
    for said in (f"{HUM.title} 0", "已排除", "wang 先生", "价格", "超了三倍"):
        assert said in before


def test_contacts_are_shown_when_asked_for_and_that_is_noted(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    become(client, opened, "li")
    assert "分机" not in client.get(f"/workbench/{id}").text
    answer = do(client, f"/workbench/{id}")
    assert {"分机 8001", "分机 9002"} <= {words(one) for one in read(answer).select("section:has(#reach) dd")}
    assert answer.headers["cache-control"] == "no-store"
    assert [(event.type, event.actor) for event in opened.matches.history(id)][-1] == ("viewed", "li")


def test_a_match_is_handed_on_and_overdue_ones_stand_at_the_top(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    become(client, opened, "boss")
    read(do(client, f"/workbench/{id}/assign", owner="wang"))
    assert opened.matches.get(id).owner == "wang"
    yesterday = opened.matches.today() - timedelta(days=1)
    opened.matches.follow_up(id, Actor("wang", "lead"), "call", Given(next_action="回电", due_on=yesterday))
    found = read(client.get("/workbench"))
    late = words(found.select_one(".late"))
    for said in ("逾期 1 对", "回电", "过了 1 天", "wang 先生"):
        assert said in late
    read(do(client, f"/workbench/{id}/assign", owner="wu"), 409)
    assert queue(read(client.get("/workbench?view=overdue"))) == [f"{HUM.title} 0"]


def test_figures_count_where_matches_are_and_why_offers_were_turned_down(
    client: TestClient, opened: Installation
) -> None:
    first, second, _ = suggested(opened, 3)
    opened.matches.step(first, "shortlisted", Actor("wang", "broker"))
    opened.matches.step(second, "rejected", Actor("wang", "broker"), Given(reason="too_early"))
    become(client, opened, "li")
    found = read(client.get("/workbench/figures"))
    rows = [words(row) for row in found.select("tbody tr")]
    for row in (
        "系统推荐 3 1",
        "初筛通过 1 33% 1",
        "已排除 1 1",
        "无人负责 1 1 0 0 0",
        "wang 先生 2 0 1 0 1",
        "丁研究院（示例） 成熟度不足 1",
    ):
        assert row in rows
    link = next(link for link in found.select("tbody a") if words(link) == "wang 先生")
    assert len(queue(read(client.get(str(link["href"]))))) == 2
    listed = list(csv.reader(client.get("/workbench/figures.csv").content.decode("utf-8-sig").splitlines()))
    assert ["到过", "系统推荐", "对", "3"] in listed
    assert ["负责人", "wang 先生", "系统推荐停留的中位天数", "0"] in [
        [*row[:3], row[3].split(".")[0]] for row in listed
    ]
    assert ["没有成的原因", "丁研究院（示例）", "成熟度不足", "1"] in listed
    sheet = openpyxl.load_workbook(BytesIO(client.get("/workbench/figures.xlsx").content)).active
    assert sheet
    assert [list(row[:3]) for row in sheet.iter_rows(values_only=True)] == [row[:3] for row in listed]
    assert "还没有匹配" in words(read(client.get("/workbench/figures?since=2099-01-01")).main)


def test_what_one_may_not_see_is_not_there(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened, visibility="private")
    become(client, opened, "li")
    found = read(client.get("/workbench?view=all"))
    assert queue(found) == []
    assert {words(one) for one in found.select(".tabs .figure")} == {"0"}
    for path in ("", "/step", "/undo", "/review", "/follow-up", "/assign"):
        assert do(client, f"/workbench/{id}{path}", to="shortlisted").status_code == 404
    read(do(client, "/workbench", act="shortlisted", chosen=f"{id}:1"), 409)
    assert opened.matches.get(id).version == 1


def test_a_form_from_elsewhere_changes_nothing(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    become(client, opened, "li")
    for path in ("/workbench", "/workbench/undo", f"/workbench/{id}", f"/workbench/{id}/step"):
        assert (
            client.post(path, data={"to": "shortlisted", "act": "shortlisted", "chosen": f"{id}:1"}).status_code == 403
        )
    assert opened.matches.get(id).version == 1


def test_what_people_write_comes_out_as_text(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened, title=SCRIPT, problem=SCRIPT)
    become(client, opened, "li")
    read(do(client, f"/workbench/{id}/follow-up", type="note", note=SCRIPT, said=SCRIPT, next_action=SCRIPT))
    read(do(client, f"/workbench/{id}/review", recommendation="hold", note=SCRIPT))
    for found in (
        read(client.get("/workbench")),
        read(client.get(f"/workbench/{id}")),
        read(do(client, f"/workbench/{id}/step", to="rejected", note=SCRIPT), 422),
    ):
        assert SCRIPT in words(found.main)
        sources = [one.get("src") for one in found.select("script")]
        assert sources == ["/static/duijie.js", "/static/kept.js", "/static/workbench.js"]


def test_a_match_whose_record_went_is_still_to_be_read(client: TestClient, opened: Installation) -> None:
    (id,) = suggested(opened)
    opened.store.delete([opened.matches.get(id).demand_id])
    become(client, opened, "li")
    assert "现已撤下" in words(read(client.get("/workbench")).select_one(".pair"))
    found = read(client.get(f"/workbench/{id}"))
    assert isinstance(found.main, Tag)
    assert "有一方的记录已被删除" in words(found.select_one(".conflicts"))
    assert do(client, "/workbench/999").status_code == 404
