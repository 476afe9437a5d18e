"""Answers are worked out by turns: no more at once than there are cores, in the order in which they were asked for."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.processes import CORES
from service.answers import search
from service.app import create_app
from service.installation import Installation
from service.settings import Settings
from service.traffic import Traffic


def test_turns_come_in_the_order_of_asking_and_no_more_at_once_than_allowed() -> None:
    begun: list[int] = []
    at_work: list[int] = []

    async def asked(traffic: Traffic, number: int) -> int:
        async with traffic.turn():
            begun.append(number)
            at_work.append(number)
            together = len(at_work)
            await asyncio.sleep(0.001)
            at_work.remove(number)
        return together

    async def eight() -> list[int]:
        traffic = Traffic(2)
        return await asyncio.gather(*(asked(traffic, number) for number in range(8)))

    assert max(asyncio.run(eight())) == 2
    assert begun == list(range(8))


@pytest.mark.parametrize(("reader", "most"), [({}, CORES), ({"llm_url": "http://127.0.0.1:9", "llm_model": "m"}, 6)])
def test_searches_wait_for_a_core_unless_they_wait_for_a_language_model_anyway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: dict[str, str], most: int
) -> None:
    at_work: set[int] = set()
    together: list[int] = []

    def slow(*args: Any, **kwargs: Any) -> Any:
        at_work.add(threading.get_ident())
        time.sleep(0.2)
        together.append(len(at_work))
        at_work.discard(threading.get_ident())
        return search(*args, **kwargs)

    monkeypatch.setattr("service.api.searching.search", slow)
    settings = replace(Settings(home=tmp_path, llm_timeout=0.2), **reader)  # type: ignore[arg-type]
    with (
        TestClient(create_app(Installation(settings)), base_url="http://127.0.0.1") as client,
        ThreadPoolExecutor(6) as people,
    ):
        answers = people.map(lambda _: client.get("/api/v1/search", params={"q": "电机"}).status_code, range(6))
        assert list(answers) == [200] * 6
    assert max(together) == min(most, 6)


def test_a_search_that_fails_gives_its_turn_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("broken")

    with TestClient(
        create_app(Installation(Settings(home=tmp_path))), base_url="http://127.0.0.1", raise_server_exceptions=False
    ) as client:
        asked = {"q": "电机"}
        refused = [client.get("/api/v1/search", params={"q": " "}).status_code for _ in range(CORES + 1)]
        assert refused == [400] * (CORES + 1)
        assert {client.get("/search", params={"kind": "none"}).status_code for _ in range(CORES + 1)} <= {200, 400, 422}
        with monkeypatch.context() as patched:
            patched.setattr("service.api.searching.search", broken)
            failed = [client.get("/api/v1/search", params=asked).status_code for _ in range(CORES + 1)]
        assert failed == [500] * (CORES + 1)
        assert client.get("/api/v1/search", params=asked).status_code == 200
