"""Brokers and firms at once against a real server, on both stores: every decision that was acknowledged is in the history once, the second of two
who decide is told so, and no answer is an error of the server.

`python -m benchmarks.people` is the same for longer.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.over_http import served
from benchmarks.people import at_once, lost, peopled
from service.settings import Settings


def test_nothing_that_many_people_did_at_once_is_lost(lasting_database: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database=lasting_database)
    people = peopled(settings, brokers=6, firms=4)
    with served(tmp_path, database=lasting_database) as (address, _, _):
        day = at_once(address, people, lambda rounds: rounds < 3)
    assert day.wrong == []
    assert lost(settings, day) == []
    assert len(day.filed) == 4 * 3
    assert len(day.decisions) >= 6
