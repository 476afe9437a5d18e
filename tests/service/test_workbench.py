"""The workbench by API: brokers and firms on the way from a suggestion to a landing, and who sees what of it."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from corpus.disclosures import disclosures_of
from corpus.pairs import Match
from corpus.queue import Wanted, page
from corpus.records import Achievement, Demand
from corpus.steps import STATES, TABLE
from corpus.suggestions import Suggestion, suggest
from corpus.tables import TABLES
from corpus.vocabulary import STATUS, VISIBILITY
from service.access import SESSION
from service.app import create_app
from service.dealing import by
from service.installation import Installation
from service.settings import Settings
from service.viewer import viewer_of

FACTORY, INSTITUTE = "戊风机厂（示例）", "丁研究院（示例）"
HUM = Demand(
    source="表", source_id="D1", title="外转子风机低速嗡嗡响", problem="外转子风机低速时电磁噪声大，要求空载噪声 ≤ 45 dB。", organisation=FACTORY,
    contact="分机 8001", private_detail="给某整机厂配套", region="330109", industry=("C3462",),
)  # fmt: skip
MOTOR = Achievement(
    source="表", source_id="A1", title="外转子风机电磁噪声抑制", summary="斜极与谐波注入结合，低速嗡嗡声降低 7 dB。", organisation=INSTITUTE,
    contact="分机 9002", industry=("C3812",),
)  # fmt: skip
PEOPLE = {
    "li": ("broker", None),
    "wang": ("broker", None),
    "boss": ("operator", None),
    "wu": ("firm", FACTORY),
    "ding": ("firm", INSTITUTE),
    "else": ("firm", "别家"),
}
PASSWORD = "four horses stand still"
As = Callable[..., Any]


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation with accounts and nothing else; not to be changed."""
    home = tmp_path_factory.mktemp("staffed")
    with Installation(Settings(home=home)) as installation:
        for login, (role, organisation) in PEOPLE.items():
            installation.accounts.add(login, PASSWORD, role=role, organisation=organisation)
    return home


@pytest.fixture
def opened(staffed: Path, tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=Path(shutil.copytree(staffed, tmp_path / "home")))) as installation:
        yield installation


@pytest.fixture
def match(opened: Installation) -> Match:
    demand, achievement = (record.id for record in opened.store.save([HUM, MOTOR]).records)
    found = [Suggestion(achievement_id=achievement, score=0.71, band="strong", parts={"words": 0.71}, why="demand_new")]
    suggest(opened.matches, demand, found, revision=2, model="m", run="r")
    made = opened.matches.of_pair(demand, achievement)
    assert made is not None
    return made


@pytest.fixture
def call(opened: Installation) -> Iterator[As]:
    """call("li", "POST", "/1/step", to="shortlisted"): a request below /api/v1/matches by who has that login; None for a visitor."""
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:

        def send(login: str | None, method: str, path: str, **body: Any) -> Any:
            client.cookies.clear()
            if login:
                client.cookies.set(SESSION, opened.accounts.begin(opened.accounts.find(login)))
            return client.request(method, f"/api/v1/matches{path}", json=body if method == "POST" else None)

        yield send


