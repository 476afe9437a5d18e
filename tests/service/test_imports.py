"""A file is sent, looked at, its columns mended, run by a process of its own; what was refused comes back with its reason."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.records import Demand
from service.imports import Import, imports, receive, run
from service.installation import Installation
from service.settings import to_environment
from service.viewer import MACHINE
from tests.service.conftest import form, sign_in

SHEET = """成果名称,编号,成果代号,简介,技术就绪度
钕铁硼晶界扩散,A1,X-1,重稀土用量减少,7
,A2,X-2,没有名称,
印染废水回用,A3,X-3,膜法,十二
"""
PATIENCE = 60.0


def send(client: TestClient, name: str, content: bytes, **fields: str) -> Any:
    return client.post("/import", data=form(client, **fields), files={"file": (name, content)}, follow_redirects=False)


def ended(client: TestClient, address: str) -> str:
    until = time.monotonic() + PATIENCE
    while True:
        text = client.get(address).text
        if "正在导入" not in text:
            return text
        assert time.monotonic() < until
        time.sleep(0.1)


def columns(text: str) -> dict[str, str]:
    """Heading → what it is taken for."""
    chosen = BeautifulSoup(text, "html.parser").select(".columns select")
    return {re.sub("^map:", "", str(one["name"])): one.select_one("option[selected]").text for one in chosen}  # type: ignore[union-attr]


def test_a_sheet_is_looked_at_mended_run_and_what_was_refused_comes_back(
    client: TestClient, installation: Installation
) -> None:
    before = installation.store.revision()
    sent = send(client, "成果.csv", SHEET.encode("gb18030"))
    assert sent.status_code == 303, sent.text
    page = client.get(sent.headers["location"]).text
    assert columns(page) == {
        "成果名称": "成果名称", "编号": "来源编号", "成果代号": "不用这一列", "简介": "成果简介", "技术就绪度": "技术就绪度",
    }  # fmt: skip
    assert "1 行可以入库，2 行会退回" in page
    assert "缺少成果名称" in page
    assert installation.store.revision() == before

    mended = {"map:成果代号": "source_id", "map:编号": "-", "map:技术就绪度": "-", "source": "甲库"}
    client.post(sent.headers["location"], data=form(client, **mended), follow_redirects=False)
    page = client.get(sent.headers["location"]).text
    assert columns(page)["成果代号"] == "来源编号"
    assert "2 行可以入库，1 行会退回" in page

    client.post(sent.headers["location"], data=form(client, **mended, run="1"), follow_redirects=False)
    page = ended(client, sent.headers["location"])
    assert "新增 2 条，更新 0 条，未变 0 条，退回 1 行" in page
    found = [installation.store.find("achievement", "甲库", number) for number in ("X-1", "X-3")]
    assert [record and record.title for record in found] == ["钕铁硼晶界扩散", "印染废水回用"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{sent.headers['location']}/refused").content))
    headings, row = book.worksheets[0].values
    assert dict(zip(headings, row, strict=True))["简介"] == "没有名称"
    assert dict(zip(headings, row, strict=True))["退回原因"]
    assert "成果.csv" in client.get("/import").text
    client.post(f"{sent.headers['location']}/remove", data=form(client))
    assert "成果.csv" not in client.get("/import").text
    assert installation.store.find("achievement", "甲库", "X-1")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("成果.pdf", b"x", "只认识 .csv、.xlsx 和 .jsonl"),
        ("../../成果.pdf", b"x", "读不了文件 成果.pdf"),
        ("", b"", "没有收到文件"),
    ],
)
def test_what_is_no_sheet_is_refused_in_words(client: TestClient, name: str, content: bytes, told: str) -> None:
    answer = send(client, name, content) if name else client.post("/import", data=form(client), files={"other": b"x"})
    assert answer.status_code == 400
    assert told in answer.text


@pytest.mark.parametrize(("name", "content"), [("坏.xlsx", b"PK\x03\x04 broken"), ("空.csv", b"")])
def test_a_file_that_cannot_be_read_is_told_of_on_its_page(client: TestClient, name: str, content: bytes) -> None:
    sent = send(client, name, content)
    page = client.get(sent.headers["location"])
    assert page.status_code == 200
    assert f"读不了文件 {name}" in page.text
    assert 'name="run"' not in page.text


def test_a_name_cannot_lead_out_of_the_home(client: TestClient, installation: Installation) -> None:
    send(client, "..\\..\\<script>alert(1)</script>.csv", SHEET.encode())
    (one,) = imports(installation.settings.home, MACHINE)
    assert one.file.parent == one.folder
    assert "<script>alert" not in client.get(f"/import/{one.id}").text
    assert client.get("/import/..%2f..%2fduijie.db").status_code == 404
    assert client.get(f"/import/{one.id}x").status_code == 404


def test_programs_do_it_by_the_api(client: TestClient, installation: Installation) -> None:
    sent = client.post("/api/v1/imports", params={"name": "成果.csv", "run": False}, content=SHEET.encode())
    assert sent.status_code == 202
    assert sent.json()["state"] == "new"
    assert {column["heading"]: column["field"] for column in sent.json()["sheets"][0]["columns"]}["成果代号"] is None
    address = sent.headers["location"]
    asked = {"source": "乙库", "mapping": {"成果代号": "source_id", "编号": "", "技术就绪度": ""}}
    assert client.post(f"{address}/run", json=asked).status_code == 202
    until = time.monotonic() + PATIENCE
    while (told := client.get(address).json())["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert (told["state"], told["added"], told["refused"]) == ("done", 2, 1)
    assert told["first_refused"][0]["line"] == 3
    assert client.get(f"{address}/refused").content[:2] == b"PK"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_only_brokers_and_operators_import(visitor: TestClient, installation: Installation) -> None:
    assert visitor.get("/import", follow_redirects=False).status_code == 303
    assert visitor.post("/api/v1/imports?name=a.csv", content=b"x").status_code == 401
    sign_in(visitor, installation, "firm")
    assert visitor.get("/import").status_code == 403
    assert visitor.post("/api/v1/imports?name=a.csv", content=b"x").status_code == 403
    assert visitor.post("/import", data={"token": "no"}, files={"file": ("a.csv", b"x")}).status_code == 403
    assert imports(installation.settings.home, MACHINE) == []


def test_an_import_is_its_sender_s_and_the_operator_s_alone(visitor: TestClient, installation: Installation) -> None:
    sign_in(visitor, installation, "broker")
    address = send(visitor, "客户的难题.csv", SHEET.encode()).headers["location"]
    assert visitor.get(address).status_code == 200
    sign_in(visitor, installation, "broker")
    others = [
        visitor.get(address),
        visitor.get(f"{address}/refused"),
        visitor.post(address, data=form(visitor, run="1")),
        visitor.post(f"{address}/remove", data=form(visitor)),
        visitor.get(f"/api/v1/imports/{address.rpartition('/')[2]}"),
        visitor.delete(f"/api/v1/imports/{address.rpartition('/')[2]}"),
    ]
    assert {answer.status_code for answer in others} == {404}
    assert "客户的难题" not in visitor.get("/import").text
    sign_in(visitor, installation, "operator")
    assert "客户的难题" in visitor.get("/import").text
    assert visitor.get(address).status_code == 200


def test_an_import_writes_what_its_sender_may_write(
    visitor: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, broker = (sign_in(visitor, installation, role) for role in ("firm", "broker"))
    kept = Demand(source="表", source_id="1", title="不给人看的", visibility="private", owner=firm.id)
    installation.store.save([kept])
    for name in ("DUIJIE_HOME", "DUIJIE_DATABASE"):
        monkeypatch.setenv(name, "")
    to_environment(installation.settings)
    sheet = "需求名称,编号,可见范围,保密详情\n顶替,1,公开,甲\n自己的,2,仅本人,乙\n公开的,3,公开,丙\n"
    one = receive(installation.settings.home, "表.csv", io.BytesIO(sheet.encode()), broker.id)
    run(str(one.folder))
    assert (one.state, one.came.added, one.came.changed) == ("done", 2, 0)
    assert [row["reason"] for row in one.came.first_refused] == ["来源编号“1”已由别人使用"]
    held = {
        record.source_id: record
        for record in installation.store.held([replace(kept, source_id=n) for n in "123"]).values()
    }
    assert [(held[n].title, held[n].owner) for n in "123"] == [
        ("不给人看的", firm.id), ("自己的", broker.id), ("公开的", None),
    ]  # fmt: skip
    assert one.refused_file
    (headings, row) = openpyxl.load_workbook(one.refused_file).worksheets[0].values
    assert dict(zip(headings, row, strict=True))["保密详情"] == "甲"


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_name_longer_than_a_file_system_takes_is_cut(client: TestClient, ending: str) -> None:
    sent = send(client, f"{'成果' * 200}.{ending}", SHEET.encode())
    assert sent.status_code == 303
    assert client.get(sent.headers["location"]).status_code == 200


def test_a_file_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/api/v1/imports?name=a.csv", content=b"x", headers={"content-length": str(10**9)})
    assert answer.status_code == 413
    assert "文件超过 200 MB" in answer.json()["detail"]


def test_an_import_that_was_killed_is_told_of_and_goes_on(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"样机{n},K-{n:04d}\n" for n in range(1200))
    one = receive(installation.settings.home, "成果.csv", io.BytesIO(("成果名称,编号\n" + rows).encode()), None)
    assert one.state == "new"
    first = _killed_after_a_batch(one, installation, monkeypatch)
    assert (first.state, first.came.added) == ("interrupted", 500)
    run(str(one.folder))
    assert (one.state, one.came.added, one.came.unchanged) == ("done", 700, 500)
    assert installation.store.find("achievement", "成果", "K-1199")


def _killed_after_a_batch(one: Import, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Import:
    for name in ("DUIJIE_HOME", "DUIJIE_DATABASE"):
        monkeypatch.setenv(name, "")
    to_environment(installation.settings)
    one.ask(begun=True)

    class Killed(BaseException):
        pass

    def die(file: Path, document: dict[str, Any]) -> None:
        write(file, document)
        if file.name == "came.json":
            raise Killed

    from service import imports as module

    write = module._write
    monkeypatch.setattr(module, "_write", die)
    with pytest.raises(Killed):
        run(str(one.folder))
    monkeypatch.setattr(module, "_write", write)
    return one
