"""Keys: their secrets, scopes, limits and use, on every engine, with a clock that the test sets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from corpus.accounts import Accounts
from corpus.errors import UnknownValue
from corpus.keys import Keys, KeyUnfit, KeyUnknown, NoSuchKey, TooManyCalls
from corpus.store import Store
from corpus.tables import keys as table
from corpus.tables import users
from tests.corpus.conftest import Clock


@pytest.fixture
def keys(store: Store, clock: Clock) -> Keys:
    return Keys(Accounts(store.engine, clock=clock))


def added(keys: Keys, **more: Any) -> tuple[Any, str]:
    return keys.add("ERP", **{"role": "broker", "scopes": ["match"], **more})


def test_a_key_opens_an_account_of_its_own_and_its_secret_is_kept_nowhere(keys: Keys, store: Store) -> None:
    key, secret = added(keys, role="企业", scopes=["bulk", "匹配"], organisation="某某公司", by="admin")
    assert (key.name, key.account.role, key.account.organisation) == ("ERP", "firm", "某某公司")
    assert (key.scopes, key.rate, key.created_by) == (("match", "bulk"), 600, "admin")
    assert secret.startswith(f"dj_{key.prefix}_")
    assert len(secret) == 55
    assert keys.of(secret) == keys.find(key.prefix) == keys.find(secret) == keys.all()[0] == key
    with store.engine.connect() as connection:
        rows = [*connection.execute(sa.select(table)).all(), *connection.execute(sa.select(users)).all()]
    assert secret[12:] not in str(rows)
    for wrong in ("", "dj_", key.prefix, secret[:-1], secret + "x", "dj_\ud800"):
        with pytest.raises(KeyUnknown):
            keys.of(wrong)


def test_a_key_is_over_when_it_is_revoked_or_its_last_day_is_past_or_its_account_is_disabled(
    keys: Keys, clock: Clock
) -> None:
    first, one = added(keys)
    _, two = added(keys, until=date(2026, 3, 2))
    third, three = added(keys)
    keys.revoke(first)
    keys.accounts.disable(third.account)
    for secret in (one, three):
        with pytest.raises(KeyUnknown):
            keys.of(secret)
    clock.passes(hours=38, minutes=59)
    assert keys.of(two)
    clock.passes(minutes=1)
    with pytest.raises(KeyUnknown):
        keys.of(two)
    revoked = keys.find(first.prefix)
    assert revoked.revoked_at == datetime(2026, 3, 1, 9, 0)
    keys.revoke(revoked)
    assert keys.find(first.prefix).revoked_at == datetime(2026, 3, 1, 9, 0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scopes": []}, "至少选一项权限"),
        ({"rate": 0}, "应在 1 到 60000 之间"),
        ({"until": date(2026, 2, 28)}, "已经过去"),
    ],
)
def test_what_is_no_key_is_told(keys: Keys, more: dict[str, Any], said: str) -> None:
    with pytest.raises(KeyUnfit, match=said):
        added(keys, **more)
    assert keys.all() == []


def test_an_unknown_role_scope_or_prefix_is_told(keys: Keys) -> None:
    for more in ({"role": "king"}, {"scopes": ["everything"]}):
        with pytest.raises(UnknownValue):
            added(keys, **more)
    with pytest.raises(NoSuchKey, match="“12345678”"):
        keys.find("12345678")
    with pytest.raises(KeyUnfit, match="名称"):
        keys.add(" ", role="broker", scopes=["read"])


def test_calls_beyond_the_rate_wait_for_the_next_minute(keys: Keys, clock: Clock) -> None:
    key, _ = added(keys, rate=3)
    other, _ = added(keys, rate=3)
    clock.passes(seconds=20)
    for _ in range(3):
        keys.count(key)
    with pytest.raises(TooManyCalls, match="最多调用 3 次") as told:
        keys.count(key)
    assert told.value.facts["seconds"] == 40
    keys.count(other)
    clock.passes(seconds=39)
    with pytest.raises(TooManyCalls):
        keys.count(key)
    clock.passes(seconds=1)
    keys.count(key)


def test_a_limit_holds_for_all_processes_and_uses_are_counted_by_day(keys: Keys, clock: Clock) -> None:
    key, _ = added(keys, rate=10)
    other = Keys(keys.accounts)
    for _ in range(5):
        keys.count(key)
        other.count(key)
        clock.passes(seconds=1)
    for process in (keys, other):
        process.add_up()
    clock.passes(seconds=1)
    for process in (keys, other):
        with pytest.raises(TooManyCalls):
            process.count(key)
    clock.passes(days=1)
    other.count(key)
    other.add_up()
    assert keys.find(key.prefix).uses == {date(2026, 3, 2): 1, date(2026, 3, 1): 10}
    assert keys.find(key.prefix).used_at == clock.at
    clock.passes(days=29)
    assert keys.all()[0].uses == {date(2026, 3, 2): 1}
