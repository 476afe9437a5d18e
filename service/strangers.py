"""Strangers: how often somebody may ask who has not signed in, by the address they ask from.

Each process counts by itself, minute by minute, in memory. This machine's own addresses are not counted: behind a proxy that does not say
who asks, everybody would be one and the same.
"""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import Counter
from datetime import datetime, timedelta

from corpus.accounts import Clock, now
from corpus.errors import DuijieError
from corpus.tries import network

_MINUTE = timedelta(minutes=1)


class TooManyVisits(DuijieError):
    """从您这个地址来的请求太多：不登录时每分钟最多 {rate} 次。请 {seconds} 秒后再试，或先登录。"""


class Strangers:
    """At most `rate` requests a minute from an address."""

    def __init__(self, rate: int, *, clock: Clock = now) -> None:
        self.rate, self.clock = rate, clock
        self._counting = threading.Lock()
        self._minute: datetime | None = None
        self._counts: Counter[str] = Counter()

    def count(self, address: str, many: int = 1) -> None:
        """Count requests from an address. Raises TooManyVisits with the `seconds` until the minute is over."""
        if not _is_elsewhere(address):
            return
        at, key = self.clock(), network(address)
        minute = at.replace(second=0, microsecond=0)
        with self._counting:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            self._counts[key] += many
            if self._counts[key] > self.rate:
                seconds = max(1, math.ceil((minute + _MINUTE - at).total_seconds()))
                raise TooManyVisits(rate=self.rate, seconds=seconds)


def _is_elsewhere(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
