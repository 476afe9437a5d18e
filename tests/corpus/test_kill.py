"""Nothing saved is lost: an import is killed at any moment, and what it had reported is there when the store is opened again."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from corpus.intake import import_files
from corpus.store import Store

ROWS, BATCH = 2000, 20
IMPORT = f"""
import sys
from pathlib import Path
import corpus.intake
from corpus.store import Store
corpus.intake.BATCH = {BATCH}
store = Store(sys.argv[1])
corpus.intake.import_files(store, [Path(sys.argv[2])], progress=lambda intake: print(intake.added, flush=True))
"""


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kill") / "成果.csv"
    path.write_text(
        "成果名称,编号,简介\n" + "".join(f"涂层{n},{n:06},第{n}种涂层的简介\n" for n in range(ROWS)), "utf-8"
    )
    return path


@pytest.mark.parametrize("round", range(3))
def test_what_a_killed_import_reported_is_in_the_store(lasting_database: str, sheet: Path, round: int) -> None:
    chance = random.Random(round)
    importing = subprocess.Popen(
        [sys.executable, "-c", IMPORT, lasting_database, str(sheet)], stdout=subprocess.PIPE, text=True
    )
    assert importing.stdout is not None
    reported = 0
    for _ in range(chance.randrange(1, 40)):
        reported = int(importing.stdout.readline())
    for _ in range(chance.randrange(200_000)):  # somewhere within the next batches, not just after a report
        pass
    importing.send_signal(signal.SIGKILL)
    reported = max([reported, *map(int, importing.stdout.read().split())])
    assert importing.wait() in (-signal.SIGKILL, 0)  # 0 where this test had to wait so long that the import was done

    store = Store(lasting_database)
    held = store.counts()["achievement"]
    assert reported <= held <= ROWS
    assert held % BATCH == 0
    assert store.revision() == held == len(list(store.changes_after(0, store.revision())))
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    report = import_files(store, [sheet])
    assert (report.added, report.changed, report.unchanged) == (ROWS - held, 0, held)
    store.close()
