"""Who is being answered right now; work in the background gives way to people."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET = 0.05
"""Seconds without a question after which work goes on."""
LONGEST = 5.0
"""Seconds after which work goes on in any case, by one step."""


class Traffic:
    """Counts the questions under way in this process."""

    def __init__(self) -> None:
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

    def give_way(self) -> None:
        """Return when nobody waits for an answer, nor did a moment ago; after a while in any case."""
        until = time.monotonic() + LONGEST
        with self._changed:
            while (now := time.monotonic()) < until:
                rest = QUIET - (now - self._last)
                if not self._asked and rest <= 0:
                    return
                self._changed.wait(min(until - now, rest) if not self._asked else until - now)
