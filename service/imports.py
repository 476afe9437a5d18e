"""Imports asked for over HTTP: a file is received, looked at, run by a process of its own, and what it refused is kept to be fetched.

    home/imports/ID/    the file as it was sent; asked.json: how it is to be read; came.json: what came of it; 退回.xlsx

A run that was killed is run again: rows that are in already stay as they are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import uuid4

from filelock import FileLock, Timeout

from corpus.accounts import Accounts
from corpus.errors import DuijieError
from corpus.intake import Intake, import_files
from corpus.records import KINDS
from corpus.refusals import write_refused
from corpus.rows import FileUnreadable
from corpus.sheets import SUFFIXES
from corpus.store import Store
from indexer.processes import in_background
from service.looking import Look, look
from service.settings import Settings, environment, from_environment
from service.viewer import MACHINE, Viewer, viewer_of

SHOWN = 50
"""Refused rows that are told one by one."""
KEPT = 30 * 86_400
"""Seconds after which a file that was sent is removed, with what came of it."""
_STARTING = 60
"""Seconds that a process may take to start."""
State = Literal["new", "running", "interrupted", "done", "failed"]


class ImportNotFound(DuijieError):
    """没有编号为 {id} 的导入。它可能已被删除，或者已过了三十天。"""


class ImportRunning(DuijieError):
    """这次导入正在进行，等它做完再改。"""


@dataclass(frozen=True)
class Asked:
    """How a file is to be read: what is None is for the file to say. A column mapped to nothing is passed over."""

    file: str
    account: int | None
    at: str
    kind: str | None = None
    source: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    begun: bool = False


@dataclass(frozen=True)
class Came:
    """What came of it so far; `said` tells why it failed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    first_refused: Sequence[Mapping[str, Any]] = ()
    ended: bool = False
    said: str | None = None

    @property
    def rows(self) -> int:
        return self.added + self.changed + self.unchanged + self.refused


@dataclass(frozen=True)
class Import:
    """One import, by its folder."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def asked(self) -> Asked:
        return Asked(**json.loads((self.folder / "asked.json").read_text("utf-8")))

    @property
    def file(self) -> Path:
        return self.folder / self.asked.file

    @property
    def refused_file(self) -> Path | None:
        """The rows that were refused, to be mended and imported."""
        file = self.folder / f"退回-{Path(self.asked.file).stem}.xlsx"
        return file if file.is_file() else None

    @property
    def came(self) -> Came:
        try:
            return Came(**json.loads((self.folder / "came.json").read_text("utf-8")))
        except FileNotFoundError:
            return Came()

    @property
    def state(self) -> State:
        came = self.came
        if came.ended:
            return "failed" if came.said else "done"
        if not self.asked.begun:
            return "new"
        return "running" if self.is_running or self._is_starting else "interrupted"

    @property
    def is_running(self) -> bool:
        try:
            with self.lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    @property
    def lock(self) -> FileLock:
        """Held by the process that runs it; the system lets go of it when that process ends."""
        return FileLock(self.folder / "LOCK")

    @property
    def _is_starting(self) -> bool:
        """Whether it was begun a moment ago, and its process has told nothing yet."""
        return not self.came.rows and time.time() - (self.folder / "asked.json").stat().st_mtime < _STARTING

    def ask(self, **changes: Any) -> None:
        """Read it otherwise. Raises ImportRunning."""
        if self.is_running:
            raise ImportRunning()
        (self.folder / "came.json").unlink(missing_ok=True)
        _write(self.folder / "asked.json", asdict(replace(self.asked, **{"begun": False, **changes})))

    def look(self) -> Look:
        """The first rows, as an import would take or refuse them."""
        asked = self.asked
        return look(self.file, KINDS[asked.kind] if asked.kind else None, asked.source, asked.mapping)

    def begin(self, settings: Settings) -> None:
        """Run it in a process of its own, from the beginning. Raises ImportRunning."""
        self.ask(begun=True)
        command = in_background(__name__, "work", self.folder.resolve())
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.Popen(command, env=environment(settings), start_new_session=True, **quiet)  # type: ignore[call-overload]  # noqa: S603

    def remove(self) -> None:
        """The file and what is known of it; the records stay. Raises ImportRunning."""
        if self.is_running:
            raise ImportRunning()
        shutil.rmtree(self.folder)


def receive(home: Path, name: str, content: BinaryIO, account: int | None) -> Import:
    """Keep a file that was sent. Raises FileUnreadable for one of another form."""
    if Path(name).suffix.lower() not in SUFFIXES:
        raise FileUnreadable(file=name, reason="只认识 .csv、.xlsx 和 .jsonl")
    _sweep(home)
    folder = home / "imports" / uuid4().hex
    folder.mkdir(parents=True)
    with (folder / name).open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    asked = Asked(name, account, datetime.now(UTC).isoformat(timespec="seconds"))
    _write(folder / "asked.json", asdict(asked))
    return Import(folder)


def imports(home: Path, viewer: Viewer) -> list[Import]:
    """Those that a viewer sent, latest first; operators see all: a sheet holds what not every broker may read."""
    every = [Import(file.parent) for file in (home / "imports").glob("*/asked.json")]
    own = [one for one in every if viewer.role == "operator" or one.asked.account == viewer.account]
    return sorted(own, key=lambda one: one.asked.at, reverse=True)


def import_of(home: Path, id: str, viewer: Viewer) -> Import:
    """Raises ImportNotFound, for another's as for one that is not there."""
    found = next((one for one in imports(home, viewer) if one.id == id), None)
    if found is None:
        raise ImportNotFound(id=id)
    return found


def work() -> None:
    """What that process does."""
    run(sys.argv[1])


def run(folder: str) -> None:
    """The whole of it, in the present process; nothing where another is at it."""
    this = Import(Path(folder))
    try:
        with this.lock.acquire(timeout=0):
            _run(this, Store(from_environment().database_url))
    except Timeout:
        return


def _run(this: Import, store: Store) -> None:
    asked, intake, said = this.asked, Intake(), None
    try:
        import_files(
            store,
            [this.file],
            kind=KINDS[asked.kind] if asked.kind else None,
            source=asked.source,
            mapping=asked.mapping,
            progress=lambda report: _write(this.folder / "came.json", asdict(_came(report))),
            intake=intake,
            admit=_sender(store, asked).admitted,
        )
    except DuijieError as told:
        said = str(told)
    finally:
        store.close()
    if intake.unreadable:
        said = str(intake.unreadable[0])
    write_refused(intake.refused, this.folder / f"退回-{Path(asked.file).stem}.xlsx")
    _write(this.folder / "came.json", asdict(replace(_came(intake), ended=True, said=said)))


def _sender(store: Store, asked: Asked) -> Viewer:
    """Who sent it, as they are now."""
    return viewer_of(Accounts(store.engine).get(asked.account)) if asked.account is not None else MACHINE


def _came(intake: Intake) -> Came:
    rows = [refusal for refusal in intake.refused if refusal.cells]
    first = [{"sheet": row.file, "line": row.line, "reason": row.reason} for row in rows[:SHOWN]]
    return Came(intake.added, intake.changed, intake.unchanged, len(rows), first)


def _sweep(home: Path) -> None:
    for one in _old(home):
        shutil.rmtree(one, ignore_errors=True)


def _old(home: Path) -> Iterator[Path]:
    for file in (home / "imports").glob("*/asked.json"):
        if time.time() - file.stat().st_mtime > KEPT:
            yield file.parent


def _write(file: Path, document: Mapping[str, Any]) -> None:
    """In one step, so that who reads it finds it whole."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    part.replace(file)