def ok(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_the_whole_life_of_a_match(call: As, match: Match) -> None:
    at = f"/{match.id}"
    (queued,) = ok(call("li", "GET", "?waiting=true"))["matches"]
    assert (queued["label"], queued["shown"], queued["why"], queued["band"]) == (
        "系统推荐",
        "匹配中",
        "新的需求",
        "strong",
    )
    assert queued["demand"]["title"] == HUM.title
    assert [step["to"] for step in queued["steps"]] == ["shortlisted", "rejected", "hold"]
    shortlisted = ok(call("li", "POST", f"{at}/step", to="shortlisted", version=queued["version"]))
    assert (shortlisted["state"], shortlisted["owner"]) == ("shortlisted", "li")
    assert call("li", "POST", f"{at}/step", to="assessed").status_code == 422
    ok(call("wang", "POST", f"{at}/review", recommendation="advance", comment="指标对得上", score=4))
    assert call("wang", "POST", f"{at}/step", to="assessed").status_code == 403
    ok(call("li", "POST", f"{at}/step", to="assessed"))
    for firm in ("wu", "ding"):
        assert (call(firm, "GET", at).status_code, ok(call(firm, "GET", ""))["total"]) == (404, 0)
    ok(call("li", "POST", f"{at}/step", to="recommended", first="demand", said="请看看这项成果", note="厂长很急"))

    shown = ok(call("wu", "GET", at))
    assert (shown["word"], shown["side"], shown["other"]["title"]) == ("待答复", "demand", MOTOR.title)
    assert [step["to"] for step in shown["steps"]] == ["interested", "declined"]
    assert [(one["word"], one["said"]) for one in shown["told"]] == [("待答复", "请看看这项成果")]
    assert "厂长很急" not in call("wu", "GET", at).text
    assert call("ding", "GET", at).status_code == 404
    assert call("wu", "GET", f"{at}/contacts").status_code == 403
    ok(call("wu", "POST", f"{at}/step", to="interested"))
    assert [step["to"] for step in ok(call("wu", "GET", at))["steps"]] == ["declined"]
    assert call("li", "POST", f"{at}/step", to="connecting").status_code == 422
    ok(call("ding", "POST", f"{at}/step", to="interested"))
    assert call("wu", "GET", f"{at}/contacts").status_code == 403
    ok(call("li", "POST", f"{at}/step", to="connecting"))

    assert ok(call("wu", "GET", f"{at}/contacts")) == {"demand": {}, "achievement": {"contact": "分机 9002"}}
    assert ok(call("ding", "GET", f"{at}/contacts")) == {"demand": {"contact": "分机 8001"}, "achievement": {}}
    followed = ok(
        call(
            "li",
            "POST",
            f"{at}/follow-up",
            type="visit",
            note="双方看了样机",
            next_action="寄报价",
            due_on="2099-01-01",
        )
    )
    assert (followed["next_action"], followed["overdue"]) == ("寄报价", False)
    ok(call("li", "POST", f"{at}/step", to="negotiating"))
    assert call("li", "POST", f"{at}/step", to="contracted", contract_kind="licence").status_code == 422
    ok(
        call(
            "li",
            "POST",
            f"{at}/step",
            to="contracted",
            contract_kind="licence",
            contract_no="HT-1",
            amount=80,
            technical_amount=60,
        )
    )
    ok(call("li", "POST", f"{at}/step", to="registered", registration_no="2026330100000123"))
    landed = ok(call("li", "POST", f"{at}/step", to="landed", outcome="两条产线装上", evidence="document_verified"))
    assert (landed["label"], ok(call("ding", "GET", at))["word"]) == ("已落地", "已落地")
    counted = ok(call("li", "GET", "/figures"))
    assert counted["now"] == {"landed": 1}
    assert counted["reached"]["contracted"] == 1
    assert (counted["by_broker"], counted["by_field"]["C34"]["name"]) == ({"li": {"landed": 1}}, "通用设备制造业")
    history = ok(call("li", "GET", at))["history"]
    assert [event["to_state"] for event in history if event["type"] == "step"] == [
        "suggested", "shortlisted", "assessed", "recommended", "interested", "interested", "connecting", "negotiating", "contracted",
        "registered", "landed",
    ]  # fmt: skip


def test_a_match_is_shown_to_brokers_with_both_sides_compared(call: As, match: Match) -> None:
    detail = ok(call("li", "GET", f"/{match.id}"))
    compared = {finding["name"]: finding for finding in detail["comparisons"]}
    assert compared["terms"]["value"] > 0
    assert compared["price"]["said"] == "未说明"
    assert (detail["demand_record"]["title"], detail["achievement_record"]["summary"]) == (HUM.title, MOTOR.summary)
    assert "分机" not in call("li", "GET", f"/{match.id}").text
    assert detail["obstacles"] == []


def test_conflicts_are_shown(call: As, opened: Installation, match: Match) -> None:
    opened.store.save([replace(HUM, exclude_orgs=(INSTITUTE,))])
    assert ok(call("li", "GET", f"/{match.id}"))["obstacles"] == [f"需求方排除了{INSTITUTE}"]


def test_the_second_of_two_brokers_is_told(call: As, match: Match) -> None:
    ok(call("li", "POST", f"/{match.id}/step", to="rejected", reason="already_have", version=1))
    stale = call("wang", "POST", f"/{match.id}/step", to="shortlisted", version=1)
    assert stale.status_code == 409
    assert stale.json()["type"] == "/problems#StaleMatch"
    assert "li 已在 " in stale.json()["detail"]
    assert call("wang", "POST", f"/{match.id}/undo").status_code == 409
    assert ok(call("li", "POST", f"/{match.id}/undo", version=2))["state"] == "suggested"


def test_many_with_one_reason(call: As, opened: Installation, match: Match) -> None:
    (other,) = opened.store.save([replace(MOTOR, source_id="A2", title="风机叶轮降噪")]).added
    second = ok(call("wang", "POST", "", demand=match.demand_id, achievement=other, note="展会上见过"))
    assert (second["why"], second["state"]) == ("由人提出", "suggested")
    ok(call("wang", "POST", f"/{second['id']}/step", to="hold", due_on="2099-01-01"))
    chosen = [
        {"id": match.id, "version": match.version},
        {"id": second["id"], "version": second["version"]},
        {"id": 999},
    ]
    answer = ok(call("li", "POST", "/steps", to="rejected", reason="budget", matches=chosen))
    assert (answer["done"], [one["status"] for one in answer["outcomes"]]) == (1, [200, 409, 404])
    assert "wang 已在 " in answer["outcomes"][1]["detail"]
    assert call("wu", "POST", "/steps", to="rejected", reason="budget", matches=chosen).status_code == 403


def test_a_firm_that_declines_gives_a_reason_and_the_other_side_reads_it(
    call: As, opened: Installation, match: Match
) -> None:
    for to, more in (("shortlisted", {}), ("assessed", {}), ("recommended", {"first": "both"})):
        if to == "assessed":
            ok(call("wang", "POST", f"/{match.id}/review", recommendation="advance"))
        ok(call("li", "POST", f"/{match.id}/step", to=to, **more))
    assert call("wu", "POST", f"/{match.id}/step", to="declined").status_code == 422
    ok(
        call(
            "wu",
            "POST",
            f"/{match.id}/step",
            to="declined",
            reason="wrong_match",
            said="冒充经纪人",
            next_action="付款",
        )
    )
    shown = ok(call("ding", "GET", f"/{match.id}"))
    assert shown["word"] == "已婉拒"
    assert [(t["word"], t["said"], t["reason"]) for t in shown["told"]] == [
        ("待答复", None, None),
        ("需求方已婉拒", None, "与所需不符"),
    ]
    assert ok(call("ding", "GET", "/declines")) == [
        {"organisation": INSTITUTE, "reason": "wrong_match", "label": "与所需不符", "count": 1}
    ]
    assert ok(call("wu", "GET", "/declines")) == []
    assert ok(call("wu", "POST", f"/{match.id}/undo"))["word"] == "待答复"


def test_contacts_are_given_to_brokers_and_every_look_is_noted(call: As, opened: Installation, match: Match) -> None:
    told = ok(call("wang", "GET", f"/{match.id}/contacts"))
    assert told == {
        "demand": {"contact": "分机 8001", "private_detail": "给某整机厂配套"},
        "achievement": {"contact": "分机 9002"},
    }
    last = opened.matches.history(match.id)[-1]
    assert (last.type, last.actor) == ("viewed", "wang")
    assert len(disclosures_of(opened.store.engine, match.demand_id)) == 1


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("GET", "", "firm broker operator"),
        ("GET", "/rules", "visitor firm broker operator"),
        ("GET", "/figures", "broker operator"),
        ("GET", "/declines", "firm broker operator"),
        ("GET", "/export", "broker operator"),
        ("POST", "", "broker operator"),
        ("POST", "/steps", "broker operator"),
        ("GET", "/{id}", "broker operator"),
        ("POST", "/{id}/step", "broker operator"),
        ("POST", "/{id}/undo", "broker operator"),
        ("POST", "/{id}/review", "broker operator"),
        ("POST", "/{id}/follow-up", "broker operator"),
        ("POST", "/{id}/assign", "broker operator"),
        ("GET", "/{id}/contacts", "broker operator"),
    ],
)
def test_who_may_ask_what(call: As, match: Match, method: str, path: str, roles: str) -> None:
    """Of a match that was not shown to the firm; a body that is missing is told only to those who may send one."""
    people = {"visitor": None, "firm": "wu", "broker": "li", "operator": "boss"}
    for role, login in people.items():
        status = call(login, method, path.format(id=match.id)).status_code
        if role in roles.split():
            assert status in (200, 409, 422), (role, status)
        else:
            assert status in (401, 403, 404, 422), (role, status)
            assert role != "visitor" or status in (401, 422)


