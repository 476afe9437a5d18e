"""The wheel that `pip install .` makes holds everything a newcomer needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("duijie-*.whl")))


def test_it_holds_every_file_of_the_three_packages(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "corpus", "indexer", "service"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert listed
    assert set(listed) <= set(wheel.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "corpus/samples/achievements.jsonl",
        "corpus/samples/demands.jsonl",
        "corpus/vocabularies/industries.csv",
        "corpus/migrations/versions/0001_first_tables.py",
        "indexer/dictionary/words.txt",
        "indexer/model/model.safetensors",
        "indexer/model/tokenizer.json",
        "indexer/contextual_model/model.safetensors",
        "service/templates/search.html",
        "service/static/components.css",
    ],
)
def test_it_holds_data_model_and_pages(wheel: zipfile.ZipFile, name: str) -> None:
    assert wheel.getinfo(name).file_size == (ROOT / name).stat().st_size


def test_it_gives_the_command_and_brings_no_tests(wheel: zipfile.ZipFile) -> None:
    entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "duijie = service.cli:main" in wheel.read(entry_points).decode()
    assert {name.split("/")[0] for name in wheel.namelist()} == {
        "corpus",
        "indexer",
        "service",
        entry_points.split("/")[0],
    }


def test_it_stays_small(wheel: zipfile.ZipFile) -> None:
    assert sum(info.compress_size for info in wheel.infolist()) < 40 * 2**20
    assert sum(i.file_size for i in wheel.infolist() if i.filename.startswith("indexer/model/")) <= 30 * 2**20
