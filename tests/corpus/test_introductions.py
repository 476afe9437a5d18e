"""Contact requests that joined a match: they move with it, and are answered by its steps."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.accounts import Accounts
from corpus.contact_requests import ContactRequest, ContactRequests, RequestJoined
from corpus.errors import RecordNotFound
from corpus.history import standing
from corpus.matches import ActForbidden, Matches
from corpus.needs import Given
from corpus.pairs import SYSTEM, Actor
from corpus.queue import Wanted, page
from corpus.store import Store
from corpus.suggestions import Suggested, suggest
from tests.corpus.lives import BOSS, FIRM, FULL, LEAD, LI, OWNER, brought_to, matches_in, saved, suggested

PASSWORD = "four horses stand still"


@pytest.fixture
def made(store: Store) -> Matches:
    Accounts(store.engine).add("li", PASSWORD, role="broker", name="李")
    return matches_in(store)


@pytest.fixture
def requests(made: Matches) -> ContactRequests:
    return ContactRequests(made.engine, clock=made.clock)


def asked(requests: ContactRequests, record: int) -> int:
    return requests.add(record, name="周工", contact="0574-88123456", message="想看样机")


def answer(one: ContactRequest) -> tuple[str, int | None, str | None]:
    return one.state, one.broker, one.note


def test_asking_begins_the_match_of_the_pair_and_counts_as_interest(made: Matches, requests: ContactRequests) -> None:
    demand, achievement = saved(made.store)
    request = asked(requests, achievement)
    match = made.ask(demand, achievement, FIRM, "demand", request=request)
    assert (match.state, match.demand_said, match.supply_said, match.touched) == ("suggested", "interested", None, True)
    assert [(event.actor, event.type) for event in made.history(match.id)] == [("system", "step"), ("jia", "asked")]
    assert requests.get(request).match_id == match.id
    assert made.ask(demand, achievement, FIRM, "demand", request=request) == match
    assert suggest(made, demand, [], revision=3, model="m", run="r") == Suggested()
    assert [one.id for one in page(made, Wanted(asked=True)).matches] == [match.id]


def test_a_request_is_answered_by_the_steps_of_its_match(made: Matches, requests: ContactRequests) -> None:
    match = suggested(made)
    request = asked(requests, match.achievement_id)
    made.ask(match.demand_id, match.achievement_id, FIRM, "demand", request=request)
    assert answer(requests.get(request)) == ("new", None, None)
    made.step(match.id, "shortlisted", LI)
    assert answer(requests.get(request)) == ("taken", 1, None)
    made.review(match.id, LI, "advance")
    made.step(match.id, "assessed", BOSS)
    made.step(match.id, "recommended", LI, Given(first="supply"))
    assert not made.get(match.id).standing.both_interested
    made.step(match.id, "interested", OWNER)
    assert answer(requests.get(request)) == ("taken", 1, None)
    made.step(match.id, "connecting", LI, Given(said="周三通话"))
    assert answer(requests.get(request)) == ("closed", 1, "双方都有意向，经纪人已经牵线。周三通话")
    made.follow_up(match.id, LI, "call", Given(note="通了电话"))
    made.step(match.id, "negotiating", LI)
    assert answer(requests.get(request)) == ("closed", 1, "双方都有意向，经纪人已经牵线。周三通话")
    assert page(made, Wanted(asked=True)).total == 0


@pytest.mark.parametrize(
    ("state", "to", "actor", "given", "told"),
    [
        ("suggested", "rejected", LI, Given(reason="conflict", said="改日再议。"), "未推荐：因故不便推进。改日再议。"),
        ("recommended", "declined", OWNER, Given(reason="budget"), "已婉拒：价格。"),
        ("recommended", "no_reply", SYSTEM, Given(), "未答复。"),
        ("connecting", "lost", LI, Given(reason="already_have"), "未成交：已有方案。"),
    ],
)
def test_who_asked_reads_why_nothing_came_of_it(
    made: Matches, requests: ContactRequests, state: str, to: str, actor: Actor, given: Given, told: str
) -> None:
    match = brought_to(made, state)
    request = asked(requests, match.achievement_id)
    made.ask(match.demand_id, match.achievement_id, FIRM, "demand", request=request)
    made.step(match.id, to, actor, given)
    held = requests.get(request)
    assert (held.state, held.note) == ("closed", told)
    if actor is not SYSTEM:
        made.undo(match.id, actor)
        note = requests.get(request).note
        assert note == ("双方都有意向，经纪人已经牵线。" if state == "connecting" else None)


def test_asking_answers_what_was_waited_for(made: Matches, requests: ContactRequests) -> None:
    match = brought_to(made, "assessed")
    made.step(match.id, "recommended", LI, Given(first="demand", due_on=date(2026, 9, 20)))
    request = asked(requests, match.achievement_id)
    now = made.ask(match.demand_id, match.achievement_id, FIRM, "demand", request=request)
    assert (now.state, now.demand_said) == ("interested", "interested")
    assert standing(made.history(match.id)) == now.standing


def test_what_was_turned_down_stays_so_until_it_is_reopened(made: Matches, requests: ContactRequests) -> None:
    match = brought_to(made, "rejected")
    request = asked(requests, match.achievement_id)
    now = made.ask(match.demand_id, match.achievement_id, FIRM, "demand", request=request)
    assert (now.state, now.demand_said, requests.get(request).state) == ("rejected", None, "new")
    made.assign(match.id, LI, "li")
    assert answer(requests.get(request)) == ("taken", 1, None)
    made.step(match.id, "reopened", LEAD, FULL)
    assert requests.get(request).state == "taken"


def test_a_request_that_joined_is_moved_by_nothing_else(made: Matches, requests: ContactRequests) -> None:
    match = suggested(made)
    request = asked(requests, match.achievement_id)
    made.ask(match.demand_id, match.achievement_id, LI, "demand", request=request)
    for move in (requests.take, requests.release):
        with pytest.raises(RequestJoined, match=f"匹配 {match.id}"):
            move(request, 1)
    with pytest.raises(RequestJoined):
        requests.close(request, 1, "已联系")
    made.assign(match.id, LI, "li")
    assert answer(requests.get(request)) == ("taken", 1, None)


def test_what_cannot_be_asked(made: Matches, requests: ContactRequests) -> None:
    demand, achievement = saved(made.store)
    request = asked(requests, achievement)
    with pytest.raises(RecordNotFound):
        made.ask(achievement, demand, FIRM, "demand", request=request)
    with pytest.raises(ActForbidden):
        made.ask(demand, achievement, SYSTEM, "demand", request=request)
    assert made.of_pair(demand, achievement) is None
    assert requests.get(request).match_id is None
