"""Processes of our own: work shared out over the cores, its results in the order of what was given, and work in the background.

Processes that share work are spawned, never forked, for FAISS and torch have threads; they end with the one that began them, however it ends, and leave it to that
one to be interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TypeVar

from threadpoolctl import threadpool_limits

from corpus.errors import DuijieError

CORES = os.cpu_count() or 1
Given = TypeVar("Given")
Made = TypeVar("Made")


_IN_BACKGROUND = "import os; getattr(os, 'nice', int)(10); from {module} import {function}; {function}()"


class ProcessEnded(DuijieError):
    """帮着做这件事的一个进程没有做完就结束了，多半是内存不够。做完的都留着；请腾出内存，再运行一次。"""


def processes(prepare: Callable[..., None], *arguments: object) -> ProcessPoolExecutor:
    """One a core, each made ready by `prepare`."""
    return ProcessPoolExecutor(CORES, get_context("spawn"), initializer=_begin, initargs=(prepare, arguments))


def _begin(prepare: Callable[..., None], arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)  # a process a core: threads of the matrix library would only wait for each other
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare(*arguments)


def _end_with_parent() -> None:
    """A pool's process waits for work for ever when the one that would give it was killed."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def in_order(pool: Executor, work: Callable[[Given], Made], given: Iterable[Given], *, ahead: int) -> Iterator[Made]:
    """What the work makes of each, in order; `ahead` of them are under way or waiting, a core. Raises ProcessEnded, and what the work raises."""
    waiting: deque[Future[Made]] = deque()
    try:
        for one in given:
            waiting.append(pool.submit(work, one))
            if len(waiting) > CORES * ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as broken:
        raise ProcessEnded from broken
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def in_background(module: str, function: str, *arguments: object) -> list[str]:
    """The command of a process of low priority, which takes no core from searches; its function finds the arguments in `sys.argv`."""
    return [sys.executable, "-c", _IN_BACKGROUND.format(module=module, function=function), *map(str, arguments)]
