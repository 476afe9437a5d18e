"""A base is noticed when it is damaged, published in one step, and survives the death of whoever builds the next."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.base import BaseDamaged, current, open_base
from indexer.entries import Entry
from indexer.local import LocalEngine
from tests.indexer.library import random_entries, random_vector
from tests.indexer.oracle import Oracle, assert_same_hits


def opened(folder: Path) -> LocalEngine:
    return LocalEngine(folder, words="词典一", model="pairs@1")


def library(generation: int) -> list[Entry]:
    """A library of forty entries; each generation has other ids and other contents."""
    return random_entries(np.random.default_rng(generation), range(100 * generation, 100 * generation + 40))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index folder with generation 1 published."""
    opened(tmp_path).build([(library(1), [])], revision=1)
    return tmp_path


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def altered(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[np.random.default_rng(len(content)).integers(len(content))] ^= 1
    file.write_bytes(content)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def missing(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [truncated, altered, emptied, missing])
def test_damage_to_any_file_is_noticed(folder: Path, damage: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> None:  # fmt: skip
    published = current(folder)
    assert published
    names = [file.name for file in published.iterdir()]
    assert {"manifest.json", "ids.npy", "vectors.faiss", "words.rows.npy", "numbers.trl.npy"} <= {*names}
    for name in names:
        copy = tmp_path_factory.mktemp("copy") / "index"
        shutil.copytree(folder, copy)
        damage(copy / published.name / name)
        with pytest.raises(BaseDamaged):
            open_base(copy / published.name)
        engine = opened(copy)
        assert engine.out_of_step
        assert "已损坏" in engine.out_of_step
        assert "duijie index --rebuild" in engine.out_of_step
        assert (engine.count(()), engine.revision, engine.browse(5, ())) == (0, 0, [])
        assert engine.build([(library(2), [])], revision=2).records == 40
        assert opened(copy).out_of_step is None


def test_a_change_anywhere_in_the_manifest_is_noticed(folder: Path) -> None:
    published = current(folder)
    assert published
    manifest = published / "manifest.json"
    content = manifest.read_bytes()
    for place in range(0, len(content), 7):
        manifest.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BaseDamaged):
            open_base(published)
    manifest.write_bytes(content)
    open_base(published)


@pytest.mark.parametrize("pointed", [b"base-0000000009-nowhere\n", b"", b"\xff\xfe\x00", b"../..\n"])
def test_a_pointer_to_nothing_is_noticed(folder: Path, pointed: bytes) -> None:
    (folder / "CURRENT").write_bytes(pointed)
    engine = opened(folder)
    assert engine.out_of_step
    assert engine.count(()) == 0


@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", '{"format": 1}', '{"format": 99}', '{"format": 1, "files": [], "digest": ""}']
)
def test_a_manifest_of_another_make_is_noticed(folder: Path, content: str) -> None:
    published = current(folder)
    assert published
    (published / "manifest.json").write_text(content, "utf-8")
    assert opened(folder).out_of_step


def test_without_a_pointer_there_is_no_base_and_nothing_wrong(tmp_path: Path) -> None:
    engine = opened(tmp_path / "not yet")
    assert (engine.out_of_step, engine.count(()), engine.base_revision) == (None, 0, 0)


def test_a_reader_of_the_old_base_keeps_its_answers_after_a_new_one_is_published(folder: Path) -> None:
    reader, vector = opened(folder), random_vector(np.random.default_rng(0))
    was = (reader.near(vector, 10, ()), reader.browse(40, ()), reader.frequencies(["红外"], ()))
    old = current(folder)
    assert not reader.is_superseded
    opened(folder).build([(library(2), [entry.id for entry in library(1)])], revision=2)
    assert old
    assert not old.exists()
    assert reader.is_superseded
    assert (reader.near(vector, 10, ()), reader.browse(40, ()), reader.frequencies(["红外"], ())) == was
    assert opened(folder).browse(100, ()) == Oracle(library(2)).browse(100, ())


def test_who_opens_while_others_publish_gets_a_whole_base(folder: Path) -> None:
    begin, seen = threading.Barrier(2), set()

    def publish_again_and_again() -> None:
        begin.wait()
        for generation in range(2, 17):
            LocalEngine(folder, words="词典一", model="pairs@1", empty=True).build(
                [(library(generation), [])], generation
            )

    publisher = threading.Thread(target=publish_again_and_again)
    publisher.start()
    begin.wait()
    while publisher.is_alive():
        engine = opened(folder)
        assert engine.out_of_step is None
        assert engine.browse(100, ()) == [*range(100 * engine.revision + 39, 100 * engine.revision - 1, -1)]
        seen.add(engine.revision)
    publisher.join()
    assert opened(folder).revision == 16
    assert seen


def test_publishing_leaves_nothing_else_behind(folder: Path) -> None:
    (folder / "base-0000000002-half").mkdir()
    (folder / "CURRENT.half").write_text("base-0000000002-half\n", "utf-8")
    opened(folder).build([], revision=3)
    published = current(folder)
    assert published
    assert {path.name for path in folder.iterdir()} == {"CURRENT", published.name}


BUILDER = """
import os, signal, sys
from pathlib import Path
from indexer.local import LocalEngine
from tests.indexer.test_base import library

folder, touches = sys.argv[1], int(sys.argv[2])

def count_down(event, arguments):
    global touches
    if event in ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove") and folder in str(arguments[0]):
        touches -= 1
        if touches == 0:
            os.kill(os.getpid(), signal.SIGKILL)

engine = LocalEngine(Path(folder), words="词典一", model="pairs@1", empty=True)
sys.addaudithook(count_down)
engine.build([(library(2), [])], revision=2)
"""


def test_a_builder_killed_at_any_moment_leaves_a_usable_base(folder: Path) -> None:
    """The builder kills itself at its n-th touch of the folder: while it writes, before it points, after it pointed, while it removes."""
    vector, killed = random_vector(np.random.default_rng(1)), 0
    for touches in np.random.default_rng(2).integers(2, 80, size=5).tolist():
        ended = subprocess.run([sys.executable, "-c", BUILDER, str(folder), str(touches)], check=False)
        killed += ended.returncode == -signal.SIGKILL
        engine = opened(folder)
        assert engine.out_of_step is None
        assert engine.revision in (1, 2)
        oracle = Oracle(library(engine.revision))
        assert_same_hits(engine.near(vector, 10, ()), oracle.near(vector, 40, ()), 10)
        assert engine.browse(100, ()) == oracle.browse(100, ())
        LocalEngine(folder, words="词典一", model="pairs@1", empty=True).build([(library(1), [])], revision=1)
    assert killed >= 4
