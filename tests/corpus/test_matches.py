"""Matches and what is done with them: history, undo, two at once, what a machine may touch."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import RecordNotFound
from corpus.history import standing
from corpus.matches import Matches, StaleMatch
from corpus.needs import Given
from corpus.pairs import Actor, MatchNotFound
from corpus.records import Achievement, Demand
from corpus.steps import STATES, StepRefused
from corpus.store import Store
from corpus.suggestions import Mark, Suggested, Suggestion, close_unanswered, mark_of, suggest, withdraw
from tests.corpus.lives import (
    BOSS,
    FIRM,
    FULL,
    LEAD,
    LI,
    NOW,
    OWNER,
    PEOPLE,
    WANG,
    Ticking,
    brought_to,
    matches_in,
    saved,
    suggested,
)


def found(achievement: int, score: float = 0.7) -> Suggestion:
    return Suggestion(
        achievement_id=achievement, score=score, band="strong", parts={"words": score}, why="achievement_new"
    )


def test_a_suggestion_says_what_it_was_computed_with_and_why_it_is_new(store: Store) -> None:
    made = matches_in(store)
    match = suggested(made)
    assert (match.state, match.score, match.band, dict(match.parts), match.revision, match.model, match.run) == (
        "suggested", 0.61, "strong", {"words": 0.61}, 2, "小模型", "r1",
    )  # fmt: skip
    (event,) = made.history(match.id)
    assert (event.actor, event.role, event.from_state, event.to_state, dict(event.details)) == (
        "system", "system", "", "suggested", {"why": "demand_new", "run": "r1"},
    )  # fmt: skip
    assert made.of_pair(match.demand_id, match.achievement_id) == match
    assert made.of_pair(match.achievement_id, match.demand_id) is None


def test_a_machine_renews_what_nobody_touched_and_lets_go_what_fits_no_more(store: Store) -> None:
    made = matches_in(store)
    demand, first = saved(store)
    _, second = saved(store, 2)
    assert suggest(made, demand, [found(first)], revision=2, model="m", run="r1") == Suggested(added=1)
    assert suggest(made, demand, [found(first, 0.8), found(second)], revision=3, model="m", run="r2") == Suggested(
        added=1, renewed=1
    )
    renewed = made.of_pair(demand, first)
    assert renewed is not None
    assert (renewed.score, renewed.revision, renewed.run, renewed.version) == (0.8, 3, "r2", 1)
    assert suggest(made, demand, [], revision=4, model="m", run="r3") == Suggested(lapsed=2)
    assert made.get(renewed.id).state == "lapsed"
    assert suggest(made, demand, [found(first)], revision=5, model="m", run="r4") == Suggested(renewed=1)
    assert [event.to_state for event in made.history(renewed.id)] == ["suggested", "lapsed", "suggested"]


@pytest.mark.parametrize("state", [state for state in STATES if state not in ("suggested", "lapsed")])
def test_what_people_decided_no_machine_touches(memory_store: Store, state: str) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, state)
    before = made.history(match.id)
    assert suggest(
        made, match.demand_id, [found(match.achievement_id, 0.9)], revision=9, model="n", run="r9"
    ) == Suggested(left=1)
    assert suggest(made, match.demand_id, [], revision=9, model="n", run="r9") == Suggested()
    assert withdraw(made, match.achievement_id) == Suggested()
    assert (made.get(match.id), made.history(match.id)) == (match, before)


def test_a_note_or_an_undone_step_is_a_hand_on_it_too(memory_store: Store) -> None:
    made = matches_in(memory_store)
    noted, undone = suggested(made, 1), suggested(made, 2)
    made.follow_up(noted.id, LI, "note", Given(note="先问问厂里"))
    made.step(undone.id, "rejected", LI, FULL)
    made.undo(undone.id, LI)
    for match in (noted, undone):
        assert suggest(made, match.demand_id, [], revision=9, model="n", run="r9") == Suggested()
        assert made.get(match.id).state == "suggested"


def test_the_suggestions_of_an_achievement_that_is_gone_lapse(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = suggested(made)
    assert withdraw(made, match.achievement_id) == Suggested(lapsed=1)
    assert made.get(match.id).state == "lapsed"


def test_a_pair_has_one_match_whoever_brings_it_together(store: Store) -> None:
    made = matches_in(store)
    demand, achievement = saved(store)
    proposed = made.propose(demand, achievement, LI, "展会上碰到的")
    assert (proposed.state, proposed.touched, proposed.score) == ("suggested", True, None)
    assert made.propose(demand, achievement, WANG) == proposed
    assert suggest(made, demand, [found(achievement)], revision=2, model="m", run="r") == Suggested(left=1)
    assert made.get(proposed.id) == proposed
    with pytest.raises(RecordNotFound):
        made.propose(achievement, demand, LI)
    with pytest.raises(StepRefused, match="您不能提出一对匹配"):
        made.propose(demand, achievement, FIRM)


def test_a_lapsed_suggestion_lives_again_when_a_person_proposes_the_pair(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "lapsed")
    assert made.propose(match.demand_id, match.achievement_id, LI).state == "suggested"


def test_who_takes_a_first_step_owns_the_match_until_it_is_handed_on(store: Store) -> None:
    made = matches_in(store)
    id = suggested(made).id
    assert made.step(id, "shortlisted", LI).owner == "li"
    assert made.step(id, "hold", WANG, FULL).owner == "li"
    assert made.assign(id, BOSS, "wang").owner == "wang"
    assert made.assign(id, BOSS, None).owner is None


def test_the_second_of_two_is_told_what_the_first_did(store: Store) -> None:
    made = matches_in(store)
    seen = suggested(made)
    made.step(seen.id, "rejected", LI, Given(reason="already_have"), version=seen.version)
    with pytest.raises(StaleMatch) as stale:
        made.step(seen.id, "shortlisted", WANG, version=seen.version)
    assert str(stale.value).startswith("这一步没有走") is False
    assert "li 已在 " in str(stale.value)
    assert "把这对匹配从“系统推荐”变为“已排除”，原因：已有方案。什么也没有改动，请看过再定。" in str(stale.value)
    with pytest.raises(StaleMatch):
        made.undo(seen.id, LI, version=seen.version)
    assert [event.actor for event in made.history(seen.id)] == ["system", "li"]


def test_a_machine_does_not_make_a_person_s_decision_stale(store: Store) -> None:
    made = matches_in(store)
    seen = suggested(made)
    withdraw(made, seen.achievement_id)
    assert made.step(seen.id, "shortlisted", LI, version=seen.version).state == "shortlisted"


def test_a_note_meanwhile_does_not_make_a_decision_stale(store: Store) -> None:
    made = matches_in(store)
    seen = suggested(made)
    made.follow_up(seen.id, WANG, "note", Given(note="厂里在扩产"))
    assert made.step(seen.id, "shortlisted", LI, version=seen.version).state == "shortlisted"


@pytest.mark.parametrize("same", [True, False], ids=["same step", "other steps"])
def test_of_many_at_once_one_wins_and_the_others_are_told(lasting_database: str, same: bool) -> None:
    opened = Store(lasting_database)
    match = suggested(matches_in(opened))
    together = threading.Barrier(8)
    told: list[tuple[str, str | None]] = []

    def decide(number: int) -> None:
        made, actor = Matches(Store(lasting_database)), Actor(f"b{number}", "broker")
        together.wait()
        try:
            to = "shortlisted" if same or number % 2 else "rejected"
            made.step(match.id, to, actor, FULL, version=match.version)
            told.append((actor.name, None))
        except StaleMatch as stale:
            told.append((actor.name, str(stale.facts["who"])))
        finally:
            made.store.close()

    threads = [threading.Thread(target=decide, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [name for name, by in told if by is None]
    assert len(told) == 8
    assert len(winners) == 1
    assert {by for _, by in told if by} == set(winners)
    history = Matches(opened).history(match.id)
    assert [event.actor for event in history] == ["system", *winners]
    opened.close()


def test_a_machine_and_a_person_at_once_leave_the_person_s_decision(lasting_database: str) -> None:
    opened = Store(lasting_database)
    all_of_them = [suggested(matches_in(opened), number) for number in range(12)]
    together = threading.Barrier(2)

    def machine() -> None:
        made = Matches(Store(lasting_database))
        together.wait()
        for match in all_of_them:
            suggest(made, match.demand_id, [], revision=9, model="n", run="r9")
        made.store.close()

    def person() -> None:
        made = Matches(Store(lasting_database))
        together.wait()
        for match in reversed(all_of_them):
            made.step(match.id, "shortlisted", LI, version=match.version)
        made.store.close()

    threads = [threading.Thread(target=work) for work in (machine, person)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = Matches(opened)
    assert [made.get(match.id).state for match in all_of_them] == ["shortlisted"] * 12
    opened.close()


def test_only_who_took_the_last_step_takes_it_back(store: Store) -> None:
    made = matches_in(store)
    id = suggested(made).id
    with pytest.raises(StepRefused, match="没有可以撤销的步骤"):
        made.undo(id, LI)
    made.step(id, "shortlisted", LI)
    made.step(id, "hold", WANG, FULL)
    with pytest.raises(StepRefused, match=r"最后一步是 wang 在 .* 走的，只有本人能撤销"):
        made.undo(id, LI)
    undone = made.undo(id, WANG)
    assert (undone.state, undone.owner, undone.due_on) == ("shortlisted", "li", None)
    assert made.undo(id, LI).state == "suggested"
    assert [(e.type, e.to_state, e.undoes) for e in made.history(id)][1:] == [
        ("step", "shortlisted", None), ("step", "hold", None), ("undo", "shortlisted", 3), ("undo", "suggested", 2),
    ]  # fmt: skip


def test_an_undone_answer_is_not_given(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "interested")
    made.step(match.id, "interested", OWNER)
    assert made.undo(match.id, OWNER).supply_said is None
    with pytest.raises(StepRefused, match="双方都有意向"):
        made.step(match.id, "connecting", LI)


def test_a_follow_up_names_the_next_action_until_the_next_step(memory_store: Store) -> None:
    made = matches_in(memory_store)
    id = suggested(made).id
    due = (NOW + timedelta(days=3)).date()
    followed = made.follow_up(id, LI, "visit", Given(note="看了产线", next_action="寄样品", due_on=due))
    assert (followed.next_action, followed.due_on) == ("寄样品", due)
    assert made.follow_up(id, LI, "note", Given(note="又及")).due_on == due
    assert made.step(id, "shortlisted", LI).due_on is None
    with pytest.raises(StepRefused, match="什么也没有写"):
        made.follow_up(id, LI, "call", Given())
    with pytest.raises(StepRefused, match="您不能记跟进"):
        made.follow_up(id, FIRM, "call", Given(note="喂"))
    with pytest.raises(StepRefused, match="跟进应是"):
        made.follow_up(id, LI, "step", Given(note="绕过"))


def test_what_was_pushed_is_due_in_two_weeks_and_closed_after_as_long_again(memory_store: Store) -> None:
    clock = Ticking()
    made = Matches(memory_store, clock=clock)
    match = brought_to(made, "recommended")
    pushed = made.undo(match.id, LEAD)
    pushed = made.step(match.id, "recommended", LI, Given(first="both"))
    assert pushed.due_on == (NOW + timedelta(days=14)).date()
    clock.at += timedelta(days=28)
    assert close_unanswered(made) == 0
    clock.at += timedelta(days=1)
    assert close_unanswered(made) == 1
    assert made.get(match.id).state == "no_reply"
    assert made.step(match.id, "interested", FIRM).state == "interested"


def test_reading_what_is_confidential_is_logged_and_is_no_hand_on_the_match(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = suggested(made)
    made.viewed(match.id, LI, "contact")
    last = made.history(match.id)[-1]
    assert (last.type, last.actor, dict(last.details)) == ("viewed", "li", {"what": "contact"})
    assert made.get(match.id).touched is False


def test_a_review_is_by_brokers_and_says_one_of_three_things(memory_store: Store) -> None:
    made = matches_in(memory_store)
    id = suggested(made).id
    made.review(id, WANG, "hold", "等样品", score=3)
    assert made.history(id)[-1].details == {"recommendation": "hold", "score": 3}
    with pytest.raises(StepRefused, match="评审意见应是"):
        made.review(id, WANG, "perhaps")
    with pytest.raises(StepRefused, match="您不能写评审意见"):
        made.review(id, OWNER, "advance")


@pytest.mark.parametrize("id", [0, -1, 7, 2**63])
def test_a_match_that_there_is_not(store: Store, id: int) -> None:
    made = matches_in(store)
    for act in (made.get, made.history):
        with pytest.raises(MatchNotFound):
            act(id)
    with pytest.raises(MatchNotFound):
        made.step(id, "shortlisted", LI)


ACTS = st.tuples(
    st.sampled_from([*STATES, "undo", "note", "review", "viewed", "assign", "machine"]),
    st.sampled_from(sorted(PEOPLE)),
    st.sampled_from(["demand", "supply"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, max_size=25))
def test_a_history_is_only_added_to_and_its_fold_is_where_the_match_stands(acts: list[tuple[str, str, str]]) -> None:
    opened = Store("sqlite://")
    made = matches_in(opened)
    match = suggested(made)
    history = made.history(match.id)
    for act, role, side in acts:
        actor = PEOPLE[role]
        try:
            if act == "undo":
                made.undo(match.id, actor)
            elif act == "note":
                made.follow_up(match.id, actor, "call", Given(note="通了电话"))
            elif act == "review":
                made.review(match.id, actor, "advance")
            elif act == "viewed":
                made.viewed(match.id, actor, "contact")
            elif act == "assign":
                made.assign(match.id, actor, actor.name)
            elif act == "machine":
                suggest(made, match.demand_id, [], revision=9, model="n", run="r9")
            else:
                made.step(match.id, act, actor, replace(FULL, side=None if role == side else side))
        except StepRefused:
            assert made.history(match.id) == history
        now = made.history(match.id)
        assert now[: len(history)] == history
        assert [event.version for event in now] == list(range(1, len(now) + 1))
        assert made.get(match.id).standing == standing(now)
        history = now
    opened.close()


SUGGEST = """
import sys
from corpus.matches import Matches
from corpus.store import Store
from corpus.suggestions import Mark, Suggestion, suggest
made = Matches(Store(sys.argv[1]))
achievements = [int(id) for id in sys.argv[2].split(",")]
for demand in map(int, sys.argv[3].split(",")):
    found = [Suggestion(achievement_id=a, score=0.5, band="strong", parts={}, why="library") for a in achievements]
    suggest(made, demand, found, revision=1, model="m", run="r", mark=Mark(0, 400, demand))
    print(demand, flush=True)
