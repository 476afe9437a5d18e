"""What goes on in a server beside its searches: imports are taken in, and when much has gathered above the base, a new one is built beside.

The building is a process of its own, of low priority, so that it takes neither the interpreter nor the cores from searches. Of several
servers on one home only one builds; each changes over by itself.
"""

from __future__ import annotations

import logging
import math
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import Timeout

from indexer.processes import in_background
from service.installation import Installation
from service.settings import environment

PAUSE = 0.5
"""Seconds between two looks."""
AFTER_FAILURE = 60.0
"""Seconds before what failed is tried again."""
_ENDING = 10.0

log = logging.getLogger("duijie")


@contextmanager
def upkeep(installation: Installation) -> Iterator[None]:
    """Keep an installation up until the context ends."""
    end = threading.Event()
    thread = threading.Thread(target=_kept_up, args=(installation, end), name="upkeep")
    installation.is_kept_up = True
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        installation.is_kept_up = False


def _kept_up(installation: Installation, end: threading.Event) -> None:
    pause = PAUSE
    _warmed(installation)
    while not end.wait(pause):
        try:
            pause = PAUSE if _looked_after(installation, end) else AFTER_FAILURE
        except Exception:
            log.exception("后台维护索引时出错，%d 秒后再试", AFTER_FAILURE)
            pause = AFTER_FAILURE


def _warmed(installation: Installation) -> None:
    """Ask something, so that nobody's first question waits for what is reckoned or read from the disk once."""
    try:
        installation.index.find(installation.index.reader.read("电机运行时噪声大"))
    except Exception:
        log.exception("试查时出错")


def _looked_after(installation: Installation, end: threading.Event) -> bool:
    """False where something is wrong that the next look would find as it is."""
    sound = not installation.index.engine.is_superseded or installation.renew()
    installation.take_in(installation.store.revision(), math.inf)
    if sound and not installation.is_far_behind:
        return True
    if _is_being_built(installation):
        return sound
    return _built(installation, end) and installation.renew()


def _is_being_built(installation: Installation) -> bool:
    try:
        with installation.index.building().acquire(timeout=0):
            return False
    except Timeout:
        return True


def _built(installation: Installation, end: threading.Event) -> bool:
    """Have a new base published; False if that failed."""
    builder = subprocess.Popen(  # noqa: S603
        in_background("service.cli", "main", "index", "--json"),
        env=environment(installation.settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        while builder.poll() is None and not end.wait(PAUSE):
            installation.take_in(installation.store.revision(), math.inf)
    finally:
        builder.terminate()
        _, said = builder.communicate(timeout=_ENDING)
    if builder.returncode and not end.is_set():
        log.error("后台建立索引没有成功：%s", said.decode(errors="replace").strip()[-500:])
    return builder.returncode == 0 and installation.index.engine.is_superseded
