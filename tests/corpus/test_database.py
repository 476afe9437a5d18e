"""Connecting to a database, and bringing its tables up to date."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from corpus.database import DatabaseNewer, DatabaseUnavailable, connect, migrate
from corpus.errors import BadInput
from corpus.records import Achievement
from corpus.store import Store
from corpus.tables import metadata


def test_the_migrations_make_the_tables_that_the_records_define(empty_database: str) -> None:
    engine = connect(empty_database)
    migrate(engine)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    engine.dispose()
    assert differences == []


def test_migrating_again_changes_nothing(empty_database: str) -> None:
    engine = connect(empty_database)
    migrate(engine)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE counter SET value = 41"))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT value FROM counter")) == 41
    engine.dispose()


def test_threads_that_open_an_empty_database_at_once_all_succeed(empty_database: str) -> None:
    engine = connect(empty_database)
    failures: list[Exception] = []
    together = threading.Barrier(4)

    def open_it() -> None:
        together.wait()
        try:
            migrate(engine)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT value FROM counter")).all() == [0]
    engine.dispose()
    assert failures == []


OPEN_AND_SAVE = """
import sys
from corpus.records import Achievement
from corpus.store import Store
sys.stdin.readline()
store = Store(sys.argv[1])
print(*store.save([Achievement(source=sys.argv[2], source_id="1", title="涂层")]).added)
"""


def test_processes_that_open_an_empty_database_at_once_all_succeed(lasting_database: str) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_SAVE, lasting_database, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    told = [opener.communicate()[0].strip() for opener in openers]
    assert [opener.returncode for opener in openers] == [0, 0, 0]
    assert sorted(told) == ["1", "2", "3"]


def test_a_newer_database_is_refused_and_left_as_it_is(lasting_database: str) -> None:
    store = Store(lasting_database)
    store.save([Achievement(source="库", source_id="1", title="涂层")])
    with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(DatabaseNewer, match="数据库的结构版本 9999 比本程序新。请升级 Duijie 后再打开。"):
        Store(lasting_database)
    engine = connect(lasting_database)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT title FROM achievements")) == "涂层"
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_the_folder_of_a_database_file_is_made(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/新/文件夹/duijie.db").close()
    assert (tmp_path / "新/文件夹/duijie.db").is_file()


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Store("sqlite:///~/var/duijie.db").close()
    assert (tmp_path / "var/duijie.db").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_its_store_s_own(url: str) -> None:
    one, other = Store(url), Store(url)
    one.save([Achievement(source="库", source_id="1", title="涂层")])
    assert (one.revision(), other.revision()) == (1, 0)
    one.close()
    other.close()


def a_folder(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}"


def below_a_file(tmp_path: Path) -> str:
    (tmp_path / "文件").write_text("不是文件夹")
    return f"sqlite:///{tmp_path}/文件/duijie.db"


def another_format(tmp_path: Path) -> str:
    (tmp_path / "图.png").write_bytes(b"\x89PNG\r\n\x1a\n" * 200)
    return f"sqlite:///{tmp_path}/图.png"


def no_server(tmp_path: Path) -> str:
    return f"postgresql://duijie:geheim@/duijie?host={tmp_path}"


@pytest.mark.parametrize("place", [a_folder, below_a_file, another_format, no_server])
def test_a_database_that_cannot_be_opened_is_told_with_its_address_and_no_password(
    tmp_path: Path, place: Callable[[Path], str]
) -> None:
    with pytest.raises(DatabaseUnavailable) as unavailable:
        Store(place(tmp_path))
    assert str(unavailable.value).startswith(f"打不开数据库 {place(tmp_path).split(':')[0]}")
    assert str(unavailable.value).endswith("请检查地址、权限和磁盘空间；DUIJIE_DATABASE 或 DUIJIE_HOME 决定它在哪里。")
    assert "geheim" not in str(unavailable.value)


def test_a_missing_driver_names_its_own_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # what Python finds where the package is not installed
    with pytest.raises(DatabaseUnavailable, match=r"缺少 PostgreSQL 的驱动，请先运行 pip install 'duijie\[postgres\]'"):
        connect("postgresql://localhost/duijie")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://localhost/duijie", "不支持的数据库“mysql”，请用 SQLite 或 PostgreSQL"),
        ("oracle+oracledb://localhost/duijie", "不支持的数据库“oracle”，请用 SQLite 或 PostgreSQL"),
        ("duijie.db", "看不懂的数据库地址“duijie.db”，应形如 sqlite:////data/duijie.db 或 postgresql://主机/库名"),
        ("", "看不懂的数据库地址“”，应形如 sqlite:////data/duijie.db 或 postgresql://主机/库名"),
        ("postgresql://localhost:端口/duijie", "看不懂的数据库地址“postgresql://localhost:端口/duijie”，应形如 sqlite:////data/duijie.db 或 postgresql://主机/库名"),
    ],
)  # fmt: skip
def test_an_address_that_means_no_database_is_refused_with_the_form_it_should_have(url: str, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        connect(url)
    assert str(refused.value) == f"输入有误：{reason}。"


def test_what_a_statement_was_given_stands_in_no_error(empty_database: str) -> None:
    engine = connect(empty_database)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as failed:
        connection.execute(sa.text("SELECT :said FROM nowhere"), {"said": "保密详情"})
    assert "保密详情" not in str(failed.value)
    engine.dispose()
