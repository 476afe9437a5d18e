"""Many demands by API: sent, watched, fetched, cancelled; whole after any kill, and for nobody but their owner."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi.testclient import TestClient

import service.api.bulk
import service.receiving
from corpus.jobs import TRIES, Jobs
from corpus.records import Achievement
from service.bulk import bulk, kept_in
from service.installation import Installation, sample_files
from service.jobs import folder_of, work_through
from service.settings import Settings
from service.viewer import viewer_of
from tests.service.conftest import sign_in
from tests.service.test_keys import bearer

PATIENCE = 120.0
JOBS = "/api/v1/bulk-matches"
ROWS: list[dict[str, Any]] = [
    {"source_id": "X-1", "title": "磁铁放半年起泡掉皮", "problem": "烧结磁钢镀层在仓库里起泡、掉皮，要耐盐雾", "min_trl": 5},
    {"source_id": "X-2", "title": "成熟度写错了", "min_trl": "五十"},
    {"source_id": "X-3", "title": "=cmd|' /C calc'!A0", "problem": "风机低速嗡嗡响，要求空载 45 dB 以下"},
]  # fmt: skip
CSV = "需求名称,需求编号,最低就绪度\n磁铁放半年起泡掉皮,X-1,5\n成熟度写错了,X-2,五十\n"


def eventually(holds: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (held := holds()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return held


def finished(client: Any, job: dict[str, Any], **more: Any) -> dict[str, Any]:
    def over() -> Any:
        told = client.get(f"{JOBS}/{job['id']}", **more).json()
        return told if told["state"] not in ("waiting", "running") else None

    found: dict[str, Any] = eventually(over)
    return found


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_is_sent_watched_and_fetched_in_each_form(client: TestClient, installation: Installation) -> None:
    sent = client.post(JOBS, json=ROWS, params={"limit": 3, "where": "trl=3..9", "mode": "keyword"})
    assert sent.status_code == 202
    job = sent.json()
    assert sent.headers["location"] == f"{JOBS}/{job['id']}"
    assert (job["state"], job["options"]) == (
        "waiting", {"limit": 3, "where": ["trl=3..9"], "mode": "keyword", "columns": {}},
    )  # fmt: skip
    told = finished(client, job)
    assert (told["state"], told["done"], told["total"], told["refused"], told["matches"]) == ("done", 3, 3, 1, 6)
    assert told["refusals"] == [{"file": "demands.jsonl", "line": 2, "reason": "最低就绪度应为数字，这里是“五十”"}]
    assert told["revision"] == installation.store.revision()
    found = lines(client.get(told["results"]).text)
    assert [(one["line"], one["source_id"], len(one["hits"])) for one in found] == [(1, "X-1", 3), (3, "X-3", 3)]
    assert {"rank", "id", "band", "score", "parts", "quotes"} <= found[0]["hits"][0].keys()
    assert (found[0]["revision"], str(found[0]["model"])[:6]) == (told["revision"], "model@")
    assert lines(client.get(told["results"], params={"after": 1}).text) == found[1:]
    table = client.get(told["results"], params={"format": "csv"})
    assert table.content.startswith("\ufeff需求文件,行号,需求编号,".encode())
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row["需求编号"] for row in rows] == ["X-1"] * 3 + ["X-3"] * 3
    assert rows[3]["需求名称"].startswith("'=cmd")
    book = openpyxl.load_workbook(io.BytesIO(client.get(told["results"], params={"format": "xlsx"}).content))
    assert book.sheetnames == ["匹配", "退回", "说明"]
    assert [row[:3] for row in book["退回"].values][1:] == [("demands.jsonl", 2, "最低就绪度应为数字，这里是“五十”")]
    assert {row[0]: row[1] for row in book["说明"].values}["筛选"] == "trl=3..9"
    (mend,) = lines(client.get(f"{JOBS}/{job['id']}/refused").text)
    assert (mend["source_id"], mend["退回原因"]) == ("X-2", "最低就绪度应为数字，这里是“五十”")
    assert [one["id"] for one in client.get(JOBS).json()] == [job["id"]]


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("application/json", json.dumps({"demands": ROWS})),
        ("application/json; charset=utf-8", "\ufeff" + json.dumps(ROWS, ensure_ascii=False)),
        ("application/x-ndjson", "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("text/csv", CSV),
    ],
)
def test_a_job_takes_json_lines_and_csv(client: TestClient, installation: Installation, type_: str, body: str) -> None:
    sent = client.post(JOBS, content=body.encode(), headers={"Content-Type": type_}, params={"limit": 1})
    told = finished(client, sent.json())
    first = lines(client.get(told["results"]).text)[0]
    assert (told["state"], told["refused"], first["source_id"], len(first["hits"])) == ("done", 1, "X-1", 1)


def test_a_job_takes_a_workbook_and_headings_of_ones_own(client: TestClient, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["需求名称", "难处", "需求编号"])
    book.active.append(["磁铁起泡", "镀层起泡、掉皮", 12])
    book.save(tmp_path / "a.xlsx")
    sent = client.post(
        JOBS,
        content=(tmp_path / "a.xlsx").read_bytes(),
        headers={"Content-Type": service.receiving.WORKBOOK},
        params={"column": "难处=problem", "limit": 1},
    )
    told = finished(client, sent.json())
    assert (told["state"], told["options"]["columns"]) == ("done", {"难处": "problem"})
    assert lines(client.get(told["results"]).text)[0]["source_id"] == "12"


@pytest.mark.parametrize(
    ("status", "type_", "body", "params", "said"),
    [
        (415, "application/pdf", "x", {}, "application/pdf"),
        (400, "application/json", "[{]", {}, "读不了这份 JSON"),
        (400, "application/json", "{}", {}, "里面没有一条需求"),
        (400, "application/json", "", {}, "写得不完整，或有一处不对（parse error: premature EOF）"),
        (400, "application/json", "[" * 100_000, {}, "括号套得太深，超过 20 层"),
        (
            400,
            "application/json",
            '[{"title": "甲", "keywords": ' + "[" * 100_000 + "]" * 100_000 + "}]",
            {},
            "括号套得太深",
        ),
        (400, "text/csv", "甲,乙\n1,2\n", {}, "找不到认识的表头"),
        (400, "application/x-ndjson", "", {}, "里面没有一行记录"),
        (400, service.receiving.WORKBOOK, "no workbook", {}, "不是完好的 XLSX"),
        (400, "text/csv", CSV, {"where": "colour=red"}, "没有名为“colour”的字段"),
        (400, "text/csv", CSV, {"column": "problem"}, "column 应写成"),
        (400, "text/csv", CSV, {"column": "难处=pain"}, "“pain”不存在"),
        (422, "text/csv", CSV, {"limit": 0}, "应不小于 1"),
        (400, "text/csv", CSV, {"webhook": "https://example.org/x"}, "Webhook-Secret"),
        (413, "text/csv", CSV + "甲,X-9,乙\n" * 9, {}, "一次最多 5 条需求，这里有 11 条"),
        (413, "text/csv", CSV + "x" * 1_000_001, {}, "最多 1 MB"),
    ],
)
def test_what_cannot_be_a_job_is_told_and_leaves_nothing(
    client: TestClient,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    type_: str,
    body: str,
    params: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setattr(service.api.bulk, "MOST", 5)
    monkeypatch.setattr(service.receiving.kept, "__kwdefaults__", {"largest": 1_000_000})
    answer = client.post(JOBS, content=body.encode(), headers={"Content-Type": type_}, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]
    assert client.get(JOBS).json() == []
    eventually(lambda: not list((installation.settings.home / "bulk").glob("*/*")))


def test_the_same_key_is_the_same_job_and_another_body_is_refused(client: TestClient) -> None:
    def send(rows: Any, key: str, **params: Any) -> Any:
        return client.post(JOBS, json=rows, headers={"Idempotency-Key": key}, params=params)

    first, again = send(ROWS, "run-1"), send(ROWS, "run-1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    for other in (send(ROWS[:1], "run-1"), send(ROWS, "run-1", limit=5)):
        assert (other.status_code, other.json()["type"]) == (422, "/problems#KeyReused")
    assert send(ROWS, "run-2").json()["id"] != first.json()["id"]
    assert len(client.get(JOBS).json()) == 2


def test_a_job_is_its_owners_alone_and_holds_what_its_owner_may_see(
    visitor: TestClient, installation: Installation
) -> None:
    hidden = {"title": "磁钢镀层耐盐雾的隐藏成果", "summary": "烧结磁钢镀层起泡掉皮", "visibility": "brokers"}
    _, firm = installation.keys.add("甲", role="firm", scopes=["bulk"])
    _, broker = installation.keys.add("乙", role="broker", scopes=["bulk", "write"])
    (id,) = visitor.post("/api/v1/achievements", json=hidden, headers=bearer(broker)).json()["added"]
    seen = {}
    for name, secret in (("firm", firm), ("broker", broker)):
        job = visitor.post(JOBS, json=ROWS, headers=bearer(secret)).json()
        told = finished(visitor, job, headers=bearer(secret))
        found = lines(visitor.get(told["results"], headers=bearer(secret)).text)
        seen[name] = {hit["id"] for hit in found[0]["hits"]}
        other = broker if secret == firm else firm
        for method, path in [
            ("GET", ""),
            ("GET", "/results"),
            ("GET", "/refused"),
            ("POST", "/cancel"),
            ("DELETE", ""),
        ]:
            assert visitor.request(method, f"{JOBS}/{job['id']}{path}", headers=bearer(other)).status_code == 404
    assert id in seen["broker"]
    assert id not in seen["firm"]
    assert visitor.post(JOBS, json=ROWS).status_code == 401
    sign_in(visitor, installation, "firm")
    assert visitor.post(JOBS, json=ROWS).status_code == 403
    account = sign_in(visitor, installation, "broker")
    job = visitor.post(JOBS, json=ROWS).json()
    assert finished(visitor, job)["state"] == "done"
    with installation.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE users SET role = 'firm' WHERE id = {account.id}")
    assert visitor.get(job["results"]).status_code == 403


def test_results_leave_out_what_went_or_was_hidden_since(visitor: TestClient, installation: Installation) -> None:
    _, secret = installation.keys.add("甲", role="firm", scopes=["bulk"])
    offers = [
        Achievement(source="表", source_id=str(number), title=f"磁钢镀层耐盐雾 {number}", summary="磁钢起泡掉皮")
        for number in range(4)
    ]
    installation.store.save(offers)
    key: Any = {"headers": bearer(secret)}
    job = visitor.post(JOBS, json=[{"title": "磁钢起泡掉皮"}], params={"limit": 4}, **key).json()
    told = finished(visitor, job, **key)

    def titles() -> list[list[Any]]:
        hits = [lines(visitor.get(told["results"], **key).text)[0]["hits"]]
        rows = csv.DictReader(io.StringIO(visitor.get(f"{told['results']}?format=csv", **key).text.lstrip("\ufeff")))
        book = openpyxl.load_workbook(io.BytesIO(visitor.get(f"{told['results']}?format=xlsx", **key).content))
        headings, *held = book["匹配"].values
        sheets = [list(rows), [dict(zip(headings, row, strict=True)) for row in held]]
        assert [[(str(row["成果名称"]), int(str(row["名次"]))) for row in sheet] for sheet in sheets] == [
            [(hit["title"], hit["rank"]) for hit in hits[0]]
        ] * 2
        return [[hit["rank"], hit["title"]] for hit in hits[0]]

    whole = titles()
    assert sorted(title for _, title in whole) == [offer.title for offer in offers]
    hidden, gone = (next(o for o in offers if o.title == title) for _, title in (whole[0], whole[2]))
    installation.store.save([replace(hidden, visibility="brokers")])
    found = installation.store.find("achievement", gone.source, gone.source_id)
    assert found
    installation.store.delete([found.id])
    assert titles() == [[1, whole[1][1]], [2, whole[3][1]]]


def test_a_job_is_cancelled_and_deleted(client: TestClient, installation: Installation) -> None:
    job = client.post(JOBS, json=ROWS * 1).json()
    told = client.post(f"{JOBS}/{job['id']}/cancel").json()
    assert told["state"] in ("cancelled", "done")
    assert client.get(told["results"]).status_code == 200
    folder = folder_of(installation.settings.home, job["id"])
    assert folder.exists()
    assert client.delete(f"{JOBS}/{job['id']}").status_code == 204
    assert client.get(f"{JOBS}/{job['id']}").status_code == 404
    eventually(lambda: not folder.exists())


def test_a_job_that_runs_is_stopped_by_cancelling_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had by then stays."""
    monkeypatch.setattr("service.jobs._NOTED", 0.0)
    id = waiting(installation, 200)
    progress = Jobs.progress

    def cancelling(jobs: Jobs, id: str, **values: Any) -> bool:
        if values["done"] == 9:
            jobs.cancel(id)
        return progress(jobs, id, **values)

    monkeypatch.setattr(Jobs, "progress", cancelling)
    work_through(installation)
    job = installation.jobs.get(id)
    assert (job.state, job.done) == ("cancelled", 8)
    kept = kept_in(folder_of(installation.settings.home, id) / "matches.jsonl")
    assert len(kept.read_bytes().splitlines()) == 10


