"""The local engine answers as the oracle does, however it came by its entries; and the same question gets the same answer, tie for tie."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from indexer.entries import Among, Between, Engine, Entry
from indexer.fusion import MODES
from indexer.local import LocalEngine
from indexer.matching import Ranked, find
from indexer.reading import Reading, Term
from tests.indexer.encoders import PairEncoder
from tests.indexer.library import (
    REGIONS,
    VOCABULARY,
    random_entries,
    random_filter,
    random_question,
    random_vector,
    rounded,
)
from tests.indexer.oracle import Oracle, assert_same_hits

Make = Callable[[Sequence[Entry], Generator, Path], LocalEngine]


def opened(folder: Path | None) -> LocalEngine:
    return LocalEngine(folder, words="词典一", model="pairs@1")


def applied_in_memory(entries: Sequence[Entry], rng: Generator, folder: Path) -> LocalEngine:
    engine = opened(None)
    apply_in_batches(engine, entries, rng)
    return engine


def built_and_reopened(entries: Sequence[Entry], rng: Generator, folder: Path) -> LocalEngine:
    opened(folder).build([(entries, [])], revision=1)
    return opened(folder)


def base_and_later_changes(entries: Sequence[Entry], rng: Generator, folder: Path) -> LocalEngine:
    """A base with the half of the entries, among them some that change later and some that are deleted later."""
    stale = random_entries(rng, [entry.id for entry in entries if rng.random() < 0.3])
    doomed = random_entries(rng, range(10_000, 10_020))
    early = {entry.id: entry for entry in [*entries[::2], *stale, *doomed]}
    built_and_reopened([*early.values()], rng, folder)
    engine = opened(folder)
    gone = [entry.id for entry in doomed]
    engine.apply([], gone[:10], 2)
    apply_in_batches(engine, random_entries(rng, [entry.id for entry in entries[:20]]), rng)
    apply_in_batches(engine, [e for e in entries if early.get(e.id) is not e or e.id <= entries[19].id], rng)
    engine.apply([], gone[10:], 3)
    return engine


def built_on_a_base(entries: Sequence[Entry], rng: Generator, folder: Path) -> LocalEngine:
    """The base after next: built from a base, what was applied to it, and what was built on top."""
    engine = base_and_later_changes(entries[: len(entries) // 2], rng, folder)
    engine.build([(entries[len(entries) // 2 :], []), (entries[:3], [10_000])], revision=4)
    return opened(folder)


def apply_in_batches(engine: Engine, entries: Sequence[Entry], rng: Generator) -> None:
    shuffled = [entries[place] for place in rng.permutation(len(entries))]
    while shuffled:
        size = int(rng.integers(1, 16))
        batch, shuffled = shuffled[:size], shuffled[size:]
        engine.apply(batch, [], engine.revision)


WAYS = [applied_in_memory, built_and_reopened, base_and_later_changes, built_on_a_base]


@pytest.mark.parametrize("make", WAYS)
@pytest.mark.parametrize("seed", range(5))
def test_answers_equal_those_of_the_oracle(make: Make, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, size=rng.integers(40, 200), replace=False)).tolist()
    entries = random_entries(rng, ids)
    oracle, engine = Oracle(entries), make(entries, rng, tmp_path)
    assert engine.out_of_step is None
    assert engine.has_vectors
    for _ in range(25):
        filter, words, vector = random_filter(rng), random_question(rng), random_vector(rng)
        k = int(rng.integers(1, 60))
        assert_same_hits(engine.near(vector, k, filter), oracle.near(vector, len(ids), filter), k)
        assert_same_hits(engine.holding(words, k, filter), oracle.holding(words, len(ids), filter), k)
        asked = [*rng.choice(ids, size=10).tolist(), 10_000, 10_015, 77_777]  # two were deleted, one never was
        for mine, exact in zip(engine.scores(asked, vector, words), oracle.scores(asked, vector, words), strict=True):
            np.testing.assert_allclose(mine, exact, atol=1e-5)
        assert engine.frequencies([*words], filter) == oracle.frequencies([*words], filter)
        assert engine.browse(k, filter) == oracle.browse(k, filter)
        assert engine.browse(k, filter, "trl") == oracle.browse(k, filter, "trl")
        assert engine.browse(k, filter, "price", least=True) == oracle.browse(k, filter, "price", least=True)
        assert engine.count(filter) == oracle.count(filter)
        assert engine.tally("region", [*REGIONS, "没有的地区"], filter) == oracle.tally("region", REGIONS, filter)
        assert engine.spread("trl", filter) == oracle.spread("trl", filter)
        np.testing.assert_allclose(engine.vectors(asked), oracle.vectors(asked), atol=1e-3)


@pytest.mark.parametrize("make", WAYS)
def test_values_that_few_have_are_added_to_those_that_many_have(make: Make, tmp_path: Path) -> None:
    """What a firm may see: what is for everybody, for members, and of hundreds of firms its own."""
    rng = np.random.default_rng(7)
    entries = [
        replace(entry, attributes={**entry.attributes, "audience": random_audience(rng)})
        for entry in random_entries(rng, range(1, 900))
    ]
    oracle, engine = Oracle(entries), make(entries, rng, tmp_path)
    for number in range(60):
        firm = Among("audience", frozenset({"public", "members", f"org:{number % 40}", f"user:{number}"}))
        filter = (*random_filter(rng), firm, *random_filter(rng))
        words, vector = random_question(rng), random_vector(rng)
        for _ in range(2):  # anew, and from what was kept
            assert engine.frequencies([*words], filter) == oracle.frequencies([*words], filter)
            assert engine.count(filter) == oracle.count(filter)
        assert engine.browse(50, filter) == oracle.browse(50, filter)
        assert_same_hits(engine.near(vector, 20, filter), oracle.near(vector, 900, filter), 20)
        assert_same_hits(engine.holding(words, 20, filter), oracle.holding(words, 900, filter), 20)


def test_what_passes_a_filter_that_is_asked_again_is_found_exactly_in_a_large_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside lists of which so few are gone through that they find little."""
    for name, value in {"FEW": 300, "_FEW_PASS": 5, "_APART": 0.5, "_FEWEST_LISTS": 1, "_SHARE": 0.01}.items():
        monkeypatch.setattr(f"indexer.neighbours.{name}", value)
    rng = np.random.default_rng(12)
    entries = random_entries(rng, range(1, 900))
    engine = built_and_reopened(entries, rng, tmp_path)
    filters = [filter for _ in range(60) if 5 < engine.count(filter := random_filter(rng)) <= 400][:6]
    assert len(filters) == 6
    for gone in ([], [entry.id for entry in entries[::3]]):
        engine.apply([], gone, 2)
        oracle = Oracle([entry for entry in entries if entry.id not in gone])
        for filter in filters:
            for asked in range(4):
                vector = random_vector(rng)
                found = engine.near(vector, 20, filter)
                if asked:
                    assert_same_hits(found, oracle.near(vector, 900, filter), 20)


