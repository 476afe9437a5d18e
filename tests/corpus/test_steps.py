"""The table of steps, walked whole: every state to every state by every role."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from corpus.errors import UnknownValue
from corpus.needs import NOTHING, Given
from corpus.pairs import Actor
from corpus.records import Achievement, Demand
from corpus.steps import (
    NEEDS,
    REASONS,
    ROLES,
    START,
    STATES,
    TABLE,
    StepForbidden,
    StepImpossible,
    StepLacks,
    StepRefused,
    permitted,
    possible,
)
from corpus.store import Store
from tests.corpus.lives import (
    BOSS,
    FIRM,
    FULL,
    LEAD,
    LI,
    OWNER,
    PEOPLE,
    WANG,
    brought_to,
    matches_in,
    saved,
    suggested,
    take,
)

BY_ROLE = {
    "system": "–→suggested suggested→lapsed lapsed→suggested recommended→no_reply interested→no_reply",
    "broker": """
        –→suggested lapsed→suggested
        lapsed→shortlisted lapsed→rejected lapsed→hold
        suggested→shortlisted hold→shortlisted reopened→shortlisted
        suggested→rejected shortlisted→rejected hold→rejected assessed→rejected reopened→rejected
        suggested→hold shortlisted→hold hold→hold assessed→hold reopened→hold
        assessed→recommended
        recommended→interested interested→interested no_reply→interested
        recommended→declined interested→declined no_reply→declined
        recommended→no_reply interested→no_reply
        interested→connecting connecting→negotiating stalled→negotiating
        connecting→stalled negotiating→stalled
        connecting→lost negotiating→lost stalled→lost
        negotiating→contracted contracted→registered registered→landed
        contracted→terminated registered→terminated
    """,
    "lead": """
        shortlisted→assessed
        rejected→reopened declined→reopened no_reply→reopened lost→reopened landed→reopened terminated→reopened
    """,
    "demand": """
        recommended→interested interested→interested no_reply→interested
        recommended→declined interested→declined no_reply→declined
    """,
}
BY_ROLE["lead"] += BY_ROLE["broker"]
BY_ROLE["operator"] = BY_ROLE["lead"]
BY_ROLE["commenter"] = " ".join(arrow for arrow in BY_ROLE["broker"].split() if not arrow.endswith("→rejected"))
BY_ROLE["supply"] = BY_ROLE["demand"]
EXPECTED = {
    (*(START if state == "–" else state for state in arrow.split("→")), role)
    for role, arrows in BY_ROLE.items()
    for arrow in arrows.split()
}


@pytest.mark.parametrize("from_", [START, *STATES], ids=lambda state: state or "start")
def test_who_may_take_which_step(from_: str) -> None:
    for to in STATES:
        for role in ROLES:
            allowed = (from_, to, role) in EXPECTED
            assert (to in possible(from_, role)) == allowed, (from_, to, role)
            if allowed:
                assert permitted(from_, to, role) is TABLE[from_, to]
            elif (from_, to) in TABLE:
                with pytest.raises(StepForbidden):
                    permitted(from_, to, role)
            else:
                with pytest.raises(StepImpossible):
                    permitted(from_, to, role)


@pytest.mark.parametrize("from_", STATES)
def test_a_match_takes_exactly_those_steps_and_a_refused_one_leaves_no_trace(memory_store: Store, from_: str) -> None:
    made, number = matches_in(memory_store), 1
    match = brought_to(made, from_, number)
    for to in STATES:
        for role, actor in PEOPLE.items():
            given = (
                replace(FULL, side="supply" if from_ == "interested" else "demand")
                if role not in ("demand", "supply")
                else FULL
            )
            if (from_, to, role) not in EXPECTED or (from_, to, role) == ("interested", "interested", "demand"):
                before = made.history(match.id)
                with pytest.raises(StepRefused):
                    made.step(match.id, to, actor, given)
                assert made.history(match.id) == before
                continue
            if to == "assessed":
                made.review(match.id, WANG, "advance")
            if to == "connecting":
                made.step(match.id, "interested", OWNER)
            if to == "negotiating":
                made.follow_up(match.id, LI, "visit", Given(note="去了一趟"))
            taken = made.step(match.id, to, actor, given)
            assert (taken.state, made.history(match.id)[-1].actor) == (to, actor.name)
            number += 1
            match = brought_to(made, from_, number)


def test_a_state_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownValue, match="“匹配状态”不认识“done”"):
        permitted("suggested", "done", "broker")


def test_a_refusal_says_what_can_be_done_and_by_whom(memory_store: Store) -> None:
    made = matches_in(memory_store)
    id = suggested(made).id
    with pytest.raises(StepImpossible) as impossible:
        made.step(id, "contracted", LI)
    assert (
        str(impossible.value)
        == "这对匹配现在是“系统推荐”，不能变为“已签约”。现在可以：推荐失效、初筛通过、已排除、暂缓。"
    )
    made.step(id, "shortlisted", LI)
    with pytest.raises(StepForbidden) as forbidden:
        made.step(id, "assessed", LI)
    assert str(forbidden.value) == "“经纪人”不能把“初筛通过”变为“评审通过”。可以这样做的：主评经纪人、管理员。"


LACKING = [
    ("suggested", "rejected", LI, NOTHING, "原因"),
    ("suggested", "rejected", LI, Given(reason="不喜欢"), "原因"),
    ("suggested", "hold", LI, Given(due_on=date(2026, 9, 1)), "今天以后的日期"),
    ("shortlisted", "assessed", LEAD, NOTHING, "至少一份评审意见"),
    ("assessed", "recommended", LI, NOTHING, "先推送给哪一方"),
    ("recommended", "interested", LI, NOTHING, "是哪一方的答复"),
    ("recommended", "interested", FIRM, Given(side="supply"), "是哪一方的答复"),
    ("recommended", "declined", FIRM, NOTHING, "原因"),
    ("interested", "connecting", LI, NOTHING, "双方都有意向"),
    ("connecting", "negotiating", LI, NOTHING, "至少一次联系的记录（电话、走访、会面或报价）"),
    ("connecting", "lost", LI, NOTHING, "原因"),
    ("negotiating", "contracted", LI, Given(contract_kind="licence"), "合同类型和金额（万元）"),
    ("negotiating", "contracted", LI, Given(contract_kind="租赁", amount=5), "合同类型和金额（万元）"),
    ("negotiating", "contracted", LI, Given(contract_kind="licence", amount=float("nan")), "合同类型和金额（万元）"),
    ("contracted", "registered", LI, Given(registration_no="还没有"), "合同登记编号"),
    ("registered", "landed", LI, Given(outcome="投产", evidence="听说"), "落地情况和依据"),
    ("landed", "reopened", LEAD, NOTHING, "原因"),
]


@pytest.mark.parametrize(("from_", "to", "actor", "given", "missing"), LACKING, ids=lambda value: str(value)[:20])
def test_what_a_step_needs_is_named_where_it_is_missing(
    memory_store: Store, from_: str, to: str, actor: Actor, given: Given, missing: str
) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, from_)
    with pytest.raises(StepLacks) as lacking:
        made.step(match.id, to, actor, given)
    assert f"还缺：{missing}。" in str(lacking.value)
    assert made.get(match.id).state == from_


def test_every_need_is_named_by_a_step_and_described() -> None:
    assert {need for step in TABLE.values() for need in step.needs} == set(NEEDS)


def test_an_organisation_on_both_sides_and_an_excluded_one_are_shown_and_block(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = suggested(made)
    achievement, demand = memory_store.get(match.achievement_id), memory_store.get(match.demand_id)
    assert isinstance(achievement, Achievement)
    assert isinstance(demand, Demand)
    memory_store.save([replace(achievement, co_owners=("甲风机厂 (示例)",))])
    memory_store.save([replace(demand, exclude_orgs=("乙研究所（示例）",))])
    take(made, match.id, "shortlisted")
    made.review(match.id, WANG, "advance")
    with pytest.raises(StepRefused) as refused:
        made.step(match.id, "assessed", LEAD)
    assert str(refused.value) == (
        "这一步没有走：甲风机厂 (示例)同时是需求方和成果的权属单位；需求方排除了乙研究所（示例）。"
    )


@pytest.mark.parametrize(
    ("side", "change", "told"),
    [
        ("achievement", {"status": "paused"}, "科技成果“斜极电机降噪”的状态是“暂停”"),
        ("achievement", {"willingness": "transferred"}, "科技成果“斜极电机降噪”的转化意愿是“已转化”"),
        ("achievement", {"security_level": "secret"}, "科技成果“斜极电机降噪”涉密"),
        ("demand", {"visibility": "private"}, "技术需求“风机啸叫”的可见范围是“仅本人”"),
    ],
)
def test_what_may_not_be_shown_is_not_pushed(memory_store: Store, side: str, change: dict[str, str], told: str) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "assessed")
    record = memory_store.get(match.demand_id if side == "demand" else match.achievement_id)
    memory_store.save([replace(record, **change)])  # type: ignore[arg-type]
    with pytest.raises(StepRefused, match=told):
        made.step(match.id, "recommended", LI, FULL)
    memory_store.delete([match.achievement_id])
    with pytest.raises(StepRefused, match="有一方的记录已被删除"):
        made.step(match.id, "recommended", LI, FULL)


def test_a_side_answers_only_what_it_was_shown(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "assessed")
    made.step(match.id, "recommended", LI, Given(first="demand"))
    with pytest.raises(StepRefused, match="还没有推送给这一方"):
        made.step(match.id, "interested", OWNER)
    assert made.get(match.id).standing.is_shown_to("supply") is False
    made.step(match.id, "interested", FIRM)
    assert made.get(match.id).standing.is_shown_to("supply") is True
    made.step(match.id, "interested", OWNER)
    assert made.step(match.id, "connecting", LI).state == "connecting"


def test_a_reopened_match_begins_anew(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "declined")
    again = made.step(match.id, "reopened", BOSS, Given(reason="other", note="预算有了"))
    assert (again.first, again.demand_said, again.supply_said) == (None, None, None)
    made.step(match.id, "shortlisted", LI)
    with pytest.raises(StepLacks, match="至少一份评审意见"):
        made.step(match.id, "assessed", LEAD)


def test_only_three_reasons_speak_of_relevance() -> None:
    assert {code: reason.level for code, reason in REASONS.items() if reason.level is not None} == {
        "wrong_match": 0, "out_of_scope": 0, "spec_not_met": 1,
    }  # fmt: skip


def test_what_is_given_is_kept_with_the_step(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "negotiating")
    made.step(
        match.id,
        "contracted",
        LI,
        Given(contract_kind="development", amount=120.5, contract_no="HT-7", note="分三期付"),
    )
    last = made.history(match.id)[-1]
    assert (last.note, dict(last.details)) == (
        "分三期付", {"contract_kind": "development", "amount": 120.5, "contract_no": "HT-7"},
    )  # fmt: skip


def test_everything_that_can_be_given_has_its_place() -> None:
    missing: dict[str, Any] = {f.name: "x" for f in fields(Given) if getattr(FULL, f.name) is None}
    full = replace(FULL, **missing)
    assert set(full.event) | set(full.details) == {f.name for f in fields(Given)}


def test_two_saved_pairs_are_two_matches(memory_store: Store) -> None:
    made = matches_in(memory_store)
    assert saved(memory_store, 1) == saved(memory_store, 1) != saved(memory_store, 2)
    assert suggested(made, 1).id != suggested(made, 2).id
