"""Accounts by page: an operator opens, disables and gives new passwords; nobody else does."""

from __future__ import annotations

import html5lib
import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.accounts import Account
from service.installation import Installation
from tests.service.conftest import PASSWORD, form, sign_in
from tests.service.test_pages import words

NEW = {"login": "wang", "role": "broker", "name": "王工", "organisation": "", "email": ""}


def read(text: str) -> BeautifulSoup:
    html5lib.HTMLParser(strict=True).parse(text)
    return BeautifulSoup(text, "html.parser")


def listed(client: TestClient, section: str) -> list[str]:
    found = read(client.get("/accounts").text)
    return [words(one) for one in found.select(f"section:has(#{section}) h3 code")]


def shown_password(text: str) -> str:
    return words(read(text).select_one(".secret"))


def test_an_account_is_opened_with_a_password_that_is_shown_once(
    client: TestClient, installation: Installation
) -> None:
    answer = client.post("/accounts", data=form(client, **NEW))
    password = shown_password(answer.text)
    made = installation.accounts.verify("wang", password)
    assert made is not None
    assert (made.role, made.name, made.organisation) == ("broker", "王工", None)
    assert answer.headers["cache-control"] == "no-store"
    assert password not in client.get("/accounts").text
    assert "wang" in listed(client, "usable")


@pytest.mark.parametrize(
    ("changed", "told"), [({"login": "王"}, "不能用"), ({"role": "king"}, "不认识"), ({"login": "lin"}, "已有人用")]
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    client: TestClient, installation: Installation, changed: dict[str, str], told: str
) -> None:
    installation.accounts.add("lin", PASSWORD, role="broker")
    answer = client.post("/accounts", data=form(client, **{**NEW, **changed}))
    assert answer.status_code == 400
    found = read(answer.text)
    assert told in words(found.select_one("[role=alert]"))
    name = found.select_one("#new-name")
    assert name is not None
    assert name["value"] == "王工"


def test_a_forgotten_password_is_replaced_and_its_sessions_end(client: TestClient, installation: Installation) -> None:
    account = installation.accounts.add("lin", PASSWORD, role="broker")
    session = installation.accounts.begin(account)
    password = shown_password(client.post("/accounts/password", data=form(client, login="lin")).text)
    assert installation.accounts.verify("lin", PASSWORD) is None
    assert installation.accounts.verify("lin", password) == account
    assert installation.accounts.of(session) is None


def test_who_is_disabled_signs_in_no_more_until_they_are_enabled(
    client: TestClient, installation: Installation
) -> None:
    installation.accounts.add("lin", PASSWORD, role="broker")
    assert "已停用" in client.post("/accounts/disable", data=form(client, login="lin")).text
    assert installation.accounts.verify("lin", PASSWORD) is None
    assert listed(client, "disabled") == ["lin"]
    client.post("/accounts/enable", data=form(client, login="lin"))
    assert installation.accounts.verify("lin", PASSWORD)


def test_nobody_locks_themselves_out_and_keys_are_no_people(client: TestClient, installation: Installation) -> None:
    (oneself,) = listed(client, "usable")
    assert client.post("/accounts/disable", data=form(client, login=oneself)).status_code == 400
    installation.keys.add("ERP", role="broker", scopes=["read"])
    assert listed(client, "usable") == [oneself]
    assert {"账号", "密钥", "导入", "批量"} <= {words(one) for one in read(client.get("/").text).select(".staff a")}


@pytest.mark.parametrize("role", ["firm", "broker"])
def test_accounts_are_for_operators(visitor: TestClient, installation: Installation, role: str) -> None:
    account: Account = sign_in(visitor, installation, role)
    assert visitor.get("/accounts").status_code == 403
    for path in ("", "/password", "/disable", "/enable"):
        sent = visitor.post(f"/accounts{path}", data=form(visitor, **{**NEW, "login": account.login}))
        assert sent.status_code == 403
    assert installation.accounts.find(account.login) == account
