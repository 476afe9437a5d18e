"""The page of an achievement and of a demand: what it states, whom it may serve, what is like it, how it is shared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from fastapi.testclient import TestClient

from corpus.metrics import parse_metric, parse_metrics
from corpus.records import KINDS, Achievement, Demand, Ip, Record, about, stated_fields
from service.app import create_app
from service.beside import beside
from service.installation import Installation
from service.pages.sheet import SHEET, WHOLE, missing, sections, wording
from service.settings import Settings
from service.viewer import MACHINE, VISITOR
from tests.service.conftest import sign_in
from tests.service.test_pages import words

NEED = Demand(
    source="t",
    source_id="need",
    title="磁钢镀层起泡掉皮",
    problem="烧结钕铁硼磁钢电镀镍后放半年起泡掉皮，盐雾试验过不了",
    criteria=parse_metrics("中性盐雾 ≥ 500 h；镀层结合力 ≥ 20 MPa；磁通损失 ≤ 1 %"),
    min_trl=6,
    budget_max=80,
    private_detail="给某车厂配套，年用量 30 万件",
    contact="王工 13800001234",
)
OFFER = Achievement(
    source="t",
    source_id="offer",
    title="烧结钕铁硼磁钢真空镀铝防护层",
    summary="烧结钕铁硼磁钢真空镀铝代替电镀镍，镀层不起泡、不掉皮，盐雾试验 720 h 无红锈。" + "适合电机磁钢。" * 12,
    metrics=parse_metrics("中性盐雾 ≥ 720 h；磁通损失 ≤ 2 %"),
    stage="pilot",
    trl=7,
    trl_evidence="中试线连续运行三个月",
    verified_on=date(2026, 1, 9),
    ip=(Ip(kind="invention", status="granted", number="ZL202010000001.X"),),
    price_mode="negotiable",
    organisation="东海磁材研究院",
    co_owners=("甬江材料公司",),
    contact="李老师 0571-88000000",
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path)) as installation:
        yield installation


@pytest.fixture
def client(opened: Installation) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def save(opened: Installation, *records: Record) -> dict[str, int]:
    return {record.source_id: record.id for record in opened.store.save(records).records}


def read(client: TestClient, id: int) -> BeautifulSoup:
    answer = client.get(f"/records/{id}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def under(found: BeautifulSoup, heading: str) -> Tag:
    """The section that is headed so."""
    (section,) = (h2.parent for h2 in found.select("section > h2") if words(h2) == heading)
    assert section
    return section


def form(section: Tag | None) -> dict[str, str]:
    assert section
    return {words(line.dt): words(line.dd) for line in section.select("dl.form > div")}


def test_every_field_but_title_and_secrets_has_one_place_on_the_sheet() -> None:
    for kind, headings in SHEET.items():
        names = [name for group in headings.values() for name in group]
        placed = [field for name in names for field in (WHOLE[name][1] if name in WHOLE else (name,))]
        record = KINDS[kind]
        shown = [name for name in stated_fields(record) if not about(record, name).confidential and name != "title"]
        assert sorted(placed) == sorted(shown)


def test_an_achievement_is_read_under_plain_headings(client: TestClient, opened: Installation) -> None:
    found = read(client, save(opened, OFFER)["offer"])
    headings = [words(h2) for h2 in found.select(".sections h2")]
    assert headings[:6] == ["成果内容", "技术指标", "成熟度", "知识产权", "权属", "转化与价格"]
    assert form(under(found, "成熟度")) == {
        "所处阶段": "中试",
        "技术就绪度": "7 级（使用环境样机）",
        "就绪度依据": "中试线连续运行三个月",
        "核实日期": "2026年1月9日",
    }
    assert form(under(found, "知识产权")) == {"知识产权": "发明专利，授权， ZL202010000001.X"}
    assert form(under(found, "权属")) == {"权属单位": "东海磁材研究院", "共有单位": "甬江材料公司"}
    assert form(under(found, "转化与价格")) == {"价格": "面议"}
    rows = [[words(cell) for cell in row.select("th, td")] for row in under(found, "技术指标").select("tbody tr")]
    assert rows == [["中性盐雾", "≥", "720", "h", ""], ["磁通损失", "≤", "2", "%", ""]]
    assert "核实 2026年1月9日" in words(found.select_one(".freshness"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("击穿电压 ≥ 1,200 V", ""),
        ("厚度 0.9～1.7 μm (25 ℃)", ""),
        ("效率：84 %", ""),
        ("使用寿命不低于 5 年", "使用寿命不低于 5 年"),
        ("载荷 25±2 kN", "载荷 25±2 kN"),
    ],
)
def test_an_indicator_keeps_its_words_where_its_parts_do_not_say_them(text: str, said: str) -> None:
    assert wording(parse_metric(text)) == said


def test_what_is_not_stated_is_left_out_and_named_in_one_line(opened: Installation) -> None:
    bare = Achievement(title="电机降噪", summary="抑制电机噪声", price_max=30)
    assert [(s.heading, [line.name for line in s.lines]) for s in sections(bare)] == [
        ("成果内容", ["summary"]),
        ("转化与价格", ["price"]),
        ("登记与更新", ["status", "visibility"]),
    ]
    assert missing(bare) == [
        "技术指标",
        "对比现有技术",
        "所处阶段",
        "技术就绪度",
        "知识产权",
        "转化方式",
        "行业",
        "地区",
    ]


def test_a_demand_and_an_achievement_show_their_indicators_side_by_side(
    client: TestClient, opened: Installation
) -> None:
    ids = save(opened, NEED, OFFER)
    lined_up = [
        ["中性盐雾 ≥ 500 h", "中性盐雾 ≥ 720 h", "满足"],
        ["镀层结合力 ≥ 20 MPa", "没有可对照的指标", "未说明"],
        ["磁通损失 ≤ 1 %", "磁通损失 ≤ 2 %", "不满足"],
    ]
    for one, other in (("need", "offer"), ("offer", "need")):
        found = read(client, ids[one])
        (hit,) = found.select(".matches article")
        assert hit.select_one(f"h3 a[href='/records/{ids[other]}']")
        rows = [[words(cell) for cell in row.select("th, td")] for row in hit.select("table.beside tbody tr")]
        assert rows == lined_up
        assert "1 项满足、1 项不满足、1 项未说明" in words(hit.summary)


def test_the_like_of_a_record_are_listed_once_and_its_own_copies_in_a_line(
    client: TestClient, opened: Installation
) -> None:
    copy = replace(OFFER, source_id="copy", title="烧结钕铁硼磁钢的真空镀铝防护层（2026 版）")
    near = replace(
        OFFER, source_id="near", title="钕铁硼磁钢电泳涂层", summary="钕铁硼磁钢电泳环氧涂层，盐雾 300 h 不起泡", ip=()
    )
    again = replace(near, source_id="again", organisation="别的研究所")
    far = Achievement(source="t", source_id="far", title="水稻直播机", summary="丘陵水田用的水稻直播机")
    ids = save(opened, OFFER, copy, near, again, far)
    section = read(client, ids["offer"]).select_one("section.like")
    assert section
    assert [a["href"] for a in section.select("p.hint a")] == [f"/records/{ids['copy']}"]
    assert [words(a) for a in section.select("li a")] == ["钕铁硼磁钢电泳涂层"]


def test_what_may_not_be_seen_stands_beside_nothing(client: TestClient, opened: Installation) -> None:
    hidden = [replace(NEED, source_id=v, visibility=v) for v in ("members", "brokers", "org")]
    secret = replace(OFFER, source_id="secret", visibility="brokers")
    ids = save(opened, OFFER, NEED, secret, *hidden)
    for_visitor, for_all = (beside(opened, opened.store.get(ids["offer"]), who) for who in (VISITOR, MACHINE))
    assert [match.hit.record.source_id for match in for_visitor.matches] == ["need"]
    assert for_visitor.matches[0].folded == []
    assert for_visitor.same == []
    assert [record.source_id for record in for_all.same] == ["secret"]
    assert len(for_all.matches[0].folded) == 3
    text = client.get(f"/records/{ids['offer']}").text
    assert not any(f"/records/{id}" in text for name, id in ids.items() if name not in ("offer", "need"))


def test_where_nothing_fits_the_nearest_are_folded_away(client: TestClient, opened: Installation) -> None:
    far = Demand(source="t", source_id="far", title="水稻直播机漏播", problem="丘陵水田直播机漏播严重")
    ids = save(opened, OFFER, far)
    matches = read(client, ids["offer"]).select_one(".matches")
    assert matches
    assert "没有够得上" in words(matches.select_one("[role=status]"))
    assert [a["href"] for a in matches.select("details.nearest h3 a")] == [f"/records/{ids['far']}"]


def test_a_share_says_what_is_public_and_nothing_confidential(client: TestClient, opened: Installation) -> None:
    ids = save(opened, NEED, replace(NEED, source_id="members", visibility="members"))
    found = read(client, ids["need"])
    address = f"http://127.0.0.1/records/{ids['need']}"
    held = {str(tag.get("property") or tag.get("name")): str(tag["content"]) for tag in found.select("meta[content]")}
    assert held["og:title"] == "磁钢镀层起泡掉皮"
    assert held["og:url"] == address
    assert held["description"] == held["og:description"] == NEED.problem
    assert "robots" not in held
    assert [tag["href"] for tag in found.select("link[rel=canonical], #share")] == [address, address]
    assert all(button.has_attr("hidden") for button in found.select(".sharing button"))
    for text in (client.get(address).text, str(found)):
        assert not any(secret in text for secret in ("某车厂", "13800001234"))
    sign_in(client, opened, "firm")
    shut = read(client, ids["members"])
    assert shut.select_one("meta[name=robots][content=noindex]")
    assert not shut.select("meta[property], meta[name=description]")


def _mean(kind: type[Record], script: str) -> Record:
    """A record with the script in every field that holds words."""
    values: dict[str, Any] = {"source": "t", "source_id": f"{kind.kind} {script}"}
    for field in fields(kind):
        if field.name in stated_fields(kind) and about(kind, field.name).vocabulary is None:
            hint = str(field.type)
            if hint.startswith("str"):
                values.setdefault(field.name, f"电机 {script}")
            elif hint == "tuple[str, ...]":
                values[field.name] = (script,)
            elif "Metric" in hint:
                values[field.name] = parse_metrics(f"电机噪声 ≥ 5 dB ({script})；{script}")
            elif "Ip" in hint:
                values[field.name] = (Ip(kind="invention", number=script),)
    return kind(**values)


def test_scripts_in_every_field_come_out_as_text(client: TestClient, opened: Installation) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    ids = save(opened, *(_mean(kind, script) for kind in KINDS.values()))
    sign_in(client, opened, "operator")
    for id in ids.values():
        found = read(client, id)
        shown = form(found.select_one(".sections"))
        held = [
            line for section in sections(opened.store.get(id)) for line in section.lines if script in str(line.value)
        ]
        assert len(held) > 5
        assert all(script in shown[line.label] for line in held if line.name not in ("metrics", "criteria"))
        assert "<script>alert(" in words(found.select_one("table.indicators"))
        assert script in words(found.h1)
        assert not found.select("script:not([src]), img, [onerror]")
        assert client.get(f"/records/{id}/contact").text.count("<script>") == 0
