"""Keys, by which systems come in: an account whose password nobody knows, opened by a secret that is shown once.

A secret has 256 random bits, so its SHA-256 is kept: nobody guesses it, and nobody who reads the database can use it. Calls are counted in
the process and added up in the database once a second: a limit holds for all processes together, but for what comes within a second.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from corpus.accounts import Account, Accounts, Clock
from corpus.database import writing
from corpus.errors import BadInput, DuijieError
from corpus.tables import key_minutes, key_uses, keys, users
from corpus.vocabulary import SCOPE

RATE = 600
"""Calls a minute that a key is allowed unless said otherwise."""
MOST = 60_000
SHOWN_DAYS = 30
"""Days of use that are told of a key."""
_MINUTE = timedelta(minutes=1)
_ADDED_UP = timedelta(seconds=1)
_LONGEST_NAME = 100


class KeyUnknown(DuijieError):
    """请求头 Authorization 里的密钥不认识，或已失效。"""


class NoSuchKey(BadInput):
    """没有前缀为“{prefix}”的密钥。运行 duijie key list 可看有哪些。"""


class KeyUnfit(BadInput):
    """开不了这个密钥：{reason}。"""


class TooManyCalls(DuijieError):
    """这个密钥每分钟最多调用 {rate} 次，已用完。请 {seconds} 秒后再试。"""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the account it opens. `uses` are its calls of the last days, the latest first."""

    id: int
    prefix: str
    account: Account
    scopes: tuple[str, ...]
    rate: int
    expires_at: datetime | None
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    used_at: datetime | None
    uses: Mapping[date, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.account.name

    def is_over(self, at: datetime) -> bool:
        """Whether it opens nothing any more at a moment."""
        expired = self.expires_at is not None and self.expires_at <= at
        return expired or self.revoked_at is not None or self.account.is_disabled


@dataclass
class _Count:
    """The calls of one key in one minute: those in the database when last looked at, and those of this process since."""

    minute: datetime
    held: int = 0
    since: int = 0
    added_up: datetime | None = None


class Keys:
    """The keys in a database."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts, self.engine = accounts, accounts.engine
        self._counts: dict[int, _Count] = {}
        self._counting = threading.Lock()

    @property
    def clock(self) -> Clock:
        return self.accounts.clock

    def add(
        self,
        name: str,
        *,
        role: str,
        scopes: Collection[str],
        organisation: str | None = None,
        rate: int = RATE,
        until: date | None = None,
        by: str | None = None,
    ) -> tuple[Key, str]:
        """A new key with its secret, which is kept nowhere here. `until` is the last day of its use. Raises KeyUnfit, UnknownValue."""
        allowed = tuple(scope for scope in SCOPE.labels if scope in {SCOPE.code(given) for given in scopes})
        if fault := self._fault(name, allowed, rate, until):
            raise KeyUnfit(reason=fault)
        prefix = secrets.token_hex(4)
        secret = f"dj_{prefix}_{secrets.token_urlsafe(32)}"
        account = self.accounts.add(
            f"key-{prefix}", secrets.token_urlsafe(32), role=role, name=name, organisation=organisation
        )
        row = {
            "prefix": prefix,
            "secret": _digest(secret),
            "user": account.id,
            "scopes": list(allowed),
            "rate": rate,
            "expires_at": datetime.combine(until + timedelta(days=1), time()) if until else None,
            "created_at": self.clock(),
            "created_by": by,
        }
        with writing(self.engine) as connection:
            connection.execute(keys.insert().values(row))
        return self.find(prefix), secret

    def _fault(self, name: str, scopes: Collection[str], rate: int, until: date | None) -> str | None:
        if not name.strip() or len(name) > _LONGEST_NAME:
            return f"名称应有 1 到 {_LONGEST_NAME} 个字，写明给哪个系统用"
        if not scopes:
            return f"请至少选一项权限（{'、'.join(SCOPE.labels)}）"
        if not 1 <= rate <= MOST:
            return f"每分钟的次数应在 1 到 {MOST} 之间"
        if until is not None and until < self.clock().date():
            return "有效期的最后一天已经过去"
        return None

    def find(self, prefix: str) -> Key:
        """Raises NoSuchKey."""
        found = self._all(keys.c.prefix == prefix.strip().removeprefix("dj_")[:8])
        if not found:
            raise NoSuchKey(prefix=prefix[:20])
        return found[0]

    def all(self) -> list[Key]:
        """The latest first."""
        self.add_up()
        return self._all(sa.true())

    def revoke(self, key: Key) -> None:
        """It opens nothing from the next call on; its account can be used no more, and its records stay."""
        with writing(self.engine) as connection:
            at = key.revoked_at or self.clock()
            connection.execute(keys.update().where(keys.c.id == key.id).values(revoked_at=at))
        self.accounts.disable(key.account)

    def of(self, secret: str) -> Key:
        """The key of a secret, its call not yet counted. Raises KeyUnknown."""
        found = self._all(keys.c.secret == _digest(secret), with_uses=False)
        if not found or found[0].is_over(self.clock()):
            raise KeyUnknown()
        return found[0]

    def count(self, key: Key) -> None:
        """Count one more call of a key. Raises TooManyCalls with the `seconds` until the minute is over."""
        at = self.clock()
        minute = at.replace(second=0, microsecond=0)
        with self._counting:
            count = self._counts.get(key.id)
            if count is None or count.minute != minute:
                self._add_up([key.id], at)
                count = self._counts[key.id] = _Count(minute)
            if count.added_up is None or at - count.added_up >= _ADDED_UP:
                self._add_up([key.id], at)
            if count.held + count.since >= key.rate:
                seconds = max(1, math.ceil((minute + _MINUTE - at).total_seconds()))
                raise TooManyCalls(rate=key.rate, seconds=seconds)
            count.since += 1

    def add_up(self) -> None:
        """Bring what was counted here into the database."""
        with self._counting:
            self._add_up([id for id, count in self._counts.items() if count.since], self.clock())

    def _add_up(self, ids: Iterable[int], at: datetime) -> None:
        with suppress(
            sa.exc.OperationalError
        ):  # a full disk closes nobody out; what was counted is kept for the next time
            for id in ids:
                if count := self._counts.get(id):
                    count.held = self._added(id, count, at)
                    count.since, count.added_up = 0, at

    def _added(self, id: int, count: _Count, at: datetime) -> int:
        """The calls of a key in a minute by all processes, with those counted here."""
        with writing(self.engine) as connection:
            connection.execute(key_minutes.delete().where(key_minutes.c.minute < at - 5 * _MINUTE))
            held = _plus(connection, key_minutes, {"key": id, "minute": count.minute}, count.since)
            if count.since:
                _plus(connection, key_uses, {"key": id, "day": count.minute.date()}, count.since)
                connection.execute(keys.update().where(keys.c.id == id).values(used_at=at))
        return held

    def _all(self, condition: sa.ColumnElement[bool], *, with_uses: bool = True) -> list[Key]:
        asked = sa.select(keys, *(users.c[name].label(f"user_{name}") for name in Account.__slots__))
        asked = asked.join(users, keys.c.user == users.c.id).where(condition).order_by(keys.c.id.desc())
        with self.engine.connect() as connection:
            rows = connection.execute(asked).mappings().all()
            uses = self._uses(connection, [row["id"] for row in rows]) if with_uses else {}
        return [_key(row, uses.get(row["id"], {})) for row in rows]

    def _uses(self, connection: sa.Connection, ids: Sequence[int]) -> dict[int, dict[date, int]]:
        since = self.clock().date() - timedelta(days=SHOWN_DAYS)
        asked = sa.select(key_uses).where(key_uses.c.key.in_(ids), key_uses.c.day > since)
        uses: dict[int, dict[date, int]] = {}
        for id, day, count in connection.execute(asked.order_by(key_uses.c.day.desc())):
            uses.setdefault(id, {})[day] = count
        return uses


def _key(row: sa.RowMapping, uses: Mapping[date, int]) -> Key:
    values: dict[str, Any] = {name: row[name] for name in Key.__slots__ if name not in ("account", "scopes", "uses")}
    account = Account(**{name: row[f"user_{name}"] for name in Account.__slots__})
    return Key(**values, account=account, scopes=tuple(row["scopes"]), uses=uses)


def _plus(connection: sa.Connection, table: sa.Table, named: Mapping[str, object], count: int) -> int:
    """The count that a row stands at after so many more, the row made if there is none."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(table).values({**named, "count": count})
    again = first.on_conflict_do_update(index_elements=list(named), set_={"count": table.c.count + count})
    return int(connection.execute(again.returning(table.c.count)).scalar_one())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
