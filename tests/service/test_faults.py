"""Processes are killed at random moments, disks fill up, files are cut short: what was acknowledged is there, and the index answers as the oracle does.

Sixty rounds over one home, so that each begins with what the one before left behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpus.intake import import_files
from corpus.records import Record
from corpus.store import Store
from indexer.base import current
from indexer.entries import Entry
from indexer.index import Index
from indexer.local import LocalEngine
from service.commands.doctor import examine
from service.installation import Installation
from service.settings import Settings
from tests.indexer.oracle import Oracle, assert_same_hits
from tests.service import dying

ROUNDS = 60
PATIENCE = 60.0
SUBJECTS = ["钕铁硼磁环", "印染废水回用", "短波红外相机", "谐波减速器", "固态电池", "茶叶杀青", "隧道超前支护"]
QUESTIONS = ["磁环 废水", "红外相机", "减速器噪声大，电池起鼓"]


class Home:
    """An installation's folder and what was acknowledged to have been stored there."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.path, self.chance = path, chance
        self.acknowledged: dict[str, str] = {}
        self.entries: dict[tuple[int, int], Entry] = {}
        self.index = Index(None)
        self.files = 0
        self.deaths = 0

    def store(self) -> Store:
        return Store(Settings(home=self.path).database_url)

    def sheet(self, rows: int = 60) -> tuple[Path, list[str]]:
        """A file of new records, and their numbers in its order."""
        self.files += 1
        numbers = [f"F{self.files:03d}-{row:03d}" for row in range(rows)]
        lines = [{"编号": n, "成果名称": f"{self.chance.choice(SUBJECTS)} {n}", "简介": self.chance.choice(SUBJECTS) * 9} for n in numbers]  # fmt: skip
        file = self.path.parent / f"{self.files}.jsonl"
        file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
        return file, numbers

    def base_files(self) -> list[Path]:
        pointed = current(self.path / "index")
        return sorted(pointed.iterdir()) if pointed and pointed.is_dir() else []

    def assert_sound(self) -> None:
        """All that was acknowledged is there; the engine, opened anew, answers as the oracle over the store does."""
        store = self.store()
        revision = store.revision()
        held = [change.record for change in store.changes_after(0, revision) if change.record]
        assert self.acknowledged.items() <= {record.source_id: record.source for record in held}.items()
        oracle = Oracle(self.made(held), revision)
        assert self.index.encoder
        engine = LocalEngine(self.path / "index", words=self.index.words.version, model=self.index.encoder.fingerprint)
        self.index.take_in(engine, partial(store.changes_after, upto=revision), revision)
        store.close()
        for text in QUESTIONS:
            vector = self.index.encoder.encode([text], asking=True)[0]
            words = dict.fromkeys(self.index.words.of_record([text]), 1.5)
            assert engine.frequencies(list(words), ()) == oracle.frequencies(list(words), ())
            assert_same_hits(engine.holding(words, 10, ()), oracle.holding(words, len(held), ()), 10)
            assert engine.count(()) == len(held)
            near = engine.near(vector, 10, ())
            exact = dict(oracle.near(vector, len(held), ()))
            assert [score for _, score in near] == pytest.approx([exact[id] for id, _ in near], abs=0.002)
            assert len(near) == min(10, len(held))
        assert engine.browse(50, ()) == oracle.browse(50, ())

    def made(self, records: list[Record]) -> list[Entry]:
        """The entries of records; each is made once."""
        new = [record for record in records if (record.id, record.revision) not in self.entries]
        self.entries |= {(entry.id, r.revision): entry for r, entry in zip(new, self.index.entries(new), strict=True)}
        return [self.entries[record.id, record.revision] for record in records]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    home = Home(path, random.Random(4754))
    with Installation(Settings(home=path)) as installation:
        file, numbers = home.sheet()
        import_files(installation.store, [file], source="test")
        installation.build()
    home.acknowledged |= dict.fromkeys(numbers, "test")
    return home


def killed(work: Callable[..., None], home: Home, *arguments: Any, after: float, room: int | None = None) -> list[Any]:
    """What a process had told before it was killed so many seconds after its start, or ended by itself."""
    here, there = dying.forking.Pipe(duplex=False)
    process = dying.forking.Process(target=_dies, args=(work, home.path, there, arguments, room))
    process.start()
    there.close()
    process.join(after)
    process.kill()
    process.join(PATIENCE)
    home.deaths += process.exitcode == -signal.SIGKILL
    told = []
    with suppress(EOFError):
        while here.poll(0):
            told.append(here.recv())
    here.close()
    return told


def _dies(
    work: Callable[..., None], home: Path, said: Connection, arguments: tuple[Any, ...], room: int | None
) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - a process without room on its disk ends with a traceback
    if room is not None:
        dying.without_room(room)
    work(home, said, *arguments)


def an_import(home: Home, room: int | None = None) -> None:
    file, numbers = home.sheet()
    told = killed(dying.importing, home, file, after=home.chance.uniform(0.01, 0.5), room=room)
    home.acknowledged |= dict.fromkeys(numbers[: max(told, default=0)], "test")


