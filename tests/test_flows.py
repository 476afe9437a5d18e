"""The two lines of Duijie, whole, across processes that are really killed.

Servers are real (`duijie serve` on loopback), so is `kill -9`; every wait is bounded.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from corpus.accounts import Accounts
from corpus.store import Store
from service.access import SESSION
from service.answers import search
from service.installation import Installation
from service.settings import Settings
from service.viewer import MACHINE

PATIENCE = 60.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from service.cli import main; main()", *arguments]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUIJIE_")}
    return kept | {"DUIJIE_HOME": str(home), "OMP_NUM_THREADS": "1"}


def duijie(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(home), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextmanager
def server(home: Path) -> Iterator[httpx.Client]:
    """A server process on a free port, killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(command("serve", "--port", str(port)), env=environment(home), stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            _wait_until_ready(client, process)
            client.cookies.set(SESSION, _session(home))
            yield client
    finally:
        process.kill()
        process.wait()


def _session(home: Path) -> str:
    """A session of an operator of the installation."""
    store = Store(f"sqlite:///{home}/duijie.db")
    accounts = Accounts(store.engine)
    account = accounts.add(f"operator-{uuid4().hex[:8]}", "four horses stand still", role="operator")
    token = accounts.begin(account)
    store.close()
    return token


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the server was not ready in time")


def titles(client: httpx.Client, q: str) -> list[str]:
    answer = client.get("/api/v1/search", params={"q": q, "limit": 5})
    assert answer.status_code == 200, answer.text
    return [hit["title"] for hit in answer.json()["hits"]]


def write_achievements(file: Path, count: int) -> list[str]:
    """A file of records, each findable by a code of its own."""
    rng = random.Random(4754)
    subjects = ["钕铁硼磁环", "印染废水回用", "短波红外相机", "谐波减速器", "固态电池", "茶叶杀青", "隧道超前支护"]
    codes = [f"dj-{number:05d}x" for number in range(count)]
    lines = [
        json.dumps(
            {"编号": code, "成果名称": f"{rng.choice(subjects)} {code}", "简介": rng.choice(subjects) * 30},
            ensure_ascii=False,
        )
        for code in codes
    ]
    file.write_text("\n".join(lines), "utf-8")
    return codes


def test_a_file_of_records_becomes_ranked_matches(tmp_path: Path) -> None:
    """file → rows → records → store → index → question → ranked matches, by the commands a person types."""
    file = tmp_path / "成果.csv"
    file.write_bytes(
        "成果名称,编号,成果简介,所在地\n钕铁硼晶界扩散,A1,重稀土用量减少,宁波\n印染废水回用,A2,膜法,绍兴\n".encode(
            "gb18030"
        )
    )
    home = tmp_path / "home"
    imported = duijie(home, "import", str(file), "--json")
    assert json.loads(imported.stdout)["added"] == 2, imported.stderr
    assert json.loads(duijie(home, "index", "--json").stdout)["records"] == 2
    answer = json.loads(duijie(home, "search", "磁体少用重稀土", "--json").stdout)
    assert answer["hits"][0]["source_id"] == "A1"


def test_two_servers_on_one_home_find_each_others_records_at_once(tmp_path: Path) -> None:
    with server(tmp_path) as one, server(tmp_path) as other:
        for number in range(5):
            title = f"第{number}号样机 QX-{number}00/B"
            posted = one.post("/api/v1/achievements", json={"title": title})
            (id,) = posted.json()["added"]
            assert titles(one, f"QX-{number}00/B")[0] == title
            assert titles(other, f"QX-{number}00/B")[0] == title
            assert other.delete(f"/api/v1/achievements/{id}").status_code == 200
            assert title not in titles(one, f"QX-{number}00/B") + titles(other, f"QX-{number}00/B")
        one.post("/api/v1/achievements", json={"title": "建索引之前的 WW-77"})
        assert duijie(tmp_path, "index").returncode == 0  # a new base is published while both serve
        one.post("/api/v1/achievements", json={"title": "建索引之后的 WW-78"})
        for client in (one, other):
            assert titles(client, "WW-77")[0] == "建索引之前的 WW-77"
            assert titles(client, "WW-78")[0] == "建索引之后的 WW-78"


def test_what_a_killed_server_acknowledged_is_there_after_restart(tmp_path: Path) -> None:
    with server(tmp_path) as client:
        for number in range(20):
            assert client.post("/api/v1/achievements", json={"title": f"记录 KZ-{number:02d}"}).status_code == 201
    with server(tmp_path) as client:  # the first was killed with signal 9
        assert all(titles(client, f"KZ-{number:02d}")[0] == f"记录 KZ-{number:02d}" for number in range(20))


@pytest.mark.parametrize("round_", range(4))
def test_an_import_killed_at_any_moment_keeps_what_it_wrote_and_can_be_repeated(tmp_path: Path, round_: int) -> None:
    file, home = tmp_path / "成果.jsonl", tmp_path / "home"
    codes = write_achievements(file, 6000)
    process = subprocess.Popen(command("import", str(file)), env=environment(home), stdout=subprocess.PIPE)
    _kill_after(process, home, random.Random(round_).uniform(0.0, 1.0))
    with Installation(Settings(home=home)) as installation:
        held = installation.store.counts()["achievement"]
        assert held == installation.store.revision()  # whole batches, no number skipped
        for code in codes[:held:500]:
            assert search(installation, code, viewer=MACHINE, limit=1).hits[0].record.source_id == code
    again = json.loads(duijie(home, "import", str(file), "--json").stdout)
    assert (again["added"], again["unchanged"], again["refused"]) == (6000 - held, held, [])


@pytest.mark.parametrize("round_", range(4))
def test_an_index_killed_at_any_moment_needs_no_repair(tmp_path: Path, round_: int) -> None:
    file, home = tmp_path / "成果.jsonl", tmp_path / "home"
    codes = write_achievements(file, 3000)
    assert duijie(home, "import", str(file)).returncode == 0
    process = subprocess.Popen(command("index"), env=environment(home), stdout=subprocess.PIPE)
    time.sleep(random.Random(round_).uniform(0.5, 3.0))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    with Installation(Settings(home=home)) as installation:
        assert search(installation, codes[1234], viewer=MACHINE, limit=1).hits[0].record.source_id == codes[1234]
    built = duijie(home, "index", "--json")
    assert json.loads(built.stdout)["records"] == 3000, built.stderr
    assert duijie(home, "doctor").returncode == 0


def _kill_after(process: subprocess.Popen[bytes], home: Path, seconds: float) -> None:
    """Kill once the store exists and the seconds have passed, unless it ended before."""
    until = time.monotonic() + PATIENCE
    while not (home / "duijie.db").exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
