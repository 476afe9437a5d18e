"""The figures, against numbers worked out by hand."""

import json
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import Any

import pytest

from indexer.evaluation import (
    Figures,
    Judged,
    JudgementsUnreadable,
    OutcomesUnreadable,
    broken_down,
    compared,
    ndcg,
    read_judged,
    read_outcomes,
)
from indexer.evaluation import evaluate as evaluation
from indexer.fusion import Band, Mode
from indexer.matching import Ranked


class Alike:
    """Ranks every text alike; of a pool, its members in the same order. The first is matched as `band` says."""

    def __init__(self, *ids: str, band: Band | None = None) -> None:
        self.names, self.band = dict(enumerate(ids)), band

    def ranked(self, demand: Judged, mode: Mode, pool: Sequence[str] | None) -> list[Ranked]:
        wanted = [number for number, id in self.names.items() if pool is None or id in pool]
        return [Ranked(number, 1 / (1 + place), {}, self.band) for place, number in enumerate(wanted)]


def evaluate(demands: Sequence[Judged], ranking: Alike, mode: Mode, *, judged_only: bool = False) -> Figures:
    return evaluation(demands, ranking, mode, judged_only=judged_only).figures


ranking = Alike


def test_ndcg_by_hand() -> None:
    assert ndcg([7, 3, 0, 1]) == pytest.approx((7 + 3 / log2(3) + 1 / log2(5)) / (7 + 3 / log2(3) + 1 / log2(4)))
    assert ndcg([7, 3, 1, 0]) == 1.0
    assert ndcg([0, 0]) == 0.0
    assert ndcg([0] * 10 + [7]) == 0.0  # cut at ten
    assert ndcg([0, 1]) == pytest.approx(0.6309, abs=1e-4)


def test_a_level_of_0_to_3_gains_two_to_its_power_less_one() -> None:
    judged = Judged("需1", "电机啸叫", {"甲": 3, "乙": 2, "丙": 0, "丁": 1})
    assert judged.gains == {"甲": 7, "乙": 3, "丙": 0, "丁": 1}
    assert judged.useful == {"甲", "乙"}
    figures = evaluate([judged], ranking("乙", "甲", "未判", "丁", "丙"), "hybrid")
    best = 7 + 3 / log2(3) + 1 / log2(4)
    assert figures.ndcg == pytest.approx(
        (3 + 7 / log2(3) + 1 / log2(4)) / best, abs=1e-6
    )  # who was not judged is left out


def test_on_the_scale_of_1_to_4_a_demand_counts_if_it_was_judged_widely_and_has_a_match() -> None:
    wide = Judged("需1", "电机", {f"成{n}": 1 for n in range(9)} | {"好": 4, "中": 2}, base=1)
    narrow = Judged("需2", "电机", {"好": 4, "中": 2}, base=1)
    hopeless = Judged("需3", "电机", {f"成{n}": 1 for n in range(9)} | {"中": 2}, base=1)
    assert [judged.counts for judged in (wide, narrow, hopeless)] == [True, False, False]
    assert (wide.gains["好"], wide.gains["中"], wide.gains["成0"], wide.useful) == (7, 1, 0, {"好"})
    figures = evaluate([wide, narrow, hopeless], ranking("中", "好", *(f"成{n}" for n in range(9))), "hybrid")
    assert figures.ndcg == pytest.approx((1 + 7 / log2(3)) / (7 + 1 / log2(3)), abs=1e-6)


def test_on_the_scale_of_0_to_3_a_demand_counts_if_it_has_any_match() -> None:
    assert Judged("需1", "电机", {"甲": 1}).counts
    assert not Judged("需1", "电机", {"甲": 0}).counts
    assert not Judged("需1", "电机", {}).counts


def test_source_reciprocal_rank_and_recall_look_at_the_whole_library() -> None:
    library = [f"成{n}" for n in range(150)]
    demands = [
        Judged("需1", "甲", {}, source="成1"),  # at the second place
        Judged("需2", "乙", {}, source="成19"),  # at the twentieth
        Judged("需3", "丙", {}, source="没有"),
        Judged("需4", "丁", {"成5": 3, "成99": 2, "成100": 2, "成7": 1}),
    ]
    figures = evaluate(demands, ranking(*library), "hybrid")
    assert figures.source == pytest.approx(1 / 3, abs=1e-6)
    assert figures.mrr == pytest.approx((1 / 2 + 1 / 20 + 0) / 3, abs=1e-6)
    assert figures.recall == pytest.approx(2 / 3, abs=1e-6)
    assert figures.demands == 4


def test_of_the_pool_alone_the_rest_of_the_library_does_not_count() -> None:
    library = [f"成{n}" for n in range(150)]
    demands = [Judged("需1", "丁", {"成5": 3, "成99": 2, "成120": 2, "成7": 1}, source="成120")]
    assert evaluate(demands, ranking(*library), "hybrid").recall == pytest.approx(2 / 3, abs=1e-6)
    figures = evaluate(demands, ranking(*library), "hybrid", judged_only=True)
    assert (figures.recall, figures.source, figures.mrr) == (1.0, 1.0, 0.25)


def test_what_cannot_be_counted_is_none_not_zero() -> None:
    figures = evaluate([Judged("需1", "电机", {})], ranking("甲"), "keyword")
    assert (figures.ndcg, figures.source, figures.mrr, figures.recall) == (None, None, None, None)
    assert figures.as_json().keys() == {
        "demands", "ndcg@10", "source@10", "mrr", "recall@100", "told", "untold", "seconds",
    }  # fmt: skip


