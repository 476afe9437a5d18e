"""The meaning of a filter."""

import pytest

from indexer.entries import Among, Attributes, Between, Filter, passes

LICENSED: Attributes = {"transfer_modes": ("license", "equity"), "region": ("330000", "330100"), "trl": 6, "price": 0.0}


@pytest.mark.parametrize(
    ("filter", "passing"),
    [
        ((), True),
        ((Among("transfer_modes", frozenset({"assign", "equity"})),), True),
        ((Among("transfer_modes", frozenset({"assign"})),), False),
        ((Among("transfer_modes", frozenset()),), False),
        ((Among("cluster", frozenset({"iot"})),), False),  # not stated
        ((Between("trl", 6, 6),), True),
        ((Between("trl", low=7),), False),
        ((Between("price", high=10),), True),  # for nothing is a price
        ((Between("budget"),), False),  # not stated lies in no range
        ((Between("region", 0, 10**6),), False),  # a code is no number
        ((Among("trl", frozenset({"5", "6"})),), True),
        ((Among("trl", frozenset({"5", "7"})),), False),
        ((Among("budget", frozenset({"5"})),), False),
        ((Among("region", frozenset({"330100"})), Between("trl", low=5)), True),
        ((Among("region", frozenset({"330100"})), Between("trl", high=5)), False),
    ],
)
def test_passes(filter: Filter, passing: bool) -> None:
    assert passes(LICENSED, filter) is passing
