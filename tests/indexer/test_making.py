"""Entries made in other processes are those made here, and a base that was gathered in files is the one that was made at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.records import Change
from indexer import local
from indexer.encoder import DEFAULT_MODEL, packaged
from indexer.gathering import columns_of, joined
from indexer.local import LocalEngine
from indexer.making import Making, Recipe, made_in_processes
from indexer.segmenter import Segmenter
from indexer.vectors import VectorCache
from indexer.words import Words
from tests.indexer.library import achievement, demand, random_entries, random_filter, random_question, random_vector

TITLES = ["外转子风机低速嗡嗡响", "污泥脱水干化", "640×512 红外焦平面", "磁钢镀层起泡", "GB/T 4754-2017 行业分类"]
RECORDS = [*(achievement(n, title) for n, title in enumerate(TITLES, 1)), demand(9, "细纱断头多", problem="上机就断")]


def batched(some: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(some[start : start + size]) for start in range(0, len(some), size)]


@pytest.mark.parametrize("folder", [None, str(DEFAULT_MODEL)], ids=["words alone", "with vectors"])
def test_other_processes_make_the_same_entries(folder: str | None) -> None:
    changes = [*(Change(record.id, record.id, record) for record in RECORDS), Change(77, 100, None)]
    here = Making(Words(Segmenter()), VectorCache(packaged(), None) if folder else None)
    batches = batched(changes, 3)
    for batch, (columns, gone) in zip(batches, made_in_processes(Recipe(None, folder), batches), strict=True):
        mine, mine_gone = here.of_changes(batch)
        assert gone == mine_gone
        assert (columns.ids.tolist(), columns.attributes) == (mine.ids.tolist(), mine.attributes)
        assert (columns.keys == mine.keys).all()
        assert (columns.weights == mine.weights).all()
        assert (columns.vectors is None) == (mine.vectors is None)
        if columns.vectors is not None and mine.vectors is not None:
            assert (columns.vectors == mine.vectors).all()


def test_a_base_gathered_in_files_is_the_one_made_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(11)
    entries = random_entries(rng, rng.permutation(400)[:200].tolist())
    later = random_entries(rng, [entry.id for entry in entries[:30]])
    gone = [entry.id for entry in entries[30:40]]
    batches = [*((some, []) for some in batched(entries, 17)), (later, gone)]

    def built(folder: Path) -> LocalEngine:
        LocalEngine(folder, words="一", model="pairs@1").build(batches, 1)
        return LocalEngine(folder, words="一", model="pairs@1")

    whole = built(tmp_path / "whole")
    monkeypatch.setattr(local, "_GATHERED", 40)
    gathered = built(tmp_path / "gathered")
    assert whole.count(()) == gathered.count(()) == 190
    assert not [*(tmp_path / "gathered").glob("gathering-*")]
    for _ in range(30):
        filter, words, vector = random_filter(rng), random_question(rng), random_vector(rng)
        assert gathered.holding(words, 20, filter) == whole.holding(words, 20, filter)
        assert gathered.near(vector, 20, filter) == whole.near(vector, 20, filter)
        assert gathered.frequencies([*words], filter) == whole.frequencies([*words], filter)
        assert gathered.browse(20, filter) == whole.browse(20, filter)


def test_columns_are_joined_in_order_of_ids() -> None:
    rng = np.random.default_rng(4)
    entries = random_entries(rng, [5, 3, 9, 1, 7, 2])
    together = joined([columns_of(entries[:2]), columns_of(entries[2:])])
    at_once = columns_of(sorted(entries, key=lambda entry: entry.id))
    assert together.ids.tolist() == [1, 2, 3, 5, 7, 9]
    assert (together.keys == at_once.keys).all()
    assert (together.weights == at_once.weights).all()
    assert list(together.attributes) == list(at_once.attributes)
    assert together.without(np.array([3, 9])).ids.tolist() == [1, 2, 5, 7]
