"""Indicators are read from the words of a record, and written back in them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.metrics import Metric, operator, parse_metric, parse_metrics, written


def amount(
    name: str,
    op: str | None,
    value: float,
    unit: str | None = None,
    condition: str | None = None,
    to: float | None = None,
) -> Metric:
    return Metric(name=name, op=op, value=value, value2=to, unit=unit, condition=condition)


def without_text(metric: Metric) -> Metric:
    return Metric(**{name: getattr(metric, name) for name in ("name", "op", "value", "value2", "unit", "condition")})


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("击穿电压 ≥ 1200 V", amount("击穿电压", "≥", 1200, "V")),
        ("击穿电压>=1200V", amount("击穿电压", "≥", 1200, "V")),
        ("击穿电压不低于1200V", amount("击穿电压", "≥", 1200, "V")),
        ("透过率＞９２％", amount("透过率", ">", 92, "%")),
        ("响应时间小于 5 ms", amount("响应时间", "<", 5, "ms")),
        ("重量约 3.5kg", amount("重量", "≈", 3.5, "kg")),
        ("精度：0.02 mm", amount("精度", "=", 0.02, "mm")),
        ("线性度 ±0.5%", amount("线性度", "±", 0.5, "%")),
        ("厚度 0.9～1.7 μm (25 ℃)", amount("厚度", "～", 0.9, "μm", "25 °C", to=1.7)),
        ("工作温度 -20℃至60℃", amount("工作温度", "～", -20, "°C", to=60)),
        ("压力 0.5MPa~2MPa", amount("压力", "～", 0.5, "MPa", to=2)),
        ("处理量 1,200 t/d", amount("处理量", None, 1200, "t/d")),
        ("导热系数 ≥ 170 W/(m·K)", amount("导热系数", "≥", 170, "W/(m·K)")),
        ("噪声 ≤ 38 dB(A) (1 m)", amount("噪声", "≤", 38, "dB(A)", "1 m")),
        ("AC-4 电寿命 ≥ 100 万次", amount("AC-4 电寿命", "≥", 100, "万次")),
        ("温升 ≤40K，环境 25 ℃", amount("温升", "≤", 40, "K", "环境 25 °C")),
        ("寿命≥1×10^6次", amount("寿命", "≥", 1e6, "次")),
        ("灵敏度 5×10³ V/W", amount("灵敏度", None, 5000, "V/W")),
        ("漏率 ≤ 5×10⁻⁶ Pa", amount("漏率", "≤", 5e-6, "Pa")),
        ("漏率 ≤ 5 x 10-6 Pa", amount("漏率", "≤", 5e-6, "Pa")),
        ("≥ 1200 V", amount("≥ 1200 V", "≥", 1200, "V")),
        ("寿命 10 年以上", amount("寿命", "≥", 10, "年")),
        ("效率为90%及以上", amount("效率", "≥", 90, "%")),
        ("误差 0.1 mm 以内", amount("误差", "≤", 0.1, "mm")),
        ("循环5000以上", amount("循环", "≥", 5000)),
        ("能耗 < 5 kW 以下", amount("能耗", "<", 5, "kW")),
        ("定位精度优于 0.1 mm", amount("定位精度", "≤", 0.1, "mm")),
        ("带宽优于 5 GHz", amount("带宽", None, 5, "GHz")),
        ("膜厚 25±2 μm", amount("膜厚", "～", 23, "μm", to=27)),
        ("温度 25 ℃ ± 0.5 ℃", amount("温度", "～", 24.5, "°C", to=25.5)),
        ("厚度 5 mm (25±2 ℃)", amount("厚度", None, 5, "mm", "23~27 °C")),
    ],
)
def test_an_indicator_is_read(text: str, metric: Metric) -> None:
    read = parse_metric(text)
    assert without_text(read) == metric
    assert read.text == text


@pytest.mark.parametrize(
    "text",
    [
        "耐盐雾性好",
        "分辨率 640×512",
        "1920×1080 像素",
        "640 * 1024",
        "防护等级 IP54",
        "满足 PA66",
        "寿命 >= 1e999 次",
        "5×103 次",
        "",
    ],
)
def test_what_states_no_amount_keeps_its_words_as_a_name(text: str) -> None:
    read = parse_metric(text)
    assert (read.value, read.value2, read.text) == (None, None, text)


def test_a_size_after_a_sign_is_no_amount_either() -> None:
    assert parse_metric("分辨率 = 1920×1080") == Metric(name="分辨率", text="分辨率 = 1920×1080")


def test_a_cell_holds_many_indicators() -> None:
    assert [metric.text for metric in parse_metrics("耐压 ≥ 1200 V；热阻 ≤ 0.12 K/W。\n 耐盐雾 ;；")] == [
        "耐压 ≥ 1200 V",
        "热阻 ≤ 0.12 K/W",
        "耐盐雾",
    ]


INDICATORS = st.text(
    st.sampled_from("耐压热阻≥≤=<>～~±约至为.。,，;；:：()（）0123456789eE+-×x*^⁻⁶VKmW/%℃μ \n\t"), max_size=40
)


@given(INDICATORS)
@example("耐压 ≥ 1200 V；热阻 ≤ 0.12 K/W")
def test_indicators_written_to_a_cell_read_back(text: str) -> None:
    read = parse_metrics(text)
    assert parse_metrics(written(read)) == read


@given(st.text(max_size=60) | INDICATORS)
def test_any_text_is_an_indicator_that_keeps_its_words_and_states_finite_amounts(text: str) -> None:
    read = parse_metric(text)
    assert read.text == text
    assert all(value is None or abs(value) < float("inf") for value in (read.value, read.value2))


@pytest.mark.parametrize(
    "text",
    [" " * 20_000 + "耐", "耐 ≥" + " " * 20_000 + "压", "至" * 20_000, "1," * 20_000, "(" * 20_000, "9" * 20_000],
)
def test_a_long_cell_that_is_no_indicator_does_not_hold_up_an_import(text: str) -> None:
    assert parse_metric(text).text == text


@pytest.mark.parametrize(("sign", "meant"), [(">=", "≥"), ("不低于", "≥"), ("≤", "≤"), ("～", "～"), ("约", "≈")])
def test_a_sign_of_comparison_is_known_by_its_words(sign: str, meant: str) -> None:
    assert operator(sign) == meant