"""


@pytest.mark.parametrize("round", range(2))
def test_a_kill_leaves_whole_demands_and_the_mark_beside_them(lasting_database: str, round: int) -> None:
    opened = Store(lasting_database)
    achievements = opened.save([Achievement(source="库", source_id=str(n), title=f"成果{n}") for n in range(5)]).added
    demands = opened.save([Demand(source="库", source_id=str(n), title=f"需求{n}") for n in range(150)]).added
    arguments = [",".join(map(str, ids)) for ids in (achievements, demands)]
    running = subprocess.Popen(
        [sys.executable, "-c", SUGGEST, lasting_database, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    for _ in range(random.Random(round).randrange(5, 60)):
        running.stdout.readline()
    running.send_signal(signal.SIGKILL)
    running.stdout.read()
    running.wait()
    made = Matches(opened)
    after = mark_of(made).after
    done = demands.index(after) + 1
    with opened.engine.connect() as connection:
        pairs = connection.execute(sa.text("SELECT demand_id, count(*) FROM matches GROUP BY demand_id")).all()
        events = connection.scalar(sa.text("SELECT count(*) FROM match_events"))
    assert sorted(map(tuple, pairs)) == [(id, 5) for id in demands[:done]]
    assert events == done * 5
    assert mark_of(made) == Mark(0, 400, after)
    opened.close()
