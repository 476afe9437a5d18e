"""The Python client against a real server, and the page on which a sheet is sent and fetched."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import uvicorn
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from service.app import create_app
from service.client import Duijie, JobFailed, Refused
from service.installation import Installation
from service.settings import Settings
from tests.service.conftest import form, sign_in
from tests.service.test_jobs import CSV, JOBS, ROWS, finished


@pytest.fixture
def served(home: Path) -> Iterator[tuple[str, Installation]]:
    """A server in this process over a copy of the library."""
    installation = Installation(Settings(home=home))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(uvicorn.Config(create_app(installation), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", installation
        server.should_exit = True
        thread.join()


def test_a_program_searches_matches_and_has_many_matched(served: tuple[str, Installation], tmp_path: Path) -> None:
    address, installation = served
    _, key = installation.keys.add("ERP", role="broker", scopes=["read", "match", "write", "bulk"])
    with Duijie(address, key=key, trust_env=False) as duijie:
        found = duijie.search("磁钢起泡", kind="achievement", limit=3, where=["trl=3..9"])
        assert len(found.hits) == 3
        assert duijie.record("achievement", found.hits[0].id)["title"] == found.hits[0].title
        matched = duijie.match(text="磁铁放半年起泡掉皮", limit=2)
        assert [len(hit.comparisons) > 0 for hit in matched.hits] == [True, True]
        written = duijie.save("demand", [{"title": "磁铁起泡"}, {"title": "坏", "min_trl": "五十"}])
        assert [row.line for row in written.refused] == [2]
        assert written.added[0] in {record["id"] for record in duijie.records("demand")}
        assert duijie.delete("demand", written.added).deleted == 1
        first, refused, last = duijie.match_each(ROWS, limit=2)
        assert refused["line"] == 2
        job = duijie.bulk(ROWS, limit=2, key="once")
        assert list(job.results(pause=0.1)) == [first, last]
        assert duijie.bulk(ROWS, limit=2, key="once").id == job.id
        assert job.wait().refused == 1
        assert openpyxl.load_workbook(job.save(tmp_path / "匹配.xlsx")).sheetnames == ["匹配", "退回", "说明"]
        (tmp_path / "需求.csv").write_text(CSV, "utf-8")
        assert duijie.bulk(tmp_path / "需求.csv").wait(pause=0.1).done == 2
        job.delete()
        with pytest.raises(Refused) as told:
            job.status()
        assert (told.value.status, told.value.kind) == (404, "JobUnknown")
        stopped = duijie.bulk(ROWS)
        if stopped.cancel().state == "cancelled":
            with pytest.raises(JobFailed, match="cancelled"):
                stopped.wait()
    with Duijie(address, trust_env=False) as nobody:
        with pytest.raises(Refused, match="401 NotSignedIn"):
            nobody.bulk(ROWS)
        with pytest.raises(Refused, match="400"):
            list(nobody.match_each([]))


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
