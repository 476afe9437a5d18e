"""Each notebook runs from its first cell to its last, in an empty folder and cut off from the web, and shows what it asks for.

A notebook is executed once, and every test looks at that one run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHOWN = {"text/html", "image/png", "image/svg+xml"}
"""What a table or a figure comes as."""
NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not answer."""


@dataclass(frozen=True)
class Run:
    """A notebook as it stands in the repository, as it came out, and the two folders it could have left something in."""

    written: Any
    executed: Any
    cwd: Path
    temporary: Path


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path: Path = request.param
    written, executed = (nbformat.read(path, as_version=4) for _ in range(2))
    cwd, temporary, jupyter = (tmp_path_factory.mktemp(name) for name in ("cwd", "temporary", "jupyter"))
    searched = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        "PYTHONPATH": os.pathsep.join(searched),
        "TMPDIR": str(temporary),
        "IPYTHONDIR": str(jupyter),
        "JUPYTER_RUNTIME_DIR": str(jupyter),
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
    }
    client = NotebookClient(executed, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(cwd)}})
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        client.execute()
    return Run(written, executed, cwd, temporary)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_the_first_cell_asks_a_question(run: Run) -> None:
    first = run.written.cells[0]

    assert first.cell_type == "markdown"
    assert "？" in first.source.splitlines()[0]


def test_it_shows_a_table_or_a_figure(run: Run) -> None:
    shown = [kind for output in outputs(run.executed) for kind in output.get("data", {})]

    assert SHOWN & set(shown)


def test_it_warns_of_nothing(run: Run) -> None:
    assert [output.text for output in outputs(run.executed) if output.get("name") == "stderr"] == []


def test_it_leaves_nothing_behind(run: Run) -> None:
    assert list(run.cwd.iterdir()) == []
    assert list(run.temporary.iterdir()) == []


def test_it_is_kept_without_outputs(run: Run) -> None:
    nbformat.validate(run.written)

    assert outputs(run.written) == []
    assert {cell.execution_count for cell in run.written.cells if cell.cell_type == "code"} == {None}


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
