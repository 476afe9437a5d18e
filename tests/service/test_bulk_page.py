"""The page on which a sheet of demands is sent, watched, fetched, and matched once more under other conditions."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from service.installation import Installation
from tests.service.conftest import form, sign_in
from tests.service.test_jobs import CSV, JOBS, ROWS, finished, lines


def sent(client: TestClient, name: str, content: str, **fields: Any) -> dict[str, Any]:
    """The job that came of a sheet, when it is over."""
    page = client.post("/bulk", data=form(client, **fields), files={"file": (name, content.encode())})
    assert page.status_code == 200, page.text
    return finished(client, {"id": page.url.path.rpartition("/")[2]})


def soup(client: TestClient, path: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(path).text, "html.parser")


def test_a_broker_sends_a_sheet_watches_it_and_fetches_a_workbook(
    visitor: TestClient, installation: Installation
) -> None:
    sign_in(visitor, installation, "broker")
    files = {"file": ("需求 一月.csv", CSV.encode())}
    page = visitor.post("/bulk", data=form(visitor, limit="3", region="浙江"), files=files)
    assert page.status_code == 200
    id = page.url.path.rpartition("/")[2]
    told = finished(visitor, {"id": id})
    assert (told["state"], told["file"], told["options"]["where"]) == ("done", "需求 一月.csv", ["region=浙江"])
    shown = BeautifulSoup(visitor.get(f"/bulk/{id}").text, "html.parser")
    assert "做完了：1 条需求，给出 3 条成果，退回 1 行。" in shown.text
    assert [cell.text for cell in shown.select("tbody td")] == [
        "需求 一月.csv",
        "3",
        "最低就绪度应为数字，这里是“五十”",
    ]
    book = openpyxl.load_workbook(io.BytesIO(visitor.get(f"/bulk/{id}/matches.xlsx").content))
    assert len(list(book["匹配"].values)) == 4
    assert visitor.get(f"/bulk/{id}/matches.csv").content.startswith("\ufeff需求文件".encode())
    mend = openpyxl.load_workbook(io.BytesIO(visitor.get(f"/bulk/{id}/refused.xlsx").content))
    assert mend.active is not None
    assert "成熟度写错了" in [cell for row in mend.active.values for cell in row]
    assert "需求 一月.csv" in visitor.get("/bulk").text
    gone = visitor.post(f"/bulk/{id}/remove", data=form(visitor))
    assert "还没有交过" in gone.text


def test_a_sheet_that_cannot_be_read_is_told_and_others_have_no_such_page(
    visitor: TestClient, installation: Installation
) -> None:
    assert visitor.get("/bulk", follow_redirects=False).headers["location"].startswith("/sign-in")
    sign_in(visitor, installation, "firm")
    assert visitor.get("/bulk").status_code == 403
    sign_in(visitor, installation, "operator")
    for name, content, said in [
        ("a.csv", "甲,乙\n1,2\n", "找不到认识的表头"),
        ("a.pdf", "x", "只认识 .csv、.xlsx 和 .jsonl"),
        ("a.json", "{", "读不了这份 JSON"),
    ]:
        page = visitor.post("/bulk", data=form(visitor, limit="3"), files={"file": (name, content.encode())})
        assert page.status_code == 400
        assert said in page.text
    assert visitor.get(JOBS).json() == []
    assert list((installation.settings.home / "bulk").glob("*/*")) == []
    assert visitor.get("/bulk/0123456789abcdef").status_code == 404


def test_what_the_form_asks_for_is_what_the_api_would(visitor: TestClient, installation: Installation) -> None:
    sign_in(visitor, installation, "broker")
    fields: dict[str, Any] = {
        "limit": "20", "mode": "keyword", "industry": "C", "region": "浙江", "trl": "4", "stage": ["pilot", "mass"],
        "transfer_modes": ["license"], "since": "2015", "until": "2026",
    }  # fmt: skip
    told = sent(visitor, "需求.csv", CSV, **fields)
    assert told["options"] == {
        "limit": 20,
        "mode": "keyword",
        "where": [
            "industry=C", "region=浙江", "trl>=4", "year>=2015", "year<=2026", "stage=pilot", "stage=mass", "transfer_modes=license",
        ],
        "columns": {},
    }  # fmt: skip
    shown = soup(visitor, f"/bulk/{told['id']}").select_one(".byline")
    assert shown is not None
    assert [span.text for span in shown.select("span")][3:] == [
        "每条最多 20 条成果", "关键词检索", "行业：制造业", "地区：浙江省", "技术就绪度 ≥ 4", "年份 ≥ 2015", "年份 ≤ 2026",
        "所处阶段：中试", "所处阶段：可以量产", "转化方式：技术许可",
    ]  # fmt: skip
    again = soup(visitor, f"/bulk/{told['id']}/again")
    assert [box["value"] for box in again.select("input[checked]")] == ["pilot", "mass", "license"]
    assert [one["value"] for one in again.select("select[id] option[selected]") if one.get("value")] == [
        "keyword", "C", "4",
    ]  # fmt: skip


def test_what_was_written_stays_beside_what_is_wrong_with_it(visitor: TestClient, installation: Installation) -> None:
    sign_in(visitor, installation, "broker")
    for wrong, said in [
        ({"region": "浙将"}, "浙将"),
        ({"since": "去年"}, "年份应是四位数字，这里是“去年”"),
        ({"heading": ["难处"], "field": ["pain"]}, "“pain”不存在"),
    ]:
        fields = form(visitor, limit="5", trl="6", **wrong)  # type: ignore[arg-type]  # a list of values of one field
        page = visitor.post("/bulk", data=fields, files={"file": ("a.csv", CSV.encode())})
        read = BeautifulSoup(page.text, "html.parser")
        alert = read.select_one("[role=alert]")
        assert page.status_code == 400
        assert alert is not None
        assert said in alert.text
        assert [one.text.strip() for one in read.select("#limit option[selected]")] == ["5"]
        assert [one["value"] for one in read.select("#trl option[selected]")] == ["6"]
    assert visitor.get(JOBS).json() == []


def test_columns_that_were_not_used_are_told_and_named_for_another_run(
    visitor: TestClient, installation: Installation
) -> None:
    sign_in(visitor, installation, "broker")
    sheet = "需求名称,难处,备注\n磁铁起泡,镀层起泡、掉皮，要耐盐雾,急\n"
    told = sent(visitor, "需求.csv", sheet)
    page = soup(visitor, f"/bulk/{told['id']}")
    assert "表里有 2 列没有用到：难处、备注。" in page.text
    again = soup(visitor, f"/bulk/{told['id']}/again")
    assert [row.get_text(" ", strip=True).split()[0] for row in again.select("tr.unknown")] == ["难处", "备注"]
    assert "试读全部：1 行可以匹配，0 行会退回。" in again.text
    fields: dict[str, Any] = {"limit": "3", "heading": ["需求名称", "难处", "备注"], "field": ["title", "problem", "-"]}
    answer = visitor.post(f"/bulk/{told['id']}/again", data=form(visitor, **fields))
    once_more = finished(visitor, {"id": answer.url.path.rpartition("/")[2]})
    assert once_more["id"] != told["id"]
    assert (once_more["file"], once_more["options"]["columns"]) == (
        "需求.csv", {"需求名称": "title", "难处": "problem", "备注": ""},
    )  # fmt: skip
    first, second = (lines(visitor.get(one["results"]).text)[0]["hits"][0]["score"] for one in (told, once_more))
    assert first != second
    visitor.post(f"/bulk/{told['id']}/remove", data=form(visitor))
    assert visitor.get(f"/bulk/{once_more['id']}/again").status_code == 200
    first_form = {"heading": ["难处", ""], "field": ["problem", ""]}
    assert sent(visitor, "需求.csv", sheet, **first_form)["options"]["columns"] == {"难处": "problem"}


def test_a_condition_that_the_form_has_no_field_for_is_kept(client: TestClient) -> None:
    job = client.post(JOBS, json=ROWS, params={"where": ["organisation=甲院", "trl=3..9"], "limit": 7}).json()
    finished(client, job)
    again = soup(client, f"/bulk/{job['id']}/again")
    assert [box["value"] for box in again.select("input[name=others]")] == ["organisation=甲院", "trl=3..9"]
    assert [one.text.strip() for one in again.select("#limit option[selected]")] == ["7"]


def test_a_sheet_may_be_named_like_the_files_of_a_job(visitor: TestClient, installation: Installation) -> None:
    sign_in(visitor, installation, "broker")
    rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    for name in ("matches.jsonl", "refused.jsonl", "matches.jsonl.partial.jsonl"):
        told = sent(visitor, name, rows, limit="3")
        assert (told["file"], told["state"], told["refused"]) == (f"需求 {name}", "done", 1)
        assert [len(one["hits"]) for one in lines(visitor.get(told["results"]).text)] == [3, 3]
        assert visitor.get(f"/bulk/{told['id']}/again").status_code == 200
