"""企情日记: a note pasted by anyone becomes drafts beside their words; nothing of it is kept."""

from __future__ import annotations

from pathlib import Path

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from fastapi.testclient import TestClient

from service.access import FORM
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from tests.indexer.endpoints import saying, serving
from tests.service.conftest import form

NOTE = "上午去了柯桥的一家印染企业，聊了聊行情。油烟净化器老是糊满油，清洗一次停半天。要求油烟去除率不低于90%。另外反渗透膜三个月就堵死，想找延长寿命的办法，预算三十万以内。"
SCRIPT = "<script>alert('对接')</script>"


def pasted(client: TestClient, note: str, status: int = 200) -> BeautifulSoup:
    client.get("/visit-note")
    answer = client.post("/visit-note", data=form(client, note=note))
    assert answer.status_code == status
    return BeautifulSoup(answer.text, "html.parser")


def value(draft: Tag, name: str) -> str:
    field = draft.select_one(f"[name={name}]")
    assert field is not None
    chosen = field.select_one("option")
    return str(field.get("value") or (chosen["value"] if chosen else field.get_text()))


def test_drafts_stand_beside_their_words(visitor: TestClient) -> None:
    found = pasted(visitor, NOTE)
    marked = [mark.get_text() for mark in found.select(".note-text mark")]
    assert marked == [
        "1油烟净化器老是糊满油，清洗一次停半天。要求油烟去除率不低于90%。",
        "2另外反渗透膜三个月就堵死，想找延长寿命的办法，预算三十万以内。",
    ]
    first, second = found.select(".draft")
    assert value(first, "title") == "油烟净化器糊满油"
    assert (value(first, "criterion_name"), value(first, "criterion_value")) == ("油烟去除率", "90")
    assert value(first, "region") == "柯桥区"
    assert value(second, "budget_max") == "30"
    text = found.select_one(".note-text")
    assert text
    assert "".join(text.get_text().split("1", 1)[0].split()) == "上午去了柯桥的一家印染企业，聊了聊行情。"


def test_the_page_of_drafts_is_valid_html(visitor: TestClient) -> None:
    visitor.get("/visit-note")
    answer = visitor.post("/visit-note", data=form(visitor, note=NOTE))
    html5lib.HTMLParser(strict=True).parse(answer.text)  # raises what is wrong


def test_a_mark_leads_to_its_draft(visitor: TestClient) -> None:
    found = pasted(visitor, NOTE)
    for link in found.select("mark a"):
        assert found.select_one(str(link["href"]))


def test_the_note_is_nowhere_afterwards(visitor: TestClient, installation: Installation) -> None:
    before = installation.store.revision()
    pasted(visitor, NOTE + "独一无二的暗号砉騞")
    assert installation.store.revision() == before
    for file in Path(installation.settings.home).rglob("*"):
        if file.is_file():
            assert "暗号砉騞".encode() not in file.read_bytes()


def test_what_is_typed_comes_out_as_text(visitor: TestClient) -> None:
    found = pasted(visitor, f"油封老渗油{SCRIPT}，想找办法。")
    assert "alert" in found.select(".note-text mark")[0].get_text()
    assert all("alert" not in (script.string or "") for script in found.select("script"))


@pytest.mark.parametrize(("note", "told"), [(" \n", "还没有写下笔记"), ("油封渗油。" * 5000, "请分几次粘贴")])
def test_what_cannot_be_read_is_told_beside_the_box(visitor: TestClient, note: str, told: str) -> None:
    found = pasted(visitor, note, 400)
    problem = found.select_one("#note-problem")
    assert problem
    assert told in problem.get_text()
    box = found.select_one("#note")
    assert box
    assert box["aria-invalid"] == "true"


def test_a_note_without_needs_is_told_so_and_stays_in_the_box(visitor: TestClient) -> None:
    found = pasted(visitor, "中午在镇上吃的饭，天气很好。")
    assert "没有读出技术需求" in found.get_text()
    assert found.select(".draft") == []
    box = found.select_one("#note")
    assert box
    assert "天气很好" in box.get_text()


def test_a_form_from_elsewhere_is_refused(visitor: TestClient) -> None:
    assert visitor.post("/visit-note", data={"note": NOTE}).status_code == 403
    visitor.get("/visit-note")
    assert FORM in visitor.cookies


def test_a_language_model_splits_where_one_is_configured_else_the_page_says_why(home: Path) -> None:
    answer = {"needs": [{"title": "定型机油烟净化器积油", "sentences": [2, 3]}]}
    for reply, title, told in (
        (saying(answer), "定型机油烟净化器积油", "由语言模型 judge-7b 分出"),
        (saying("说不好"), "油烟净化器糊满油", "已按规则读取"),
    ):
        with (
            serving(reply) as served,
            TestClient(
                create_app(Installation(Settings(home=home, llm_url=served.url, llm_model="judge-7b"))),
                base_url="http://127.0.0.1",
            ) as site,
        ):
            found = pasted(site, NOTE)
            assert value(found.select(".draft")[0], "title") == title
            assert told in found.get_text()


def test_the_api_reads_a_note(visitor: TestClient) -> None:
    answer = visitor.post("/api/v1/notes/read", json={"text": NOTE}).json()
    assert answer["reader"] == "rule"
    first, second = answer["needs"]
    assert first["criteria"] == [
        {"name": "油烟去除率", "op": "≥", "value": 90.0, "unit": "%", "text": "要求油烟去除率不低于90%"}
    ]
    assert [NOTE[quote["start"] : quote["end"]] for quote in second["quotes"]] == [q["text"] for q in second["quotes"]]
    assert (second["budget_max"], second["region"]) == (30, "330603")
    assert visitor.post("/api/v1/notes/read", json={"text": " "}).status_code == 400
    assert visitor.post("/api/v1/notes/read", json={"text": "长" * 20_001}).status_code == 422
