"""Contact requests: somebody asks to be put in touch about a record; a broker takes the request and closes it with an answer.

    new → taken → closed        whoever holds it, or an operator, may put it back to new

One that joined a match moves with that and is answered by its steps: `introductions`.

How to reach who asks is no part of `ContactRequest`: it is read by `contact_of` alone, which notes who read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from corpus.accounts import Clock, now
from corpus.cells import UNSEEN
from corpus.codes import Vocabulary
from corpus.database import writing
from corpus.errors import BadInput, DuijieError
from corpus.tables import contact_requests, disclosures

State = Literal["new", "taken", "closed"]
STATE = Vocabulary("请求状态", {"new": "待接手", "taken": "已接手", "closed": "已办结"})

LONGEST: Mapping[str, int] = {"name": 50, "organisation": 100, "contact": 100, "message": 2000, "note": 1000}
"""Characters of what people write, by field."""
_LABELS = {"name": "姓名", "organisation": "单位", "contact": "联系方式", "message": "想了解什么", "note": "答复"}
_REACHES = re.compile(r"\d(?:[ -]?\d){6,}|[^\s@]+@[^\s@]+\.[^\s@]+")
"""A telephone number or an e-mail address."""
_LARGEST = 2**63 - 1


class RequestNotFound(DuijieError):
    """没有编号为 {id} 的联系请求。"""


class RequestUnfit(BadInput):
    """请求没有发出：{reason}。请改正后再发。"""

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, by field."""
        found: Mapping[str, str] = self.facts["faults"]  # type: ignore[assignment]
        return found


class RequestJoined(DuijieError):
    """这条请求已并入匹配 {match}：请在匹配的页面上指派、推进或排除，请求人会看到结果。"""


class RequestMoved(DuijieError):
    """这条请求现在是“{state}”{holder}，这一步没有做。请刷新页面再看。"""


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """`user` is the account of who asks, None for a visitor; `broker` who holds it. `note` is the answer that who asked reads;
    `match_id` the match that it joined. Times are UTC."""

    id: int
    record: int
    user: int | None
    name: str
    organisation: str | None
    message: str
    made_at: datetime
    state: State
    broker: int | None
    note: str | None
    changed_at: datetime
    match_id: int | None


