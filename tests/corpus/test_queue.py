"""The queue, the figures and what decisions teach: three ways to look at matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from corpus.beats import Beat
from corpus.errors import UnknownValue
from corpus.figures import Declined, Stay, declines, figures
from corpus.labels import Label, labels
from corpus.matches import Matches
from corpus.needs import Given
from corpus.pairs import Match
from corpus.queue import NOBODY, CursorUnreadable, Order, Wanted, arrivals, counted, every, page
from corpus.records import Achievement
from corpus.rounds import Rounds
from corpus.sight import By
from corpus.store import Store
from corpus.suggestions import Suggestion, suggest
from tests.corpus.lives import (
    ACHIEVEMENT,
    DEMAND,
    FULL,
    LEAD,
    LI,
    NOW,
    OWNER,
    PEOPLE,
    Ticking,
    brought_to,
    matches_in,
    suggested,
)


@pytest.fixture
def made(store: Store) -> Matches:
    """Five matches of one demand, with falling scores and two alike: 0.9 0.8 0.8 0.6 0.5."""
    made = matches_in(store)
    (demand,) = store.save([DEMAND]).added
    found = []
    for number, score in enumerate((0.6, 0.8, 0.9, 0.8, 0.5)):
        region, fields = ("330000", "440300")[number % 2], (("C3812",), ("C26",), (), ("C3824",), ("A01",))[number]
        one = replace(ACHIEVEMENT, source_id=f"C{number}", region=region, industry=fields)
        (id,) = store.save([one]).added
        band = "strong" if score > 0.7 else "possible"
        found.append(Suggestion(achievement_id=id, score=score, band=band, parts={}, why="library"))
    suggest(made, demand, found, revision=6, model="m", run="r")
    return made


def scores(found: tuple[Match, ...]) -> list[float | None]:
    return [match.score for match in found]


def test_the_best_come_first_and_pages_join_without_gap_or_overlap(made: Matches) -> None:
    for order in ("best", "due", "latest"):
        walked = list(walk(made, order))
        assert sorted(match.id for match in walked) == [match.id for match in every(made)]
        assert walked == list(page(made, order=order, limit=99).matches)
    assert scores(page(made).matches) == [0.9, 0.8, 0.8, 0.6, 0.5]
    assert (page(made, limit=2).total, page(made, limit=5).next) == (5, None)


def walk(made: Matches, order: Order) -> Iterator[Match]:
    after = None
    while True:
        found = page(made, order=order, limit=2, after=after)
        yield from found.matches
        if (after := found.next) is None:
            return


@pytest.mark.parametrize("cursor", ["", "x", "0.5", "0.5~x", "~", "今天~1"])
def test_a_cursor_that_is_none_is_refused(memory_store: Store, cursor: str) -> None:
    with pytest.raises(CursorUnreadable):
        page(matches_in(memory_store), after=cursor)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"bands": ("strong",)}, [0.9, 0.8, 0.8]),
        ({"field": "C38"}, [0.8, 0.6]),
        ({"field": "C3824"}, [0.8]),
        ({"field": "制造业"}, [0.9, 0.8, 0.8, 0.6, 0.5]),  # the demand's
        ({"region": "深圳"}, [0.8, 0.8]),
        ({"region": "浙江"}, [0.9, 0.8, 0.8, 0.6, 0.5]),  # the demand's
        ({"states": ("rejected",)}, []),
        ({"waiting": True, "owner": NOBODY}, [0.9, 0.8, 0.8, 0.6, 0.5]),
        ({"since": date(2026, 9, 2)}, []),
        ({"before": date(2026, 9, 2)}, [0.9, 0.8, 0.8, 0.6, 0.5]),
        ({"beat": Beat(("C3824",))}, [0.8]),
        ({"beat": Beat(("A01", "C26"))}, [0.8, 0.5]),
        ({"beat": Beat(("A01",), ("甲风机厂（示例）",))}, [0.9, 0.8, 0.8, 0.6, 0.5]),
        ({"beat": Beat((), ("别家",))}, []),
        ({"by": By("broker", 1)}, [0.9, 0.8, 0.8, 0.6, 0.5]),
    ],
    ids=str,
)
def test_what_is_wanted(made: Matches, wanted: dict[str, Any], expected: list[float]) -> None:
    found = page(made, Wanted(**wanted))
    assert (scores(found.matches), found.total) == (expected, len(expected))


def test_several_views_are_counted_as_each_by_itself(made: Matches) -> None:
    views = {
        "all": Wanted(),
        "waiting": Wanted(waiting=True, by=By("broker", 1)),
        "field": Wanted(field="C38"),
        "none": Wanted(states=("rejected",)),
        "asked": Wanted(asked=True),
    }
    assert counted(made, Wanted(), views) == {view: page(made, wanted).total for view, wanted in views.items()}
    strong = {view: page(made, replace(wanted, bands=("strong",))).total for view, wanted in views.items()}
    assert counted(made, Wanted(bands=("strong",)), views) == strong


def test_a_field_that_there_is_not_is_told(made: Matches) -> None:
    with pytest.raises(UnknownValue):
        page(made, Wanted(field="炼金"))


def test_matches_of_records_that_one_does_not_see_are_not_even_counted(made: Matches) -> None:
    best = page(made).matches[0]
    made.store.save([replace(made.store.get(best.achievement_id), status="draft", owner=7)])
    found = page(made, Wanted(by=By("broker", 1)))
    assert (scores(found.matches), found.total) == ([0.8, 0.8, 0.6, 0.5], 4)
    assert page(made, Wanted(by=By("broker", 7))).total == 5
    made.store.save([replace(made.store.get(best.demand_id), visibility="private")])
    assert [page(made, Wanted(by=By(role, 1))).total for role in ("broker", "operator")] == [0, 4]


def test_a_deleted_record_does_not_take_its_match_along(made: Matches) -> None:
    made.store.delete([page(made).matches[0].achievement_id])
    assert page(made).total == page(made, Wanted(by=By("broker", 1))).total == 5


def test_what_is_held_waits_again_when_its_day_has_come_and_what_is_due_is_overdue(memory_store: Store) -> None:
    clock = Ticking()
    made = Matches(memory_store, clock=clock)
    held, pushed, landed = (
        brought_to(made, "hold", 1),
        brought_to(made, "recommended", 2),
        brought_to(made, "landed", 3),
    )
    waiting, overdue = Wanted(waiting=True), Wanted(overdue=True)
    assert (page(made, waiting).total, page(made, overdue).total) == (0, 0)
    clock.at += timedelta(days=30)
    assert [match.id for match in page(made, waiting).matches] == [held.id]
    clock.at += timedelta(days=1)
    assert [match.id for match in page(made, overdue, order="due").matches] == [held.id, pushed.id]
    assert landed.id not in [match.id for match in page(made, overdue).matches]


def test_a_firm_sees_its_own_matches_from_when_they_were_shown_to_it(store: Store) -> None:
    made = matches_in(store)
    match = brought_to(made, "assessed")
    factory, institute = (Wanted(by=By("firm", 9, name)) for name in ("甲风机厂（示例）", "乙研究所（示例）"))

    def seen() -> tuple[int, int]:
        assert seen_by_standing() == (bool(page(made, factory).total), bool(page(made, institute).total))
        return page(made, factory).total, page(made, institute).total

    def seen_by_standing() -> tuple[bool, bool]:
        now = made.get(match.id).standing
        return now.is_shown_to("demand"), now.is_shown_to("supply")

    assert seen() == (0, 0)
    made.step(match.id, "recommended", LI, Given(first="supply"))
    assert seen() == (0, 1)
    made.step(match.id, "interested", OWNER)
    assert seen() == (1, 1)
    assert page(made, Wanted(by=By("firm", 9, "丙公司（示例）"))).total == 0


def test_the_funnel_counts_what_was_reached_and_not_what_was_undone(store: Store) -> None:
    made = matches_in(store)
    brought_to(made, "landed", 1)
    brought_to(made, "rejected", 2)
    undone = brought_to(made, "shortlisted", 3)
    made.undo(undone.id, LEAD)
    counted = figures(made)
    assert counted.reached == {
        "suggested": 3, "shortlisted": 1, "rejected": 1, "assessed": 1, "recommended": 1, "interested": 1, "connecting": 1,
        "negotiating": 1, "contracted": 1, "registered": 1, "landed": 1,
    }  # fmt: skip
    assert counted.now == {"suggested": 1, "rejected": 1, "landed": 1}
    assert counted.by_broker == {"": {"suggested": 1}, "chen": {"rejected": 1, "landed": 1}}
    assert counted.by_field == {"C34": {"suggested": 1, "rejected": 1, "landed": 1}}
    assert counted.by_month == {"2026-09": {"suggested": 1, "rejected": 1, "landed": 1}}
    assert figures(made, since=NOW + timedelta(days=1)).now == {}


def test_time_in_a_state_is_counted_in_days(memory_store: Store) -> None:
    clock = Ticking()
    made = Matches(memory_store, clock=clock)
    match = suggested(made)
    clock.at += timedelta(days=3)
    made.step(match.id, "shortlisted", LI)
    other = suggested(made, 2)
    clock.at += timedelta(days=1)
    made.step(other.id, "shortlisted", LEAD)
    found = figures(made)
    assert found.stays == {"suggested": Stay(2, 2.0, 2.0)}
    assert found.stays_by_broker == {
        "chen": {"suggested": Stay(1, 1.0, 1.0)}, "li": {"suggested": Stay(1, 3.0, 3.0)},
    }  # fmt: skip
    assert found.stays_by_field == {"C34": found.stays}
    assert found.stays_by_month == {"2026-09": found.stays}


def test_declines_are_told_to_the_organisation_of_the_achievement(store: Store) -> None:
    made = matches_in(store)
    brought_to(made, "declined", 1)
    brought_to(made, "lost", 2)
    undone = brought_to(made, "rejected", 3)
    made.undo(undone.id, LEAD)
    assert declines(made) == [Declined("乙研究所（示例）", "budget", 2)]
    brought_to(made, "rejected", 4)
    assert [one.count for one in declines(made, by=By("broker", 9))] == [3]
    institute, other = (By("firm", 9, name) for name in ("乙研究所（示例）", "别家"))
    assert declines(made, by=institute) == [Declined("乙研究所（示例）", "budget", 2)]
    assert declines(made, by=other) == declines(made, by=By("firm", 9)) == []


def test_declines_of_what_a_colleague_may_not_see_are_not_told(store: Store) -> None:
    made = matches_in(store)
    match = brought_to(made, "declined", 1)
    offered = store.get(match.achievement_id)
    store.save([replace(offered, visibility="brokers", owner=5)])
    assert declines(made, by=By("firm", 6, offered.organisation)) == []
    assert [one.count for one in declines(made, by=By("firm", 5))] == [1]


LESSONS = [
    ("suggested", None, None),
    ("lapsed", None, None),
    ("hold", None, None),
    ("shortlisted", None, 2),
    ("assessed", None, 2),
    ("interested", None, 3),
    ("landed", None, 3),
    ("rejected", "wrong_match", 0),
    ("rejected", "out_of_scope", 0),
    ("rejected", "spec_not_met", 1),
    ("rejected", "budget", None),
    ("rejected", "duplicate", None),
    ("lost", "budget", 3),
    ("lost", "spec_not_met", 1),
    ("declined", "region", 2),
]


@pytest.mark.parametrize(("state", "reason", "level"), LESSONS)
def test_only_reasons_that_speak_of_relevance_teach(
    memory_store: Store, state: str, reason: str | None, level: int | None
) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, state)
    if reason:
        last = next(actor for actor in PEOPLE.values() if actor.name == made.history(match.id)[-1].actor)
        made.undo(match.id, last)
        made.step(match.id, state, last, replace(FULL, reason=reason))
    expected = [] if level is None else [Label(match.demand_id, match.achievement_id, level)]
    assert labels(made) == expected


def test_what_was_undone_teaches_nothing(memory_store: Store) -> None:
    made = matches_in(memory_store)
    match = brought_to(made, "shortlisted")
    made.undo(match.id, LEAD)
    assert labels(made) == []
    assert isinstance(made.store.get(match.achievement_id), Achievement)


def test_a_round_ends_with_a_pause_of_half_an_hour(store: Store) -> None:
    at = [NOW]
    rounds = Rounds(store.engine, clock=lambda: at[0])
    assert rounds.visit(7) is None
    at[0] += timedelta(minutes=20)
    assert rounds.visit(7) is None
    at[0] += timedelta(minutes=40)
    assert rounds.visit(7) == NOW + timedelta(minutes=20)
    at[0] += timedelta(minutes=20)
    assert rounds.visit(7) == NOW + timedelta(minutes=20)
    assert rounds.visit(8) is None


def test_arrivals_count_what_was_suggested_after_a_time_by_why(store: Store) -> None:
    made = matches_in(store)
    suggested(made, 1)
    since = made.clock()
    suggested(made, 2)
    rejected = brought_to(made, "rejected", 3)
    assert arrivals(made, since) == {"demand_new": 2}
    assert arrivals(made, since, Wanted(states=("suggested",))) == {"demand_new": 1}
    assert arrivals(made, made.clock()) == {}
    assert rejected.state == "rejected"
