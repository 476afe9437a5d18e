"""Suggestions follow the store, and leave alone what people have decided."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from corpus.needs import Given
from corpus.pairs import Actor, Match
from corpus.queue import Wanted, every, page
from corpus.records import Achievement, Demand
from corpus.suggestions import Suggested, mark_of
from service.installation import Installation
from service.settings import Settings
from service.suggesting import BEST, Followed, SuggestingElsewhere, follow, following
from service.traffic import Traffic
from tests.service.conftest import Run

LI = Actor("li", "broker")
MOTOR = Achievement(
    source="测试", source_id="A1", title="外转子风机电磁噪声抑制", summary="斜极与谐波注入结合，外转子风机低速嗡嗡声降低 7 dB。", organisation="丁研究院（示例）",
)  # fmt: skip
HUM = Demand(
    source="测试", source_id="D1", title="外转子风机低速嗡嗡响", problem="外转子风机低速时电磁噪声大，嗡嗡响。", organisation="戊风机厂（示例）",
)  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path / "empty")) as opened:
        follow(opened)
        yield opened


def pairs(installation: Installation) -> list[tuple[int, int, str, float | None]]:
    return sorted((m.demand_id, m.achievement_id, m.state, m.score) for m in every(installation.matches))


def of(installation: Installation, demand: int) -> list[Match]:
    return list(every(installation.matches, Wanted(demand=demand)))


def why(installation: Installation, match: Match) -> str:
    return str(installation.matches.history(match.id)[-1].details["why"])


def save(installation: Installation, *records: Achievement | Demand) -> list[int]:
    return [record.id for record in installation.store.save(records).records]


def test_the_best_of_each_demand_are_suggested_once(installation: Installation) -> None:
    done = follow(installation)
    assert done.demands == 85
    suggested = list(every(installation.matches))
    assert len(suggested) == done.suggested.added > 85
    assert {match.band for match in suggested} <= {"strong", "possible"}
    assert max(Counter(match.demand_id for match in suggested).values()) == BEST
    assert {why(installation, match) for match in suggested[:20]} == {"library"}
    assert follow(installation) == Followed()
    again = follow(installation, anew=True)
    assert again.suggested == Suggested(renewed=done.suggested.added)


def test_what_is_new_is_said_on_both_sides(empty: Installation) -> None:
    (demand,) = save(empty, HUM)
    assert follow(empty) == Followed(demands=1)
    save(empty, MOTOR)
    assert follow(empty).suggested == Suggested(added=1)
    (match,) = of(empty, demand)
    assert why(empty, match) == "achievement_new"
    assert "外转子风机" in empty.matches.history(match.id)[-1].details["quote"]
    (other,) = save(empty, replace(HUM, source_id="D2", title="外转子风机噪声"))
    follow(empty)
    assert why(empty, of(empty, other)[0]) == "demand_new"


def test_a_suggestion_lapses_with_what_it_rested_on_and_comes_back(empty: Installation) -> None:
    demand, achievement = save(empty, HUM, MOTOR)
    follow(empty)
    (match,) = of(empty, demand)
    save(empty, replace(HUM, title="腌菜脱盐", problem="腌菜卤水脱盐回用。"))
    assert follow(empty).suggested == Suggested(lapsed=1)
    save(empty, HUM)
    follow(empty)
    assert (empty.matches.get(match.id).state, why(empty, match)) == ("suggested", "demand_changed")
    save(empty, replace(MOTOR, status="paused"))
    follow(empty)
    assert empty.matches.get(match.id).state == "lapsed"
    save(empty, MOTOR)
    follow(empty)
    assert (empty.matches.get(match.id).state, why(empty, match)) == ("suggested", "achievement_changed")
    empty.store.delete([achievement])
    follow(empty)
    assert empty.matches.get(match.id).state == "lapsed"


def test_a_judged_pair_stays_as_it_is_whatever_happens_to_its_records(empty: Installation) -> None:
    demand, achievement = save(empty, HUM, MOTOR)
    follow(empty)
    (match,) = of(empty, demand)
    judged = empty.matches.step(match.id, "rejected", LI, Given(reason="already_have"))
    save(empty, replace(HUM, title="外转子风机嗡嗡响得厉害"), replace(MOTOR, advantages="成本低"))
    follow(empty)
    empty.store.delete([achievement])
    follow(empty)
    follow(empty, anew=True)
    assert empty.matches.get(match.id) == judged


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": "戊风机厂（示例）"},
        {"co_owners": ("戊风机厂（示例）",)},
        {"willingness": "unwilling"},
    ],
    ids=str,
)
def test_what_may_not_be_brought_together_is_not_suggested(empty: Installation, change: dict[str, str]) -> None:
    save(empty, HUM, replace(MOTOR, **change))  # type: ignore[arg-type]
    follow(empty)
    assert pairs(empty) == []


@pytest.mark.parametrize(
    "change", [{"visibility": "private"}, {"status": "solved"}, {"exclude_orgs": ("丁研究院（示例）",)}], ids=str
)
def test_nor_for_a_demand_that_does_not_ask(empty: Installation, change: dict[str, str]) -> None:
    save(empty, replace(HUM, **change), MOTOR)  # type: ignore[arg-type]
    follow(empty)
    assert pairs(empty) == []


def test_one_that_is_stopped_goes_on_after_the_last_whole_demand(installation: Installation) -> None:
    asked = iter(range(32))  # twice while planning, then before each demand
    first = follow(installation, give_way=lambda: next(asked, None) is not None)
    assert (first.demands, mark_of(installation.matches).is_between) == (30, True)
    second = follow(installation)
    assert second.demands == 55
    stopped = pairs(installation)
    assert follow(installation, anew=True).suggested == Suggested(renewed=len(stopped))
    assert pairs(installation) == stopped


def test_a_killed_one_goes_on_and_ends_as_one_that_was_not(home: Path, library: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from service.cli import main; main()", "suggest", "--json"]
    environment = {**os.environ, "DUIJIE_HOME": str(home)}
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    with Installation(Settings(home=home)) as installation:
        while killed.poll() is None and len(pairs(installation)) < 100:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        before = len(pairs(installation))
        resumed = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert json.loads(resumed.stdout)["demands"] + before // BEST <= 85 + 1
        interrupted = pairs(installation)
        follow(installation, anew=True)
        assert pairs(installation) == interrupted


def test_one_process_at_a_time(installation: Installation) -> None:
    with FileLock(installation.settings.home / "suggesting.lock"), pytest.raises(SuggestingElsewhere):
        follow(installation)


def test_the_server_s_thread_suggests_what_comes_in(empty: Installation) -> None:
    with following(empty, pause=0.01):
        (demand, _) = save(empty, HUM, MOTOR)
        for _ in range(2000):
            if of(empty, demand):
                break
            time.sleep(0.01)
    assert [match.state for match in of(empty, demand)] == ["suggested"]


def test_background_work_waits_until_who_asks_has_an_answer() -> None:
    traffic, told = Traffic(), list[str]()

    def work() -> None:
        traffic.give_way()
        told.append("worked")

    with traffic.asking():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.3)
        told.append("answered")
    thread.join()
    assert told == ["answered", "worked"]


def test_the_command_says_what_it_did(run: Run) -> None:
    said = run("suggest", "--limit", "2")
    assert said.code == 0
    assert said.out.startswith("匹配需求 85 条：新推荐 ")
    assert run("suggest", "--json").json == {
        "demands": 0, "suggested": {"added": 0, "renewed": 0, "lapsed": 0, "left": 0}, "closed": 0,
    }  # fmt: skip


def test_the_ranker_learns_from_what_brokers_decided(run: Run, home: Path) -> None:
    with Installation(Settings(home=home)) as installation:
        follow(installation, limit=4)
        demands = {match.demand_id for match in every(installation.matches)}
        for demand in demands:
            best, *others = page(installation.matches, Wanted(demand=demand)).matches
            installation.matches.step(best.id, "shortlisted", LI)
            for other in others:
                installation.matches.step(other.id, "rejected", LI, Given(reason="out_of_scope"))
    fitted = run("train", "--ranker", "--json").json["ranker"]
    assert fitted["demands"] == len(demands)
    assert (home / "ranking.json").is_file()


def test_without_decisions_the_ranker_says_what_it_lacks(run: Run) -> None:
    answer = run("train", "--ranker")
    assert (answer.code, answer.err) == (2, "错误：评判太少：至少要有 10 条需求评判过好坏不同的成果，这里只有 0 条。\n")


def test_a_plan_over_a_large_library_can_be_ended_and_is_made_anew(installation: Installation) -> None:
    assert follow(installation, give_way=lambda: False).demands == 0
    assert mark_of(installation.matches).is_between
    assert follow(installation).demands == installation.store.counts()["demand"]


def test_achievements_alone_are_passed_over(tmp_path: Path) -> None:
    with Installation(Settings(home=tmp_path)) as alone:
        alone.store.save([Achievement(source="x", source_id="1", title="样机")])
        assert follow(alone).demands == 0
        assert mark_of(alone.matches).revision == alone.store.revision()