def an_index(home: Home, room: int | None = None) -> None:
    killed(dying.indexing, home, True, after=home.chance.uniform(0.1, 1.2), room=room)


def a_merge(home: Home, room: int | None = None) -> None:
    """Some records more, and a base built of the present one and them."""
    file, numbers = home.sheet(rows=20)
    store = home.store()
    import_files(store, [file], source="test")
    store.close()
    home.acknowledged |= dict.fromkeys(numbers, "test")
    killed(dying.indexing, home, False, after=home.chance.uniform(0.1, 1.2), room=room)


def a_server(home: Home) -> None:
    """Killed while it answers, after it found what was stored a moment before."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here, there = dying.forking.Pipe(duplex=False)
    process = dying.forking.Process(target=_dies, args=(dying.serving, home.path, there, (port,), None))
    process.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            _wait_until_ready(client, process)
            file, numbers = home.sheet(rows=10)
            store = home.store()
            import_files(store, [file], source="test")
            store.close()
            home.acknowledged |= dict.fromkeys(numbers, "test")
            found = client.get("/api/v1/search", params={"q": numbers[0], "limit": 1}).json()
            assert found["hits"][0]["source_id"] == numbers[0]
            asking = threading.Thread(target=_ask_on, args=(port, process))
            asking.start()
            time.sleep(home.chance.uniform(0, 0.1))
            process.kill()
            asking.join(PATIENCE)
    finally:
        process.kill()
        process.join(PATIENCE)
        here.close()


def _wait_until_ready(client: httpx.Client, process: Any) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.is_alive()
        with suppress(httpx.TransportError):
            if client.get("/readyz").is_success:
                return
        time.sleep(0.02)
    pytest.fail("the server was not ready in time")


def _ask_on(port: int, process: Any) -> None:
    with suppress(httpx.TransportError):
        while process.is_alive():
            httpx.get(f"http://127.0.0.1:{port}/api/v1/search", params={"q": QUESTIONS[2]}, trust_env=False)


def a_full_disk_for_an_import(home: Home) -> None:
    size = (home.path / "duijie.db").stat().st_size
    an_import(home, room=home.chance.randrange(size // 2, size + 50_000))


def a_full_disk_for_an_index(home: Home) -> None:
    largest = max((file.stat().st_size for file in home.base_files()), default=10_000)
    home.chance.choice([an_index, a_merge])(home, room=home.chance.randrange(1_000, largest + 1_000))


def a_truncated_file(home: Home) -> None:
    """Noticed, answered from the store meanwhile, and mended by `duijie doctor`, which says so."""
    if files := home.base_files():
        file = home.chance.choice(files)
        file.write_bytes(file.read_bytes()[: home.chance.randrange(max(1, file.stat().st_size))])
        home.assert_sound()
        (mended,) = [finding for finding in examine(Settings(home=home.path), repair=True) if finding.name == "索引"]
        assert mended.repaired
        assert "已由数据库建好" in mended.repaired
        assert mended.advice is None


ACTIONS = (
    *(an_import,) * 4, *(an_index,) * 3, *(a_merge,) * 3, *(a_server,) * 2,
    a_full_disk_for_an_import, a_full_disk_for_an_index, a_truncated_file,
)  # fmt: skip


def test_whatever_dies_nothing_acknowledged_is_lost_and_the_index_answers_as_the_oracle(home: Home) -> None:
    for number in range(ROUNDS):
        if number % len(ACTIONS) == 0:
            order = random.Random(number).sample(ACTIONS, len(ACTIONS))
        order[number % len(ACTIONS)](home)
        home.assert_sound()
    assert home.deaths > ROUNDS // 6  # most others had done their work before, or ran out of room
    (at_last,) = [finding for finding in examine(Settings(home=home.path), repair=True) if finding.name == "索引"]
    assert at_last.advice is None
    assert {path.name for path in (home.path / "index").iterdir()} <= {"CURRENT", "LOCK", home.base_files()[0].parent.name}  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk can be mounted by the superuser only")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_on_a_full_disk_every_command_says_so_and_nothing_is_lost(small_disk: Path, home: Home) -> None:
    full = Home(small_disk / "home", home.chance)
    store = full.store()  # stays open, as in a server: without a byte of room SQLite cannot even begin to read
    file, numbers = full.sheet(rows=400)
    import_files(store, [file], source="test")
    full.acknowledged |= dict.fromkeys(numbers, "test")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as taking:
        while True:
            taking.write(bytes(4096))
    more, _ = home.sheet(rows=4000)
    imported = _duijie(full.path, "import", str(more))
    assert (imported.returncode, "Traceback" in imported.stderr) == (1, False)
    assert "没有存下" in imported.stderr
    indexed = _duijie(full.path, "index")
    assert (indexed.returncode, "Traceback" in indexed.stderr) == (1, False)
    assert "新的索引没有写成" in indexed.stderr
    full.assert_sound()
    filler.unlink()
    assert _duijie(full.path, "index").returncode == 0
    full.assert_sound()
    store.close()


def _duijie(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    environment = os.environ | {"DUIJIE_HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
