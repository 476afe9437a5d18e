"""What a record can be filtered by, and how people write it."""

from datetime import date
from math import nextafter
from typing import Any

import pytest

from corpus.errors import UnknownField, UnknownValue
from corpus.records import Ip, Record
from indexer.attributes import FilterUnreadable, attributes, attributes_of, read_filter, scope
from indexer.entries import Among, Between, passes
from tests.indexer.library import achievement, demand


@pytest.mark.parametrize(
    ("written", "record", "passing"),
    [
        ("industry=C38", achievement(1, "电机", industry=("C3812",)), True),
        ("industry=C", achievement(1, "电机", industry=("C3812",)), True),
        ("industry=C3812", achievement(1, "电机", industry=("C3812",)), True),
        ("industry=C3813", achievement(1, "电机", industry=("C3812",)), False),
        ("industry=C3812", achievement(1, "电机", industry=("C38",)), False),  # the whole division is not this class
        ("industry=C26", achievement(1, "电机", industry=("C3812", "C2611")), True),
        ("region=330000", achievement(1, "电机", region="330108"), True),
        ("region=杭州", achievement(1, "电机", region="330108"), True),
        ("region=浙江", achievement(1, "电机", region="320500"), False),
        ("trl=5..7", achievement(1, "电机", trl=7), True),
        ("trl=5..7", achievement(1, "电机"), False),
        ("kind=需求", demand(1, "电机"), True),
        ("kind=成果", demand(1, "电机"), False),
        ("transfer_modes=许可", achievement(1, "电机", transfer_modes=("license", "equity")), True),
        ("ip=发明", achievement(1, "电机", ip=(Ip(kind="invention", status="granted"), Ip(kind="design"))), True),
        ("price<=30", achievement(1, "电机", price_min=20.0, price_max=90.0), True),
        ("price<=30", achievement(1, "电机", price_max=90.0), False),
        ("price<=30", achievement(1, "电机"), False),
        ("trl>6", achievement(1, "电机", trl=7), True),
        ("trl>7", achievement(1, "电机", trl=7), False),
        ("trl<7", achievement(1, "电机", trl=7), False),
        ("price<=0", achievement(1, "电机", price_min=0.0), True),
        ("budget>=100", demand(1, "电机", budget_min=50.0, budget_max=120.0), True),
        ("year>=2024", achievement(1, "电机", completed_on=date(2023, 5, 1), published_on=date(2025, 1, 1)), False),
        ("year=2025", achievement(1, "电机", published_on=date(2025, 1, 1)), True),
        ("year=2025", demand(1, "电机", published_on=date(2025, 1, 1)), True),
        ("published=202501", demand(1, "电机", published_on=date(2025, 1, 31)), True),
        ("published=202501", demand(1, "电机", published_on=date(2025, 2, 1)), False),
        ("published=202412..202501", demand(1, "电机", published_on=date(2025, 1, 1)), True),
        ("min_trl=4..6", demand(1, "电机", min_trl=5), True),
        ("min_trl=4..6", demand(1, "电机"), False),
        ("organisation=某某大学", achievement(1, "电机", organisation="某某大学"), True),
        ("status=草稿", achievement(1, "电机", status="draft"), True),
    ],
)
def test_records_pass(written: str, record: Record, passing: bool) -> None:
    assert passes(attributes_of(record), read_filter([written])) is passing


def test_what_is_not_stated_is_left_out() -> None:
    assert attributes_of(achievement(1, "电机")).keys() == {
        "kind",
        "source",
        "status",
        "visibility",
        "audience",
        "expires",
    }


