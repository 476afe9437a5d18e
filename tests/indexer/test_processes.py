"""Work shared out comes back in order, a process that ends is told of, and none outlives the one that began it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path

import pytest

from indexer.processes import CORES, ProcessEnded, in_order, processes

_prepared: list[int] = []


def prepared(number: int) -> None:
    _prepared[:] = [number]


def plus(number: int) -> int:
    if number < 0:
        os._exit(9)
    return number + _prepared[0]


def test_results_come_in_the_order_of_what_was_given_by_processes_made_ready() -> None:
    with processes(prepared, 100) as pool:
        assert list(in_order(pool, plus, range(40), ahead=3)) == list(range(100, 140))


def test_a_process_that_ends_is_told_of() -> None:
    with processes(prepared, 1) as pool, pytest.raises(ProcessEnded, match="内存不够"):
        list(in_order(pool, plus, [1, 2, -1, 3], ahead=1))


def test_no_more_are_taken_than_are_under_way() -> None:
    taken = count()
    first = threading.Event()
    with ThreadPoolExecutor(CORES) as pool:
        made = in_order(pool, lambda one: first.wait(10) if one == 0 else True, taken, ahead=2)
        threading.Timer(0.2, first.set).start()
        assert list(islice(made, 1)) == [True]
        assert next(taken) == 2 * CORES + 1
        del made


BEGUN = """
import os, sys, time
from indexer.processes import in_order, processes
from tests.indexer.test_processes import told
if __name__ == "__main__":
    with processes(print) as pool:
        for number in in_order(pool, told, range(10**6), ahead=1):
            print(number, flush=True)
"""


def told(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_processes_end_with_the_one_that_began_them() -> None:
    root = Path(__file__).parents[2]
    begun = subprocess.Popen([sys.executable, "-c", BEGUN], stdout=subprocess.PIPE, text=True, cwd=root)
    assert begun.stdout is not None
    others: set[int] = set()
    while len(others) < CORES:
        others |= {int(line) for line in begun.stdout.readline().split()}
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    until = time.monotonic() + 10
    while any(map(alive, others)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, others))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
