"""What stands in a cell becomes a value, or a sentence that says why not."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.cells import in_words, record_of, value_of
from corpus.errors import DuijieError, RecordRefused
from corpus.metrics import Metric
from corpus.records import KINDS, Achievement, Demand, Ip, Record, about, public, stated_fields
from tests.corpus.generated import METRICS, RIGHTS


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("title", "  高压 SiC 模块\r\n封装 ", "高压 SiC 模块\n封装"),
        ("title", "耐蚀\x00\x0b涂层", "耐蚀涂层"),
        ("title", "半个表情\ud83d", "半个表情"),
        ("source_id", "000123", "000123"),
        ("source_id", "330108199001011234", "330108199001011234"),
        ("source_id", 330108199001011234, "330108199001011234"),
        ("source_id", 17.0, "17"),
        ("keywords", "碳化硅；银烧结、封装|散热，热阻;银烧结", ("碳化硅", "银烧结", "封装", "散热", "热阻")),
        ("keywords", ["碳化硅", " 银烧结 ", "", "碳化硅"], ("碳化硅", "银烧结")),
        ("keywords", "power module, silver sintering", ("power module", "silver sintering")),
        ("scenarios", "负载 1,200 kg 的叉车, 堆垛机", ("负载 1,200 kg 的叉车", "堆垛机")),
        ("industry", "C3824；农业", ("C3824", "A01")),
        ("industry", "农、林、牧、渔业", ("A",)),
        ("industry", "农、林、牧、渔业、制造业；3812", ("A", "C", "C3812")),
        ("industry", ["农、林、牧、渔业", "C38"], ("A", "C38")),
        ("transfer_modes", "许可/转让或作价入股、专利实施许可", ("license", "assign", "equity")),
        ("region", "浙江省杭州市滨江区", "330108"),
        ("region", "杭州", "330100"),
        ("stage", "中试阶段", "pilot"),
        ("registration_no", "3302024Y0123", "3302024Y0123"),
        ("ipc", "a61k 31/495；H02K 1/27", ("A61K 31/495", "H02K 1/27")),
        ("trl", "7级", 7),
        ("trl", "TRL-7", 7),
        ("trl", "第 ７ 级", 7),
        ("trl", 7.0, 7),
        ("mrl", "10", 10),
        ("price_max", "1,200.5", 1200.5),
        ("trl", "7-8", 7),
        ("trl", "5～6级", 5),
        ("price_min", "30～50万元", 30.0),
        ("price_max", "30～50万元", 50.0),
        ("price_min", "5000元—1万元", 0.5),
        ("price_max", "1,200 - 1,500", 1500.0),
        ("price_max", "1.2亿元", 12000.0),
        ("price_max", "500000元", 50.0),
        ("price_max", 0, 0.0),
    ],
)  # fmt: skip
def test_a_cell_is_read(name: str, cell: Any, value: Any) -> None:
    assert value_of(Achievement, name, cell) == value


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-03-01", date(2025, 3, 1)),
        ("2025/3/1", date(2025, 3, 1)),
        ("2025.3.1", date(2025, 3, 1)),
        ("2025年3月1日", date(2025, 3, 1)),
        ("2025 年 3 月 1 日", date(2025, 3, 1)),
        ("２０２５年３月", date(2025, 3, 1)),
        ("2025年", date(2025, 1, 1)),
        ("2025", date(2025, 1, 1)),
        (2025, date(2025, 1, 1)),
        ("202503", date(2025, 3, 1)),
        ("20250301", date(2025, 3, 1)),
        ("2025-03-01T08:30:00Z", date(2025, 3, 1)),
        ("2025-03-01 08:30", date(2025, 3, 1)),
        (datetime(2025, 3, 1, 8, 30), date(2025, 3, 1)),
        (date(2025, 3, 1), date(2025, 3, 1)),
    ],
)
def test_a_day_is_read_in_the_forms_that_people_write(cell: Any, day: date) -> None:
    assert value_of(Achievement, "completed_on", cell) == day


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025", date(2025, 12, 31)),
        ("2025年6月", date(2025, 6, 30)),
        ("202402", date(2024, 2, 29)),
        ("2025-03-01", date(2025, 3, 1)),
    ],
)
def test_a_day_on_which_something_ends_is_the_last_of_its_month_or_year(cell: str, day: date) -> None:
    assert value_of(Demand, "deadline", cell) == value_of(Achievement, "expires_on", cell) == day


@pytest.mark.parametrize("cell", ["去年", "2025-13-01", "2025-02-30", "45717", "0000", "2025 3 1", "长期"])
def test_what_is_no_day_is_refused_with_an_example(cell: Any) -> None:
    with pytest.raises(ValueError, match=f"完成日期应为日期（如 2025-03-01），这里是“{cell}”"):
        value_of(Achievement, "completed_on", cell)


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("source_id", "3.30108E+17", "来源编号“3.30108E+17”被表格软件写成了科学计数法，原来的数字已丢失，请把该列设为文本后重新导出"),
        ("source_id", "长" * 501, "来源编号超过 500 个字，可能是列对错了"),
        ("source", "长" * 201, "来源超过 200 个字，可能是列对错了"),
        ("title", ["甲", "乙"], "应为文字，这里是 ['甲', '乙']"),
        ("title", True, "应为文字，这里是 True"),
        ("completed_on", True, "应为文字，这里是 True"),
        ("trl", "12", "技术就绪度应在 1 到 9 之间，这里是“12”"),
        ("trl", "6.5", "技术就绪度应为整数，这里是“6.5”"),
        ("trl", "较高", "技术就绪度应为数字，这里是“较高”"),
        ("trl", True, "技术就绪度应为数字，这里是“True”"),
        ("price_min", "面议", "价格下限应为数字，这里是“面议”"),
        ("price_min", "-5", "价格下限应在 0 到 1e+09 之间，这里是“-5”"),
        ("price_min", "1e999", "价格下限应在 0 到 1e+09 之间，这里是“1e999”"),
        ("price_min", "3万美元", "价格下限应以人民币计，这里是“3万美元”，请折算成万元"),
        ("price_max", "USD 300", "价格上限应以人民币计，这里是“USD 300”，请折算成万元"),
        ("price_max", "€30-50", "价格上限应以人民币计，这里是“€30-50”，请折算成万元"),
        ("registration_no", "2024-0123", "批准登记号“2024-0123”写法不对，应为三位地区或部门代码、四位年份、一个字母、四位序号"),
        ("ipc", "A61K；半导体", "国际专利分类“半导体”写法不对，应为形如 A61K 31/495"),
        ("stage", "很成熟", "“所处阶段”不认识“很成熟”。可用：研发；小试；中试；已有样品；可以量产；其他。"),
        ("metrics", [{"value": 5}], "技术指标中有一项没有名称"),
        ("metrics", [{"name": "耐压", "op": "约莫", "value": 5}], "技术指标的比较符“约莫”不认识，可用 ≥ ≤ > < = ≈ ± ～"),
        ("metrics", [{"name": "耐压", "value": "很高"}], "技术指标应为数字，这里是“很高”"),
        ("metrics", [{"name": "耐压", "unit": ["V"]}], "应为文字，这里是 ['V']"),
        ("metrics", {"name": "耐压"}, "应为文字，这里是 {'name': '耐压'}"),
    ],
)  # fmt: skip
def test_a_cell_is_refused_with_the_reason(name: str, cell: Any, reason: str) -> None:
    with pytest.raises((DuijieError, ValueError)) as refused:
        value_of(Achievement, name, cell)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        ("发明专利（授权，ZL201910000001.2）", Ip(kind="invention", status="granted", number="ZL201910000001.2")),
        ("软著 2024SR000001", Ip(kind="software", number="2024SR000001")),
        ("实用新型（已授权）", Ip(kind="utility", status="granted")),
        ("invention（granted，ZL1）", Ip(kind="invention", status="granted", number="ZL1")),
        ({"kind": "发明", "status": "实审"}, Ip(kind="invention", status="published")),
        ({"kind": "secret"}, Ip(kind="secret")),
    ],
)
def test_a_right_is_read_from_words_and_from_an_object(cell: Any, right: Ip) -> None:
    assert value_of(Achievement, "ip", [cell]) == (right,)


def test_rights_that_are_counted_are_read_by_their_kind() -> None:
    rights = (Ip(kind="invention"), Ip(kind="utility", status="granted"))
    assert value_of(Achievement, "ip", "发明专利3项，实用新型 2 项（已授权）") == rights


@given(RIGHTS.filter(lambda right: not right.number or not set(right.number) & set("；;，,（）/ \n\t")))
def test_a_right_written_in_words_reads_back(right: Ip) -> None:
    told = {"kind": right.kind, "status": right.status, "number": right.number}
    assert value_of(Achievement, "ip", in_words(told)) == (right,)


def test_indicators_are_read_from_words_and_from_objects() -> None:
    in_one_cell = value_of(Achievement, "metrics", "耐压 ≥ 1200 V (25 ℃)；热阻 ≤ 0.12 K/W")
    as_objects = value_of(
        Achievement,
        "metrics",
        [
            {
                "name": "耐压",
                "op": ">=",
                "value": "1200",
                "unit": "V",
                "condition": "25 °C",
                "text": "耐压 ≥ 1200 V (25 ℃)",
            },
            "热阻 ≤ 0.12 K/W",
        ],
    )
    assert in_one_cell == as_objects == (
        Metric(name="耐压", op="≥", value=1200, unit="V", condition="25 °C", text="耐压 ≥ 1200 V (25 ℃)"),
        Metric(name="热阻", op="≤", value=0.12, unit="K/W", text="热阻 ≤ 0.12 K/W"),
    )  # fmt: skip


def test_an_indicator_given_without_its_words_gets_them() -> None:
    (read,) = value_of(
        Achievement,
        "metrics",
        [{"name": "膜厚", "op": "～", "value": 1, "value2": 1.5, "unit": "μm", "condition": "单面"}],
    )
    assert read.text == "膜厚 1～1.5 μm (单面)"
    (again,) = value_of(Achievement, "metrics", read.text)
    assert again == read


@given(METRICS)
def test_an_indicator_told_as_json_reads_back(metric: Metric) -> None:
    told = public(Achievement(title="题", metrics=(metric,)))["metrics"]
    assert value_of(Achievement, "metrics", told) == (metric,)


def test_a_row_is_refused_with_every_reason_at_once() -> None:
    cells = {"registration_no": "乱写", "trl": "12", "stage": "很成熟", "completed_on": "去年", "security_level": "机密",
             "price_min": 90, "price_max": 50}  # fmt: skip
    with pytest.raises(RecordRefused) as refused:
        record_of(Achievement, cells)
    assert refused.value.facts["reason"] == "；".join([
        "批准登记号“乱写”写法不对，应为三位地区或部门代码、四位年份、一个字母、四位序号",
        "“所处阶段”不认识“很成熟”。可用：研发；小试；中试；已有样品；可以量产；其他",
        "技术就绪度应在 1 到 9 之间，这里是“12”",
        "完成日期应为日期（如 2025-03-01），这里是“去年”",
        "缺少成果名称",
        "涉密成果不得登记入库，请从表中移除",
        "价格下限大于上限",
    ])  # fmt: skip


@pytest.mark.parametrize("level", ["涉密", "秘密", "机密", "绝密", "secret"])
def test_a_classified_achievement_is_refused(level: str) -> None:
    with pytest.raises(RecordRefused, match="涉密成果不得登记入库"):
        record_of(Achievement, {"title": "某装置", "security_level": level})


@pytest.mark.parametrize("nothing", [None, "", "  ", "-", "--", "/", "无", "未知", "N/A", "null", "None"])
def test_words_for_nothing_mean_not_stated(nothing: str | None) -> None:
    assert record_of(
        Achievement, {"title": "耐蚀涂层", "trl": nothing, "region": nothing, "keywords": nothing}
    ) == Achievement(title="耐蚀涂层")


@pytest.mark.parametrize("name", ["region", "region_limit"])
def test_the_whole_country_is_no_region(name: str) -> None:
    assert record_of(Demand, {"title": "题", name: "全国"}) == Demand(title="题")


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        ({"price_max": "50-100万元"}, 50, 100),
        ({"price_max": "50～100"}, 50, 100),
        ({"price_min": "1亿至2亿"}, 10000, 20000),
        ({"price_max": "50-100", "price_min": "60"}, 60, 100),
        ({"price_max": "50-100", "price_min": "/"}, 50, 100),
        ({"price_max": "80"}, None, 80),
    ],
)
def test_a_range_in_one_column_states_both_ends_unless_the_other_has_its_own(
    cells: dict[str, str], low: float | None, high: float
) -> None:
    assert record_of(Achievement, {"title": "题", **cells}) == Achievement(title="题", price_min=low, price_max=high)
    budget = {name.replace("price", "budget"): cell for name, cell in cells.items()}
    assert record_of(Demand, {"title": "题", **budget}) == Demand(title="题", budget_min=low, budget_max=high)


@pytest.mark.parametrize("cell", ["面议", "价格协商", "议价"])
def test_a_price_to_be_negotiated_is_not_stated_and_says_so_in_the_manner_of_pricing(cell: str) -> None:
    agreed = Achievement(title="题", price_mode="agreed")
    assert record_of(Achievement, {"title": "题", "price_max": cell}) == Achievement(
        title="题", price_mode="negotiable"
    )
    assert record_of(Achievement, {"title": "题", "price_max": cell, "price_mode": "协议定价"}) == agreed
    assert record_of(Demand, {"title": "题", "budget_max": cell}) == Demand(title="题")


def test_a_demand_without_a_title_is_called_by_its_first_clause() -> None:
    assert record_of(Demand, {"problem": "低档时风机啸叫。换过轴承，没有用。"}).title == "低档时风机啸叫"
    assert record_of(Demand, {"problem": "长" * 60}).title == "长" * 39 + "…"


def test_an_achievement_without_a_title_is_refused() -> None:
    with pytest.raises(RecordRefused, match="缺少成果名称"):
        record_of(Achievement, {"summary": "简介写了，名称没写。"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.text("0123456789eE.-年月", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "kind", "value", "op", "text"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(st.data())
def test_whatever_stands_in_the_cells_there_is_a_record_or_a_refusal(data: st.DataObject) -> None:
    kind: type[Record] = KINDS[data.draw(st.sampled_from(sorted(KINDS)))]
    cells = data.draw(st.dictionaries(st.sampled_from(sorted(stated_fields(kind))), JSON, max_size=4))
    try:
        record = record_of(kind, {"title": "题", **cells})
    except RecordRefused:
        return
    confidential = {name: getattr(record, name) for name in cells if about(kind, name).confidential}
    assert record_of(kind, public(record) | confidential) == record
