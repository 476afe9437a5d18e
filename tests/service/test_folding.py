"""Which records are the same thing."""

from collections.abc import Sequence

import numpy as np
import pytest

from corpus.records import Achievement, Demand, Ip, Record
from service.folding import folded


def offer(title: str, number: str | None = None) -> Achievement:
    return Achievement(title=title, ip=(Ip(kind="invention", number=number),) if number else ())


def apart(records: Sequence[Record]) -> np.ndarray:
    """Vectors of which no two are near."""
    return np.eye(len(records), 8, dtype=np.float32)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (offer("钕铁硼晶界扩散工艺"), offer("钕铁硼 晶界扩散 工艺"), True),
        (offer("SiC MOSFET 模块"), offer("ＳｉＣ－ＭＯＳＦＥＴ模块"), True),
        (offer("风机"), offer("风机"), False),  # too short to be a name
        (offer("钕铁硼晶界扩散工艺"), Demand(title="钕铁硼晶界扩散工艺"), False),
        (offer("甲法", "ZL202310123456.7"), offer("乙法", "2023 1 0123456.7"), True),
        (offer("甲法", "CN202310123456.7"), offer("乙法", "ZL202310123457.5"), False),
        (offer("甲法", "申请中"), offer("乙法", "申请中"), False),  # no number
        (offer("甲法"), offer("乙法"), False),
    ],
)
def test_by_name_or_number(one: Record, other: Record, same: bool) -> None:
    assert folded([one, other], apart([one, other])) == ([[0, 1]] if same else [[0], [1]])


def test_texts_that_differ_in_a_few_words_are_one_and_nearness_does_not_wander() -> None:
    angles = np.radians([0, 12, 24, 80])  # cosines to the next: 0.978; from the first to the third: 0.914
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    records = [offer(title) for title in ("甲", "乙", "丙", "丁")]
    assert folded(records, vectors) == [[0, 1], [2], [3]]


def test_what_a_third_record_joins_is_one_thing() -> None:
    records = [
        offer("磁轴承", "202310123456.7"),
        offer("磁悬浮压缩机转子"),
        offer("磁悬浮压缩机转子", "202310123456.7"),
    ]
    assert folded(records, apart(records)) == [[0, 1, 2]]


def test_groups_stand_where_their_first_stands() -> None:
    records = [offer("第一件成果甲乙"), offer("第二件成果甲乙"), offer("第一件成果甲乙"), offer("第二件成果甲乙")]
    assert folded(records, apart(records)) == [[0, 2], [1, 3]]
    assert folded([], np.zeros((0, 0), np.float32)) == []


def test_without_vectors_names_and_numbers_still_count() -> None:
    records = [offer("钕铁硼晶界扩散工艺"), offer("别的工艺"), offer("钕铁硼晶界扩散工艺")]
    assert folded(records, np.zeros((3, 0), np.float32)) == [[0, 2], [1]]
