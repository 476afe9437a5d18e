"""A server is kept up: imports are taken in, new bases are built beside and changed over to, and searches go on all the while."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import service.installation
from corpus.records import Achievement
from indexer.base import current
from service.answers import search
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from service.upkeep import upkeep
from service.viewer import MACHINE

PATIENCE = 60.0


def achievements(count: int, name: str) -> list[Achievement]:
    return [Achievement(source="批", source_id=f"{name}{n}", title=f"第{n}号样机 {name}-{n:05d}") for n in range(count)]


def first(installation: Installation, text: str) -> str:
    return search(installation, text, viewer=MACHINE, limit=1).hits[0].record.source_id


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_after_a_large_import_a_new_base_is_built_beside_while_searches_go_on(home: Path) -> None:
    with Installation(Settings(home=home)) as installation, upkeep(installation):
        old = current(home / "index")
        installation.store.save(achievements(1200, "QX"))
        while installation.index.engine.base_revision < installation.store.revision():
            assert first(installation, "QX-00777") == "QX777"
            installation.store.save(achievements(3, "WW"))
            assert first(installation, "WW-00002") == "WW2"
            time.sleep(0.05)
        assert first(installation, "QX-00777") == "QX777"
        assert installation.behind() == 0
        assert old
        assert not old.exists()


def test_a_base_that_is_damaged_is_not_changed_over_to_but_built_anew(home: Path) -> None:
    with Installation(Settings(home=home)) as serving, Installation(Settings(home=home)) as other:
        other.store.save(achievements(20, "QX"))
        other.build()
        published = current(home / "index")
        assert published
        words = published / "words.rows.npy"
        words.write_bytes(words.read_bytes()[:-8])
        assert serving.index.engine.is_superseded
        assert not serving.renew()
        with upkeep(serving):
            assert first(serving, "QX-00007") == "QX7"
            eventually(lambda: not serving.index.engine.is_superseded)
            assert current(home / "index") != published
            assert first(serving, "QX-00007") == "QX7"
            assert serving.behind() == 0


def test_a_search_does_not_wait_for_a_large_import_and_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.installation, "WAITED_FOR", 29)
    installation.is_kept_up = True
    installation.store.save(achievements(30, "QX"))
    answer = search(installation, "磁钢起泡掉皮", viewer=MACHINE, limit=1)
    assert answer.hits
    assert "刚存入的 30 条记录正在收录" in (answer.note or "")
    assert answer.revision == installation.store.revision() - 30
    installation.take_in(installation.store.revision(), PATIENCE)
    answer = search(installation, "QX-00007", viewer=MACHINE, limit=1)
    assert answer.hits[0].record.source_id == "QX7"
    assert "正在收录" not in (answer.note or "")


def test_an_application_keeps_its_installation_up_for_as_long_as_it_runs(home: Path) -> None:
    installation = Installation(Settings(home=home))
    with TestClient(create_app(installation), base_url="http://127.0.0.1"):
        assert installation.is_kept_up
    assert not installation.is_kept_up