def test_what_one_does_not_see_is_in_no_list_and_no_number(call: As, opened: Installation, match: Match) -> None:
    ok(call("li", "POST", f"/{match.id}/step", to="shortlisted"))
    opened.store.save([replace(HUM, visibility="private", owner=opened.accounts.find("wu").id)])
    for login in ("li", "boss"):
        assert ok(call(login, "GET", ""))["total"] == 0
        assert ok(call(login, "GET", "/figures"))["now"] == {}
        assert call(login, "GET", f"/{match.id}").json()["detail"] == call(login, "GET", "/999").json()[
            "detail"
        ].replace("999", str(match.id))
        assert call(login, "POST", f"/{match.id}/step", to="rejected", reason="other").status_code == 404


def test_the_queue_holds_what_the_viewer_sees(opened: Installation, match: Match) -> None:
    """The database's conditions say what `Viewer` says of the records."""
    with opened.store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("UPDATE matches SET first = 'both'")
    viewers = [viewer_of(opened.accounts.find(login)) for login in PEOPLE]
    owners = (None, opened.accounts.find("wu").id, opened.accounts.find("li").id)
    ids = {"demand": match.demand_id, "achievement": match.achievement_id}
    for visibility, status, kind in product(VISIBILITY.labels, STATUS.labels, ids):
        for owner in owners if status in ("published", "draft", "archived") else owners[1:2]:
            with opened.store.engine.connect().execution_options(writes=True) as connection, connection.begin():
                changed = {"visibility": visibility, "status": status, "owner": owner}
                connection.execute(TABLES[kind].update().values(changed))
            held = opened.store.get_many(ids.values()).values()
            for viewer in viewers:
                asked = all(map(viewer.sees, held)) if viewer.is_staff else any(map(viewer.owns, held))
                assert page(opened.matches, Wanted(by=by(viewer))).total == asked, (viewer, held)


