"""Keys over HTTP, on the page and by command: what each opens, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from service.access import scope_of
from service.installation import Installation
from tests.service.conftest import Run, form, sign_in


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", {"search", "list"}), ("match", {"match"}), ("write", {"write"}), ("bulk", set())],
)
def test_a_key_does_what_its_scope_allows_and_nothing_else(
    visitor: TestClient, installation: Installation, scope: str, allowed: set[str]
) -> None:
    _, secret = installation.keys.add("ERP", role="broker", scopes=[scope])
    asked = {
        "search": ("GET", "/api/v1/search?q=磁钢", None),
        "list": ("GET", "/api/v1/demands", None),
        "match": ("POST", "/api/v1/match", {"text": "磁钢起泡"}),
        "write": ("POST", "/api/v1/demands", {"title": "磁钢起泡"}),
        "page": ("GET", "/account", None),
        "keys": ("GET", "/keys", None),
    }
    answers = {
        name: visitor.request(method, path, json=body, headers=bearer(secret))
        for name, (method, path, body) in asked.items()
    }
    done = {name for name, answer in answers.items() if answer.status_code in (200, 201)}
    assert done == allowed
    assert {answer.status_code for name, answer in answers.items() if name not in done} == {403}
    if scope != "match":
        told = answers["match"].json()
        assert told["type"] == "/problems#NotInScope"
        assert "它没有“匹配”的权限（match）" in told["detail"]


def test_a_key_sees_what_its_role_sees(visitor: TestClient, installation: Installation) -> None:
    _, broker = installation.keys.add("甲", role="broker", scopes=["read", "write"])
    _, firm = installation.keys.add("乙", role="firm", scopes=["read", "write"], organisation="某某公司")
    sent: dict[str, Any] = {"title": "碳化硅外延缺陷", "visibility": "brokers"}
    (id,) = visitor.post("/api/v1/demands", json=sent, headers=bearer(broker)).json()["added"]
    assert visitor.get(f"/api/v1/demands/{id}", headers=bearer(broker)).status_code == 200
    assert visitor.get(f"/api/v1/demands/{id}", headers=bearer(firm)).status_code == 404
    assert visitor.get(f"/api/v1/demands/{id}").status_code == 404
    assert visitor.post("/api/v1/demands", json=sent, headers=bearer(firm)).status_code == 403
    (own,) = visitor.post(
        "/api/v1/demands", json={"title": "仅本人", "visibility": "private"}, headers=bearer(broker)
    ).json()["added"]
    assert visitor.get(f"/api/v1/demands/{own}", headers=bearer(broker)).status_code == 200
    assert installation.store.get(own).owner == installation.keys.of(broker).account.id


def test_a_key_that_is_unknown_revoked_or_used_too_often_is_told_so(
    visitor: TestClient, installation: Installation
) -> None:
    key, secret = installation.keys.add("ERP", role="broker", scopes=["read"], rate=2)
    codes = [visitor.get("/api/v1/demands", headers=bearer(secret)).status_code for _ in range(2)]
    over = visitor.get("/api/v1/demands", headers=bearer(secret))
    if over.status_code == 200:  # a minute began between the calls
        visitor.get("/api/v1/demands", headers=bearer(secret))
        over = visitor.get("/api/v1/demands", headers=bearer(secret))
    assert codes == [200, 200]
    assert over.status_code == 429
    assert 1 <= int(over.headers["retry-after"]) <= 60
    assert over.json()["type"] == "/problems#TooManyCalls"
    installation.keys.revoke(key)
    for wrong in (secret, "dj_00000000_nonsense", ""):
        refused = visitor.get("/api/v1/demands", headers=bearer(wrong))
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json()["type"] == "/problems#KeyUnknown"


def test_no_operation_and_no_page_is_open_to_a_key_by_oversight() -> None:
    assert [scope_of("GET", path) for path in ("/keys", "/", "/api/v2/x", "/api/v1", "/apiv1/match", "/readyz")] == [
        None, None, None, None, None, "read",
    ]  # fmt: skip
    assert [scope_of("POST", f"/api/v1/{path}") for path in ("match", "match/stream", "matches/1", "bulk-matches")] == [
        "match", "match", "write", "bulk",
    ]  # fmt: skip


def test_an_operator_opens_a_key_that_is_shown_once_and_revokes_it(
    client: TestClient, installation: Installation
) -> None:
    sent = form(client, name="ERP", role="broker", rate="60", until="2099-01-31", organisation="")
    page = client.post("/keys", data={**sent, "scope": ["match", "bulk"]})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    shown = BeautifulSoup(page.text, "html.parser").select_one(".secret")
    assert shown
    key = installation.keys.of(shown.text)
    assert (key.scopes, key.rate, str(key.expires_at)) == (("match", "bulk"), 60, "2099-02-01 00:00:00")
    assert key.created_by
    again = client.get("/keys").text
    assert shown.text not in again
    assert "用到 2099年1月31日" in again
    gone = client.post("/keys/revoke", data=form(client, prefix=key.prefix))
    assert "密钥已吊销" in gone.text
    assert not [one for one in installation.keys.all() if not one.revoked_at]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scope": []}, "至少选一项权限"),
        ({"rate": "many"}, "应为整数"),
        ({"until": "soon"}, "有效期应写成"),
        ({"name": ""}, "名称应有"),
        ({"role": "king"}, "不认识“king”"),
    ],
)
def test_a_key_that_cannot_be_opened_is_told_beside_what_was_written(
    client: TestClient, fields: dict[str, Any], said: str
) -> None:
    sent = {**form(client, name="<ERP>", role="broker", rate="60", until=""), "scope": ["match"], **fields}
    page = client.post("/keys", data=sent)
    assert page.status_code == 400
    assert said in page.text
    if "name" not in fields:
        assert "&lt;ERP&gt;" in page.text


@pytest.mark.parametrize("role", ["firm", "broker"])
def test_only_an_operator_opens_keys(visitor: TestClient, installation: Installation, role: str) -> None:
    assert visitor.get("/keys", follow_redirects=False).headers["location"].startswith("/sign-in")
    sign_in(visitor, installation, role)
    assert visitor.get("/keys").status_code == 403
    assert visitor.post("/keys", data=form(visitor, name="x", role="operator")).status_code == 403
    assert visitor.post("/keys/revoke", data=form(visitor, prefix="12345678")).status_code == 403


def test_keys_by_command(run: Run) -> None:
    made = run("key", "add", "ERP", "--role", "broker", "--scope", "match", "--scope", "bulk", "--rate", "5")
    prefix = made.out.strip().split("_")[1]
    assert made.out.startswith("dj_")
    assert "只显示这一次" in made.err
    (told,) = run("key", "list", "--json").json
    assert (told["prefix"], told["scopes"], told["rate"], told["usable"]) == (prefix, ["match", "bulk"], 5, True)
    assert made.out.strip() not in str(told)
    assert f"密钥 {prefix}（ERP）已吊销" in run("key", "revoke", prefix).out
    assert "已吊销" in run("key", "list").out
    assert "dj_" in run("key", "add", "乙", "--role", "firm", "--scope", "read", "--json").json["secret"]
    wrong = run("key", "revoke", "00000000")
    assert (wrong.code, wrong.out) == (2, "")
    past = run("key", "add", "甲", "--role", "firm", "--scope", "read", "--until", "2020-01-01")
    assert (past.code, "已经过去" in past.err) == (2, True)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/api/v1/thesaurus", None), ("POST", "/api/v1/notes/read", {"text": "磁钢起泡"}), ("GET", "/api/v1/matches/rules", None)],
)  # fmt: skip
def test_what_anybody_may_ask_is_not_answered_to_a_key_that_opens_nothing(
    visitor: TestClient, installation: Installation, method: str, path: str, body: Any
) -> None:
    key, secret = installation.keys.add("ERP", role="firm", scopes=["read"])
    _, matching = installation.keys.add("MES", role="firm", scopes=["match"])
    assert visitor.request(method, path, json=body).status_code == 200
    assert visitor.request(method, path, json=body, headers=bearer(secret)).status_code == 200
    assert sum(installation.keys.all()[1].uses.values()) == 1
    assert visitor.request(method, path, json=body, headers=bearer(matching)).status_code == 403
    installation.keys.revoke(key)
    assert visitor.request(method, path, json=body, headers=bearer(secret)).status_code == 401
