"""What is done with a match twice, and by whom: keys, the lead of a review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from corpus.history import standing
from corpus.matches import ActForbidden, KeyUsed, Matches, StaleMatch
from corpus.needs import Given
from corpus.pairs import Match
from corpus.steps import StepForbidden
from corpus.store import Store
from tests.corpus.lives import BOSS, FIRM, FULL, LEAD, LI, WANG, ZHAO, brought_to, matches_in, suggested

CALL = Given(note="通了电话", next_action="寄样", due_on=date(2026, 10, 1))
DEEDS: dict[str, Callable[[Matches, int, str | None], Match]] = {
    "a follow-up": lambda made, one, key: made.follow_up(one, LI, "call", CALL, key=key),
    "a quote": lambda made, one, key: made.follow_up(one, LI, "quote", Given(note="含税", amount=35.5), key=key),
    "a review": lambda made, one, key: made.review(one, LI, "advance", "对得上", score=4, key=key),
    "another owner": lambda made, one, key: made.assign(one, LI, "wang", key=key),
    "a lead": lambda made, one, key: made.name_lead(one, LEAD, "wang", key=key),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_what_is_sent_again_under_its_key_is_done_once_and_answered_the_same(
    store: Store, deed: Callable[[Matches, int, str | None], Match]
) -> None:
    made = matches_in(store)
    id = suggested(made).id
    first = deed(made, id, "k1")
    assert deed(made, id, "k1") == first
    assert len(made.history(id)) == 2
    deed(made, id, "k2")
    assert len(made.history(id)) == 3
    deed(made, id, None)
    deed(made, id, None)
    assert len(made.history(id)) == 5


def test_a_step_and_an_undo_sent_again_are_done_once_however_much_was_done_since(store: Store) -> None:
    made = matches_in(store)
    id = suggested(made).id
    made.step(id, "rejected", LI, Given(reason="budget", note="贵"), version=1, key="no")
    made.undo(id, LI, version=2, key="oh")
    made.step(id, "shortlisted", WANG, version=3, key="yes")
    history = made.history(id)
    again = made.step(id, "rejected", LI, Given(reason="budget", note="贵"), version=1, key="no")
    assert again.state == made.undo(id, LI, version=2, key="oh").state == "shortlisted"
    assert made.history(id) == history
    with pytest.raises(StaleMatch):
        made.step(id, "rejected", LI, Given(reason="budget", note="贵"), version=1, key="another")


def test_a_key_stands_for_what_was_done_under_it_by_whoever_did_it(store: Store) -> None:
    made = matches_in(store)
    id = suggested(made).id
    made.follow_up(id, LI, "call", CALL, key="k")
    with pytest.raises(KeyUsed, match="这次的没有记"):
        made.follow_up(id, LI, "call", Given(note="别的话"), key="k")
    with pytest.raises(KeyUsed):
        made.step(id, "shortlisted", LI, key="k")
    made.follow_up(id, WANG, "call", CALL, key="k")
    assert [event.actor for event in made.history(id)] == ["system", "li", "wang"]


def test_where_a_lead_is_named_the_others_comment_and_the_lead_decides(store: Store) -> None:
    made = matches_in(store)
    id = brought_to(made, "shortlisted").id
    assert made.name_lead(id, LEAD, "chen").lead == "chen"
    made.review(id, ZHAO, "reject", "指标不够")
    for to in ("assessed", "rejected"):
        with pytest.raises(StepForbidden, match="“参评经纪人”不能把“初筛通过”变为"):
            made.step(id, to, ZHAO, FULL)
    assert made.step(id, "assessed", LEAD).state == "assessed"
    reviews = [(event.role, event.details["recommendation"]) for event in made.history(id) if event.type == "review"]
    assert reviews == [("commenter", "reject")]


def test_the_lead_is_named_by_the_lead_by_who_is_in_charge_and_by_an_operator(store: Store) -> None:
    made = matches_in(store)
    id = brought_to(made, "shortlisted").id
    assert made.get(id).owner == "chen"
    made.assign(id, WANG, "zhao")
    for actor in (LI, FIRM):
        with pytest.raises(ActForbidden, match="您不能定主评。可以这样做的：主评经纪人、管理员、负责人。"):
            made.name_lead(id, actor, "li")
    assert [made.name_lead(id, actor, name).lead for actor, name in ((ZHAO, "wang"), (LEAD, None), (BOSS, "chen"))] == [
        "wang", None, "chen",
    ]  # fmt: skip
    assert standing(made.history(id)).lead == "chen"
