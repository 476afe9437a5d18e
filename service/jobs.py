"""Bulk matching in the background: a job's folder, and the process that works through what waits.

    bulk/ID/demands.xlsx   what was sent      matches.jsonl (or its beginnings)   refused.jsonl   about.json

One process at a time for an installation, of low priority; it may be killed at any moment, and goes on where it was.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from corpus.errors import DuijieError
from corpus.jobs import Job, Jobs
from service.bulk import Done, bulk, demands_in
from service.installation import Installation
from service.resuming import StartedOtherwise, Step
from service.settings import from_environment, make_home
from service.viewer import Viewer, viewer_of

TOLD = 100
"""Refused rows that a job names; its list of refused rows holds all."""
_NOTED = 0.5
"""Seconds between two notes of how far it is."""
_OWN = ("matches.", "refused.", "about.")

log = logging.getLogger("duijie")


class OwnerGone(DuijieError):
    """提交这个批量匹配的账号已停用。"""


class _Cancelled(Exception):
    """Nobody wants it any more."""


def folder_of(home: Path, id: str) -> Path:
    return home / "bulk" / id


def place_for(folder: Path, name: str) -> Path:
    """Where a file that was sent under a name is kept: beside the files of the job's own."""
    return folder / (f"需求 {name}" if name.startswith(_OWN) else name)


def work() -> None:
    """Work through what waits, as a process of its own; at once nothing where another one does."""
    with Installation(make_home(from_environment())) as installation:
        work_through(installation)


def work_through(installation: Installation) -> None:
    home, jobs = installation.settings.home, installation.jobs
    with _alone(home) as is_alone:
        if not is_alone:
            return
        for id in jobs.expired():
            remove(home, jobs, id)
        while job := jobs.next():
            run(installation, job)


def is_worked_on(home: Path) -> bool:
    """Whether a process works through what waits."""
    with _alone(home) as is_alone:
        return not is_alone


def remove(home: Path, jobs: Jobs, id: str) -> None:
    jobs.delete(id)
    shutil.rmtree(folder_of(home, id), ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    (home / "bulk").mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "bulk" / "LOCK")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def run(installation: Installation, job: Job) -> None:
    """A job from where it is to its end, which is noted however it comes."""
    jobs = installation.jobs
    try:
        viewer = _owner(installation, job)
        if not jobs.begin(job, seen=sorted(viewer.tokens)):
            return
        done = _matched(installation, job, viewer)
    except _Cancelled:
        return
    except DuijieError as error:
        jobs.end(job.id, "failed", error=str(error))
    except Exception:
        log.exception("批量匹配 %s 出错", job.id)
        jobs.end(job.id, "failed", error="出现了意外的错误，已记入服务器日志。")
    else:
        jobs.end(job.id, "done", done=done.demands + done.refused, refused=done.refused, matches=done.matches)


def _owner(installation: Installation, job: Job) -> Viewer:
    account = installation.accounts.get(job.owner)
    if account.is_disabled:
        raise OwnerGone()
    return viewer_of(account)


def _matched(installation: Installation, job: Job, viewer: Viewer) -> Done:
    """Its matches, in its folder. Where the library changed since it was begun, all of them anew: they are of one state of it."""
    folder, options = folder_of(installation.settings.home, job.id), job.options
    file, mapping = folder / job.file, options["columns"]
    noted = _Noted(installation, job, demands_in(file, mapping))
    matching = partial(
        bulk,
        installation,
        file,
        folder / "matches.jsonl",
        viewer=viewer,
        limit=options["limit"],
        where=options["where"],
        mode=options["mode"],
        mapping=mapping,
        refused=folder / "refused.jsonl",
    )
    try:
        done = matching(told=noted.step, progress=noted.progress)
    except StartedOtherwise:
        noted = _Noted(installation, job, noted.total)
        done = matching(told=noted.step, progress=noted.progress, anew=True)
    noted.note()
    about = folder / "about.json"
    about.write_text(json.dumps(done.about, ensure_ascii=False), "utf-8")
    return done


@dataclass
class _Noted:
    """How far a job is, noted every now and then. Raises _Cancelled where it is not wanted any more."""

    installation: Installation
    job: Job
    total: int
    done: int = 0
    refused: int = 0
    matches: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    resumed: int | None = None
    began: float = field(default_factory=time.monotonic)
    at: float = 0.0

    def step(self, step: Step) -> None:
        self.done += 1
        if "refused" in step:
            self.refused += 1
            if len(self.refusals) < TOLD:
                self.refusals.append({name: step["refused"][name] for name in ("file", "line", "reason")})
        else:
            self.matches += len(step["hits"])

    def progress(self, count: int) -> None:
        if self.resumed is None:
            self.resumed, self.began = count, time.monotonic()
        if time.monotonic() - self.at >= _NOTED:
            self.note()

    def note(self) -> None:
        self.at = time.monotonic()
        index = self.installation.index
        here = self.done - (self.resumed or 0)
        is_wanted = self.installation.jobs.progress(
            self.job.id,
            done=self.done,
            total=self.total,
            refused=self.refused,
            matches=self.matches,
            refusals=list(self.refusals),
            rate=round(here / (self.at - self.began), 1) if here else None,
            revision=index.engine.revision,
            model=index.encoder.fingerprint if index.encoder else None,
        )
        if not is_wanted:
            raise _Cancelled


def told(job: Job) -> dict[str, Any]:
    """A job as programs are told of it."""
    names = (
        "id", "state", "file", "options", "done", "total", "rate", "seconds_left", "refused", "refusals", "matches", "revision", "model", "error",
    )  # fmt: skip
    times = {name: getattr(job, name) for name in ("created_at", "started_at", "finished_at")}
    webhook = {"url": job.webhook, "tries": job.webhook_tries, "told": job.webhook_told} if job.webhook else None
    values = {name: getattr(job, name) for name in names}
    return {
        **values,
        **{name: f"{at.isoformat(timespec='seconds')}Z" if at else None for name, at in times.items()},
        "webhook": webhook,
        "results": f"/api/v1/bulk-matches/{job.id}/results",
    }
