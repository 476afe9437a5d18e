"""Letters over STARTTLS and TLS, through a real server with a certificate made for the test."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from service.alerting import alert
from service.installation import Installation
from service.mail import Letter, MailUnavailable, MailUntrusted, post
from service.settings import Settings
from tests.service.conftest import PASSWORD, Box, Run
from tests.service.test_alerts import offer, watch


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate in a file."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


class Served:
    """Mail servers on loopback, for `127.0.0.1` or whatever name the certificate says."""

    def __init__(self, authority: trustme.CA) -> None:
        self.authority, self.box, self.running = authority, Box(), list[Controller]()

    def settings(self, security: str, name: str = "127.0.0.1", *, auth: bool = False, plain: bool = False) -> Settings:
        """Where to send to by a way, at a server that offers no TLS where it is `plain`."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(name).configure_cert(context)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        more: dict[str, Any] = (
            {"ssl_context": context} if security == "tls" else {} if plain else {"tls_context": context}
        )
        if security == "starttls" and not plain:
            more["require_starttls"] = True
        if auth:
            more |= {"authenticator": _may_enter, "auth_required": True, "auth_require_tls": security == "starttls"}
        controller = Controller(self.box, hostname="127.0.0.1", port=port, **more)
        controller.start()
        self.running.append(controller)
        return Settings(smtp_host=f"127.0.0.1:{port}", smtp_security=security, smtp_from="对接 <duijie@example.org>")


def _may_enter(server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
    is_theirs = isinstance(said, LoginPassword) and (said.login, said.password) == (b"duijie", b"hush")
    return AuthResult(success=is_theirs, handled=False)


@pytest.fixture
def served(authority: trustme.CA) -> Iterator[Served]:
    served = Served(authority)
    yield served
    for controller in served.running:
        controller.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the whole way is TLS
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_arrives_over_an_encrypted_way(served: Served, trusted: Path, security: str) -> None:
    settings = replace(served.settings(security, auth=True), smtp_ca=trusted, smtp_user="duijie", smtp_password="hush")
    with post(settings) as office:
        office.send(Letter("wang@example.org", "风机噪声", "您好。\n"))
    assert [letter["Subject"] for letter in served.box.letters] == ["风机噪声"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["unknown authority", "another host"])
def test_a_certificate_that_is_not_to_be_trusted_is_told_and_nothing_is_lost(
    served: Served,
    trusted: Path,
    installation: Installation,
    security: str,
    wrong: str,
) -> None:
    wang = installation.accounts.add("wang", PASSWORD, role="firm", email="wang@example.org")
    watch(installation, wang)
    installation.store.save([offer("1")])
    own = installation.settings
    bad = served.settings(security, "mail.example.org" if wrong == "another host" else "127.0.0.1")
    installation.settings = replace(bad, home=own.home, smtp_ca=trusted if wrong == "another host" else None)
    with pytest.raises(MailUntrusted, match=r"^邮件服务器 127.0.0.1:\d+ 的证书信不过，没有发信.*DUIJIE_SMTP_CA。$"):
        alert(installation)
    installation.settings = replace(served.settings(security), home=own.home, smtp_ca=trusted)
    assert (alert(installation).letters, alert(installation).letters) == (1, 0)
    assert len(served.box.letters) == 1


@pytest.mark.parametrize(
    ("security", "spoken", "said"),
    [
        ("starttls", "plain", "不支持 STARTTLS"),
        ("tls", "plain", "加密连接没有建成"),
        ("starttls", "wrong password", r"登录名或密码不对（535）"),
    ],
)
def test_another_way_than_the_server_speaks_is_told(
    served: Served, trusted: Path, security: str, spoken: str, said: str
) -> None:
    settings = served.settings("starttls", plain=spoken == "plain", auth=spoken != "plain")
    settings = replace(settings, smtp_security=security, smtp_ca=trusted)
    if spoken != "plain":
        settings = replace(settings, smtp_user="duijie", smtp_password="shout")
    with pytest.raises(MailUnavailable, match=said), post(settings):
        pass


def test_the_authority_is_read_from_the_environment(trusted: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUIJIE_SMTP_CA", str(trusted))
    assert run("alerts", "--json").code == 0
    monkeypatch.setenv("DUIJIE_SMTP_CA", str(trusted.parent))
    ran = run("alerts", "--json")
    assert (ran.code, "DUIJIE_SMTP_CA" in ran.err) == (1, True)
