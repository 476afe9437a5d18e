"""What people say of money, time and place, and the numbers they speak."""

from __future__ import annotations

from datetime import date

import pytest

from indexer.conditions import budget, deadline, region, spoken

TOLD = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ("烧伤率压到千分之五以下", "烧伤率压到5‰以下"),
        ("百分之零点三", "0.3%"),
        ("一百二十天", "120天"),
        ("三百零五吨", "305吨"),
        ("十年", "10年"),
        ("两千五百度", "2500度"),
        ("回用率从五成做到七成以上", "回用率70%以上"),
        ("二十二台，一万多", "二十二台，1万多"),
        ("一道道，三三两两", "一道道，三三两两"),
        ("成本降了", "成本降了"),
    ],
)
def test_spoken_numbers_before_a_unit_become_figures(said: str, figures: str) -> None:
    assert spoken(said) == figures


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("预算六十万以内", None, 60),
        ("预算三十万左右", None, 30),
        ("愿意拿出50-80万元", 50, 80),
        ("经费不超过1.5亿元", None, 15000),
        ("投入资金五千元", None, 0.5),
        ("预算还没有定", None, None),
        ("一台改造不超过两万块", None, None),  # a price for each
        ("产值三个亿", None, None),
    ],
)
def test_a_budget_is_read_in_ten_thousands(said: str, low: float | None, high: float | None) -> None:
    assert budget(said) == (low, high)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("年底前必须通过验收", date(2026, 12, 31)),
        ("明年六月前要用上", date(2027, 5, 31)),
        ("明年三月底完成", date(2027, 3, 31)),
        ("2027年9月前", date(2027, 8, 31)),
        ("2027年9月15日前", date(2027, 9, 15)),
        ("三个月内完成", date(2027, 2, 27)),
        ("半年内交付", date(2027, 5, 27)),
        ("三周内出结果", date(2026, 12, 18)),
        ("国庆前弄好", date(2027, 9, 30)),
        ("三月底前", date(2027, 3, 31)),
        ("去年三月的事", None),
        ("把试验压到一个月以内", None),
        ("明年13月前", None),
    ],
)
def test_a_deadline_is_reckoned_from_the_day_it_was_told(said: str, day: date | None) -> None:
    assert deadline(said, TOLD) == day


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("下午去了柯桥的一家印染企业", "330603"),
        ("公司位于衢州市", "330800"),
        ("我们在宁波，做电机", "330200"),
        ("退休以后去西藏骑车", None),
        ("发到外省的货", None),
    ],
)
def test_a_place_is_where_one_goes_or_lies(said: str, code: str | None) -> None:
    assert region(said) == code