def random_audience(rng: Generator) -> tuple[str, ...]:
    everybody, members = ("public", "brokers"), ("members", "brokers")
    own = (f"org:{rng.integers(40)}", "brokers", f"user:{rng.integers(60)}")
    return (everybody, everybody, members, own, own[1:], own[2:])[rng.integers(6)]


@pytest.mark.parametrize("make", [base_and_later_changes, built_on_a_base, applied_in_memory])
@pytest.mark.parametrize("seed", range(4))
def test_a_ranking_equals_that_of_a_fresh_build_tie_for_tie(make: Make, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(100 + seed)
    entries = random_entries(rng, np.sort(rng.choice(1000, size=150, replace=False)).tolist())
    fresh = built_and_reopened(entries, rng, tmp_path / "fresh")
    grown = make(entries, rng, tmp_path / "grown")
    for _ in range(10):
        reading, filter = random_reading(rng), random_filter(rng)
        for mode in MODES:

            def ranked(engine: Engine) -> list[Ranked]:
                return find(engine, PairEncoder(), reading, mode=mode, filter=filter, limit=50)  # noqa: B023

            assert ranked(grown) == ranked(fresh)


def random_reading(rng: Generator) -> Reading:
    chosen = [VOCABULARY[place] for place in rng.choice(len(VOCABULARY), size=8, replace=False)]
    terms = tuple(Term(word, float(weight)) for word, weight in zip(chosen, rng.uniform(0.4, 3, size=8), strict=True))
    return Reading("".join(chosen), terms, exact=frozenset(chosen[:1]))


def test_of_more_equal_entries_than_are_asked_for_the_lowest_ids_are_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    one, other, question = rounded(random_vector(rng)), rounded(random_vector(rng)), random_vector(rng)
    entries = [Entry(id, (one, other)[id % 2], {"红外": (1.5, 0.5)[id % 2]}, {"trl": id % 9}) for id in range(1, 901)]
    fresh = built_and_reopened(entries, rng, tmp_path / "fresh")
    grown = base_and_later_changes(entries, rng, tmp_path / "grown")
    oracle = Oracle(entries)
    for filter in [(), (Between("trl", high=4),)]:
        for k in (1, 99, 200, 460):
            nearest = [id for id, _ in oracle.near(question, k, filter)]
            assert [id for id, _ in fresh.near(question, k, filter)] == nearest
            assert [id for id, _ in grown.near(question, k, filter)] == nearest
            fullest = [id for id, _ in oracle.holding({"红外": 2.0}, k, filter)]
            assert [id for id, _ in fresh.holding({"红外": 2.0}, k, filter)] == fullest
            assert [id for id, _ in grown.holding({"红外": 2.0}, k, filter)] == fullest


Batch = tuple[list[int], list[int]]
batches = st.lists(st.tuples(st.lists(st.integers(1, 30), unique=True, max_size=12), st.lists(st.integers(1, 30), unique=True, max_size=6)), max_size=25)  # fmt: skip


@given(batches, st.integers(0, 24))
def test_merging_in_memory_and_building_on_the_way_lose_no_entry(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Batch], built_after: int
) -> None:
    rng = np.random.default_rng(len(batches))
    oracle, engine = Oracle(), opened(tmp_path_factory.mktemp("index"))
    for number, (changed, gone) in enumerate(batches, start=1):
        entries = random_entries(rng, changed)
        gone = [id for id in gone if id not in changed]
        oracle.apply(entries, gone, number)
        engine.apply(entries, gone, number)
        if number == built_after:
            engine.build([], number)
            engine = opened(engine.folder)
        assert engine.browse(100, ()) == oracle.browse(100, ())
    words, vector = random_question(rng), random_vector(rng)
    assert engine.revision == oracle.revision == len(batches)
    assert_same_hits(engine.holding(words, 30, ()), oracle.holding(words, 30, ()), 30)
    assert_same_hits(engine.near(vector, 30, ()), oracle.near(vector, 30, ()), 30)


