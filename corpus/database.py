"""Connecting to the database, and bringing its tables up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from corpus.errors import BadInput, DuijieError

_MANNER: dict[str, Any] = {"pool_size": 10, "max_overflow": 40, "hide_parameters": True}
"""Connections of a process: one for each of the forty threads that answer, and some for the work beside them. What was written stands in no
error, hence in no log."""


class DatabaseUnavailable(DuijieError):
    """打不开数据库 {url}：{reason}。请检查地址、权限和磁盘空间；DUIJIE_DATABASE 或 DUIJIE_HOME 决定它在哪里。"""


class DatabaseNewer(DuijieError):
    """数据库的结构版本 {found} 比本程序新。请升级 Duijie 后再打开。"""


class NotSaved(DuijieError):
    """没有存下：{reason}。这一批没有写入，先前写入的都在。请检查磁盘空间和数据库，再做一遍；已存的不会重复。"""


def connect(url: str | sa.URL) -> sa.Engine:
    """An engine for `sqlite:///file`, `sqlite://` (in memory) or `postgresql://…`. Raises BadInput for a URL it cannot read."""
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise BadInput(
            reason=f"看不懂的数据库地址“{url}”，应形如 sqlite:////data/duijie.db 或 postgresql://主机/库名"
        ) from None
    if address.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **_MANNER)
        except ModuleNotFoundError as missing:
            reason = "缺少 PostgreSQL 的驱动，请先运行 pip install 'duijie[postgres]'"
            raise DatabaseUnavailable(url=_shown(address), reason=reason) from missing
    if address.get_backend_name() != "sqlite":
        raise BadInput(reason=f"不支持的数据库“{address.get_backend_name()}”，请用 SQLite 或 PostgreSQL")
    engine = sa.create_engine(
        _placed(address),
        connect_args={"check_same_thread": False, "timeout": 60},
        json_deserializer=_read,
        **_MANNER,
    )
    sa.event.listen(engine, "connect", _open_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read(text: str) -> Any:
    """JSON. A record states few of its lists: most cells are empty ones."""
    return [] if text == "[]" else json.loads(text)


def _placed(address: sa.URL) -> sa.URL:
    """The address with its folder made; in memory, one that only this engine knows and all its threads share."""
    if address.database in (None, "", ":memory:"):
        return sa.make_url(f"sqlite:///file:/duijie-{uuid4().hex}?vfs=memdb&uri=true")
    file = Path(str(address.database)).expanduser()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(url=_shown(address), reason=error.strerror or str(error)) from error
    return address.set(database=str(file))


def _shown(address: sa.URL) -> str:
    return address.render_as_string(hide_password=True)


def _open_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own: `_begin_sqlite` does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes the lock at once; one that began as a reader could be refused it later, its snapshot being stale."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes, committed at the end."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the newest version; many processes may try at once. Raises DatabaseUnavailable, DatabaseNewer."""
    scripts = _scripts()
    newest = ScriptDirectory.from_config(scripts).get_current_head()
    try:
        with engine.connect() as connection:
            if _version(connection) == newest:
                return
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(4754)"))
            found = _version(connection)
            known = {script.revision for script in ScriptDirectory.from_config(scripts).walk_revisions()}
            if found is not None and found not in known:
                raise DatabaseNewer(found=found)
            scripts.attributes["connection"] = connection
            command.upgrade(scripts, "head")
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseUnavailable(url=_shown(engine.url), reason=reason_of(error)) from error


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def reason_of(error: sa.exc.SQLAlchemyError) -> str:
    """What the database said, without the statement around it."""
    return str(getattr(error, "orig", None) or error).strip()


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
