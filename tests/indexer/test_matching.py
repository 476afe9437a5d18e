"""From a reading to ranked records, over a library that is written out here and over random ones."""

import numpy as np
import pytest

from corpus.records import Record
from indexer.attributes import scope
from indexer.entries import Among, Between, Entry, passes
from indexer.fusion import MODES, Mode
from indexer.local import LocalEngine
from indexer.matching import CANDIDATES, Ranked, embedded, find
from indexer.reading import Reader, Reading
from indexer.words import Words
from tests.indexer.encoders import PairEncoder
from tests.indexer.library import achievement, demand, entries_of, in_memory, random_entries, random_filter
from tests.indexer.test_engines import random_reading

LIBRARY: list[Record] = [
    achievement(
        1, "短波红外焦平面探测器", summary="InGaAs 材料，面阵 640×512，像元中心距 15 μm。", trl=7, region="330108"
    ),
    achievement(2, "中波红外热像仪机芯", summary="面阵 320×256，制冷型，用于气体泄漏检测。", trl=8, region="320500"),
    achievement(3, "永磁电机电磁噪声抑制技术", summary="分数槽绕组电机的啸叫由谐波电流抵消。", trl=6, region="330100"),
    achievement(4, "污泥低温热泵干化", summary="含水率由 80% 降至 30%，能耗低。", trl=9, region="330600"),
    achievement(
        5, "同步脱氮除磷一体化装置", summary="生物膜法处理农村污水，符合 GB 18918-2002。", trl=8, region="330000"
    ),
    achievement(
        6, "碳化硅功率模块封装", summary="SiC MOSFET 模块，银烧结，P 极与 N 极叠层母排。", trl=5, region="330108"
    ),
    achievement(7, "硅基功率器件驱动", summary="IGBT 驱动保护电路。", trl=5),
    achievement(8, "尚未发布的红外焦平面探测器", summary="640×512", status="draft"),
    achievement(9, "待续期的红外镜头", summary="红外光学镜头。", status="expiring"),
    demand(11, "求购红外探测器", problem="要 640×512 面阵的短波红外探测器。", region="330108"),
    demand(12, "风机啸叫求解决", problem="电机转到一千四就啸叫。"),
]


@pytest.fixture(scope="module")
def library(words: Words) -> LocalEngine:
    return in_memory(LIBRARY, words, PairEncoder())


@pytest.fixture
def reader(words: Words) -> Reader:
    return Reader(words, muted=frozenset({"的", "求", "有没有"}))


def ids(ranked: list[Ranked]) -> list[int]:
    return [hit.id for hit in ranked]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("640x512", 1),
        ("有没有６４０＊５１２的产品", 1),
        ("320×256", 2),
        ("SiC MOSFET", 6),
        ("GB 18918", 5),
        ("GB 18918-2002", 5),
        ("IGBT", 7),
        ("脱氮", 5),  # two characters
        ("除磷", 5),
        ("干化", 4),
        ("P", 6),  # one letter
        ("电机啸叫怎么消除", 3),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_a_code_or_a_short_word_finds_its_record_first(library: LocalEngine, reader: Reader, asked: str, first: int, mode: Mode) -> None:  # fmt: skip
    ranked = find(library, PairEncoder(), reader.read(asked), mode=mode, kind="achievement")
    assert ids(ranked)[0] == first
    assert len(ranked) == 1 or ranked[0].score > ranked[1].score


def test_keywords_alone_find_only_records_that_hold_a_word(library: LocalEngine, reader: Reader) -> None:
    assert set(ids(find(library, PairEncoder(), reader.read("红外探测器"), mode="keyword"))) == {1, 2, 9, 11}


def test_meaning_alone_ranks_every_published_record_by_its_cosine(
    library: LocalEngine, reader: Reader, words: Words
) -> None:
    ranked = find(library, PairEncoder(), reader.read("红外焦平面探测器"), mode="semantic", limit=100)
    question = PairEncoder().encode(["红外焦平面探测器"])[0]
    cosines = {
        e.id: float(e.vector @ question) for e in entries_of(LIBRARY, words, PairEncoder()) if e.vector is not None
    }
    assert {hit.id for hit in ranked} == {record.id for record in LIBRARY if record.status != "draft"}
    for hit in ranked:
        assert hit.parts.keys() == {"meaning"}
        assert hit.score == pytest.approx(max(0.0, cosines[hit.id]), abs=1e-5)


