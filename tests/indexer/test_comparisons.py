"""Each comparison on pairs that show its scale; what one side does not state counts for nothing."""

from typing import Any

import pytest

from corpus.metrics import parse_metrics
from corpus.records import Achievement, Demand
from indexer.classes import Tag
from indexer.comparisons import COMPARISONS, Finding, Pair, compare
from indexer.reading import Reader
from indexer.words import Words
from tests.indexer.library import achievement, demand


@pytest.fixture
def reader(words: Words) -> Reader:
    return Reader(words, muted=frozenset({"的"}), synonyms={"电机": ("马达",)})


def found(name: str, reader: Reader, asked: Demand, record: Achievement) -> Finding:
    pair = Pair(reader.read(f"{asked.title}。{asked.problem or ''}"), asked, record)
    return next(finding for finding in compare(pair) if finding.name == name)


@pytest.mark.parametrize(
    ("name", "demanded", "offered", "value"),
    [
        ("industry", {"industry": ("C3812",)}, {"industry": ("C3812",)}, 1.0),
        ("industry", {"industry": ("C3812",)}, {"industry": ("C3813",)}, 0.8),
        ("industry", {"industry": ("C3812",)}, {"industry": ("C3825",)}, 0.5),
        ("industry", {"industry": ("C3812",)}, {"industry": ("C26",)}, 0.2),
        ("industry", {"industry": ("C3812",)}, {"industry": ("A01", "C3812")}, 1.0),
        ("industry", {"industry": ("C3812",)}, {"industry": ("A01",)}, 0.0),
        ("industry", {"industry": ("C3812",)}, {}, None),
        ("industry", {}, {"industry": ("C3812",)}, None),
        ("region", {"region": "330108"}, {"region": "330108"}, 1.0),
        ("region", {"region": "330108"}, {"region": "330100"}, 0.7),
        ("region", {"region": "330108"}, {"region": "330600"}, 0.4),
        ("region", {"region": "330108"}, {"region": "320500"}, 0.0),
        ("region", {"region": "330000"}, {"region": "330000"}, 0.4),
        ("region", {"region": "330100"}, {"region": "330100"}, 0.7),
        ("region", {"region": "330000"}, {"region": "330108"}, 0.4),
        ("region", {"region": "330000"}, {"region": "320000"}, 0.0),
        ("region", {"region": "330108"}, {}, None),
        ("excluded", {"exclude_orgs": ("甲公司", "乙大学")}, {"organisation": "乙大學"}, 0.0),
        ("excluded", {"exclude_orgs": ("甲公司",)}, {"organisation": "乙大学"}, 1.0),
        ("excluded", {"exclude_orgs": ("甲公司",)}, {}, None),
        ("excluded", {}, {"organisation": "乙大学"}, None),
        ("maturity", {"min_trl": 6}, {"trl": 8}, 1.0),
        ("maturity", {"min_trl": 6}, {"trl": 6}, 1.0),
        ("maturity", {"min_trl": 6}, {"trl": 5}, 0.5),
        ("maturity", {"min_trl": 6}, {"trl": 3}, 0.0),
        ("maturity", {"min_trl": 6}, {}, None),
        ("maturity", {}, {"trl": 3}, None),
        ("transfer_mode", {"transfer_modes": ("license", "equity")}, {"transfer_modes": ("license",)}, 1.0),
        ("transfer_mode", {"transfer_modes": ("equity",)}, {"transfer_modes": ("negotiable",)}, 0.5),
        ("transfer_mode", {"transfer_modes": ("equity",)}, {"transfer_modes": ("assign",)}, 0.0),
        ("transfer_mode", {"transfer_modes": ("equity",)}, {}, None),
        ("price", {"budget_max": 50.0}, {"price_min": 40.0, "price_max": 90.0}, 1.0),
        ("price", {"budget_max": 50.0}, {"price_max": 75.0}, 0.5),
        ("price", {"budget_max": 50.0}, {"price_min": 200.0}, 0.0),
        ("price", {"budget_max": 50.0}, {"price_min": 0.0}, 1.0),
        ("price", {"budget_max": 0.0}, {"price_min": 1.0}, 0.0),
        ("price", {"budget_max": 50.0}, {}, None),
        ("price", {}, {"price_min": 40.0}, None),
    ],
)
def test_values(
    name: str, demanded: dict[str, Any], offered: dict[str, Any], value: float | None, reader: Reader
) -> None:
    finding = found(name, reader, demand(1, "电机降噪", **demanded), achievement(2, "静音电机", **offered))
    assert finding.value == value
    assert finding.said


@pytest.mark.parametrize(
    ("criteria", "metrics", "value"),
    [
        ("噪声 ≤ 38 dB(A)；成本 ≤ 3 元", "噪声 36 dB(A)；成本 2.1 元", 1.0),
        ("噪声 ≤ 38 dB(A)；成本 ≤ 3 元", "噪声 36 dB(A)；成本 5 元", 0.5),
        ("噪声 ≤ 38 dB(A)；成本 ≤ 3 元", "噪声 36 dB(A)", 1.0),  # the cost is not stated, which is not a failure
        ("噪声 ≤ 38 dB(A)；工作温度 -40~85℃", "噪声 36 dB(A)；工作温度 0~70℃", 0.75),
        ("噪声 ≤ 38 dB(A)；成本 ≤ 3 元", "效率 90 %", None),
        ("噪声 ≤ 38 dB(A)", "", None),
        ("", "噪声 36 dB(A)", None),
    ],
)
def test_indicators(criteria: str, metrics: str, value: float | None, reader: Reader) -> None:
    asked = demand(1, "电机降噪", criteria=parse_metrics(criteria))
    record = achievement(2, "静音电机", metrics=parse_metrics(metrics))
    assert found("indicators", reader, asked, record).value == value


