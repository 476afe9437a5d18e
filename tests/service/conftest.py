"""The service is tested whole: a real installation in a temporary folder, the model of the package, the sample library.

`library` is made once and copied for each test that changes it; `client` speaks HTTP to the application over such a copy as an operator,
`visitor` as nobody in particular; `box` keeps the letters that an installation sends; `run` calls the command line as a person would, in this process.
"""

from __future__ import annotations

import hmac
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiosmtpd.controller import Controller
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from corpus.accounts import Account
from service import cli
from service.access import FORM, SESSION
from service.app import create_app
from service.installation import Installation, import_sample
from service.settings import Settings
from tests.service.browsing import launched

PASSWORD = "four horses stand still"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation with the sample library, indexed; not to be changed."""
    home = tmp_path_factory.mktemp("library")
    with Installation(Settings(home=home)) as installation:
        import_sample(installation.store)
        installation.build()
    return home


@pytest.fixture
def home(library: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(library, tmp_path / "home"))


@pytest.fixture
def installation(home: Path) -> Iterator[Installation]:
    with Installation(Settings(home=home)) as opened:
        yield opened


@pytest.fixture
def visitor(installation: Installation) -> Iterator[TestClient]:
    """A client that nobody has signed in."""
    with TestClient(create_app(installation), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(visitor: TestClient, installation: Installation) -> TestClient:
    """A client signed in as an operator."""
    sign_in(visitor, installation, "operator")
    return visitor


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for no longer than a file of tests: while it runs, nothing else in this process may run an event loop."""
    with launched() as chromium:
        yield chromium


def sign_in(client: TestClient, installation: Installation, role: str, **more: str) -> Account:
    """Give the client a session of a new account; the password is the tests' own."""
    accounts = installation.accounts
    account = accounts.add(f"{role}-{uuid4().hex[:8]}", PASSWORD, role=role, **more)
    client.cookies.set(SESSION, accounts.begin(account))
    return account


def form(client: TestClient | httpx.Client, **fields: str) -> dict[str, str]:
    """A form's fields with the token that our page would have put into it."""
    secret = client.cookies.get(SESSION) or client.cookies.get(FORM) or ""
    return {"token": hmac.new(secret.encode(), b"form", "sha256").hexdigest(), **fields}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call `duijie` with arguments on a copy of the library."""
    monkeypatch.setenv("DUIJIE_HOME", str(home))
    for name in ("DUIJIE_DATABASE", "DUIJIE_MODEL"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> Ran:
        monkeypatch.setattr("sys.argv", ["duijie", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


class Box:
    """What a mail server does with letters: keeps them, or refuses them."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        if self.refuses:
            return "554 no"
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


@pytest.fixture
def box(installation: Installation) -> Iterator[Box]:
    """A mail server on loopback, and an installation that sends through it."""
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    installation.settings = replace(
        installation.settings,
        smtp_host=f"127.0.0.1:{port}",
        smtp_security="none",
        smtp_from="对接 <duijie@example.org>",
        site="https://duijie.example.org",
    )
    yield box
    controller.stop()
