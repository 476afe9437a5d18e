"""A server sees to it that jobs are worked on, by a process of their own, and that their ends are told.

Of several servers on one home only one process works at a time; it ends when nothing waits, and with the server that began it. Killed with all
of them, its job goes on with the next server.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from indexer.processes import in_background
from service.installation import Installation
from service.jobs import is_worked_on
from service.settings import environment
from service.webhooks import deliver_due

PAUSE = 0.5
"""Seconds between two looks."""
AFTER_FAILURE = 30.0
"""Seconds before what failed at once is tried again."""
_AT_ONCE = 5.0
_ENDING = 10.0

log = logging.getLogger("duijie")


@contextmanager
def working(installation: Installation) -> Iterator[None]:
    """Work on jobs and tell of them until the context ends."""
    end = threading.Event()
    works = [_worked, _told]
    threads = [threading.Thread(target=work, args=(installation, end), name=work.__name__) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


def _worked(installation: Installation, end: threading.Event) -> None:
    pause = PAUSE
    while not end.wait(pause):
        pause = _safely(lambda: _work(installation, end))


def _told(installation: Installation, end: threading.Event) -> None:
    private = installation.settings.webhook_private
    pause = PAUSE
    while not end.wait(pause):
        pause = _safely(lambda: PAUSE if not deliver_due(installation.jobs, private=private) else 0)


def _safely(work: Callable[[], float]) -> float:
    """Seconds until the next look."""
    try:
        return work()
    except Exception:
        log.exception("批量匹配的后台出错，%d 秒后再试", AFTER_FAILURE)
        return AFTER_FAILURE


def _work(installation: Installation, end: threading.Event) -> float:
    if installation.jobs.next() is None or is_worked_on(installation.settings.home):
        return PAUSE
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        in_background("service.jobs", "work"),
        env=environment(installation.settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        while process.poll() is None and not end.wait(PAUSE):
            pass
    finally:
        process.terminate()
        _, said = process.communicate(timeout=_ENDING)
    if process.returncode > 0 and not end.is_set():
        log.error("批量匹配的进程没有做成：%s", said.decode(errors="replace").strip()[-500:])
        return AFTER_FAILURE if time.monotonic() - began < _AT_ONCE else PAUSE
    return PAUSE