def waiting(installation: Installation, count: int) -> str:
    """A job that nobody works on, of the sample's demands again and again."""
    with sample_files() as (_, demands):
        rows = lines(demands.read_text("utf-8"))
    owner = installation.accounts.add("owner", "four horses stand still", role="broker").id
    id = installation.jobs.new_id()
    folder = folder_of(installation.settings.home, id)
    folder.mkdir(parents=True)
    many = (json.dumps({**rows[n % len(rows)], "source_id": f"N-{n}"}, ensure_ascii=False) for n in range(count))
    (folder / "demands.jsonl").write_text("\n".join(many), "utf-8")
    options = {"limit": 5, "where": [], "mode": "hybrid", "columns": {}}
    installation.jobs.add(id, owner, file="demands.jsonl", digest="", options=options)
    return id


def test_a_job_whose_process_dies_again_and_again_without_getting_on_has_failed(installation: Installation) -> None:
    id = waiting(installation, 3)
    for _ in range(TRIES):
        assert installation.jobs.begin(installation.jobs.get(id), seen=[])
    work_through(installation)
    job = installation.jobs.get(id)
    assert (job.state, "中断了 3 次" in str(job.error)) == ("failed", True)


def test_a_job_begun_before_the_library_changed_is_done_anew_by_one_state_of_it(installation: Installation) -> None:
    id = waiting(installation, 4)
    folder = folder_of(installation.settings.home, id)
    (folder / ".unused").touch()
    kept_in(folder / "matches.jsonl").write_text('{"asked": {"修订号": 1}}\n{"line": 1, "hits": []}\n', "utf-8")
    work_through(installation)
    job = installation.jobs.get(id)
    assert (job.state, job.done) == ("done", 4)
    found = lines((folder / "matches.jsonl").read_text("utf-8"))
    assert {one["revision"] for one in found} == {installation.store.revision()}
    assert all(one["hits"] for one in found)