def test_the_parts_of_a_score_add_up_and_the_order_is_theirs(library: LocalEngine, reader: Reader) -> None:
    for mode in MODES:
        ranked = find(library, PairEncoder(), reader.read("640×512 红外探测器与电机"), mode=mode, limit=100)
        assert all(sum(hit.parts.values()) == pytest.approx(hit.score, abs=1e-6) for hit in ranked)
        assert ranked == sorted(ranked, key=lambda hit: (-hit.score, hit.id))


def test_records_that_are_not_published_are_out_of_scope_unless_asked_for(library: LocalEngine, reader: Reader) -> None:
    reading = reader.read("红外焦平面探测器 640×512")
    assert 8 not in ids(find(library, PairEncoder(), reading, limit=100))
    assert 9 in ids(find(library, PairEncoder(), reading, limit=100))
    drafts = (Among("status", frozenset({"draft"})),)
    assert ids(find(library, PairEncoder(), reading, filter=drafts)) == [8]


def test_the_kind_that_is_asked_for_is_found(library: LocalEngine, reader: Reader) -> None:
    assert ids(find(library, PairEncoder(), reader.read("红外探测器"), kind="demand", limit=1)) == [11]
    assert {*ids(find(library, PairEncoder(), reader.read("红外探测器"), kind="demand"))} == {11, 12}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "filter",
    [
        (Among("region", frozenset({"330000"})),),
        (Between("trl", low=6, high=7),),
        (Among("region", frozenset({"330100"})), Between("trl", low=7)),
    ],
)
def test_narrowing_changes_no_score_and_costs_no_result(library: LocalEngine, reader: Reader, filter: tuple[Among | Between, ...], mode: Mode, words: Words) -> None:  # fmt: skip
    reading = reader.read("红外探测器与电机污泥处理")
    passing = {e.id for e in entries_of(LIBRARY, words, None) if passes(e.attributes, filter)}
    everyone = find(library, PairEncoder(), reading, mode=mode, limit=100)
    narrowed = find(library, PairEncoder(), reading, mode=mode, filter=filter, limit=100)
    assert narrowed == [hit for hit in everyone if hit.id in passing]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mode", MODES)
def test_a_filtered_search_returns_the_best_records_that_pass(seed: int, mode: Mode) -> None:
    """However many better ones do not pass: more entries than candidates, against scoring every entry that passes."""
    rng = np.random.default_rng(seed)
    entries = random_entries(rng, range(1, 3 * CANDIDATES))
    engine = LocalEngine(None, words="词典一", model="pairs@1")
    engine.apply(entries, [], 1)
    for _ in range(8):
        filter, reading = random_filter(rng), random_reading(rng)
        allowed = (*scope("achievement", filter), *filter)
        passing = [entry.id for entry in entries if passes(entry.attributes, allowed)]
        if len(passing) > CANDIDATES:
            continue
        best = find(
            engine, PairEncoder(), reading, mode=mode, kind="achievement", filter=filter, among=passing, limit=10
        )
        found = find(engine, PairEncoder(), reading, mode=mode, kind="achievement", filter=filter, limit=10)
        assert found == [hit for hit in best if mode != "keyword" or hit.score > 0]


def test_a_word_nobody_holds_costs_the_others_their_share(library: LocalEngine, reader: Reader) -> None:
    known = find(library, PairEncoder(), reader.read("污泥"), mode="keyword")
    unknown = find(library, PairEncoder(), reader.read("污泥，龘龘龘靐靐"), mode="keyword")
    assert ids(known) == ids(unknown) == [4]
    assert unknown[0].score < known[0].score


def test_where_nothing_is_held_keywords_find_nothing(library: LocalEngine, reader: Reader) -> None:
    assert find(library, PairEncoder(), reader.read("量子纠缠"), mode="keyword") == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("asked", ["", "  ", "，。！"])
