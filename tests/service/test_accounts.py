"""Signing in and out, one's own account, and `duijie user`, as people and browsers meet them."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.disclosures import disclosures_of
from corpus.records import Demand
from corpus.tries import OF_LOGIN
from service.access import FORM, SESSION
from service.app import create_app
from service.cli import duijie
from service.commands.demo import FILE, demo_accounts
from service.commands.serving import _prepare
from service.installation import Installation
from service.settings import Settings
from tests.service.conftest import PASSWORD, Run, form, sign_in

Response = Any  # the test client's answers are httpx's or httpx2's, as Starlette finds them


@pytest.fixture
def wang(installation: Installation) -> Account:
    return installation.accounts.add("wang", PASSWORD, role="firm", name="王工", organisation="甬江智驱科技公司")


def words(answer: Response) -> str:
    main = BeautifulSoup(answer.text, "html.parser").main
    assert main
    return " ".join(main.get_text(" ", strip=True).split())


def masthead(answer: Response) -> str:
    """What the head says of who is signed in: the last of its links."""
    found = BeautifulSoup(answer.text, "html.parser").select(".masthead .account a")
    return found[-1].get_text(strip=True) if found else ""


def sent(client: TestClient, page: str, action: str, **fields: str) -> Response:
    """The form of a page that goes to an address, filled in and sent as a browser does."""
    shown = BeautifulSoup(client.get(page).text, "html.parser").select_one(f"form[action='{action}']")
    assert shown is not None
    hidden = {str(field["name"]): str(field.get("value", "")) for field in shown.select("input[name]")}
    return client.post(action, data=hidden | fields, follow_redirects=False)


def signed_in(client: TestClient, page: str = "/sign-in", **fields: str) -> Response:
    return sent(client, page, "/sign-in", **{"login": "wang", "password": PASSWORD, **fields})


def test_the_right_password_leads_back_and_the_name_stands_in_the_head(visitor: TestClient, wang: Account) -> None:
    assert masthead(visitor.get("/")) == "登录"
    answer = signed_in(visitor, "/sign-in?next=/search?kind=demand", login=" Wang ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?kind=demand")
    assert masthead(visitor.get("/about")) == "王工"
    assert masthead(visitor.get("/nowhere")) == "王工"
    assert visitor.get("/sign-in", follow_redirects=False).headers["location"] == "/"


def test_a_cookie_is_for_this_site_and_no_script_and_over_https_secure(
    installation: Installation, wang: Account
) -> None:
    for scheme in ("http", "https"):
        with TestClient(create_app(installation), base_url=f"{scheme}://127.0.0.1") as client:
            cookie = signed_in(client).headers["set-cookie"].lower()
            assert cookie.startswith(f"{SESSION}=")
            assert "httponly" in cookie
            assert "samesite=lax" in cookie
            assert ("secure" in cookie) is (scheme == "https")


@pytest.mark.parametrize("more", [{"password": "wrong horses"}, {"login": "nobody"}, {"login": "", "password": ""}])
def test_a_wrong_password_and_an_unknown_login_are_told_alike(
    visitor: TestClient, wang: Account, more: dict[str, str]
) -> None:
    answer = signed_in(visitor, **more)
    assert answer.status_code == 401
    assert "登录名或密码不对" in words(answer)
    assert SESSION not in visitor.cookies
    assert PASSWORD not in answer.text


def test_a_disabled_account_is_told_so_by_nothing(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    signed_in(visitor)
    installation.accounts.disable(wang)
    assert masthead(visitor.get("/")) == "登录"
    visitor.cookies.clear()
    assert "登录名或密码不对" in words(signed_in(visitor))


def test_too_many_tries_are_told_with_the_time_to_wait(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    for _ in range(OF_LOGIN):
        assert signed_in(visitor, password="wrong horses").status_code == 401
    answer = signed_in(visitor)
    assert answer.status_code == 429
    assert 800 < int(answer.headers["retry-after"]) <= 900
    assert "请 15 分钟后再试" in words(answer)
    with TestClient(create_app(installation), base_url="http://127.0.0.1") as elsewhere:
        assert signed_in(elsewhere).status_code == 429


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out", "javascript:alert(1)", "/a\nb"]
)
def test_after_signing_in_nobody_is_led_to_another_site(visitor: TestClient, wang: Account, next: str) -> None:
    assert signed_in(visitor, next=next).headers["location"] == "/"


def test_signing_out_ends_the_session_for_whoever_holds_its_token(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    signed_in(visitor)
    token = str(visitor.cookies[SESSION])
    answer = sent(visitor, "/account", "/sign-out")
    assert answer.headers["location"] == "/sign-in?left=1"
    assert "已退出登录" in words(visitor.get("/sign-in?left=1"))
    assert masthead(visitor.get("/")) == "登录"
    assert installation.accounts.of(token) is None


def test_signing_out_everywhere_ends_every_session(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    elsewhere = installation.accounts.begin(wang)
    signed_in(visitor)
    assert "有 2 处登录着" in words(visitor.get("/account"))
    sent(visitor, "/account", "/sign-out", everywhere="1")
    assert installation.accounts.of(elsewhere) is None


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    elsewhere = installation.accounts.begin(wang)
    signed_in(visitor)
    new = {"new": "another four horses", "again": "another four horses"}

    def changed(**fields: str) -> Response:
        return sent(visitor, "/account", "/account/password", **fields)

    assert "现在的密码不对" in words(changed(old="wrong horses", **new))
    assert "两次写的新密码不一样" in words(changed(old=PASSWORD, new="another four horses", again="x" * 12))
    assert "应有 10 到 200 个字符" in words(changed(old=PASSWORD, new="short", again="short"))
    assert installation.accounts.of(elsewhere) == wang
    assert changed(old=PASSWORD, **new).headers["location"] == "/account?done=password"
    assert "密码已改" in words(visitor.get("/account?done=password"))
    assert installation.accounts.of(elsewhere) is None
    assert installation.accounts.verify("wang", PASSWORD) is None


def test_a_page_that_needs_an_account_leads_to_sign_in_and_the_api_says_401(visitor: TestClient) -> None:
    answer = visitor.get("/account?done=x", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount%3Fdone%3Dx")
    refused = visitor.post("/api/v1/demands", json={"title": "甲"})
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert refused.json()["detail"] == "这一步要先登录。"


def test_a_key_that_nobody_has_is_no_visitors(visitor: TestClient) -> None:
    for path in ("/api/v1/demands", "/"):
        answer = visitor.get(path, headers={"Authorization": "Bearer nonsense"})
        assert answer.status_code == 401
        assert "密钥不认识" in answer.text


FORMS = ["/sign-in", "/sign-out", "/account/password", "/thesaurus", "/thesaurus/remove", "/records/321"]


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize("token", ["", "0" * 64, "other"])
def test_a_form_without_the_token_of_the_session_is_refused(
    client: TestClient, visitor: TestClient, installation: Installation, address: str, token: str
) -> None:
    mine = str(client.cookies[SESSION])
    if token == "other":
        sign_in(client, installation, "operator")
        token = form(client)["token"]
        client.cookies.clear()
        client.cookies.set(SESSION, mine)
    answer = client.post(address, data={"token": token, "said": "甲乙", "terms": "丙丁"}, follow_redirects=False)
    assert answer.status_code == 403
    assert "不是从本站的页面上提交的" in words(answer)
    assert installation.accounts.of(mine) is not None


def test_a_form_to_sign_in_is_bound_to_the_browser_that_asked_for_it(visitor: TestClient, wang: Account) -> None:
    visitor.get("/sign-in")
    token = form(visitor)["token"]
    visitor.cookies.clear()
    visitor.cookies.set(FORM, "another")
    answer = visitor.post("/sign-in", data={"token": token, "login": "wang", "password": PASSWORD})
    assert answer.status_code == 403


def test_every_form_of_the_templates_that_changes_something_carries_the_token() -> None:
    templates = Path(__file__).parents[2] / "service" / "templates"
    for template in templates.glob("*.html"):
        for written in template.read_text("utf-8").split("<form")[1:]:
            head, _, rest = written.partition(">")
            if 'method="post"' in head:
                assert "{{ guard(token) }}" in rest.partition("</form>")[0], f"{template.name}: {head}"


def test_it_answers_under_the_names_it_is_served_by_alone(home: Path) -> None:
    with TestClient(
        create_app(Installation(Settings(home=home, hosts=("duijie.example.org",)))), base_url="http://127.0.0.1"
    ) as client:
        assert client.get("/", headers={"host": "duijie.example.org"}).status_code == 200
        assert client.get("/", headers={"host": "Duijie.example.org:8443"}).status_code == 200
        assert client.get("/", headers={"host": "127.0.0.1:9000"}).status_code == 200
        refused = client.get("/", headers={"host": "other.example.org"})
        assert (refused.status_code, "DUIJIE_HOSTS" in refused.text) == (400, True)


def test_what_is_confidential_is_shown_to_a_broker_on_asking_and_to_its_owner_at_once(
    visitor: TestClient, installation: Installation, wang: Account
) -> None:
    need = Demand(source="站内", source_id="1", title="密件", contact="分机 8001", private_detail="绝密", owner=wang.id)
    (id,) = installation.store.save([need]).added
    assert "8001" not in visitor.get(f"/records/{id}").text
    broker = sign_in(visitor, installation, "broker")
    assert "8001" not in visitor.get(f"/records/{id}").text
    assert disclosures_of(installation.store.engine, id) == []
    told = sent(visitor, f"/records/{id}", f"/records/{id}#told")
    assert "联系方式 分机 8001" in words(told)
    assert "保密详情 绝密" in words(told)
    assert [one.user for one in disclosures_of(installation.store.engine, id)] == [broker.id]
    visitor.cookies.clear()
    signed_in(visitor)
    assert "分机 8001" in words(visitor.get(f"/records/{id}"))
    assert len(disclosures_of(installation.store.engine, id)) == 1


def test_the_command_adds_lists_changes_disables_and_enables(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(*arguments: str, password: str = PASSWORD) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        answer = run("user", *arguments)
        return answer.code, answer.out + answer.err

    assert "还没有账号" in run("user", "list").out
    added = given("add", "li", "--role", "broker", "--name", "李经纪", "--password-stdin")
    assert added == (0, "已开账号：li（技术经纪人）。\n")
    (told,) = run("user", "list", "--json").json
    assert {name: told[name] for name in ("login", "name", "role", "organisation", "disabled")} == {
        "login": "li", "name": "李经纪", "role": "broker", "organisation": None, "disabled": False,
    }  # fmt: skip
    assert "password" not in told
    assert given("password", "li", "--password-stdin", password="another four horses")[0] == 0
    assert installation.accounts.verify("li", "another four horses")
    assert run("user", "disable", "li").code == 0
    assert "已停用" in run("user", "list").out
    assert run("user", "enable", "li").code == 0
    assert installation.accounts.verify("li", "another four horses")
    assert given("add", "li", "--role", "firm", "--password-stdin") == (2, "错误：登录名“li”已有人用。请换一个。\n")
    assert given("add", "zhao", "--role", "firm", "--password-stdin", password="short")[0] == 2
    assert run("user", "disable", "nobody").code == 2


def test_the_command_asks_for_the_password_twice(
    home: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_HOME", str(home))
    asked = ["user", "add", "li", "--role", "operator"]
    differing = CliRunner().invoke(duijie, asked, input=f"{PASSWORD}\nother\n")
    assert type(differing.exception).__name__ == "PasswordUnfit"
    answer = CliRunner().invoke(duijie, asked, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert answer.exit_code == 0, answer.output
    assert PASSWORD not in answer.output
    assert installation.accounts.verify("li", PASSWORD)


def prepared(settings: Settings) -> None:
    with Installation(settings) as installation:
        _prepare(installation, sample=True)


def test_the_sample_installation_has_an_account_for_each_role_and_no_other_has(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path)
    prepared(settings)
    first = capsys.readouterr().out
    made = demo_accounts(tmp_path)
    assert [demo.role for demo in made] == ["firm", "broker", "operator"]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert all(demo.password in first for demo in made)
    prepared(settings)
    again = capsys.readouterr().out
    assert all(demo.password in again for demo in made)
    with Installation(settings) as installation:
        for demo in made:
            account = installation.accounts.verify(demo.login, demo.password)
            assert account is not None
            assert account.role == demo.role
    prepared(Settings(home=home))
    assert "duijie user add" in capsys.readouterr().out
    assert not (home / FILE).exists()
