"""Which classes a text falls under: plain words of a trade find it, small talk finds none, an operator's classes count too."""

import json
from pathlib import Path

import pytest

from indexer.classes import FARTHEST, MOST, Classes, Tag
from indexer.reading import load_reader
from indexer.thesaurus import OWN, Sense, shipped_thesaurus
from indexer.words import Words
from tests.indexer.library import SAMPLES


@pytest.fixture(scope="module")
def shipped() -> Classes:
    thesaurus = shipped_thesaurus()
    return Classes(thesaurus.senses, thesaurus.names)


@pytest.mark.parametrize(
    ("text", "trade", "technology"),
    [
        ("一体化压铸的铝件气孔多、粘模", "C3392 有色金属铸造", "B22D17/00 压铸"),
        ("自助洗衣店的换币机吐币不准", "C3475 计算器及货币专用设备制造", "G07D7/00 钞票鉴别"),
        ("隧道下穿广场，覆土浅，怕地面沉降", "E4814 城市轨道交通工程建筑", "E21D9/00 隧道掘进"),
    ],
)
def test_a_trade_and_a_technology_are_known_by_everyday_words(
    shipped: Classes, text: str, trade: str, technology: str
) -> None:
    found = [f"{tag.code} {tag.name}" for tag in shipped.of(text)]
    assert trade in found[:MOST]
    assert technology in found[MOST:]


@pytest.mark.parametrize("text", ["", "你好", "请帮忙", "预算三十万", "占地面积50亩，年产值5000万元", "？？？"])
def test_small_talk_falls_under_nothing(shipped: Classes, text: str) -> None:
    assert shipped.of(text) == ()


def test_what_is_said_of_a_trade_in_general_lies_near_its_trades_and_small_talk_does_not(shipped: Classes) -> None:
    ordinary = [
        shipped.placed(text)[1] for text in ("压铸、铸造、有色金属铸件加工", "压铸件粘模，第三模就拉伤", "你好", "")
    ]
    assert ordinary == sorted(ordinary, reverse=True)
    assert ordinary[1] > FARTHEST
    assert ordinary[2:] == [FARTHEST, FARTHEST]
    trades = [tag for tag in shipped.placed("压铸件粘模")[0] if not tag.is_technology]
    assert trades == [tag for tag in shipped.of("压铸件粘模") if not tag.is_technology]
    assert len(trades) == MOST


def test_most_sample_achievements_fall_under_the_division_their_owner_stated(shipped: Classes) -> None:
    rows = [json.loads(line) for line in (SAMPLES / "achievements.jsonl").read_text("utf-8").splitlines()]
    texts = ["。".join(str(row.get(name) or "") for name in ("title", "summary", "keywords", "body")) for row in rows]
    agree = [
        any(tag.code[:3] in {code[:3] for code in row["industry"]} for tag in shipped.of(text))
        for row, text in zip(rows, texts, strict=True)
    ]
    assert sum(agree) / len(agree) > 0.75


def test_without_lines_there_are_no_classes() -> None:
    assert Classes().of("起毛") == ()
    assert Classes().placed("起毛") == ((), FARTHEST)
    assert Classes((Sense(("起毛",), ("毛羽",)),)).of("起毛") == ()


def test_a_class_of_the_operator_is_named_too(words: Words, tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("[X9999] 湖笔制作\n湖笔掉毛、笔头开叉 → 湖笔、羊毫、笔头胶合\n", "utf-8")
    assert Tag("X9999", "湖笔制作") in load_reader(words, tmp_path).read("湖笔用几天笔头就掉毛、开叉").tags
