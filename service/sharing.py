"""Sharing out: what is asked of an installation many times over, by a thread a core, or by processes that opened it themselves.

Threads start at once, need no memory of their own and leave room to searches beside them, but take turns at the interpreter: two do three
quarters of what two processes do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from indexer.processes import CORES, Given, Made, in_order, processes
from service.installation import Installation
from service.settings import Settings

AHEAD = 4
"""Of what is asked, under way or waiting, a core: results are written in order, and one that is slow must not gather a thousand behind it."""
MANY = 1000
"""From so many on, processes are worth starting: each takes seconds to open a large installation."""

_in_this_process: list[Installation] = []


def shared(
    installation: Installation,
    work: Callable[[Installation, Given], Made],
    given: Iterable[Given],
    *,
    many: bool = False,
) -> Iterator[Made]:
    """What the work makes of each, in order; with `many`, by processes, for which work, given and made are sent to and fro. A language model is
    waited for by threads in any case. Raises ProcessEnded.
    """
    if many and installation.interpreter is None:
        with processes(_open, installation.settings, installation.index.engine.revision) as pool:
            yield from in_order(pool, partial(_here, work), given, ahead=AHEAD)
    else:
        with ThreadPoolExecutor(CORES, thread_name_prefix="matching") as pool:
            yield from in_order(pool, partial(work, installation), given, ahead=AHEAD)


def _open(settings: Settings, revision: int) -> None:
    opened = Installation(settings)
    opened.take_in(revision, math.inf)
    _in_this_process[:] = [opened]


def _here(work: Callable[[Installation, Any], Any], one: Any) -> Any:
    return work(_in_this_process[0], one)
