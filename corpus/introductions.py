"""Introductions: a contact request that joined the match of a pair moves with it, and is answered by what becomes of it."""

from __future__ import annotations

import sqlalchemy as sa

from corpus.contact_requests import State
from corpus.history import Event, Standing
from corpus.steps import REASONS, RELEASED, STATES
from corpus.tables import contact_requests, users

_MOVING = ("step", "undo", "assign", "asked")
_TO_DECIDE = ("suggested", "lapsed", "reopened")


def join(connection: sa.Connection, request: int, match: int) -> None:
    connection.execute(contact_requests.update().where(contact_requests.c.id == request).values(match_id=match))


def follow(connection: sa.Connection, now: Standing, event: Event) -> None:
    """Bring the contact requests of a match to where it stands: taken by who is in charge, closed with an answer once it is decided."""
    if event.type not in _MOVING or not now.touched:
        return
    state = _state(now, event)
    holder = sa.select(users.c.id).where(users.c.login == now.owner).scalar_subquery() if state != "new" else None
    values = {"state": state, "broker": holder, "note": _answer(now, event) if state == "closed" else None}
    moved = contact_requests.update().where(contact_requests.c.match_id == event.match_id, *_concerned(now, event))
    connection.execute(moved.values(**values, changed_at=event.at))


def _state(now: Standing, event: Event) -> State:
    ended = STATES[now.state].closed and now.state not in RELEASED
    if ended and event.type == "asked":  # a broker is to see it, and to reopen the match or not
        return "new"
    if now.state in RELEASED or (ended and event.type != "assign"):
        return "closed"
    return "new" if now.owner is None and (ended or now.state in _TO_DECIDE) else "taken"


def _concerned(now: Standing, event: Event) -> list[sa.ColumnElement[bool]]:
    """What was answered is not answered again by who is in charge now, nor by a later step on the same way."""
    c = contact_requests.c
    if event.type == "asked":
        return [c.id == event.details["request"]]
    goes_on = event.type == "assign" or (event.type == "step" and now.state in RELEASED)
    return [c.state != "closed"] if goes_on else []


def _answer(now: Standing, event: Event) -> str:
    if now.state in RELEASED:
        return "".join(("双方都有意向，经纪人已经牵线。", event.said or ""))
    reason = REASONS.get(event.reason or "")
    why = f"：{reason.shown or reason.label}" if reason else ""
    return "".join((STATES[now.state].shown, why, "。", event.said or ""))
