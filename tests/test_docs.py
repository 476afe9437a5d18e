"""Documentation that cannot lie: commands, settings, endpoints and figures are walked."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from service.app import create_app
from service.cli import duijie
from service.installation import Installation
from service.settings import Settings

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
API = (ROOT / "docs/api.md").read_text("utf-8")
READMES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")}


def test_every_command_is_documented_and_no_other() -> None:
    assert set(re.findall(r"^\| `duijie (\w+)", OPERATIONS, re.MULTILINE)) == set(duijie.commands)


@pytest.mark.parametrize(
    "name", [*READMES, "docs/operations.md", "docs/api.md", "CONTRIBUTING.md", "docs/decisions.md"]
)
def test_commands_and_options_that_are_shown_exist(name: str) -> None:
    for command, rest in re.findall(r"duijie (\w+)((?: [^`\n]+)?)", (ROOT / name).read_text("utf-8")):
        if command not in duijie.commands:
            continue
        named = duijie.commands[command]
        within = named.commands.values() if isinstance(named, click.Group) else [named]
        known = {option for one in within for parameter in one.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, f"duijie {command}{rest}"


def test_every_setting_is_documented_and_no_other() -> None:
    read = set(re.findall(r"DUIJIE_[A-Z_]+", (ROOT / "service/settings.py").read_text("utf-8")))
    assert set(re.findall(r"^\| `(DUIJIE_[A-Z_]+)`", OPERATIONS, re.MULTILINE)) == read
    assert len(read) == len(fields(Settings))


@pytest.fixture
def described_operations(tmp_path: Path) -> set[str]:
    """The operations that the application describes: `GET /path` …"""
    with Installation(Settings(home=tmp_path)) as installation:
        paths = create_app(installation).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}


def test_every_operation_of_the_api_is_documented_and_no_other(described_operations: set[str]) -> None:
    assert set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]+)`", API)) == described_operations


@pytest.mark.parametrize(
    "name", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/api.md", "docs/operations.md"]
)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    file = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8")):
        if not target.startswith("http"):
            assert (file.parent / target).exists(), target


def test_the_readmes_show_the_same_figures() -> None:
    tables = {name: re.findall(r"\d\.\d{3}", text.partition("<!-- quality -->")[2]) for name, text in READMES.items()}
    assert tables["README.md"]
    assert tables["README.md"] == tables["README.zh-CN.md"]


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
