"""What a demand asks for is told from who asks and what it may cost, and nothing of it is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.need import parted

SENTENCES = [
    "我公司成立于1998年，现有员工300人",
    "公司坐落在江苏省，是国家高新技术企业",
    "细纱老断头，急需降低断头率",
    "成立于2001年的纺织厂希望解决断头问题",
    "布面起毛",
    "预算50万元以内",
    "合作方式面议",
    "断头率≤2%，产量不低于30kg/h",
    "　联系人：张经理 ",
]


def test_story_and_conditions_are_told_from_the_need() -> None:
    parts = parted(
        "我公司成立于1998年，占地50亩，现有员工300人。细纱老断头，急需解决断头率高的问题。布面也起毛！\n"
        "预算50万元以内；合作方式面议。联系电话见附件"
    )
    assert parts.need == "细纱老断头，急需解决断头率高的问题。布面也起毛！"
    assert parts.story == ("我公司成立于1998年，占地50亩，现有员工300人", "联系电话见附件")
    assert parts.conditions == ("预算50万元以内", "合作方式面议")


@pytest.mark.parametrize(
    "sentence",
    [
        "我厂始建于1986年",
        "注册资本500万元",
        "位于江苏省无锡市",
        "主要从事棉纱的生产和销售",
        "2019年荣获省科技进步奖",
        "产品通过ISO认证",
        "项目市场前景广阔，经济效益显著",
    ],
)
def test_a_sentence_about_the_firm_is_story(sentence: str) -> None:
    assert parted(f"{sentence}。纱线起毛。").story == (sentence,)


@pytest.mark.parametrize(
    "sentence", ["预算三十万左右", "投入资金200万元", "可技术入股", "委托开发或联合开发", "工期半年", "两个月内完成"]
)
def test_a_sentence_about_money_time_or_cooperation_is_a_condition(sentence: str) -> None:
    assert parted(f"纱线起毛。{sentence}。").conditions == (sentence,)


@pytest.mark.parametrize(
    "sentence",
    [
        "公司成立于1998年，希望解决断头的问题",
        "我公司主要从事纺纱，断头率要求≤2%",
        "预算50万元以内，要解决断头的难题",
        "委托开发一套纺纱车间用的在线检测装置，能在线看出细纱的断头、毛羽和粗细节，装到现有的环锭细纱机上不改动机架，并把每一锭的数据送到车间的管理系统里",
    ],
)
def test_a_sentence_that_says_both_stays_in_the_need(sentence: str) -> None:
    parts = parted(f"{sentence}。")
    assert (parts.need, parts.story, parts.conditions) == (f"{sentence}。", (), ())


def test_a_text_that_is_all_story_is_left_whole() -> None:
    story = "公司成立于2001年。是国家高新技术企业。"
    assert parted(story).need == story
    assert parted(story).story == ()
    parts = parted(f"{story}预算50万元以内。")
    assert (parts.need, parts.story, parts.conditions) == (story, (), ("预算50万元以内",))


@pytest.mark.parametrize("text", ["", " \n", "！！", "预算50万元以内。"])
def test_there_is_always_something_to_search_by(text: str) -> None:
    assert parted(text).need == text


@pytest.mark.parametrize(
    ("need", "indicators"),
    [
        (
            "效率≥95%，噪声不大于60dB，载重5kg以上。",
            [("效率", "≥", 95, "%"), ("噪声", "≤", 60, "dB"), ("载重", "≥", 5, "kg")],
        ),
        ("技术指标：击穿电压≥1200V", [("击穿电压", "≥", 1200, "V")]),
        (
            "指标：导通电阻：不大于 5 mΩ；结温：150℃以下",
            [("导通电阻", "≤", 5, "mΩ"), ("结温", "≤", 150, "°C")],
        ),
        ("温度控制精度±0.5℃", [("温度控制精度", "±", 0.5, "°C")]),
        ("成本降低20%以上", [("成本降低", "≥", 20, "%")]),
        ("要≥95%", []),  # of what, nobody said
        ("≥95%", []),
        ("用了3年，换过2次轴承", []),
        ("噪声要低于国家标准", []),
    ],
)
def test_the_amounts_that_are_demanded_are_indicators(need: str, indicators: list[tuple[str, str, float, str]]) -> None:
    found = parted(need).indicators
    assert [(one.name, one.op, one.value, one.unit) for one in found] == indicators
    assert all(one.text in need for one in found)


def test_amounts_of_the_story_and_of_the_conditions_are_no_indicators() -> None:
    parts = parted("公司总资产超过5000万元。纱线强力≥15cN。预算不超过50万元，工期不超过6个月。")
    assert [one.name for one in parts.indicators] == ["纱线强力"]


def characters(*texts: str) -> Counter[str]:
    """Every character but blanks and what parts sentences."""
    return Counter(sign for text in texts for sign in text if not sign.isspace() and sign not in "。！？；;!?")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SENTENCES) | st.text(max_size=12), st.sampled_from(["。", "；", "！\n", "\n\n", "? "])
        )
    )
)
def test_nothing_of_a_text_is_lost(pieces: list[tuple[str, str]]) -> None:
    text = "".join(sentence + end for sentence, end in pieces)
    parts = parted(text)
    if parts.need == text:
        assert parts.story == ()
    else:
        assert characters(parts.need, *parts.story, *parts.conditions) == characters(text)