def test_indicators_are_quoted_side_by_side(reader: Reader) -> None:
    asked = demand(1, "电机降噪", criteria=parse_metrics("整机噪声 ≤ 38 dB(A)；成本 ≤ 3 元；寿命 ≥ 1 万小时"))
    record = achievement(
        2, "静音电机", metrics=parse_metrics("噪声（整机噪声） 36 dB(A)；整机噪声 36 dB(A)；成本 5 元")
    )
    finding = found("indicators", reader, asked, record)
    assert finding.said == "3 项指标中 1 项满足、1 项不满足、1 项未说明"
    assert finding.quotes == ("整机噪声 ≤ 38 dB(A) ↔ 整机噪声 36 dB(A)（满足）", "成本 ≤ 3 元 ↔ 成本 5 元（不满足）")


def test_what_is_partly_met_is_counted_apart(reader: Reader) -> None:
    asked = demand(1, "电机", criteria=parse_metrics("工作温度 -40~85℃；成本 ≤ 3 元"))
    finding = found("indicators", reader, asked, achievement(2, "电机", metrics=parse_metrics("工作温度 0~70℃")))
    assert (finding.value, finding.said) == (0.5, "2 项指标中 0 项满足、1 项部分满足、0 项不满足、1 项未说明")


def test_an_excluded_organisation_is_told(reader: Reader) -> None:
    asked = demand(1, "电机", exclude_orgs=("乙大学",))
    finding = found("excluded", reader, asked, achievement(2, "电机", organisation="乙大学"))
    assert (finding.said, finding.quotes) == ("需求方排除了该单位", ("乙大学",))


def test_shared_words_are_counted_without_synonyms_and_shown(reader: Reader) -> None:
    asked, record = demand(1, "电机的噪声"), achievement(2, "永磁電機", summary="马达噪聲得以消除")
    finding = found("terms", reader, asked, record)
    assert finding.value == 1.0
    assert set(finding.quotes) == {"电机", "噪声"}
    assert found("terms", reader, demand(1, "污泥干化"), record).value == 0.0
    assert found("terms", reader, demand(1, "磷"), record).value is None


def test_codes_are_named_that_are_there_and_that_are_not(reader: Reader) -> None:
    asked = demand(1, "640x512面阵，符合GB/T 4754，用SiC")
    record = achievement(2, "红外组件", body="面阵６４０＊５１２，按 GB/T 4754-2017 检验；1640×5120")
    finding = found("codes", reader, asked, record)
    assert finding.value == pytest.approx(2 / 3, abs=1e-4)
    assert finding.said == "出现 2/3 个，未见 sic"
    assert finding.quotes == ("640×512", "gb/t4754")
    assert found("codes", reader, demand(1, "电机降噪"), record).value is None


def test_findings_come_in_the_order_people_read_them_and_each_comparison_explains_itself(reader: Reader) -> None:
    findings = compare(Pair(reader.read("电机降噪"), None, achievement(2, "静音电机")))
    assert [(finding.name, finding.label) for finding in findings] == [
        (n, label) for n, (label, _) in COMPARISONS.items()
    ]
    assert all(comparison.__doc__ for _, comparison in COMPARISONS.values())


def test_a_question_that_is_no_record_states_nothing_but_its_words(reader: Reader) -> None:
    record = achievement(
        2, "静音电机", industry=("C3812",), region="330108", trl=6, transfer_modes=("license",), price_min=3.0
    )
    findings = {f.name: f.value for f in compare(Pair(reader.read("静音电机"), None, record))}
    assert findings.pop("terms") == 1.0
    assert set(findings.values()) == {None}


def test_a_demand_found_for_an_achievement_is_compared_the_same_way(reader: Reader) -> None:
    offer = achievement(1, "静音电机", trl=5, price_min=40.0, metrics=parse_metrics("噪声 36 dB(A)"))
    wanted = demand(2, "电机降噪", min_trl=6, budget_max=50.0, criteria=parse_metrics("噪声 ≤ 38 dB(A)"))
    values = {f.name: f.value for f in compare(Pair(reader.read("静音电机"), offer, wanted))}
    assert (values["maturity"], values["price"], values["indicators"]) == (0.5, 1.0, 1.0)


def test_an_industry_that_is_not_stated_is_supposed_from_words_but_never_counted(reader: Reader) -> None:
    pair = Pair(
        reader.read("电机降噪"), None, achievement(2, "静音电机"), (Tag("C3812", "电动机制造"), Tag("H02K5/00", "机壳"))
    )
    (industry,) = [finding for finding in compare(pair) if finding.name == "industry"]
    assert (industry.value, industry.said) == (None, "未说明；从用词看，记录像是电动机制造")
