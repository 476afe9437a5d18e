"""Who is being answered right now: answers are worked out by turns, and work in the background gives way to people."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from indexer.processes import CORES

QUIET = 0.05
"""Seconds without a question after which work goes on."""
LONGEST = 5.0
"""Seconds after which work goes on in any case, by one step."""


class Traffic:
    """The questions under way in this process.

    As many answers are worked out at once as there are cores. More would wait for each other in the middle of the work and push each other out of the
    cache: eight at once on two cores bring a quarter less than two at once.
    """

    def __init__(self, at_once: int = CORES) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._changed = threading.Condition()
        self._asked = 0
        self._last = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While somebody waits for an answer."""
        with self._changed:
            self._asked += 1
        try:
            yield
        finally:
            with self._changed:
                self._asked -= 1
                self._last = time.monotonic()
                self._changed.notify_all()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While an answer is worked out: `at_once` of them are, the others wait in the order in which they came."""
        async with self._turns:
            yield

    def give_way(self) -> None:
        """Return when nobody waits for an answer, nor did a moment ago; after a while in any case."""
        until = time.monotonic() + LONGEST
        with self._changed:
            while (now := time.monotonic()) < until:
                rest = QUIET - (now - self._last)
                if not self._asked and rest <= 0:
                    return
                self._changed.wait(min(until - now, rest) if not self._asked else until - now)
