"""The Python client against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from corpus.pairs import Actor
from service.api.match_shapes import MatchJson
from service.client import Duijie, JobFailed, Refused
from service.installation import Installation
from service.settings import Settings
from tests.service.browsing import served
from tests.service.test_jobs import CSV, ROWS, lines


@pytest.fixture
def running(home: Path) -> Iterator[tuple[str, Installation]]:
    """A server in this process over a copy of the library."""
    installation = Installation(Settings(home=home))
    with served(installation) as address:
        yield address, installation


def test_a_program_searches_matches_and_has_many_matched(running: tuple[str, Installation], tmp_path: Path) -> None:
    address, installation = running
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
        assert [row["退回原因"] for row in lines(job.save_refused(tmp_path / "退回.jsonl").read_text("utf-8"))] == [
            "最低就绪度应为数字，这里是“五十”"
        ]
        assert duijie.job(job.id).id in {one.id for one in duijie.jobs()}
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


def test_a_program_brings_a_file_in_keeps_in_step_and_sees_to_matches(
    running: tuple[str, Installation], tmp_path: Path
) -> None:
    address, installation = running
    _, key = installation.keys.add("ERP", role="broker", scopes=["read", "write"])
    before = installation.store.revision()
    (tmp_path / "成果.csv").write_text("成果名称,成果编号,技术就绪度\n磁钢晶界扩散,C-1,6\n写错了,C-2,五十\n", "utf-8")
    with Duijie(address, key=key, trust_env=False) as duijie:
        run = duijie.import_file(tmp_path / "成果.csv", source="客户端")
        told = run.wait(pause=0.1)
        assert (told.added, [row.line for row in told.first_refused]) == (1, [3])
        book = openpyxl.load_workbook(run.save_refused(tmp_path / "退回.xlsx"))
        assert "写错了" in [cell for sheet in book for row in sheet.values for cell in row]
        run.again(source="客户端", mapping={"技术就绪度": ""})
        assert run.wait(pause=0.1).added == 1
        run.delete()
        changes = duijie.changes(after=before)
        assert [change.record["title"] for change in changes.changes if change.record] == ["磁钢晶界扩散", "写错了"]
        assert (changes.revision, changes.more) == (installation.store.revision(), False)
        whole = duijie.export(tmp_path / "全库.jsonl", kind="achievement").read_text("utf-8")
        assert "磁钢晶界扩散" in {row["title"] for row in lines(whole)}
        demand = next(duijie.records("demand"))
        made = installation.matches.propose(demand["id"], changes.changes[0].id, Actor("lin", "broker"))
        (found,) = duijie.matches(demand=demand["id"])
        assert found.id == made.id
        stepped = duijie.step(found.id, "rejected", version=found.version, reason="out_of_scope")
        assert isinstance(stepped, MatchJson)
        assert stepped.state == "rejected"
        with pytest.raises(Refused, match="409"):
            duijie.step(found.id, "shortlisted", version=found.version)
