"""Accounts, sessions and tries: on every engine, with a clock that the test sets."""

from __future__ import annotations

from datetime import timedelta

import argon2
import pytest
import sqlalchemy as sa

from corpus import accounts as module
from corpus.accounts import Account, Accounts, AccountUnknown, LoginTaken, LoginUnfit, PasswordUnfit
from corpus.disclosures import disclose, disclosures_of
from corpus.errors import UnknownValue
from corpus.store import Store
from corpus.tables import sessions, users
from corpus.tries import OF_ADDRESS, OF_LOGIN, PERIOD, TooManyTries, Tries
from tests.conftest import THOROUGH
from tests.corpus.conftest import Clock

PASSWORD = "four horses stand still"


@pytest.fixture
def accounts(store: Store, clock: Clock) -> Accounts:
    return Accounts(store.engine, lasting=timedelta(hours=10), idle=timedelta(hours=2), clock=clock)


@pytest.fixture
def wang(accounts: Accounts) -> Account:
    return accounts.add("Wang", PASSWORD, role="firm", name="王工", organisation=" 甬江智驱科技公司 ")


def held(accounts: Accounts, column: sa.Column[str]) -> list[str]:
    with accounts.engine.connect() as connection:
        return list(connection.scalars(sa.select(column)))


def test_an_account_is_found_by_its_login_however_it_is_typed(accounts: Accounts, wang: Account) -> None:
    assert (wang.login, wang.name, wang.role, wang.organisation) == ("wang", "王工", "firm", "甬江智驱科技公司")
    assert accounts.find(" WANG ") == accounts.get(wang.id) == wang
    assert accounts.all() == [wang]
    with pytest.raises(AccountUnknown, match="“li”"):
        accounts.find("li")


def test_a_login_is_given_once(accounts: Accounts, wang: Account) -> None:
    with pytest.raises(LoginTaken):
        accounts.add("wang", PASSWORD, role="broker")
    assert accounts.all() == [wang]


@pytest.mark.parametrize("login", ["", "w", "-wang", "wang li", "王工", "w" * 65, "wang\nli"])
def test_a_login_that_cannot_be_one_is_refused(accounts: Accounts, login: str) -> None:
    with pytest.raises(LoginUnfit):
        accounts.add(login, PASSWORD, role="firm")


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "my wang of horses"])
def test_a_password_that_is_easily_guessed_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(PasswordUnfit):
        accounts.add("wang", password, role="firm")


def test_a_role_that_there_is_not_is_refused(accounts: Accounts) -> None:
    with pytest.raises(UnknownValue):
        accounts.add("wang", PASSWORD, role="visitor")