class ContactRequests:
    def __init__(self, engine: sa.Engine, *, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock

    def add(
        self, record: int, *, name: str, contact: str, message: str, organisation: str = "", user: int | None = None
    ) -> int:
        """A new request; its id. The same words sent twice are one request as long as nobody took it. Raises RequestUnfit."""
        said = {"name": name, "organisation": organisation, "contact": contact, "message": message}
        values = {field: _clean(text) for field, text in said.items()}
        if faults := _faults(values):
            raise RequestUnfit(reason="；".join(faults.values()), faults=faults)
        at, row = self.clock(), {**values, "organisation": values["organisation"] or None, "record": record}
        c = contact_requests.c
        same = [c[field] == row[field] for field in ("record", "name", "contact", "message")]
        with writing(self.engine) as connection:
            again = connection.scalar(sa.select(c.id).where(*same, c.state == "new", c.user.is_not_distinct_from(user)))
            new = contact_requests.insert().values(**row, user=user, made_at=at, state="new", changed_at=at)
            return int(again or connection.execute(new.returning(c.id)).scalar_one())

    def get(self, id: int) -> ContactRequest:
        """Raises RequestNotFound."""
        found = self._where(contact_requests.c.id == id, limit=1) if 0 < id <= _LARGEST else []
        if not found:
            raise RequestNotFound(id=id)
        return found[0]

    def listed(self, state: State, *, limit: int, offset: int = 0) -> list[ContactRequest]:
        """Those that wait, longest waiting first; those that are closed, latest first."""
        c = contact_requests.c
        order = (c.changed_at.desc(), c.id.desc()) if state == "closed" else (c.made_at, c.id)
        return self._where(c.state == state, order=order, limit=limit, offset=offset)

    def of_user(self, user: int, *, record: int | None = None) -> list[ContactRequest]:
        """What an account asked, of one record if given; latest first."""
        c = contact_requests.c
        of_record = [c.record == record] if record is not None else []
        return self._where(c.user == user, *of_record, order=(c.made_at.desc(), c.id.desc()))

    def of_matches(self, ids: Collection[int]) -> Mapping[int, list[ContactRequest]]:
        """The requests that joined matches, by match, oldest first."""
        c, found = contact_requests.c, dict[int, list[ContactRequest]]()
        for one in self._where(c.match_id.in_(ids), order=(c.made_at, c.id)):
            assert one.match_id is not None
            found.setdefault(one.match_id, []).append(one)
        return found

    def counts(self) -> Mapping[State, int]:
        c = contact_requests.c
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(c.state, sa.func.count()).group_by(c.state)).all()
        none: dict[State, int] = {"new": 0, "taken": 0, "closed": 0}
        return none | {row[0]: row[1] for row in rows}

    def waiting(self) -> int:
        """How many nobody took yet."""
        asked = sa.select(sa.func.count()).select_from(contact_requests).where(contact_requests.c.state == "new")
        with self.engine.connect() as connection:
            return int(connection.scalar(asked) or 0)

    def take(self, id: int, broker: int) -> None:
        """Of two who take it at once, one gets it. Raises RequestMoved, RequestJoined, RequestNotFound."""
        self._move(id, contact_requests.c.state == "new", state="taken", broker=broker)

    def release(self, id: int, broker: int, *, whoever: bool = False) -> None:
        """Put back what the broker holds or closed, or with `whoever` what anybody does. Raises RequestMoved, RequestJoined, RequestNotFound."""
        c = contact_requests.c
        self._move(id, c.state != "new", _of(broker, whoever), state="new", broker=None)

    def close(self, id: int, broker: int, note: str, *, whoever: bool = False) -> None:
        """With an answer to who asked. Raises RequestUnfit without one, RequestMoved, RequestJoined, RequestNotFound."""
        answer = {"note": _clean(note)}
        if faults := _faults(answer):
            raise RequestUnfit(reason="；".join(faults.values()), faults=faults)
        c = contact_requests.c
        self._move(id, c.state == "taken", _of(broker, whoever), state="closed", note=answer["note"])

    def contact_of(self, id: int, reader: int) -> str:
        """How to reach who asked; that the account read it is on disk when this returns. Raises RequestNotFound."""
        c = contact_requests.c
        with writing(self.engine) as connection:
            row = connection.execute(sa.select(c.contact, c.record).where(c.id == min(id, _LARGEST))).first()
            if row is None:
                raise RequestNotFound(id=id)
            seen = {"user": reader, "record": row[1], "request": id, "seen_at": self.clock()}
            connection.execute(disclosures.insert().values(seen))
        return str(row[0])

    def _where(
        self,
        *conditions: sa.ColumnElement[bool],
        order: tuple[sa.ColumnElement[object], ...] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[ContactRequest]:
        columns = [contact_requests.c[name] for name in ContactRequest.__slots__]
        asked = sa.select(*columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
        with self.engine.connect() as connection:
            return [ContactRequest(*row) for row in connection.execute(asked)]

    def _move(self, id: int, *conditions: sa.ColumnElement[bool], **values: object) -> None:
        of_id = contact_requests.c.id == min(id, _LARGEST)
        moved = (
            contact_requests.update()
            .where(of_id, contact_requests.c.match_id.is_(None), *conditions)
            .values(**values, changed_at=self.clock())
        )
        with writing(self.engine) as connection:
            if connection.execute(moved).rowcount:
                return
        now_is = self.get(id)
        if now_is.match_id is not None:
            raise RequestJoined(match=now_is.match_id)
        holder = "，由别的经纪人接手" if now_is.broker is not None else ""
        raise RequestMoved(state=STATE.name(now_is.state), holder=holder)


def _of(broker: int, whoever: bool) -> sa.ColumnElement[bool]:
    return sa.true() if whoever else contact_requests.c.broker == broker


def _clean(text: str) -> str:
    return UNSEEN.sub("", text).strip()


def _faults(said: Mapping[str, str]) -> Mapping[str, str]:
    faults = {f: f"请填写{_LABELS[f]}" for f, text in said.items() if not text and f != "organisation"}
    faults |= {f: f"{_LABELS[f]}最长 {LONGEST[f]} 个字" for f, text in said.items() if len(text) > LONGEST[f]}
    if said.get("contact") and "contact" not in faults and not _REACHES.search(said["contact"]):
        faults["contact"] = "请写电话号码（带区号）或电子邮箱"
    return faults
