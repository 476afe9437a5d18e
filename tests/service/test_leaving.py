"""What leaves the library over HTTP and by command: changes in order, the whole as a file; of what is not for the asker, no trace."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
from fastapi.testclient import TestClient

from corpus.records import Achievement, Demand, Record
from corpus.store import Store
from service.installation import Installation
from tests.service.conftest import Run, sign_in


def save(installation: Installation, *records: Record) -> list[int]:
    return [record.id for record in installation.store.save(records).records]


def followed(client: TestClient, after: int = 0) -> dict[int, str | None]:
    """What a system holds that keeps in step: id → title, None for what is gone."""
    held: dict[int, str | None] = {}
    more = True
    while more:
        page = client.get("/api/v1/changes", params={"after": after, "limit": 150}).json()
        revisions = [change["revision"] for change in page["changes"]]
        assert revisions == sorted(revisions)
        assert all(revision > after for revision in revisions)
        held |= {change["id"]: change["record"] and change["record"]["title"] for change in page["changes"]}
        after, more = page["revision"], page["more"]
    return held


def test_a_system_keeps_in_step_by_asking_for_what_came_after(client: TestClient, installation: Installation) -> None:
    held = followed(client)
    assert len([title for title in held.values() if title]) == sum(installation.store.counts().values())
    revision = installation.store.revision()
    assert followed(client, revision) == {}
    one, other = save(
        installation,
        Achievement(source="x", source_id="1", title="新到的样机"),
        Demand(source="x", source_id="2", title="新来的难题", contact="0571-0000"),
    )
    save(installation, Achievement(source="x", source_id="1", title="改过名的样机"))
    installation.store.delete([other])
    assert followed(client, revision) == {one: "改过名的样机", other: None}


def test_what_a_visitor_may_not_see_leaves_no_trace_in_the_changes(
    visitor: TestClient, installation: Installation
) -> None:
    revision = installation.store.revision()
    hidden, gone, never, shown = save(
        installation,
        Achievement(source="x", source_id="1", title="给会员看的", visibility="members"),
        Achievement(source="x", source_id="2", title="要删的"),
        Achievement(source="x", source_id="3", title="给会员看、要删的", visibility="members"),
        Achievement(source="x", source_id="4", title="公开的", contact="0571-0000"),
    )
    installation.store.delete([gone, never])
    answer = visitor.get("/api/v1/changes", params={"after": revision})
    changes = {change["id"]: change["record"] for change in answer.json()["changes"]}
    assert {id: record and record["title"] for id, record in changes.items()} == {shown: "公开的", gone: None}
    assert hidden not in changes
    assert "0571-0000" not in answer.text


def test_who_held_a_record_is_told_to_drop_it_when_it_is_hidden_and_gets_it_back(
    visitor: TestClient, installation: Installation
) -> None:
    def stands(visibility: str) -> Achievement:
        return Achievement(source="x", source_id="1", title="样机", visibility=visibility)

    revision = installation.store.revision()
    (id,) = save(installation, stands("public"))
    assert followed(visitor, revision) == {id: "样机"}
    between = installation.store.revision()
    save(installation, stands("members"))
    assert followed(visitor, between) == {id: None}
    assert followed(visitor, between + 1) == {}
    save(installation, stands("brokers"))
    assert followed(visitor, between + 1) == {}
    save(installation, stands("public"))
    assert followed(visitor, between) == {id: "样机"}
    sign_in(visitor, installation, "broker")
    assert followed(visitor, revision) == {id: "样机"}


def test_the_export_holds_what_the_asker_may_see_and_comes_in_again(
    visitor: TestClient, installation: Installation, tmp_path: Path
) -> None:
    public = sum(installation.store.counts().values())
    save(
        installation, Demand(source="x", source_id="1", title="=给会员看的", visibility="members", contact="0571-0000")
    )
    lines = visitor.get("/api/v1/export").text.splitlines()
    assert len(lines) == public
    sign_in(visitor, installation, "firm")
    answer = visitor.get("/api/v1/export")
    assert answer.headers["content-disposition"].endswith('.jsonl"')
    assert len(answer.text.splitlines()) == public + 1
    assert "0571-0000" not in answer.text
    sheet = openpyxl.load_workbook(io.BytesIO(visitor.get("/api/v1/export?format=xlsx").content))["技术需求"]
    titles = [row[1] for row in sheet.iter_rows(values_only=True)]
    assert any("=给会员看的" in str(row) for row in sheet.iter_rows(values_only=True)), titles
    csv = visitor.get("/api/v1/export?format=csv&kind=demand")
    assert csv.content.startswith(b"\xef\xbb\xbf")
    assert "'=给会员看的" in csv.text
    refused = visitor.get("/api/v1/export?format=csv")
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems#OneKindOnly")


def test_the_command_writes_the_library_and_an_import_of_it_changes_nothing(
    run: Run, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "全库.jsonl"
    assert run("export", file).out == f"已写出 405 条记录：{file}\n"
    assert json.loads(file.read_text("utf-8").splitlines()[0])["kind"] == "achievement"
    again = run("import", file, "--json")
    assert (again.json["added"], again.json["refused"]) == (0, [])
    assert (run("export", tmp_path / "a.csv").code, run("export", tmp_path / "a.pdf").code) == (2, 2)
    assert run("export", tmp_path / "a.csv", "--kind", "demand").out.startswith("已写出 85 条")
    store = Store(f"sqlite:///{home}/duijie.db")
    assert store.counts() == {"achievement": 320, "demand": 85}
    store.close()
