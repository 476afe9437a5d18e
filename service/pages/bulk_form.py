"""What the form of a bulk job asks for: the options of the API in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from corpus import vocabulary as v
from corpus.errors import BadInput
from corpus.headings import checked_mapping
from corpus.records import Demand
from indexer.attributes import read_filter
from service.looking import fields_named
from service.pages.asking import MODE, Condition, understandable

LIMITS = ("3", "5", "10", "20", "50")
"""Achievements for each demand that one can choose from."""
NOT_USED = "-"
"""What the form sends for a column that is to be passed over."""
_ONE = {"industry=": "industry", "region=": "region", "trl>=": "trl", "year>=": "since", "year<=": "until"}
_SEVERAL = {"stage=": "stage", "transfer_modes=": "transfer_modes"}
_OLDEST = 1900

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class BulkForm:
    """As it was written; `others` are conditions of a job sent by a program that the form has no field for."""

    limit: str = "10"
    mode: str = "hybrid"
    industry: str = ""
    region: str = ""
    stage: Sequence[str] = ()
    trl: str = ""
    transfer_modes: Sequence[str] = ()
    since: str = ""
    until: str = ""
    others: Sequence[str] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves some achievements out."""
        return any(getattr(self, name) for name in (*_ONE.values(), *_SEVERAL.values(), "others"))

    @property
    def other_conditions(self) -> Sequence[Condition]:
        return understandable(self.others)

    def options(self) -> dict[str, Any]:
        """Raises BadInput, and what a filter that cannot be read raises."""
        where = self._where()
        read_filter(where)
        return {
            "limit": int(self.limit) if self.limit.isdecimal() else int(BulkForm.limit),
            "where": where,
            "mode": self.mode if self.mode in MODE.labels else BulkForm.mode,
            "columns": checked_mapping(dict(self.columns), "column", [Demand]),
        }

    def _where(self) -> list[str]:
        """Raises BadInput."""
        for year in filter(None, (self.since, self.until)):
            if not (year.isdecimal() and _OLDEST <= int(year) <= date.today().year + 1):
                raise BadInput(reason=f"年份应是四位数字，这里是“{year[:20]}”")
        one = [f"{start}{value}" for start, name in _ONE.items() if (value := getattr(self, name))]
        several = [f"{start}{value}" for start, name in _SEVERAL.items() for value in getattr(self, name)]
        return [*one, *several, *self.others]


def written(fields: Fields) -> BulkForm:
    """What a browser sent; headings and their fields come side by side."""
    pairs = zip(fields.get("heading", ()), fields.get("field", ()), strict=False)
    columns = {heading.strip(): "" if name == NOT_USED else name for heading, name in pairs if heading.strip() and name}
    one = {name: fields[name][0].strip() for name in ("limit", "mode", *_ONE.values()) if fields.get(name)}
    return BulkForm(
        **one,
        stage=tuple(fields.get("stage", ())),
        transfer_modes=tuple(fields.get("transfer_modes", ())),
        others=tuple(fields.get("others", ())),
        columns=columns,
    )


def form_of(options: Mapping[str, Any]) -> BulkForm:
    """The form that asks for what a job was asked for."""
    one: dict[str, str] = {}
    several: dict[str, list[str]] = {name: [] for name in (*_SEVERAL.values(), "others")}
    for condition in options["where"]:
        start = next((start for start in (*_ONE, *_SEVERAL) if condition.startswith(start)), "")
        if start in _ONE and _ONE[start] not in one:
            one[_ONE[start]] = condition.removeprefix(start)
        else:
            several[_SEVERAL.get(start, "others")].append(
                condition.removeprefix(start) if start in _SEVERAL else condition
            )
    told = {"limit": str(options["limit"]), "mode": options["mode"], "columns": options["columns"]}
    return BulkForm(**one, **several, **told)  # type: ignore[arg-type]


def choices() -> dict[str, Any]:
    """What the form's lists offer."""
    return {
        "limits": LIMITS,
        "modes": {"hybrid": "词语和意思都看（推荐）", "keyword": "只看写到的词语", "semantic": "只看意思相近"},
        "industries": {code: name for code, name in v.industries().labels.items() if len(code) in (1, 3)},
        "regions": [name for code, name in v.regions().labels.items() if code.endswith("00")],
        "stages": {code: name for code, name in v.STAGE.labels.items() if code != "other"},
        "ways": {code: name for code, name in v.TRANSFER_MODE.labels.items() if code not in ("self", "other")},
        "levels": {str(level): f"{level} 级起：{said}" for level, said in v.TRL.items() if level > 1},
        "names": fields_named("demand"),
        "not_used": NOT_USED,
        "this_year": date.today().year,
    }