def test_a_job_of_an_account_that_was_disabled_fails(installation: Installation) -> None:
    id = waiting(installation, 1)
    installation.accounts.disable(installation.accounts.find("owner"))
    work_through(installation)
    assert installation.jobs.get(id).error == "提交这个批量匹配的账号已停用。"


@contextmanager
def serving(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`duijie serve` as a process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DUIJIE_")}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**environment, "DUIJIE_HOME": str(home)}, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(port))
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def children(pid: int) -> list[int]:
    found = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for child in " ".join(found).split()]


def test_a_job_killed_with_its_server_goes_on_with_the_next_to_the_same_bytes(
    installation: Installation, home: Path, tmp_path: Path
) -> None:
    """Real `kill -9`: of the process that works, which the server begins again, then of both."""
    id = waiting(installation, 240)
    folder = folder_of(home, id)
    whole = tmp_path / "一次.jsonl"
    owner = viewer_of(installation.accounts.find("owner"))
    bulk(installation, folder / "demands.jsonl", whole, viewer=owner, limit=5)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def reached(count: int) -> bool:
        kept = kept_in(folder / "matches.jsonl")
        return kept.exists() and len(kept.read_bytes().splitlines()) > count

    with serving(home, port) as server:
        eventually(lambda: reached(10))
        (first,) = children(server.pid)
        os.kill(first, signal.SIGKILL)
        eventually(lambda: [child for child in children(server.pid) if child != first])
        eventually(lambda: reached(40))
        (second,) = children(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        os.kill(second, signal.SIGKILL)
        server.wait()
    assert installation.jobs.get(id).state == "running"
    assert not (folder / "matches.jsonl").exists()
    with serving(home, port):
        eventually(lambda: installation.jobs.get(id).state == "done")
    assert (folder / "matches.jsonl").read_bytes() == whole.read_bytes()
    job = installation.jobs.get(id)
    assert (job.done, job.total, job.refused) == (240, 240, 0)


def test_settings_are_handed_to_the_process_that_works(tmp_path: Path) -> None:
    from service.settings import environment

    assert environment(Settings(home=tmp_path, webhook_private=True))["DUIJIE_WEBHOOK_PRIVATE"] == "1"


def test_small_batches_are_answered_line_by_line(client: TestClient, installation: Installation) -> None:
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    stream = f"{JOBS.rpartition('/')[0]}/match/stream"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = client.post(stream, content=body, headers=headers, params={"limit": 2})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert "content-encoding" not in answer.headers
    first, refused, last = lines(answer.text)
    assert refused == {"line": 2, "refused": "最低就绪度应为数字，这里是“五十”"}
    assert [(one["source_id"], len(one["hits"])) for one in (first, last)] == [("X-1", 2), ("X-3", 2)]
    job = client.post(JOBS, content=body, headers=headers, params={"limit": 2}).json()
    finished(client, job)
    assert [first, last] == lines(client.get(job["results"]).text)
    for status, type_, sent in [
        (415, "text/csv", body),
        (413, "application/x-ndjson", body * 400),
        (413, "application/x-ndjson", b" " * 10_000_001),
        (400, "application/x-ndjson", b""),
    ]:
        assert client.post(stream, content=sent, headers={"Content-Type": type_}).status_code == status
