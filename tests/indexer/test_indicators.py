"""Is a criterion met by what an achievement states? Amounts are compared in one unit; what is not stated is not zero."""

import pytest

from corpus.metrics import parse_metric
from indexer.indicators import Verdict, convert, held_against, likeness


@pytest.mark.parametrize(
    ("criterion", "stated", "verdict"),
    [
        ("击穿电压 ≥ 1200 V", "击穿电压 1700 V", "met"),
        ("击穿电压 ≥ 1200 V", "击穿电压 ≥ 1.7 kV", "met"),
        ("击穿电压 ≥ 1200 V", "击穿电压 0.65 kV", "not_met"),
        ("击穿电压 ≥ 1200 V", "击穿电压", "not_stated"),
        ("击穿电压 ≥ 1200 V", "导通电阻 1700 V", "not_stated"),
        ("击穿电压 ≥ 1200 V", "击穿电压 1700 个", "not_stated"),
        ("击穿电压 ≥ 1200 V", "击穿电压 ≤ 1700 V", "not_stated"),  # at most 1700 says nothing of at least
        ("噪声 ≤ 38 dB(A)", "噪声 ≤ 36 dB(A)", "met"),
        ("噪声 ≤ 38 dB(A)", "噪声 41 dB(A)", "not_met"),
        ("泄漏量 ≤ 0", "泄漏量 0", "met"),
        ("泄漏量 ≤ 0", "泄漏量", "not_stated"),
        ("工作温度 -40~85℃", "工作温度 -55~125℃", "met"),
        ("工作温度 -40~85℃", "工作温度 0~70℃", "partial"),
        ("工作温度 -40~85℃", "工作温度 200~300℃", "not_met"),
        ("工作温度 -40~85℃", "工作温度 ≤ 85 ℃", "partial"),
        ("厚度 0.9～1.7 μm", "厚度 900~1700 nm", "met"),
        ("寿命 ≥ 10万次", "寿命 120000次", "met"),
        ("寿命 ≥ 1亿次", "寿命 3000万次", "not_met"),
        ("产能 ≥ 2 万吨/年", "产能 30000 吨/年", "met"),
        ("投资 ≤ 200 万元", "投资 1500000 元", "met"),
        ("转速 ≥ 6000 r/min", "转速 8000 转/分", "met"),
        ("质量 ≤ 5 公斤", "质量 4800 克", "met"),
        ("直径 ≥ 30 毫米", "直径 2 厘米", "not_met"),
        ("绝缘电阻 ≥ 1 MΩ", "绝缘电阻 10 kΩ", "not_met"),
        ("绝缘电阻 ≥ 1 MΩ", "绝缘电阻 5 兆欧", "met"),
        ("接触电阻 ≤ 5 mΩ", "接触电阻 0.002 Ω", "met"),
        ("压力 ≥ 0.1 MPa", "压力 1 bar", "met"),  # 0.09999999999999999 in floating point
        ("压力 ≤ 1 bar", "压力 0.1 MPa", "met"),
        ("导热系数 ≥ 5 W/(m·K)", "导热系数 6.2 W/(m·K)", "met"),
        ("浓度 ≤ 2 毫克/升", "浓度 1.5 mg/L", "met"),
        ("效率 ≥ 90%", "效率 92 %", "met"),
        ("温升 ≤ 60 ℃", "温升 80 K", "not_met"),  # a difference has no zero to be moved
        ("温升 ≤ 60 ℃", "温升 50 K", "met"),
        ("温差 ≤ 9 °F", "温差 4 ℃", "met"),
        ("工作温度 ≥ 60 ℃", "工作温度 80 K", "not_met"),
        ("噪声 ≤ 45 dB", "噪声降低 7 dB", "not_stated"),
        ("噪声降低 ≥ 5 dB", "噪声降低 7 dB", "met"),
        ("噪声 ≤ 45 dB", "噪声优于 40 dB", "met"),
        ("定位精度 ≤ 0.2 mm", "定位精度优于 0.1 mm", "met"),
        ("定位精度优于 0.1 mm", "定位精度 0.2 mm", "not_met"),
        ("带宽 ≤ 10 GHz", "带宽优于 5 GHz", "not_stated"),
        ("寿命优于 500 h", "寿命 400 h", "not_stated"),
        ("厚度 5 mm", "厚度 6 mm", "not_stated"),
        ("厚度 5 mm", "厚度 4~6 mm", "met"),
        ("寿命 ≥ 2 年", "寿命 3 年以上", "met"),
        ("寿命 ≤ 2 年", "寿命 3 年以上", "not_stated"),
        ("误差 ≤ 2 mm", "误差 1 mm 以内", "met"),
        ("膜厚 20~30 μm", "膜厚 25±2 μm", "partial"),
        *(
            (f"{one} ≥ 10 %", f"{other} 20 %", "not_stated")
            for one, other in (
                ("最高温度系数", "最低温度系数"),
                ("最大负载率", "最小负载率"),
                ("输入功率因数", "输出功率因数"),
                ("过检率", "漏检率"),
                ("湿度上限", "湿度下限"),
                ("正向传输损失", "反向传输损失"),
                ("开启电压比", "关断电压比"),
                ("充电效率", "放电效率"),
                ("电池循环过程充电容量保持率", "电池循环过程放电容量保持率"),
                ("粒径D10", "粒径D50"),
                ("累计粒度分布跨度D50", "累计粒度分布跨度D90"),
                ("废电池正极材料中锂回收率", "废电池正极材料中氟回收率"),
                ("锂回收率", "氟回收率"),
                ("CO2吸收率", "SO2吸收率"),
                ("矫顽力", "矫顽力增量"),
                ("摩擦系数", "静动摩擦系数差"),
                ("批间CV", "爬行时间CV"),
                ("含量保持率", "放电保持率"),
                ("热循环后剪切强度", "热循环后剪切强度保持率"),
                ("平均功率", "额定功率"),
                ("功率", "最大功率"),
            )
        ),
        *(
            (f"{one} ≥ 10 %", f"{other} 20 %", "met")
            for one, other in (
                ("整机效率", "效率"),
                ("热效率", "平均热效率"),
                ("透过", "透过率"),
                ("1.保持率", "保持率"),
                ("高温循环后剪切强度", "高温循环之后的剪切强度"),
            )
        ),
    ],
)
def test_verdicts(criterion: str, stated: str, verdict: Verdict) -> None:
    assert held_against(parse_metric(criterion), [parse_metric(stated)]).verdict == verdict


