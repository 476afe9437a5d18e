"""Jobs: many demands matched at once in the background, how far each is, and who is to be told when it is done.

    waiting → running → done | failed        either of the first two → cancelled

A job that was running when its process died is run again; one that dies three times without getting on has failed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.database import writing
from corpus.errors import BadInput, DuijieError
from corpus.tables import jobs

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OPEN = ("waiting", "running")
WAITING = 20
"""Jobs of one owner that may wait or run at once."""
TRIES = 3
"""How often a job is begun without getting on."""
KEPT = timedelta(days=30)
"""How long a job's results are kept."""


class JobUnknown(DuijieError):
    """没有编号为 {id} 的批量匹配。做完 30 天后，它和结果会一起删去。"""


class KeyReused(BadInput):
    """Idempotency-Key “{key}”已用于另一份需求或另外的选项（{id}）。请换一个。"""


class TooManyJobs(DuijieError):
    """您已有 {most} 个批量匹配在等待或进行。请等做完一些，或取消几个。"""


@dataclass(frozen=True, slots=True)
class Job:
    """`done` counts rows, of which `refused` were no demands; `refusals` are the first of those. `seen` are the audiences it was made for."""

    id: str
    owner: int
    key: str | None
    digest: str
    file: str
    options: Mapping[str, Any]
    state: State
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    done: int
    total: int | None
    rate: float | None
    refused: int
    refusals: Sequence[Mapping[str, Any]]
    matches: int
    seen: Sequence[str]
    revision: int | None
    model: str | None
    error: str | None
    webhook: str | None
    webhook_secret: str | None
    webhook_at: datetime | None
    webhook_tries: int
    webhook_told: str | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def seconds_left(self) -> float | None:
        """None where nobody knows."""
        if self.state != "running" or not self.rate or self.total is None:
            return None
        return round(max(0, self.total - self.done) / self.rate, 1)


