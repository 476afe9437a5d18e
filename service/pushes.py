"""Pushes: a firm is told of a match that was pushed to it, on the site and by mail, once, and why.

matches that wait for a firm's word → those that its account may be shown → the broker's word and what speaks for it → told
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.history import Event, standing, this_round
from corpus.pushes import Push
from corpus.records import Demand, Record
from indexer.comparisons import Finding
from indexer.fusion import BANDS
from service.dealing import Meeting, compared, is_for_brokers, together, word
from service.installation import Installation
from service.viewer import Viewer, viewer_of

_POINTS = 2
"""Points of comparison that are told as reasons."""
_QUOTED = 4
"""Words of the record that are told with a point."""
_FITS = 0.5
"""The value from which a point speaks for a match."""
_BANDS = {str(code): label for code, label in BANDS.items()}


@dataclass(frozen=True)
class Pushed:
    """A push as its firm reads it: of the other side its kind and what may be said of it, the firm's own record, where it leads, and where it stands."""

    push: Push
    kind: str
    title: str
    whose: str | None
    own: Record
    address: str
    word: str


def tell_pushes(installation: Installation) -> int:
    """How many pushes firms were told of now."""
    told = 0
    for account, ids in installation.pushes.untold().items():
        viewer = viewer_of(installation.accounts.get(account))
        for met in together(installation, viewer, [installation.matches.get(id) for id in ids]):
            event, sides = _shown_by(met), _sides(viewer, met)
            if event is not None and sides is not None:
                why = _why(installation, viewer, met, event)
                told += installation.pushes.tell(account, met.match.id, event.version, why)
    return told


def pushed(installation: Installation, viewer: Viewer, pushes: Iterable[Push]) -> list[Pushed]:
    """Pushes as a viewer may read them now; what was taken back, or may be shown no more, is left out."""
    held = list(pushes)
    matches = [installation.matches.get(id) for id in dict.fromkeys(push.match for push in held)]
    met = {one.match.id: one for one in together(installation, viewer, matches)}
    return [one for push in held if (one := _pushed(viewer, push, met[push.match])) is not None]


def _pushed(viewer: Viewer, push: Push, met: Meeting) -> Pushed | None:
    sides, event = _sides(viewer, met), _shown_by(met)
    if sides is None or event is None or event.version != push.version:
        return None
    own, other = sides
    title, whose = (other.title, other.organisation) if viewer.sees(other) else (_public(other), None)
    return Pushed(push, other.kind, title, whose, own, f"/my/matches#match-{met.match.id}", word(met.match))


def _sides(viewer: Viewer, met: Meeting) -> tuple[Record, Record] | None:
    """The firm's own record and the other one, where the firm may be told of the match: an achievement that it may not see is not told of."""
    if met.side is None or met.demand is None or met.achievement is None:
        return None
    if not met.match.standing.is_shown_to(met.side):
        return None
    if met.side == "supply":
        return (met.achievement, met.demand) if is_for_brokers(met.demand) else None
    return (met.demand, met.achievement) if viewer.sees(met.achievement) else None


def _shown_by(met: Meeting) -> Event | None:
    """The event by which the match came to be shown to the firm's side: a push, or that the other side is interested, whichever of both came last."""
    if met.side is None:
        return None
    events = this_round(met.events)
    undone = {event.undoes for event in events if event.type == "undo"}
    lasting = [event for event in events if event.version not in undone]
    shown = (at for at in range(1, len(lasting) + 1) if standing(lasting[:at]).is_shown_to(met.side))
    return lasting[first - 1] if (first := next(shown, None)) else None


def _is_pushed(met: Meeting, event: Event) -> bool:
    """Whether by the event a broker showed the match to the firm's own side."""
    return event.to_state == "recommended" and event.details.get("first") in (met.side, "both")


def _public(record: Record) -> str:
    """What may be said of a record that is kept from the firm."""
    said = record.public_summary if isinstance(record, Demand) else None
    return said or "一项没有公开的需求"


def _why(installation: Installation, viewer: Viewer, met: Meeting, event: Event) -> list[str]:
    """The broker's word for the firm, how good a match it is, and the points that speak for it, of what the firm may see."""
    is_pushed = _is_pushed(met, event)
    said = [f"经纪人说：{event.said}"] if event.said and is_pushed else []
    other = met.demand if met.side == "supply" else met.achievement
    if other is None or not viewer.sees(other):
        return [*said, "经纪人认为合适" if is_pushed else "对方对贵方的成果有意向"]
    points = [_point(one) for one in compared(installation, met) if (one.value or 0) >= _FITS]
    band = [_BANDS[met.match.band]] if met.match.band in _BANDS else []
    return [*said, *band, *points[:_POINTS]] or ["经纪人认为合适"]


def _point(found: Finding) -> str:
    quoted = "、".join(found.quotes[:_QUOTED])
    return f"{found.label}：{found.said}" + (f"，如{quoted}" if quoted else "")