def test_a_criterion_is_held_against_the_indicator_of_the_likest_name_that_can_be_compared() -> None:
    stated = [
        parse_metric(text) for text in ("击穿电压温度系数 ≤ 0.1 %/K", "额定击穿电压 1500 V", "击穿电压", "功率 3 kW")
    ]
    held = held_against(parse_metric("击穿电压 ≥ 1200 V"), stated)
    assert held.metric == stated[1]
    assert (held.verdict, held.label) == ("met", "满足")


def test_with_nothing_stated_there_is_nothing_to_hold_against() -> None:
    held = held_against(parse_metric("击穿电压 ≥ 1200 V"), [])
    assert (held.metric, held.label) == (None, "未说明")


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("击穿电压", "擊穿 電壓", 1, 1),
        ("整机噪声", "噪声", 0.4, 0.6),
        ("噪声", "效率", 0, 0),
        ("", "效率", 0, 0),
    ],
)
def test_likeness_of_names(one: str, other: str, low: float, high: float) -> None:
    assert low <= likeness(one, other) <= high
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("amount", "unit", "into", "expected"),
    [
        (3, "万", None, 30000),
        (2, "千瓦", "W", 2000),
        (2, "千克", "g", 2000),
        (3000, "min⁻¹", "r/min", 3000),
        (50, "转/分钟", "rpm", 50),
        (25, "℃", "K", 298.15),
        (2, "h", "分钟", 120),
        (1, "m³/h", "L/min", 16.6667),
        (5, "μm", "nm", 5000),
        (3, "mm²", "cm2", 0.03),
        (2, "g/cm³", "kg/m³", 2000),
        (7, "台套", "台套", 7),
    ],
)
def test_conversion(amount: float, unit: str, into: str | None, expected: float) -> None:
    assert convert(amount, unit, into) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("unit", "into"), [("V", "A"), ("台套", "件"), ("℃", None), ("kg", "m")])
def test_what_cannot_be_converted_is_told(unit: str, into: str | None) -> None:
    with pytest.raises(ValueError, match="→"):
        convert(1.0, unit, into)
