"""Tries to sign in, and to ask for a contact: counted in the database, so that more processes do not mean more tries.

Tries to sign in are counted by login and by address, before the password is looked at: many at once count as many.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from corpus.accounts import Clock, folded, now
from corpus.database import writing
from corpus.errors import DuijieError
from corpus.tables import tries

PERIOD = timedelta(minutes=15)
OF_LOGIN, OF_ADDRESS = 10, 50
"""How many tries a period allows."""
CONTACTS, CONTACTS_OF_MEMBER = 5, 20
"""How many contact requests a period allows to an address, and to an account."""


class TooManyTries(DuijieError):
    """登录尝试太多，请 {minutes} 分钟后再试。"""


class TooManyRequests(TooManyTries):
    """联系请求发得太多，请 {minutes} 分钟后再发。"""


class Tries:
    def __init__(self, engine: sa.Engine, *, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def count(self, login: str, address: str) -> None:
        """Count one more try to sign in. Raises TooManyTries with the `seconds` that are left."""
        self._count({_of_login(login): OF_LOGIN, f"address {network(address)}": OF_ADDRESS}, TooManyTries)

    def count_contact(self, address: str, account: int | None) -> None:
        """Count one more contact request, of an account or of whoever is at an address. Raises TooManyRequests."""
        by_address = {f"contact {network(address)}": CONTACTS}
        self._count(by_address if account is None else {f"contact of {account}": CONTACTS_OF_MEMBER}, TooManyRequests)

    def _count(self, most: Mapping[str, int], too_many: type[TooManyTries]) -> None:
        at = self.clock()
        with writing(self.engine) as connection:
            connection.execute(tries.delete().where(tries.c.since <= at - PERIOD))
            held = {key: _counted(connection, key, at) for key in most}
        over = [since for key, (count, since) in held.items() if count > most[key]]
        if over:
            seconds = math.ceil((max(over) + PERIOD - at).total_seconds())
            raise too_many(minutes=math.ceil(seconds / 60), seconds=seconds)

    def forget(self, login: str) -> None:
        """A sign-in succeeded: earlier tries of the login count no more; those of the address still do."""
        with writing(self.engine) as connection:
            connection.execute(tries.delete().where(tries.c.key == _of_login(login)))


def _counted(connection: sa.Connection, key: str, at: datetime) -> tuple[int, datetime]:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(tries).values(key=key, count=1, since=at)
    again = first.on_conflict_do_update(index_elements=["key"], set_={"count": tries.c.count + 1})
    row = connection.execute(again.returning(tries.c.count, tries.c.since)).one()
    return int(row[0]), row[1]


def _of_login(login: str) -> str:
    return f"login {folded(login)[:64]}"


def network(address: str) -> str:
    """The address, or of IPv6 the network that one customer has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else str(known)