@pytest.fixture
def thorough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as they are outside of tests."""
    monkeypatch.setattr(module, "_hasher", THOROUGH)


@pytest.mark.usefixtures("thorough")
def test_only_the_password_opens_and_it_is_kept_as_a_hash(accounts: Accounts, wang: Account) -> None:
    assert accounts.verify("WANG", PASSWORD) == wang
    assert accounts.verify("wang", PASSWORD + " ") is None
    assert accounts.verify("wang", "") is None
    assert accounts.verify("nobody", PASSWORD) is None
    (kept,) = held(accounts, users.c.password)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.usefixtures("thorough")
def test_a_hash_with_older_parameters_is_made_anew_when_the_password_is_given(
    accounts: Accounts, wang: Account
) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with accounts.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(users.update().values(password=weak))
    assert accounts.verify("wang", "wrong horses") is None
    assert held(accounts, users.c.password) == [weak]
    assert accounts.verify("wang", PASSWORD) == wang
    (anew,) = held(accounts, users.c.password)
    assert not module._hasher.check_needs_rehash(anew)
    assert accounts.verify("wang", PASSWORD) == wang


def test_a_disabled_account_opens_no_more_until_it_is_enabled(accounts: Accounts, wang: Account) -> None:
    token = accounts.begin(wang)
    accounts.disable(wang)
    assert accounts.find("wang").is_disabled
    assert accounts.verify("wang", PASSWORD) is None
    assert accounts.of(token) is None
    accounts.enable(wang)
    assert accounts.verify("wang", PASSWORD) == wang
    assert accounts.of(token) is None


def test_a_session_is_known_by_a_token_that_the_database_does_not_hold(accounts: Accounts, wang: Account) -> None:
    token = accounts.begin(wang)
    assert accounts.of(token) == wang
    assert accounts.of(token[:-1]) is None
    (kept,) = held(accounts, sessions.c.token)
    assert accounts.of(kept) is None
    assert token not in kept


def test_a_session_in_use_ends_after_its_time(accounts: Accounts, wang: Account, clock: Clock) -> None:
    used = accounts.begin(wang)
    for _ in range(9):
        clock.passes(minutes=65)
        assert accounts.of(used) == wang
    clock.passes(minutes=16)
    assert accounts.of(used) is None


def test_an_idle_session_ends_while_a_used_one_goes_on(accounts: Accounts, wang: Account, clock: Clock) -> None:
    idle, used = accounts.begin(wang), accounts.begin(wang)
    clock.passes(minutes=90)
    assert accounts.of(used) == wang
    clock.passes(minutes=31)
    assert accounts.of(used) == wang
    assert accounts.of(idle) is None
    accounts.begin(wang)
    assert accounts.sessions_of(wang) == 2


def test_signing_out_ends_one_session_and_a_new_password_all(accounts: Accounts, wang: Account) -> None:
    one, two, three = (accounts.begin(wang) for _ in range(3))
    accounts.end(one)
    assert [accounts.of(token) for token in (one, two, three)] == [None, wang, wang]
    accounts.change_password(wang, "another four horses")
    assert [accounts.of(token) for token in (two, three)] == [None, None]
    assert accounts.verify("wang", PASSWORD) is None
    assert accounts.verify("wang", "another four horses") == wang


def test_too_many_tries_of_a_login_are_refused_until_the_period_is_over(store: Store, clock: Clock) -> None:
    tries = Tries(store.engine, clock=clock)
    for number in range(OF_LOGIN):
        tries.count("wang", f"10.0.0.{number}")
    with pytest.raises(TooManyTries, match="请 15 分钟后再试") as told:
        Tries(store.engine, clock=clock).count(" WANG", "10.0.0.99")
    assert told.value.facts["seconds"] == PERIOD.total_seconds()
    tries.count("li", "10.0.0.99")
    clock.passes(minutes=14, seconds=30)
    with pytest.raises(TooManyTries, match="请 1 分钟后再试"):
        tries.count("wang", "10.0.0.99")
    clock.passes(seconds=30)
    tries.count("wang", "10.0.0.99")


def test_a_login_is_tried_as_often_however_wide_it_is_typed(store: Store, clock: Clock) -> None:
    tries = Tries(store.engine, clock=clock)
    for number in range(OF_LOGIN):
        tries.count("ｗａｎｇ" if number % 2 else "Wang ", f"10.0.0.{number}")
    with pytest.raises(TooManyTries):
        tries.count("ｗang", "10.0.0.99")


def test_too_many_tries_from_an_address_are_refused_whatever_the_login(store: Store, clock: Clock) -> None:
    tries = Tries(store.engine, clock=clock)
    for number in range(OF_ADDRESS):
        tries.count(f"login{number}", f"2001:db8::{number}")
        tries.forget(f"login{number}")
    with pytest.raises(TooManyTries):
        tries.count("wang", "2001:db8::ffff")
    tries.count("wang", "2001:db8:0:1::1")


def test_a_success_forgets_the_tries_of_its_login(store: Store, clock: Clock) -> None:
    tries = Tries(store.engine, clock=clock)
    for _ in range(3):
        for _ in range(OF_LOGIN):
            tries.count("wang", "10.0.0.1")
        tries.forget("Wang")
    tries.count("wang", "10.0.0.1")


def test_who_read_what_is_confidential_is_noted_latest_first(store: Store) -> None:
    for user, record in ((1, 10), (2, 10), (1, 11)):
        disclose(store.engine, user, record)
    assert [(one.user, one.record) for one in disclosures_of(store.engine, 10)] == [(2, 10), (1, 10)]
