"""What one who asks may take: how large a request may be, how often somebody may ask who has not signed in, and what nobody else may keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.access import SESSION
from service.app import create_app
from service.bounds import LARGEST
from service.installation import Installation
from service.settings import Settings
from service.strangers import Strangers, TooManyVisits
from tests.service.conftest import PASSWORD, form, sign_in

PART = b"x" * 1_000_000


def parts(count: int) -> Iterator[bytes]:
    yield from [PART] * count


@pytest.mark.parametrize("path", ["/api/v1/match", "/api/v1/demands", "/api/v1/notes/read"])
def test_a_body_beyond_what_is_held_in_memory_is_refused_however_it_comes(visitor: TestClient, path: str) -> None:
    too_many = LARGEST // len(PART) + 1
    for body in (PART * too_many, parts(too_many)):
        answer = visitor.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["detail"].endswith("请分几次提交。")
    assert visitor.post(path, content=PART, headers={"content-type": "application/json"}).status_code in (401, 422)


def asked_from(opened: Installation, address: str) -> TestClient:
    return TestClient(create_app(opened), base_url="http://127.0.0.1", client=(address, 50_000))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path, visitor_rate=3)) as installation:
        installation.strangers.clock = lambda: datetime(2026, 3, 1, 12, 0, 20)
        yield installation


def test_who_has_not_signed_in_asks_so_often_and_no_more(opened: Installation) -> None:
    here, there = (asked_from(opened, address) for address in ("203.0.113.5", "203.0.113.6"))
    assert [here.get("/api/v1/search?q=磁钢").status_code for _ in range(4)] == [200, 200, 200, 429]
    told = here.get("/api/v1/search?q=磁钢")
    assert (told.headers["retry-after"], told.json()["type"]) == ("40", "/problems#TooManyVisits")
    page = here.get("/search?q=磁钢")
    assert (page.status_code, "请 40 秒后再试" in page.text) == (429, True)
    assert here.get("/no/such/page").status_code == 404
    assert here.get("/sign-in").status_code == here.get("/healthz").status_code == 200
    assert there.get("/").status_code == 200
    sign_in(here, opened, "firm")
    assert [here.get("/api/v1/search?q=磁钢").status_code for _ in range(5)] == [200] * 5
    here.cookies.set(SESSION, "nobody's")
    assert here.get("/").status_code == 429


def test_every_demand_of_a_stream_counts(opened: Installation) -> None:
    lines = '{"title": "磁钢起泡"}\n' * 3
    answer = asked_from(opened, "203.0.113.5").post(
        "/api/v1/match/stream", content=lines.encode(), headers={"content-type": "application/x-ndjson"}
    )
    assert answer.status_code == 429


def test_an_address_is_a_network_and_a_minute_ends_and_this_machine_is_nobody_in_particular() -> None:
    now = [datetime(2026, 3, 1, 12, 0, 20)]
    strangers = Strangers(2, clock=lambda: now[0])
    for address in ("2001:db8::1", "2001:db8::2"):
        strangers.count(address)
    with pytest.raises(TooManyVisits):
        strangers.count("2001:db8::3")
    strangers.count("2001:db8:1::1")
    now[0] += timedelta(seconds=60)
    strangers.count("2001:db8::3")
    for address in ["127.0.0.1", "::1", "", "testclient"] * 9:
        strangers.count(address)


def test_what_was_answered_is_kept_for_nobody_else(visitor: TestClient) -> None:
    for path in ("/", "/search?q=磁钢", "/api/v1/search?q=磁钢", "/records/1", "/records/999999", "/api/v1/export"):
        assert visitor.get(path).headers["cache-control"] in ("private, no-cache", "no-store")
    assert "private" not in visitor.get("/static/duijie.js").headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["/no/such/page", "/sign-in", "/search?q=磁钢"])
def test_a_key_on_a_page_is_told_in_a_page(visitor: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = visitor.request(method, path, headers={"Authorization": "Bearer dj_00000000_nonsense"})
        assert answer.status_code in (401, 404, 405)


def test_a_session_that_was_there_before_is_not_the_one_that_is_opened(
    visitor: TestClient, installation: Installation
) -> None:
    """Nobody signs in into a session that somebody else has put into their browser."""
    installation.accounts.add("wang", PASSWORD, role="firm")
    planted = installation.accounts.begin(installation.accounts.add("mallory", PASSWORD, role="firm"))
    visitor.cookies.set(SESSION, planted)
    answer = visitor.post("/sign-in", data=form(visitor, login="wang", password=PASSWORD), follow_redirects=False)
    begun = answer.cookies[SESSION]
    assert begun != planted
    now_is = installation.accounts.of(begun)
    assert now_is is not None
    assert now_is.login == "wang"
    before = installation.accounts.of(planted)
    assert before is None or before.login == "mallory"