def written(folder: Path, demands: list[dict[str, Any]], judgements: list[str]) -> tuple[Path, Path]:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in demands)
    (folder / "需求.jsonl").write_text(lines, "utf-8")
    (folder / "评判.jsonl").write_text("\n".join(judgements), "utf-8")
    return folder / "需求.jsonl", folder / "评判.jsonl"


def test_demands_of_both_makes_are_read(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        [
            {"id": "需1", "title": "电机啸叫", "content": "转到一千四就叫。", "source": "成1"},
            {"source_id": "需2", "title": "污泥", "problem": "含水率高", "source": "样例"},
        ],
        ['{"demand": "需1", "achievement": "成1", "level": 3}', "", '{"demand": "需1", "achievement": 2, "level": 0}'],
    )
    assert read_judged(*files) == [
        Judged("需1", "电机啸叫。转到一千四就叫。", {"成1": 3, "2": 0}, "电机啸叫", source="成1"),
        Judged("需2", "污泥。含水率高", {}, "污泥"),
    ]


@pytest.mark.parametrize(("levels", "base"), [([1, 2, 4], 1), ([1, 2, 3], 0), ([0, 4], 0), ([0, 1, 3], 0)])
def test_the_scale_is_seen_from_the_levels(tmp_path: Path, levels: list[int], base: int) -> None:
    judgements = [json.dumps({"demand": "需1", "achievement": f"成{n}", "level": n}) for n in levels]
    [judged] = read_judged(*written(tmp_path, [{"id": "需1", "title": "电机"}], judgements))
    assert judged.base == base


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"demand": "需1", "achievement": ', "评判.jsonl 第 2 行不是一条评判：不是完整的 JSON。"),
        ('{"demand": "需1", "level": 3}', "评判.jsonl 第 2 行不是一条评判：缺少或看不懂 'achievement'。"),
        ('{"demand": "需1", "achievement": "成1", "level": "高"}', "评判.jsonl 第 2 行不是一条评判：缺少或看不懂"),
        ("[1, 2]", "评判.jsonl 第 2 行不是一条评判：应是一个 JSON 对象。"),
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    files = written(
        tmp_path, [{"id": "需1", "title": "电机"}], ['{"demand": "需1", "achievement": "成1", "level": 3}', line]
    )
    with pytest.raises(JudgementsUnreadable) as told:
        read_judged(*files)
    assert str(told.value).startswith(said)


def test_a_demand_without_a_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(JudgementsUnreadable, match=r"需求.jsonl 第 1 行不是一条评判：需求缺少编号或内容"):
        read_judged(*written(tmp_path, [{"id": "需1", "title": " "}], []))


def test_a_line_separator_within_a_text_ends_no_line_and_what_is_not_utf_8_is_told(tmp_path: Path) -> None:
    files = written(tmp_path, [{"id": "需1", "title": "电机\u2028啸叫"}], [])
    assert read_judged(*files)[0].title == "电机\u2028啸叫"
    files[0].write_bytes(b"\n" + '{"id": "需1", "title": "电机"}'.encode("gbk"))
    with pytest.raises(JudgementsUnreadable, match=r"需求.jsonl 第 2 行不是一条评判：不是 UTF-8 编码的文本。"):
        read_judged(*files)


def test_a_demand_that_nothing_fits_is_told_so_by_there_being_no_strong_match() -> None:
    fitted, hopeless = Judged("需1", "电机", {}, source="甲"), Judged("需2", "猫粮", {}, expect_none=True)
    for band, told, untold in (("strong", 0.0, 0.0), ("possible", 1.0, 1.0)):
        figures = evaluate([fitted, hopeless], Alike("甲", band=band), "hybrid")  # type: ignore[arg-type]
        assert (figures.told, figures.untold) == (told, untold)
    uncalibrated = evaluate([fitted, hopeless], Alike("甲"), "hybrid")
    assert (uncalibrated.told, uncalibrated.untold) == (None, None)
    assert evaluate([hopeless], Alike(band="strong"), "hybrid").told == 1.0  # nothing at all was found


def test_figures_by_style_and_length() -> None:
    demands = [
        Judged("需1", "短", {}, source="甲", style="terse"),
        Judged("需2", "长" * 80, {}, source="乙", style="diary"),
    ]
    groups = broken_down(evaluation(demands, Alike("甲", "乙"), "hybrid").outcomes)
    assert {name: group.mrr for name, group in groups.items()} == {
        "写法 terse": 1.0, "写法 diary": 0.5, "60 字以内": 1.0, "120 字以内": 0.5,
    }  # fmt: skip


def test_two_runs_are_compared_demand_by_demand(tmp_path: Path) -> None:
    demands = [Judged(f"需{n}", "电机", {"甲": 3, "乙": 1}) for n in range(12)]
    before = evaluation(demands, Alike("乙", "甲"), "hybrid").outcomes
    after = evaluation(demands, Alike("甲", "乙"), "hybrid").outcomes
    change = compared(before, after)
    assert (change.demands, len(change.better), change.worse) == (12, 12, ())
    assert change.p == pytest.approx(2 / 2**12, abs=0.002)
    same = compared(after, after)
    assert (same.difference, same.p, same.better, same.worse) == (0.0, 1.0, (), ())
    file = tmp_path / "成绩.json"
    file.write_text(json.dumps({"hybrid": [one.as_json() for one in before]}), "utf-8")
    assert read_outcomes(file) == {"hybrid": list(before)}
    file.write_text('{"hybrid": [{"id": 1}]}', "utf-8")
    with pytest.raises(OutcomesUnreadable, match=r"成绩.json 不是"):
        read_outcomes(file)
