"""Work that goes on beside a server's answers: done again and again in a thread, by one process at a time, giving way to whoever asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import DuijieError
from service.traffic import Traffic

AFTER_FAILURE = 60.0
"""Seconds before what failed is tried again."""
GiveWay = Callable[[], bool]
"""Waits while somebody is being answered; False once the work is to end."""
log = logging.getLogger("duijie")


@contextmanager
def alone(file: Path, elsewhere: type[DuijieError]) -> Iterator[None]:
    """Under a lock that ends with its process. Raises `elsewhere` where another process holds it."""
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise elsewhere() from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def repeated(
    name: str, work: Callable[[GiveWay], object], traffic: Traffic, *, pause: float, elsewhere: type[DuijieError]
) -> Iterator[None]:
    """Do it in a thread until the context ends; what it raises is logged under its name and tried again later, `elsewhere` is not."""
    end = threading.Event()
    thread = threading.Thread(target=_again_and_again, args=(name, work, traffic, end, pause, elsewhere), name=name)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _again_and_again(
    name: str,
    work: Callable[[GiveWay], object],
    traffic: Traffic,
    end: threading.Event,
    pause: float,
    elsewhere: type[DuijieError],
) -> None:
    def give_way() -> bool:
        if not end.is_set():
            traffic.give_way()
        return not end.is_set()

    wait = pause
    while not end.wait(wait):
        wait = pause
        try:
            work(give_way)
        except elsewhere:
            pass
        except DuijieError as told:
            log.warning("后台%s：%s", name, told)
            wait = AFTER_FAILURE
        except Exception:
            log.exception("后台%s时出错，%d 秒后再试", name, AFTER_FAILURE)
            wait = AFTER_FAILURE
