"""The service is tested whole: a real installation in a temporary folder, the model of the package, the sample library.

`library` is made once and copied for each test that changes it; `client` speaks HTTP to the application over such a copy as an operator,
`visitor` as nobody in particular; `run` calls the command line as a person would, in this process.
"""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
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


def form(client: TestClient, **fields: str) -> dict[str, str]:
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
