"""Introducing: who asks to be put in touch joins the match of a pair; each side's contact is given when both are interested, and noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from corpus.contact_requests import ContactRequest
from corpus.errors import BadInput, DuijieError, RecordNotFound
from corpus.pairs import Actor, Match
from corpus.records import Achievement, Demand, Record
from corpus.steps import RELEASED
from indexer.attributes import SHOWN_STATUSES
from service.dealing import Meeting, is_for_brokers, meeting
from service.holdings import OTHER_SIDE, disclosed, seen
from service.installation import Installation
from service.viewer import Viewer, confidential

SIDE_OF = {"demand": "demand", "achievement": "supply"}
SOURCE = "联系请求"
"""The source of demands that brokers wrote down from contact requests."""
_TITLE = 40


class ContactsWithheld(DuijieError):
    """现在还不能看联系方式：双方都有意向、经纪人牵线之后才会给出。"""


class NotToPair(BadInput):
    """这条请求不能这样开始匹配：{reason}。"""


def own_sides(installation: Installation, viewer: Viewer, record: Record) -> list[Record]:
    """What of their own somebody can bring to a record: open records of the other kind, latest change first."""
    if viewer.account is None or viewer.is_staff:
        return []
    held = installation.store.owned(OTHER_SIDE[record.kind], viewer.account, viewer.organisation)
    return [one for one in held if viewer.owns(one) and one.status in SHOWN_STATUSES]


def introduce(installation: Installation, viewer: Viewer, request: int, record: Record, own: Record) -> Match:
    """Join a contact request about a record to its match with a record of who asks. Raises RecordNotFound."""
    pair = {record.kind: record.id, own.kind: own.id}
    side = SIDE_OF[own.kind]
    actor = Actor(viewer.login, viewer.role if viewer.is_staff else side)
    return installation.matches.ask(pair["demand"], pair["achievement"], actor, side, request=request)


def write_down(installation: Installation, viewer: Viewer, request: ContactRequest) -> Match:
    """Make a demand of what somebody asked about an achievement, and join the request to the match of the two.

    Raises NotToPair where that is done already or about a demand, RecordNotFound.
    """
    record = seen(installation, request.record, viewer=viewer)
    if request.match_id is not None:
        raise NotToPair(reason=f"它已并入匹配 {request.match_id}")
    if not isinstance(record, Achievement):
        raise NotToPair(reason="它是向需求方问的，请求人没有写明用哪一项成果")
    assert viewer.account is not None
    demand = Demand(
        source=SOURCE,
        source_id=str(request.id),
        title=_title(request.message),
        problem=request.message,
        organisation=request.organisation,
        contact=f"{request.name}，{installation.requests.contact_of(request.id, viewer.account)}",
        visibility="brokers",
        status="published",
        published_on=installation.matches.today(),
        owner=request.user,
    )
    (saved,) = installation.store.save([demand]).records
    return introduce(installation, viewer, request.id, record, saved)


def contacts(installation: Installation, viewer: Viewer, id: int) -> dict[str, Mapping[str, str]]:
    """What is confidential of each side, by side; noted before it is given. A firm gets the other side's contact.

    Raises MatchNotFound, ContactsWithheld.
    """
    found = meeting(installation, viewer, id)
    if found.side and not is_released(found):
        raise ContactsWithheld()
    installation.matches.viewed(id, found.actor, "contact")
    sides: Mapping[str, Record | None] = {"demand": found.demand, "supply": found.achievement}
    told: dict[str, Mapping[str, str]] = {}
    for side, record in sides.items():
        if record is not None and not found.side:
            told[side] = _disclosed(installation, viewer, record)
        elif record is not None and side != found.side and is_for_brokers(record):
            told[side] = _contact(installation, viewer, found.match, side, record)
    return told


def is_released(found: Meeting) -> bool:
    """Whether the sides of a match know each other's contacts."""
    return found.match.state in RELEASED and found.match.standing.both_interested


def _contact(installation: Installation, viewer: Viewer, match: Match, side: str, record: Record) -> Mapping[str, str]:
    """That of the record, or where it states none, that of the request by which its side asked."""
    if stated := confidential(record).get("contact"):
        return {"contact": stated}
    kind = "achievement" if side == "demand" else "demand"
    for one in installation.requests.of_matches([match.id]).get(match.id, []):
        asked_about = installation.store.get_many([one.record]).get(one.record)
        if viewer.account is not None and asked_about is not None and asked_about.kind == kind:
            return {"contact": f"{one.name}，{installation.requests.contact_of(one.id, viewer.account)}"}
    return {}


def _disclosed(installation: Installation, viewer: Viewer, record: Record) -> Mapping[str, str]:
    with suppress(RecordNotFound):
        return disclosed(installation, record.id, viewer=viewer)
    return {}


def _title(message: str) -> str:
    first = re.split(r"[。！？!?；;\n]", message.strip(), maxsplit=1)[0].strip() or message.strip()
    return first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"
