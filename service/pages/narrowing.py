"""What of the queue is asked for, and the addresses that ask for more or less of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query

from corpus import vocabulary as v
from corpus.beats import Beat
from corpus.codes import Vocabulary
from corpus.queue import NOBODY, Order, Wanted
from corpus.steps import OPEN, STATES
from indexer.fusion import BANDS
from service.templating import address
from service.viewer import Viewer

VIEWS: Mapping[str, str] = {
    "waiting": "待决定",
    "asked": "有人请求牵线",
    "going": "推进中",
    "overdue": "逾期",
    "closed": "已结束",
    "all": "全部",
}
AGES: Mapping[str, str] = {"new": "7 天以内", "week": "超过 7 天", "month": "超过 30 天"}
OWNERS: Mapping[str, str] = {"mine": "我负责的", "nobody": "无人负责的"}
ORDERS: Mapping[Order, str] = {"best": "最合适的在前", "due": "最先到期的在前", "latest": "最近变动的在前"}
_GOING = tuple(state for state in OPEN if state not in ("suggested", "reopened"))
_CLOSED = tuple(code for code, state in STATES.items() if state.closed)
_STATES_OF = {"going": _GOING, "closed": _CLOSED}
_USUAL: Mapping[str, Order] = {"going": "due", "overdue": "due", "closed": "latest"}
_BAND_NAMES: Mapping[str, str] = {str(code): label for code, label in BANDS.items()}


@dataclass(frozen=True)
class Narrowed:
    """What the address says; words that are not known narrow nothing. `beat`: `all` for more than what the broker looks after."""

    view: str = "waiting"
    state: str = ""
    band: str = ""
    owner: str = ""
    field: str = ""
    region: str = ""
    age: str = ""
    beat: str = ""
    order: str = ""
    demand: int | None = None
    achievement: int | None = None

    @property
    def ordered(self) -> Order:
        return next((order for order in ORDERS if order == self.order), _USUAL.get(self.view, "best"))

    def wanted(self, viewer: Viewer, today: date, beat: Beat | None = None) -> Wanted:
        """`beat` is what the viewer looks after. Raises UnknownValue for a field or a region that nobody knows."""
        owners = {"mine": viewer.login, "nobody": NOBODY, "": None}
        week, month = today - timedelta(days=7), today - timedelta(days=30)
        since, before = {"new": (week, None), "week": (None, week), "month": (None, month)}.get(self.age, (None, None))
        return Wanted(
            states=(self.state,) if self.state else _STATES_OF.get(self.view, ()),
            bands=(self.band,) if self.band else (),
            owner=owners.get(self.owner, self.owner),
            field=v.industries().code(self.field) if self.field else None,
            region=v.regions().code(self.region) if self.region else None,
            beat=None if self.beat == "all" else beat,
            since=since,
            before=before,
            demand=self.demand,
            achievement=self.achievement,
            waiting=self.view == "waiting" and not self.state,
            overdue=self.view == "overdue",
            asked=self.view == "asked",
        )

    def seen_as(self, view: str) -> Narrowed:
        return replace(self, view=view, state="", order="")

    def address(self, path: str = "/workbench", **changed: Any) -> str:
        """The address that asks for this with something changed; a page further only where it is said so."""
        said = asdict(self) | changed
        return address(path, **{name: value for name, value in said.items() if (name, value) != ("view", "waiting")})

    def export(self, wanted: Wanted, format: str) -> str:
        """Where the list is to be had as a sheet."""
        told = {name: getattr(wanted, name) for name in ("owner", "field", "region", "demand", "achievement")}
        told |= {name: value.isoformat() for name in ("since", "before") if (value := getattr(wanted, name))}
        told |= {name: "true" for name in ("waiting", "overdue", "asked", "beat") if getattr(wanted, name)}
        return address("/api/v1/matches/export", state=wanted.states, band=wanted.bands, format=format, **told)

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What narrows the view, in words, each with the address without it."""
        told = {
            "state": STATES[self.state].label if self.state else "",
            "band": _BAND_NAMES.get(self.band, ""),
            "owner": OWNERS.get(self.owner, f"{self.owner} 负责的") if self.owner else "",
            "field": _called(v.industries(), self.field),
            "region": _called(v.regions(), self.region),
            "age": f"在这一步{AGES[self.age]}" if self.age else "",
            "demand": f"需求 {self.demand}" if self.demand is not None else "",
            "achievement": f"成果 {self.achievement}" if self.achievement is not None else "",
        }
        without: Mapping[str, Any] = dict.fromkeys(told)
        return [(label, self.address(**{name: without[name]})) for name, label in told.items() if label]


def narrowed(
    view: Annotated[str, Query(max_length=20)] = "waiting",
    state: Annotated[str, Query(max_length=20)] = "",
    band: Annotated[str, Query(max_length=20)] = "",
    owner: Annotated[str, Query(max_length=200)] = "",
    field: Annotated[str, Query(max_length=50)] = "",
    region: Annotated[str, Query(max_length=50)] = "",
    age: Annotated[str, Query(max_length=20)] = "",
    beat: Annotated[str, Query(max_length=20)] = "",
    order: Annotated[str, Query(max_length=20)] = "",
    demand: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    achievement: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Narrowed:
    return Narrowed(
        view=view if view in VIEWS else "waiting",
        state=state if state in STATES else "",
        band=band if band in _BAND_NAMES else "",
        owner=owner.strip(),
        field=field.strip(),
        region=region.strip(),
        age=age if age in AGES else "",
        beat="all" if beat == "all" else "",
        order=order if order in ORDERS else "",
        demand=demand,
        achievement=achievement,
    )


def _called(vocabulary: Vocabulary, written: str) -> str:
    return vocabulary.name(written) if written else ""


Asked = Annotated[Narrowed, Depends(narrowed)]
