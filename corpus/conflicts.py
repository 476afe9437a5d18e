"""What stands in the way of bringing two sides together: one organisation on both, one that is excluded, a record that may not be shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from corpus import vocabulary as v
from corpus.records import Achievement, Demand, Record

_SHOWABLE = frozenset({"published", "expiring"})
_KEPT = frozenset({"private", "org"})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`code` same_organisation, excluded, gone, unpublished, kept, secret or unwilling; `said` what a person reads."""

    code: str
    said: str


def conflicts(demand: Demand, achievement: Achievement) -> list[Obstacle]:
    """Conflicts of interest: the firm among the achievement's owners, or an owner that the firm has excluded."""
    owners = _names([achievement.organisation, *achievement.co_owners])
    both = [owner for key, owner in owners.items() if key in _names([demand.organisation])]
    barred = [owner for key, owner in owners.items() if key in _names(demand.exclude_orgs)]
    return [
        *(Obstacle("same_organisation", f"{name}同时是需求方和成果的权属单位") for name in both),
        *(Obstacle("excluded", f"需求方排除了{name}") for name in barred),
    ]


def unshowable(*records: Record | None) -> list[Obstacle]:
    """Why records may not be shown to the other side."""
    return [obstacle for record in records for obstacle in _unshowable(record)]


def _unshowable(record: Record | None) -> Iterable[Obstacle]:
    if record is None:
        yield Obstacle("gone", "有一方的记录已被删除")
        return
    name = f"{v.KIND.name(record.kind)}“{record.title}”"
    if record.status not in _SHOWABLE:
        yield Obstacle("unpublished", f"{name}的状态是“{v.STATUS.name(record.status)}”")
    if record.visibility in _KEPT:
        yield Obstacle("kept", f"{name}的可见范围是“{v.VISIBILITY.name(record.visibility)}”")
    if isinstance(record, Achievement) and record.security_level == "secret":
        yield Obstacle("secret", f"{name}涉密")
    if isinstance(record, Achievement) and record.willingness in ("unwilling", "transferred"):
        yield Obstacle("unwilling", f"{name}的转化意愿是“{v.WILLINGNESS.name(record.willingness)}”")


def _names(names: Iterable[str | None]) -> dict[str, str]:
    """The names as written, by what makes them the same."""
    return {same_name(name): name for name in names if name}


def same_name(name: str) -> str:
    """A name without what people write now so, now otherwise: width, case, spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold()