def test_a_side_that_the_firm_may_not_see_shows_what_is_meant_for_others(
    call: As, opened: Installation, match: Match
) -> None:
    opened.store.save([replace(HUM, visibility="brokers", public_summary="风机降噪，求解决办法")])
    for to, more in (("shortlisted", {}), ("assessed", {}), ("recommended", {"first": "supply"})):
        if to == "assessed":
            ok(call("wang", "POST", f"/{match.id}/review", recommendation="advance"))
        ok(call("li", "POST", f"/{match.id}/step", to=to, **more))
    shown = ok(call("ding", "GET", f"/{match.id}"))
    assert shown["other"] == {
        "id": match.demand_id,
        "kind": "demand",
        "public_summary": "风机降噪，求解决办法",
        "industry": ["C3462"],
        "region": "330109",
    }
    assert FACTORY not in call("ding", "GET", f"/{match.id}").text
    ok(call("ding", "POST", f"/{match.id}/step", to="interested"))
    opened.store.save([replace(HUM, visibility="private", owner=opened.accounts.find("wu").id)])
    assert ok(call("ding", "GET", f"/{match.id}"))["other"] is None
    assert call("li", "GET", f"/{match.id}").status_code == 404


def test_what_is_done_in_the_house_moves_nothing_for_a_firm(call: As, opened: Installation, match: Match) -> None:
    (second,) = opened.store.save([replace(MOTOR, source_id="A2", title="风机叶轮降噪")]).added
    other = ok(call("li", "POST", "", demand=match.demand_id, achievement=second))["id"]
    for id in (match.id, other):
        ok(call("li", "POST", f"/{id}/step", to="shortlisted"))
        ok(call("wang", "POST", f"/{id}/review", recommendation="advance"))
        ok(call("li", "POST", f"/{id}/step", to="assessed"))
        ok(call("li", "POST", f"/{id}/step", to="recommended", first="demand"))
    shown = ok(call("wu", "GET", ""))
    assert [one["id"] for one in shown["matches"]] == [other, match.id]
    ok(call("li", "POST", f"/{match.id}/follow-up", type="call", note="厂长很急"))
    ok(call("wang", "POST", f"/{match.id}/review", recommendation="hold"))
    assert ok(call("wu", "GET", "")) == shown
    assert ok(call("wu", "POST", f"/{match.id}/step", to="interested", version=shown["matches"][1]["version"]))