class Jobs:
    def __init__(self, engine: sa.Engine, *, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def new_id(self) -> str:
        return secrets.token_hex(8)

    def add(
        self,
        id: str,
        owner: int,
        *,
        file: str,
        digest: str,
        options: Mapping[str, Any],
        key: str | None = None,
        webhook: str | None = None,
        webhook_secret: str | None = None,
    ) -> Job:
        """The job, or the owner's earlier one of the same key. Raises KeyReused where that was asked otherwise, TooManyJobs."""
        if key is not None and (held := self._of_key(owner, key)):
            return _same(held, digest, key)
        row = {
            "id": id, "owner": owner, "key": key, "digest": digest, "file": file, "options": dict(options), "state": "waiting",
            "created_at": self.clock(), "attempts": 0, "done": 0, "refused": 0, "refusals": [], "matches": 0, "seen": [],
            "webhook": webhook, "webhook_secret": webhook_secret, "webhook_tries": 0,
        }  # fmt: skip
        waiting = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.owner == owner, jobs.c.state.in_(OPEN))
        try:
            with writing(self.engine) as connection:
                if (connection.scalar(waiting) or 0) >= WAITING:
                    raise TooManyJobs(most=WAITING, seconds=60)
                connection.execute(jobs.insert().values(row))
        except sa.exc.IntegrityError:  # the same key at the same moment
            held = self._of_key(owner, key or "")
            if held is None:
                raise
            return _same(held, digest, key or "")
        return self.get(id)

    def get(self, id: str, *, owner: int | None = None) -> Job:
        """A job, of an owner if given. Raises JobUnknown."""
        found = self._all(jobs.c.id == id)
        if not found or (owner is not None and found[0].owner != owner):
            raise JobUnknown(id=id[:40])
        return found[0]

    def of(self, owner: int, *, limit: int = 50) -> list[Job]:
        """The latest first."""
        return self._all(jobs.c.owner == owner, sa.desc(jobs.c.created_at), limit)

    def next(self) -> Job | None:
        """The one to be worked on: what was interrupted goes on, then whoever waits longest."""
        found = self._all(jobs.c.state.in_(OPEN), jobs.c.state, limit=1)
        return found[0] if found else None

    def waiting(self) -> list[Job]:
        """Those that are not over, in the order in which they are worked on."""
        return self._all(jobs.c.state.in_(OPEN), jobs.c.state)

    def begin(self, job: Job, *, seen: Sequence[str]) -> bool:
        """It runs. False where it is not wanted any more; it has failed where it was begun too often."""
        if job.attempts >= TRIES:
            self.end(job.id, "failed", error=f"做这件事的进程中断了 {TRIES} 次，没有进展。请把文件分小些再试")
            return False
        began = {"state": "running", "started_at": job.started_at or self.clock(), "attempts": job.attempts + 1}
        return self._set(job.id, **began, seen=list(seen), error=None)

    def progress(self, id: str, **values: object) -> bool:
        """Note how far it is; False where it was cancelled."""
        return self._set(id, attempts=0, **values)

    def end(self, id: str, state: State, **values: object) -> bool:
        """It is over, unless it was before; whoever wanted to be told will be, unless it was cancelled."""
        at = self.clock()
        told = {} if state == "cancelled" else {"webhook_at": at}
        return self._set(id, state=state, finished_at=at, **told, **values)

    def cancel(self, id: str) -> None:
        """It goes no further; what was done stays."""
        self.end(id, "cancelled")

    def delete(self, id: str) -> None:
        with writing(self.engine) as connection:
            connection.execute(jobs.delete().where(jobs.c.id == id))

    def expired(self) -> list[str]:
        """Those that were over too long ago to be kept."""
        return [job.id for job in self._all(jobs.c.finished_at < self.clock() - KEPT)]

    def to_tell(self, pause: timedelta) -> Job | None:
        """A job whose end is to be told now; nobody else is handed it before the pause is over."""
        at = self.clock()
        due = sa.and_(jobs.c.webhook.is_not(None), jobs.c.webhook_at <= at)
        found = self._all(due, jobs.c.webhook_at, limit=1)
        if not found:
            return None
        claim = jobs.update().where(jobs.c.id == found[0].id, due).values(webhook_at=at + pause)
        with writing(self.engine) as connection:
            is_mine = connection.execute(claim).rowcount == 1
        return found[0] if is_mine else None

    def told(self, id: str, said: str, *, again: timedelta | None) -> None:
        """What came of telling; `again` is when to try once more, None for no more: its secret is forgotten."""
        later = self.clock() + again if again is not None else None
        forgotten = {} if again is not None else {"webhook_secret": None}
        values = {"webhook_tries": jobs.c.webhook_tries + 1, "webhook_told": said, "webhook_at": later, **forgotten}
        with writing(self.engine) as connection:
            connection.execute(jobs.update().where(jobs.c.id == id).values(values))

    def _set(self, id: str, **values: object) -> bool:
        change = jobs.update().where(jobs.c.id == id, jobs.c.state.in_(OPEN)).values(values)
        with writing(self.engine) as connection:
            return connection.execute(change).rowcount == 1

    def _of_key(self, owner: int, key: str) -> Job | None:
        found = self._all(sa.and_(jobs.c.owner == owner, jobs.c.key == key))
        return found[0] if found else None

    def _all(
        self, condition: sa.ColumnElement[bool], order: sa.ColumnElement[Any] | None = None, limit: int | None = None
    ) -> list[Job]:
        by = [jobs.c.created_at, jobs.c.id] if order is None else [order, jobs.c.created_at, jobs.c.id]
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(jobs).where(condition).order_by(*by).limit(limit)).mappings().all()
        return [Job(**row) for row in rows]


def _same(held: Job, digest: str, key: str) -> Job:
    if held.digest != digest:
        raise KeyReused(key=key[:60], id=held.id)
    return held
