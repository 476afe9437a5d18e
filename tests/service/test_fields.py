"""The field map says what its lists say: every number is that of the list behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.records import Achievement, Demand, Record
from indexer.attributes import today
from service.app import create_app
from service.fields import Cell, FieldMap, FieldUnknown, field_map, months_until, shade
from service.holdings import browse
from service.installation import Installation
from service.settings import Settings
from service.viewer import MACHINE


def achievement(title: str, **stated: object) -> Achievement:
    return Achievement(source="t", source_id=title, title=title, **stated)  # type: ignore[arg-type]


def demand(title: str, **stated: object) -> Demand:
    return Demand(source="t", source_id=title, title=title, **stated)  # type: ignore[arg-type]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """An empty installation."""
    with Installation(Settings(home=tmp_path)) as opened:
        yield opened


def mapped(own: Installation, *records: Record, within: str | None = None) -> FieldMap:
    own.store.save(list(records))
    return field_map(own, within, viewer=MACHINE)


def cells(found: FieldMap) -> list[Cell]:
    fields = [field for group in found.groups for field in (group.whole, *group.fields)]
    sides = [found.total, *found.levels, *(month.sides for month in found.months)]
    sides += [side for field in fields for side in (field.sides, *field.levels)]
    return [cell for side in sides for cell in (side.achievements, side.demands)]


@pytest.mark.parametrize("within", [None, "C", "C34"])
def test_every_number_is_that_of_its_list(installation: Installation, within: str | None) -> None:
    found = cells(field_map(installation, within, viewer=MACHINE))
    assert sum(cell.count for cell in found) > 200
    for cell in found:
        total, _ = browse(installation, viewer=MACHINE, kind=cell.kind, where=cell.where, limit=0, offset=0)
        assert (cell.address, cell.count) == (cell.address, total)


def test_the_side_that_stands_alone_is_told(own: Installation) -> None:
    found = mapped(
        own,
        achievement("电机降噪", industry=("C3812",)),
        demand("电机啸叫", industry=("C38",)),
        demand("细纱断头", industry=("C1711",)),
        demand("布面起毛", industry=("C17", "C18")),
        achievement("牛羊粪发酵", industry=("A03",)),
        demand("焊缝气孔", industry=("C33",)),
        demand("焊完变形", industry=("C33",)),
        achievement("焊接机器人", industry=("C33",)),
        achievement("说不清哪一行的"),
    )
    balances = {field.code: field.sides.balance for field in found.fields}
    assert balances == {"A03": "idle", "C17": "unmet", "C18": "unmet", "C33": "short", "C38": "met"}
    assert found.unfiled == (1, 0)
    section = next(group.whole for group in found.groups if group.whole.code == "C")
    assert (section.sides.achievements.count, section.sides.demands.count) == (2, 5)


def test_a_demand_that_no_achievement_is_mature_enough_for_stands_out(own: Installation) -> None:
    found = mapped(
        own,
        achievement("实验室里的涂层", industry=("C26",), trl=4),
        demand("要能直接上线的涂层", industry=("C26",), min_trl=7),
        demand("中试也行的涂层", industry=("C26",), min_trl=5),
        demand("没说要多成熟", industry=("C26",)),
    )
    (field,) = found.fields
    assert [side.demands.count for side in field.levels] == [0, 1, 1]
    assert field.unreached == [False, False, True]
    assert found.unlevelled == (0, 1)


def test_a_higher_maturity_serves_a_lower_demand(own: Installation) -> None:
    found = mapped(
        own, achievement("量产涂层", industry=("C26",), trl=9), demand("要涂层", industry=("C26",), min_trl=4)
    )
    assert not any(found.fields[0].unreached)


def test_one_field_opens_into_what_lies_in_it(own: Installation) -> None:
    found = mapped(own, achievement("轴承", industry=("C3451",)), demand("泵漏油", industry=("C344",)), within="C34")
    assert [field.code for field in found.fields] == ["C344", "C345"]
    assert found.fields[0].finer is None


@pytest.mark.parametrize("code", ["Z", "C99", "C3451", "<b>"])
def test_an_industry_that_is_none_is_refused(own: Installation, code: str) -> None:
    with pytest.raises(FieldUnknown, match="供需图谱"):
        field_map(own, code, viewer=MACHINE)


def test_the_trend_counts_by_the_month_of_publication(own: Installation) -> None:
    this = today()
    long_ago = date(this.year - 5, this.month, 1)
    found = mapped(
        own,
        achievement("这个月的", published_on=this),
        demand("也是这个月的", published_on=this.replace(day=1)),
        demand("五年前的", published_on=long_ago),
        demand("没写日期的"),
    )
    counted = [(month.sides.achievements.count, month.sides.demands.count) for month in found.months]
    assert counted == [(0, 0)] * 23 + [(1, 1)]


def test_months_run_over_the_turn_of_the_year() -> None:
    months = months_until(date(2026, 2, 3))
    assert months[0] == (2024, 3)
    assert months[-3:] == [(2025, 12), (2026, 1), (2026, 2)]


@pytest.mark.parametrize(
    ("count", "most", "step"), [(0, 50, 0), (1, 50, 1), (3, 50, 2), (50, 50, 5), (1, 1, 1), (1000, 1000, 5)]
)
def test_a_shade_grows_with_the_logarithm(count: int, most: int, step: int) -> None:
    assert shade(count, most) == step


def test_what_is_withdrawn_is_not_on_the_map(own: Installation) -> None:
    found = mapped(own, achievement("撤回的", industry=("C38",), status="withdrawn"))
    assert found.groups == []


def test_the_page_shows_the_gap_and_its_list(own: Installation) -> None:
    own.store.save([demand("细纱断头", industry=("C1711",), min_trl=6), achievement("电机", industry=("C38",))])
    with TestClient(create_app(own), base_url="http://127.0.0.1") as client:
        found = BeautifulSoup(client.get("/map").text, "html.parser")
        row = next(row for row in found.select(".heat-table tr.is-unmet"))
        assert "纺织业" in row.get_text()
        assert "有求无供" in row.get_text()
        link = row.select_one("td.is-unreached a")
        assert link
        listed = BeautifulSoup(client.get(str(link["href"])).text, "html.parser")
        assert [a.get_text() for a in listed.select("main a[href^='/records/']")] == ["细纱断头"]
        assert "没有“C999”" in client.get("/map?within=C999").text
        assert "库还是空的" not in found.get_text()


def test_an_empty_library_has_no_map_but_a_way_on(own: Installation) -> None:
    with TestClient(create_app(own), base_url="http://127.0.0.1") as client:
        assert "库还是空的" in client.get("/map").text
