"""Contact requests: on every engine, with a clock that the test sets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from corpus.contact_requests import ContactRequests, RequestMoved, RequestNotFound, RequestUnfit
from corpus.disclosures import Disclosure, disclosures_of
from corpus.store import Store
from corpus.tries import CONTACTS, CONTACTS_OF_MEMBER, PERIOD, TooManyRequests, Tries
from tests.corpus.conftest import Clock

ASKED: dict[str, Any] = {"name": "周工", "contact": "0574-88123456", "message": "想看样机的噪声数据"}
MORNING = datetime(2026, 3, 1, 9, 0)


@pytest.fixture
def requests(store: Store, clock: Clock) -> ContactRequests:
    return ContactRequests(store.engine, clock=clock)


def test_a_request_is_taken_by_one_broker_and_closed_with_an_answer(requests: ContactRequests, clock: Clock) -> None:
    id = requests.add(7, **ASKED, organisation=" 甬江电机公司 ", user=3)
    assert requests.counts() == {"new": 1, "taken": 0, "closed": 0}
    assert requests.waiting() == 1
    clock.passes(hours=1)
    requests.take(id, broker=21)
    with pytest.raises(RequestMoved, match=r"已接手.*别的经纪人"):
        requests.take(id, broker=22)
    with pytest.raises(RequestMoved):
        requests.close(id, 22, "已联系")
    with pytest.raises(RequestUnfit, match="请填写答复"):
        requests.close(id, 21, "  ")
    clock.passes(hours=1)
    requests.close(id, 21, "对方愿意寄样，周三通话")
    held = requests.get(id)
    assert (held.name, held.organisation, held.message) == ("周工", "甬江电机公司", "想看样机的噪声数据")
    assert (held.state, held.broker, held.note) == ("closed", 21, "对方愿意寄样，周三通话")
    assert (held.made_at, held.changed_at) == (MORNING, MORNING + timedelta(hours=2))
    assert requests.of_user(3) == requests.of_user(3, record=7) == [held]
    assert requests.of_user(3, record=8) == requests.of_user(4) == []


def test_who_holds_it_puts_it_back_and_an_operator_puts_back_anybodys(requests: ContactRequests) -> None:
    id = requests.add(7, **ASKED)
    with pytest.raises(RequestMoved, match="待接手"):
        requests.release(id, 21)
    requests.take(id, 21)
    with pytest.raises(RequestMoved):
        requests.release(id, 22)
    requests.release(id, 22, whoever=True)
    requests.take(id, 22)
    requests.close(id, 22, "错认")
    requests.release(id, 22)
    assert (requests.get(id).state, requests.get(id).broker) == ("new", None)


def test_who_waits_longest_comes_first_and_what_was_closed_last(requests: ContactRequests, clock: Clock) -> None:
    ids = []
    for record in (1, 2, 3):
        ids.append(requests.add(record, **ASKED))
        clock.passes(minutes=1)
    assert [one.id for one in requests.listed("new", limit=2)] == ids[:2]
    assert [one.id for one in requests.listed("new", limit=2, offset=2)] == ids[2:]
    for id in ids[:2]:
        requests.take(id, 21)
        requests.close(id, 21, "已联系")
        clock.passes(minutes=1)
    assert [one.id for one in requests.listed("closed", limit=9)] == [ids[1], ids[0]]


def test_a_request_sent_twice_is_one_until_somebody_takes_it(requests: ContactRequests) -> None:
    first = requests.add(7, **ASKED)
    assert requests.add(7, **ASKED) == first
    assert requests.add(8, **ASKED) != first
    assert requests.add(7, **ASKED, user=3) != first
    requests.take(first, 21)
    assert requests.add(7, **ASKED) != first


def test_how_to_reach_who_asks_is_read_by_one_way_that_notes_it(
    requests: ContactRequests, store: Store, clock: Clock
) -> None:
    id = requests.add(7, **ASKED)
    assert ASKED["contact"] not in repr(requests.listed("new", limit=9))
    assert disclosures_of(store.engine, 7) == []
    assert requests.contact_of(id, reader=21) == "0574-88123456"
    assert disclosures_of(store.engine, 7) == [Disclosure(21, 7, MORNING, request=id)]


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("name", " \x00 ", "请填写姓名"),
        ("message", "", "请填写想了解什么"),
        ("message", "长" * 2001, "想了解什么最长 2000 个字"),
        ("organisation", "长" * 101, "单位最长 100 个字"),
        ("contact", "找我就行", "请写电话号码（带区号）或电子邮箱"),
        ("contact", "", "请填写联系方式"),
    ],
)
def test_what_cannot_be_answered_is_refused_field_by_field(
    requests: ContactRequests, field: str, text: str, fault: str
) -> None:
    with pytest.raises(RequestUnfit) as told:
        requests.add(7, **{**ASKED, field: text})
    assert told.value.faults == {field: fault}
    assert requests.waiting() == 0


@pytest.mark.parametrize("contact", ["13800001234", "138 0000 1234", "0574-8812 3456 转 8001", "zhou@example.com"])
def test_a_number_or_an_address_reaches_somebody(requests: ContactRequests, contact: str) -> None:
    id = requests.add(7, **{**ASKED, "contact": contact})
    assert requests.contact_of(id, 21) == contact


@pytest.mark.parametrize("id", [0, -1, 99, 10**20])
def test_a_request_that_is_not_there_is_told(requests: ContactRequests, id: int) -> None:
    for ask in (requests.get, lambda asked: requests.take(asked, 21), lambda asked: requests.contact_of(asked, 21)):
        with pytest.raises(RequestNotFound, match=f"编号为 {id} "):
            ask(id)


def test_requests_are_counted_by_address_for_visitors_and_by_account_for_others(store: Store, clock: Clock) -> None:
    tries = Tries(store.engine, clock=clock)
    for _ in range(CONTACTS):
        tries.count_contact("192.0.2.7", None)
    with pytest.raises(TooManyRequests, match="请 15 分钟后再发"):
        tries.count_contact("192.0.2.7", None)
    tries.count_contact("192.0.2.8", None)
    for _ in range(CONTACTS_OF_MEMBER):
        tries.count_contact("192.0.2.7", 3)
    with pytest.raises(TooManyRequests):
        tries.count_contact("192.0.2.9", 3)
    tries.count("wang", "192.0.2.7")  # signing in is counted apart
    clock.passes(minutes=PERIOD.total_seconds() / 60 + 1)
    tries.count_contact("192.0.2.7", None)