def test_every_attribute_of_a_record_may_be_named_in_a_filter() -> None:
    full: dict[str, Any] = {
        "organisation": "某某大学",
        "industry": ("C3812",),
        "cluster": ("iot",),
        "region": "330108",
        "transfer_modes": ("license",),
    }
    offer = achievement(1, "电机", stage="pilot", result_type=("patent",), ip=(Ip(kind="invention"),), trl=6, price_min=1.0, completed_on=date(2024, 1, 1), **full)  # fmt: skip
    wanted = demand(2, "电机", demand_kind="solve", min_trl=6, budget_max=5.0, published_on=date(2024, 1, 1), **full)
    assert attributes_of(offer).keys() | attributes_of(wanted).keys() == attributes().keys() | {"expires", "audience"}
    for name, value in {**attributes_of(offer), **attributes_of(wanted)}.items():
        assert name in ("expires", "audience") or attributes()[name].number == (not isinstance(value, tuple))


@pytest.mark.parametrize(
    ("written", "filter"),
    [
        ([], ()),
        (["industry=C38", "industry=A"], (Among("industry", frozenset({"C38", "A"})),)),
        (["trl=5..7"], (Between("trl", 5, 7),)),
        (["trl = 6"], (Between("trl", 6, 6),)),
        (["trl=..7"], (Between("trl", high=7),)),
        (["year=2023", "year = 2025"], (Among("year", frozenset({"2023", "2025"})),)),
        (["year>=2022", "year<=2024"], (Between("year", low=2022), Between("year", high=2024))),
        (["price=0.5..1e3"], (Between("price", 0.5, 1000),)),
        (["trl>=5", " kind = 成果 "], (Among("kind", frozenset({"achievement"})), Between("trl", low=5))),
        (["trl>5", "年份 < 2024"], (Between("trl", low=nextafter(5, 6)), Between("year", high=nextafter(2024, 0)))),
        (
            ["技术就绪度≥5", "价格≤3", "价格（万元）>=1"],
            (Between("trl", 5), Between("price", high=3), Between("price", 1)),
        ),
        (["地区=杭州"], (Among("region", frozenset({"330100"})),)),
        (["organisation=甲=乙"], (Among("organisation", frozenset({"甲=乙"})),)),
    ],
)
def test_filters_are_read(written: list[str], filter: tuple[Among | Between, ...]) -> None:
    assert read_filter(written) == filter


@pytest.mark.parametrize(
    "written", ["", "trl", "trl=", "=5", "trl=高", "trl=5..高", "trl>高", "industry>=C38", "行业>C38", "颜色=红"]
)
def test_what_cannot_be_read_is_told_with_an_example(written: str) -> None:
    with pytest.raises(FilterUnreadable) as told:
        read_filter([written])
    assert str(told.value).startswith(f"看不懂筛选条件“{written}”。应形如")


def test_an_unknown_field_and_an_unknown_value_are_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownField, match=r"没有名为“colour”的字段。可用的字段：kind、industry"):
        read_filter(["colour=red"])
    with pytest.raises(UnknownValue, match=r"“转化方式”不认识“白送”。可用：自行转化；技术转让"):
        read_filter(["transfer_modes=白送"])


def test_the_scope_is_what_is_published_and_has_not_expired_unless_a_status_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("indexer.attributes.today", lambda: date(2026, 5, 1))
    shown = (
        Among("status", frozenset({"published", "expiring"})),
        Between("expires", low=date(2026, 5, 1).toordinal()),
    )
    assert scope("demand", ()) == (Among("kind", frozenset({"demand"})), *shown)
    assert scope("demand", read_filter(["trl=5"])) == scope("demand", ())
    assert scope(None, read_filter(["status=草稿"])) == ()


@pytest.mark.parametrize(
    ("expires_on", "passing"), [(None, True), (date(2026, 5, 1), True), (date(2026, 4, 30), False)]
)
def test_what_expired_before_today_is_left_out(
    expires_on: date | None, passing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.attributes.today", lambda: date(2026, 5, 1))
    record = achievement(1, "电机", expires_on=expires_on)
    assert passes(attributes_of(record), scope("achievement", ())) is passing
    assert passes(attributes_of(record), scope(None, read_filter(["status=published"])))