def test_an_engine_without_entries_finds_nothing(tmp_path: Path) -> None:
    opened(tmp_path).build([], revision=3)
    for engine in (opened(None), opened(tmp_path)):
        vector = random_vector(np.random.default_rng(0))
        assert engine.near(vector, 5, ()) == engine.holding({"红外": 1.0}, 5, ()) == []
        assert engine.browse(5, ()) == []
        assert engine.frequencies(["红外"], ()) == (0, {"红外": 0})
        assert engine.has_vectors
    assert opened(tmp_path).revision == 3


def test_a_base_without_vectors_is_searched_by_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    entries = random_entries(rng, range(1, 60), vectors=False)
    without = LocalEngine(tmp_path, words="词典一", model=None)
    assert without.build([(entries, [])], revision=9).model is None
    reopened, oracle = LocalEngine(tmp_path, words="词典一", model=None), Oracle(entries)
    assert (reopened.out_of_step, reopened.has_vectors, reopened.revision) == (None, False, 9)
    for _ in range(10):
        words, filter = random_question(rng), random_filter(rng)
        assert_same_hits(reopened.holding(words, 20, filter), oracle.holding(words, 60, filter), 20)
        assert reopened.near(random_vector(rng), 20, filter) == []


def test_an_entry_without_a_vector_makes_the_engine_say_that_vectors_are_missing(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    engine = built_and_reopened(random_entries(rng, range(1, 40)), rng, tmp_path)
    assert engine.has_vectors
    engine.apply(random_entries(rng, [50], vectors=False), [], 2)
    assert not engine.has_vectors
    assert engine.browse(1, ()) == [50]


@pytest.mark.parametrize(
    ("words", "model", "said"),
    [
        ("词典二", "pairs@1", "索引是用另一版分词规则或词典建立的，请运行 duijie index"),
        ("词典一", "pairs@2", "索引是用另一个向量模型建立的，请运行 duijie index"),
        ("词典一", "pairs@1", None),
        ("词典一", None, None),  # without a model the words still serve
    ],
)
def test_a_base_made_otherwise_is_not_used(tmp_path: Path, words: str, model: str | None, said: str | None) -> None:
    rng = np.random.default_rng(5)
    built_and_reopened(random_entries(rng, range(1, 40)), rng, tmp_path)
    engine = LocalEngine(tmp_path, words=words, model=model)
    assert engine.out_of_step == said
    assert engine.count(()) == (0 if said else 39)


def test_a_base_made_without_a_model_is_not_used_with_one(tmp_path: Path) -> None:
    entries = random_entries(np.random.default_rng(6), [1, 2, 3], vectors=False)
    LocalEngine(tmp_path, words="词典一", model=None).build([(entries, [])], revision=1)
    assert opened(tmp_path).out_of_step == "索引是没有向量模型时建立的，请运行 duijie index"


def test_the_revision_never_goes_back() -> None:
    engine = opened(None)
    engine.apply([], [], 7)
    engine.apply([], [], 5)
    assert engine.revision == 7


@pytest.mark.parametrize("late", [0, 6, 256])
@pytest.mark.parametrize("seed", range(3))
def test_old_entries_change_between_questions_and_a_question_keeps_the_state_it_began_with(
    seed: int, late: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes a filter is kept from one question to the next, whether the last rows to die are counted apart or not."""
    monkeypatch.setattr("indexer.parts._LATE", late)
    rng = np.random.default_rng(300 + seed)
    entries = random_entries(rng, range(1, 301))
    oracle, engine = Oracle(entries), built_and_reopened(entries, rng, tmp_path)
    filters = [(), *(random_filter(rng) for _ in range(4))]

    def assert_the_same(engine: LocalEngine, oracle: Oracle) -> None:
        filter, words, vector = filters[rng.integers(len(filters))], random_question(rng), random_vector(rng)
        assert_same_hits(engine.near(vector, 25, filter), oracle.near(vector, 301, filter), 25)
        assert_same_hits(engine.holding(words, 25, filter), oracle.holding(words, 301, filter), 25)
        assert engine.frequencies([*words], filter) == oracle.frequencies([*words], filter)
        assert engine.browse(25, filter, "trl") == oracle.browse(25, filter, "trl")
        assert engine.tally("region", REGIONS, filter) == oracle.tally("region", REGIONS, filter)
        assert engine.spread("trl", filter) == oracle.spread("trl", filter)
        asked = rng.choice(300, size=20).tolist()
        for mine, exact in zip(engine.scores(asked, vector, words), oracle.scores(asked, vector, words), strict=True):
            np.testing.assert_allclose(mine, exact, atol=1e-5)

    for revision in range(2, 40):
        assert_the_same(engine, oracle)
        before, then = copy(engine), Oracle(oracle.entries.values())
        changed = random_entries(rng, np.unique(rng.choice(300, size=rng.integers(1, 6)) + 1).tolist())
        gone = [id for id in rng.choice(400, size=rng.integers(0, 3)).tolist() if id not in {e.id for e in changed}]
        engine.apply(changed, gone, revision)
        oracle.apply(changed, gone, revision)
        assert_the_same(engine, oracle)
        assert_the_same(before, then)
