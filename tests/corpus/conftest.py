"""What the tests of the corpus share: a clock that goes on when it is told to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 9, 0)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()
