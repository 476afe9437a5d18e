"""Accounts: who may sign in, and who is signed in.

A password is kept as an argon2id hash, a session under the SHA-256 of its token: whoever reads the database can neither sign in nor go
on with a session. Sessions end by time, on sign-out, and all of them when the password changes or the account is disabled.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from corpus.database import writing
from corpus.errors import BadInput
from corpus.tables import keys, sessions, users
from corpus.vocabulary import ROLE

Role = Literal["firm", "broker", "operator"]
Clock = Callable[[], datetime]

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""
_DIFFERENT = 5
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_SEEN_ANEW = timedelta(minutes=1)
"""A session's last use is written no more often than this."""
_WHOSE = (
    sa.select(users, sessions.c.seen_at)
    .join(sessions, sessions.c.user == users.c.id)
    .where(sessions.c.token == sa.bindparam("key"), sessions.c.expires_at > sa.bindparam("at"))
    .where(sessions.c.seen_at > sa.bindparam("idle_since"), users.c.disabled_at.is_(None))
)
"""Asked with every request: made once."""
_hasher = PasswordHasher()
_hashing = threading.Semaphore(2)
"""A hash takes 64 MiB: many at once would exhaust a small machine."""


class AccountUnknown(BadInput):
    """没有登录名为“{login}”的账号。运行 duijie user list 可看有哪些。"""


class LoginTaken(BadInput):
    """登录名“{login}”已有人用。请换一个。"""


class LoginUnfit(BadInput):
    """登录名“{login}”不能用。请用 2 到 64 个小写英文字母、数字和 . _ - @，以字母或数字开头。"""


class PasswordUnfit(BadInput):
    """这个密码不能用：{reason}。请换一个。"""


@dataclass(frozen=True, slots=True)
class Account:
    """`organisation` is the name under which its records stand; None for one that belongs to none."""

    id: int
    login: str
    name: str
    role: Role
    organisation: str | None
    email: str | None
    created_at: datetime
    disabled_at: datetime | None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


