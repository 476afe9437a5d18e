"""The sample library in the package: what a first visitor searches, and what the defaults are measured on."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from corpus import vocabulary
from corpus.intake import import_files
from corpus.records import Achievement, Demand, Record
from corpus.store import Store

FOLDER = Path(vocabulary.__file__).parent / "samples"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """The sample library, imported."""
    store = Store("sqlite://")
    report = import_files(store, [FOLDER / "achievements.jsonl", FOLDER / "demands.jsonl"], source="sample")
    assert report.refused == []
    assert report.ignored == {"achievements.jsonl": [], "demands.jsonl": []}
    return [change.record for change in store.changes_after(0, store.revision()) if change.record]


@pytest.fixture(scope="module")
def pools() -> dict[str, dict[str, int]]:
    """The judged levels of each judged demand's achievements."""
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for line in lines("judgements.jsonl"):
        assert line["achievement"] not in judged[line["demand"]], line
        judged[line["demand"]][line["achievement"]] = line["level"]
    return judged


def test_it_holds_enough_of_many_industries(records: list[Record]) -> None:
    assert sum(isinstance(record, Achievement) for record in records) >= 300
    assert sum(isinstance(record, Demand) for record in records) >= 80
    divisions = {code[:3] for record in records for code in record.industry}
    assert len(divisions) >= 20


def test_the_judgements_are_of_records_that_exist(records: list[Record], pools: dict[str, dict[str, int]]) -> None:
    achievements = {record.source_id for record in records if isinstance(record, Achievement)}
    demands = {record.source_id for record in records if isinstance(record, Demand)}
    assert sum(map(len, pools.values())) >= 400
    assert set(pools) <= demands
    assert {achievement for pool in pools.values() for achievement in pool} <= achievements
    assert {level for pool in pools.values() for level in pool.values()} <= {0, 1, 2, 3}


def test_every_judged_demand_has_a_hard_negative(pools: dict[str, dict[str, int]]) -> None:
    """Something that shares words or field with the need and still does not meet it."""
    assert [demand for demand, pool in pools.items() if min(pool.values()) > 1] == []


def test_every_judgement_says_why() -> None:
    assert [line for line in lines("judgements.jsonl") if len(line["note"]) < 4] == []


def test_nobody_real_stands_in_it(records: list[Record]) -> None:
    assert [record.source_id for record in records if not (record.organisation or "").endswith("（示例）")] == []
    assert [record.source_id for record in records if record.contact] == []


@pytest.mark.parametrize("name", ["achievements.jsonl", "demands.jsonl", "judgements.jsonl"])
@pytest.mark.parametrize(
    "pattern",
    [r"[\w.+-]+@[\w-]+\.\w+", r"(?<!\d)1[3-9]\d{9}(?!\d)", r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"],
    ids=["e-mail", "mobile", "landline"],
)
def test_no_way_to_reach_anyone_stands_in_it(name: str, pattern: str) -> None:
    assert re.findall(pattern, (FOLDER / name).read_text("utf-8")) == []


def test_the_identifiers_and_the_titles_are_each_one_s_own(records: list[Record]) -> None:
    for told in ("source_id", "title"):
        values = [getattr(record, told) for record in records]
        assert len(values) == len(set(values)), told
