"""The direction of arrows: corpus ‹ indexer ‹ service, and inside a package down its map."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["corpus", "indexer", "service"]
SOURCES = [
    file for package in ORDER for file in sorted((ROOT / package).rglob("*.py")) if "migrations" not in file.parts
]


def imports(file: Path) -> set[str]:
    """The modules of this project that a file imports, as package.module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ORDER:
            parts = node.module.split(".")
            names = [alias.name for alias in node.names] if len(parts) == 1 else [parts[1]]
            found |= {f"{parts[0]}.{name}" for name in names}
        elif isinstance(node, ast.Import):
            found |= {".".join(alias.name.split(".")[:2]) for alias in node.names if alias.name.split(".")[0] in ORDER}
    return found


def listed(package: str) -> list[str]:
    """The modules of a package's map, in order."""
    map_ = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))) or ""
    return re.findall(r"^(\w+)/?\s{2,}", map_, re.MULTILINE)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_package_imports_only_those_before_it(file: Path) -> None:
    allowed = ORDER[: ORDER.index(file.relative_to(ROOT).parts[0]) + 1]
    assert {module.split(".")[0] for module in imports(file)} <= set(allowed)


@pytest.mark.parametrize("package", ORDER)
def test_the_map_names_every_module(package: str) -> None:
    present = {file.stem for file in (ROOT / package).glob("*.py")} - {"__init__"}
    present |= {file.parent.name for file in (ROOT / package).glob("*/__init__.py") if file.parent.name != "migrations"}
    assert set(listed(package)) == present


@pytest.mark.parametrize("package", ORDER)
def test_a_file_imports_only_those_above_it_in_the_map(package: str) -> None:
    order = listed(package)
    for file in SOURCES:
        place = file.relative_to(ROOT).parts
        if place[0] != package or place[1] == "__init__.py":
            continue
        own = place[1].removesuffix(".py")
        above = order[: order.index(own) + 1]
        used = {module.split(".")[1] for module in imports(file) if module.startswith(f"{package}.")}
        assert used <= set(above), f"{own} imports {used - set(above)}"


def test_the_indexer_knows_only_records_and_errors_of_the_corpus() -> None:
    allowed = {"corpus.records", "corpus.errors", "corpus.codes", "corpus.vocabulary", "corpus.metrics"}
    for file in SOURCES:
        if file.relative_to(ROOT).parts[0] == "indexer":
            used = {module for module in imports(file) if module.startswith("corpus.")}
            assert used <= allowed, f"{file.name}: {used - allowed}"


def test_only_settings_reads_the_environment() -> None:
    readers = {
        str(file.relative_to(ROOT)) for file in SOURCES if re.search(r"os\.environ|getenv", file.read_text("utf-8"))
    }
    assert readers == {"service/settings.py"}


def test_nothing_is_fetched_from_elsewhere_by_a_page() -> None:
    for file in [*(ROOT / "service/templates").rglob("*"), *(ROOT / "service/static").rglob("*")]:
        if file.is_file():
            assert not re.search(
                r"(?:src|href)=[\"']https?://|url\([\"']?https?://|@import", file.read_text("utf-8")
            ), file.name