def test_the_sheet_opens_in_excel_and_holds_no_formula(call: As, opened: Installation, match: Match) -> None:
    opened.store.save([replace(MOTOR, title="=1+1 电机")])
    ok(call("li", "POST", f"/{match.id}/step", to="rejected", reason="spec_not_met"))
    text = call("li", "GET", "/export?format=csv").content
    assert text.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert (row["需求名称"], row["成果名称"], row["状态"], row["原因"], row["负责人"], row["档次"]) == (
        HUM.title, "'=1+1 电机", "已排除", "指标不达标", "li", "高度匹配",
    )  # fmt: skip
    answer = call("li", "GET", "/export?state=rejected")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["匹配"]
    assert [cell.value for cell in sheet[2]][9] == "=1+1 电机"
    assert "attachment" in answer.headers["content-disposition"]
    assert openpyxl.load_workbook(io.BytesIO(call("li", "GET", "/export?state=landed").content))["匹配"].max_row == 1


def test_filters_order_and_pages(call: As, opened: Installation, match: Match) -> None:
    assert ok(call("li", "GET", "?field=C34&region=杭州&band=strong&owner=-&state=suggested"))["total"] == 1
    assert ok(call("li", "GET", "?field=C26"))["total"] == 0
    assert call("li", "GET", "?field=炼金术").status_code == 400
    assert call("li", "GET", "?after=x").status_code == 400
    assert call("li", "GET", "?state=done").status_code == 422


def test_the_rules_are_told_whole(call: As) -> None:
    rules = ok(call(None, "GET", "/rules"))
    assert set(rules["states"]) == set(STATES)
    assert {(rule["from_state"], rule["to"]) for rule in rules["steps"]} == set(TABLE)


def test_a_match_is_handed_to_somebody_who_is_there(call: As, match: Match) -> None:
    assert ok(call("boss", "POST", f"/{match.id}/assign", owner="wang"))["owner"] == "wang"
    assert call("boss", "POST", f"/{match.id}/assign", owner="nobody").status_code == 400
    assert call("boss", "POST", f"/{match.id}/assign", owner="wu").status_code == 409