def test_an_empty_question_finds_nothing(library: LocalEngine, reader: Reader, asked: str, mode: Mode) -> None:
    reading = Reading("", ()) if not asked.strip() else reader.read("")
    assert find(library, PairEncoder(), reading, mode=mode) == []


def test_given_ids_are_all_ranked_and_no_others(library: LocalEngine, reader: Reader) -> None:
    whole = {hit.id: hit.score for hit in find(library, PairEncoder(), reader.read("红外探测器"), limit=100)}
    ranked = find(library, PairEncoder(), reader.read("红外探测器"), among=[4, 1, 3])
    assert {hit.id: hit.score for hit in ranked} == {id: whole[id] for id in (1, 3, 4)}
    assert ids(ranked)[0] == 1
    assert ids(find(library, PairEncoder(), reader.read("红外探测器"), mode="keyword", among=[4, 3])) == [3, 4]


def test_without_an_encoder_words_are_all_there_is(library: LocalEngine, reader: Reader) -> None:
    reading = reader.read("红外探测器")
    assert ids(find(library, None, reading)) == ids(find(library, PairEncoder(), reading, mode="keyword"))
    assert find(library, None, reading, mode="semantic") == []


def test_equal_records_stand_in_the_order_of_their_ids(words: Words, reader: Reader) -> None:
    engine = in_memory([achievement(id, "静音电机") for id in (9, 3, 7, 5)], words, PairEncoder())
    assert ids(find(engine, PairEncoder(), reader.read("电机"))) == [3, 5, 7, 9]


def test_a_record_is_found_as_soon_as_it_is_applied_and_never_once_it_is_gone(words: Words, reader: Reader) -> None:
    engine = in_memory(LIBRARY, words, PairEncoder())
    late = achievement(21, "磁悬浮真空泵", summary="转速 60000 r/min。")
    engine.apply(entries_of([late], words, PairEncoder()), [], 2)
    assert ids(find(engine, PairEncoder(), reader.read("磁悬浮"), limit=1)) == [21]
    engine.apply(entries_of([achievement(21, "罗茨风机")], words, PairEncoder()), [], 3)
    assert 21 not in ids(find(engine, PairEncoder(), reader.read("磁悬浮"), mode="keyword"))
    assert ids(find(engine, PairEncoder(), reader.read("罗茨风机"), limit=1)) == [21]
    engine.apply([], [21], 4)
    assert 21 not in ids(find(engine, PairEncoder(), reader.read("罗茨风机"), limit=100))


def test_a_new_record_changes_the_parts_of_another_only_through_rarity(words: Words, reader: Reader) -> None:
    engine = in_memory(LIBRARY, words, PairEncoder())
    before = find(engine, PairEncoder(), reader.read("污泥干化"), mode="semantic", among=[4])
    far: list[Entry] = entries_of([achievement(22, "苹果保鲜")], words, PairEncoder())
    engine.apply(far, [], 2)
    assert find(engine, PairEncoder(), reader.read("污泥干化"), mode="semantic", among=[4]) == before


def test_a_title_counts_more_than_the_story_around_it(library: LocalEngine, reader: Reader) -> None:
    text = "污泥干化。我厂在城西，隔壁生产红外探测器和红外镜头"
    vectors = [
        embedded(PairEncoder(), r) for r in (reader.read(text), reader.read(text, "污泥干化"), reader.read("污泥干化"))
    ]
    plain, titled, title = (vector for vector in vectors if vector is not None)
    assert titled @ title > plain @ title
    assert float(np.linalg.norm(titled)) == pytest.approx(1, abs=1e-6)
    places = [
        ids(find(library, PairEncoder(), reading, kind="achievement")).index(4)
        for reading in (reader.read(text, "污泥干化"), reader.read(text))
    ]
    assert places[0] < places[1]


def test_a_short_question_stands_in_a_record_whole_or_not_at_all(words: Words, reader: Reader) -> None:
    engine = in_memory([achievement(1, "地震预警"), achievement(2, "地震灾后预警")], words, None)
    parts = {hit.id: hit.parts for hit in find(engine, None, reader.read("地震预警"), mode="keyword")}
    assert parts[1]["exact"] > 0 == parts[2]["exact"]