def now() -> datetime:
    """The present time in UTC, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Accounts:
    """The accounts in a database. A session lasts `lasting` from sign-in at most, and `idle` from its last use."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        lasting: timedelta = timedelta(days=7),
        idle: timedelta = timedelta(hours=12),
        clock: Clock = now,
    ) -> None:
        self.engine, self.lasting, self.idle, self.clock = engine, lasting, idle, clock

    def add(
        self,
        login: str,
        password: str,
        *,
        role: str,
        name: str | None = None,
        organisation: str | None = None,
        email: str | None = None,
    ) -> Account:
        """A new account. Raises LoginUnfit, LoginTaken, PasswordUnfit, UnknownValue for the role."""
        login = folded(login)
        if not _LOGIN.fullmatch(login):
            raise LoginUnfit(login=login)
        values = {
            "login": login,
            "name": _said(name) or login,
            "role": ROLE.code(role),
            "organisation": _said(organisation),
            "email": _said(email),
            "password": _hashed(login, password),
            "created_at": self.clock(),
        }
        try:
            with writing(self.engine) as connection:
                id = connection.execute(users.insert().values(values).returning(users.c.id)).scalar_one()
        except sa.exc.IntegrityError:
            raise LoginTaken(login=login) from None
        return self.get(id)

    def get(self, id: int) -> Account:
        """Raises AccountUnknown."""
        return self._one(users.c.id == id, str(id))

    def find(self, login: str) -> Account:
        """Raises AccountUnknown."""
        return self._one(users.c.login == folded(login), login)

    def all(self) -> list[Account]:
        """By login."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(users).order_by(users.c.login)).mappings().all()
        return [_account(row) for row in rows]

    def people(self) -> list[Account]:
        """Those that people sign in with, not systems by a key; by login."""
        asked = sa.select(users).where(users.c.id.not_in(sa.select(keys.c.user))).order_by(users.c.login)
        with self.engine.connect() as connection:
            return [_account(row) for row in connection.execute(asked).mappings()]

    def verify(self, login: str, password: str) -> Account | None:
        """The account, if the password is its and it is not disabled. Hashes anew what was hashed with older parameters."""
        with self.engine.connect() as connection:
            asked = sa.select(users).where(users.c.login == folded(login))
            row = connection.execute(asked).mappings().first()
        held = row["password"] if row else _of_nobody()
        if not _fits(held, password) or row is None or row["disabled_at"]:
            return None
        if _hasher.check_needs_rehash(held):
            self._set(row["id"], password=_hash(password))
        return _account(row)

    def change_password(self, account: Account, password: str) -> None:
        """Ends every session of the account. Raises PasswordUnfit."""
        self._set(account.id, password=_hashed(account.login, password))
        self.end_all(account)

    def disable(self, account: Account) -> None:
        """It signs in no more, and its sessions end; its records stay."""
        self._set(account.id, disabled_at=account.disabled_at or self.clock())
        self.end_all(account)

    def enable(self, account: Account) -> None:
        self._set(account.id, disabled_at=None)

    def begin(self, account: Account) -> str:
        """A new session; its token, which is kept nowhere here. Sessions that are over are removed."""
        token, at = secrets.token_urlsafe(32), self.clock()
        row = {"token": _digest(token), "user": account.id, "created_at": at, "seen_at": at}
        over = sa.or_(sessions.c.expires_at <= at, sessions.c.seen_at <= at - self.idle)
        with writing(self.engine) as connection:
            connection.execute(sessions.delete().where(over))
            connection.execute(sessions.insert().values(**row, expires_at=at + self.lasting))
        return token

    def of(self, token: str) -> Account | None:
        """Whose session it is; None where it is over, unknown, or its account disabled."""
        at, key = self.clock(), _digest(token)
        with self.engine.connect() as connection:
            row = connection.execute(_WHOSE, {"key": key, "at": at, "idle_since": at - self.idle}).mappings().first()
        if row is None:
            return None
        if at - row["seen_at"] >= _SEEN_ANEW:
            with suppress(sa.exc.OperationalError), writing(self.engine) as connection:  # a full disk ends no session
                connection.execute(sessions.update().where(sessions.c.token == key).values(seen_at=at))
        return _account(row)

    def end(self, token: str) -> None:
        with writing(self.engine) as connection:
            connection.execute(sessions.delete().where(sessions.c.token == _digest(token)))

    def end_all(self, account: Account) -> None:
        with writing(self.engine) as connection:
            connection.execute(sessions.delete().where(sessions.c.user == account.id))

    def sessions_of(self, account: Account) -> int:
        """How many sessions it has."""
        counted = sa.select(sa.func.count()).select_from(sessions).where(sessions.c.user == account.id)
        with self.engine.connect() as connection:
            return int(connection.scalar(counted) or 0)

    def _one(self, condition: sa.ColumnElement[bool], named: str) -> Account:
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(users).where(condition)).mappings().first()
        if row is None:
            raise AccountUnknown(login=named)
        return _account(row)

    def _set(self, id: int, **values: object) -> None:
        with writing(self.engine) as connection:
            connection.execute(users.update().where(users.c.id == id).values(values))


def _account(row: sa.RowMapping) -> Account:
    return Account(**{name: row[name] for name in Account.__slots__})


def folded(login: str) -> str:
    """A login as it is kept: the same in whichever width and case it is typed."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def _said(text: str | None) -> str | None:
    return unicodedata.normalize("NFC", text).strip() or None if text else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hashed(login: str, password: str) -> str:
    """Raises PasswordUnfit."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordUnfit(reason=f"应有 {SHORTEST} 到 {LONGEST} 个字符")
    if login in password.lower() or len(set(password)) < _DIFFERENT:
        raise PasswordUnfit(reason="太容易猜到（含有登录名，或只有几个不同的字符）")
    return _hash(password)


def _hash(password: str) -> str:
    with _hashing:
        return _hasher.hash(_canonical(password))


@cache
def _of_nobody() -> str:
    """Verified for a login that does not exist, which so takes as long as one that does."""
    return _hash(secrets.token_urlsafe())


def _fits(held: str, password: str) -> bool:
    try:
        with _hashing:
            return _hasher.verify(held, _canonical(password[: LONGEST + 1]))
    except VerificationError:
        return False


def _canonical(password: str) -> str:
    """The same characters whichever keyboard they were typed on."""
    return unicodedata.normalize("NFKC", password)
