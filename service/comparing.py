"""Two runs of bulk matching compared: for each demand what came, what went and what moved.

A run is the file that `duijie bulk` or the API made of it: JSON lines, CSV or a workbook. Demands are told apart by their own number.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from corpus.errors import BadInput
from corpus.formulas import armed
from service.listing import HEADINGS


class RunUnreadable(BadInput):
    """读不了 {file}：{reason}。请给出 duijie bulk 或 API 做成的 .jsonl、.csv 或 .xlsx。"""


@dataclass(frozen=True)
class Asked:
    """A demand of a run: its title, and the number and title of what it was given, in order, each with its score."""

    title: str
    hits: Mapping[str, tuple[str, float]]

    def rank(self, id: str) -> int:
        return list(self.hits).index(id) + 1


@dataclass(frozen=True)
class Change:
    """What became of a demand's matches. `moved` are the ranks before and after of those that are in both."""

    demand: str
    title: str
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    moved: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    has_new_first: bool = False
    scores: bool = False
    """Whether scores differ though the order does not."""
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_other(self) -> bool:
        return bool(self.came or self.went or self.moved)


@dataclass(frozen=True)
class Difference:
    """`only_before` and `only_after` are demands that one run has alone: one without any match is in no CSV and no workbook."""

    changes: tuple[Change, ...]
    same: int
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    overlap: float | None
    """What share of the matches of either run is in both, on average over the demands of both."""

    @property
    def new_first(self) -> int:
        return sum(change.has_new_first for change in self.changes)

    def as_json(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "changed": sum(change.is_other for change in self.changes),
            "rescored": sum(change.scores for change in self.changes),
            "new_first": self.new_first,
            "overlap": self.overlap,
            "only_before": list(self.only_before),
            "only_after": list(self.only_after),
            "changes": [
                {
                    "demand": change.demand,
                    "title": change.title,
                    "came": list(change.came),
                    "went": list(change.went),
                    "moved": {id: list(ranks) for id, ranks in change.moved.items()},
                    "new_first": change.has_new_first,
                }
                for change in self.changes
            ],
        }


def compared(before: Path, after: Path) -> Difference:
    """Raises RunUnreadable."""
    old, new = read_run(before), read_run(after)
    both = [id for id in old if id in new]
    found = [_change(id, old[id], new[id]) for id in both]
    shares = [_share(old[id], new[id]) for id in both]
    return Difference(
        changes=tuple(change for change in found if change.is_other or change.scores),
        same=sum(not change.is_other and not change.scores for change in found),
        only_before=tuple(id for id in old if id not in new),
        only_after=tuple(id for id in new if id not in old),
        overlap=round(sum(shares) / len(shares), 4) if shares else None,
    )


def _change(id: str, old: Asked, new: Asked) -> Change:
    both = [hit for hit in old.hits if hit in new.hits]
    moved = {hit: (old.rank(hit), new.rank(hit)) for hit in both if old.rank(hit) != new.rank(hit)}
    came = tuple(hit for hit in new.hits if hit not in old.hits)
    went = tuple(hit for hit in old.hits if hit not in new.hits)
    return Change(
        id,
        new.title,
        came,
        went,
        moved,
        has_new_first=list(old.hits)[:1] != list(new.hits)[:1],
        scores=not (came or went or moved) and any(old.hits[hit][1] != new.hits[hit][1] for hit in both),
        titles={hit: title for hit, (title, _) in {**old.hits, **new.hits}.items()},
    )


def _share(old: Asked, new: Asked) -> float:
    whole = old.hits.keys() | new.hits.keys()
    return len(old.hits.keys() & new.hits.keys()) / len(whole) if whole else 1.0


def read_run(file: Path) -> dict[str, Asked]:
    """The demands of a run by their number, in order. Raises RunUnreadable."""
    readers = {".jsonl": _lines, ".csv": _table, ".xlsx": _workbook}
    read = readers.get(file.suffix.lower())
    if read is None:
        raise RunUnreadable(file=file.name, reason="不认识的文件类型")
    try:
        return dict(read(file))
    except OSError as error:
        raise RunUnreadable(file=file.name, reason=error.strerror or str(error)) from error
    except Exception as error:  # whatever a reader finds in a file that is no run
        raise RunUnreadable(file=file.name, reason="里面不是一次批量匹配的结果") from error


def _lines(file: Path) -> Iterator[tuple[str, Asked]]:
    with file.open(encoding="utf-8") as text:
        for line in map(json.loads, text):
            hits = {_name(hit["source"], hit["source_id"]): (hit["title"], hit["score"]) for hit in line["hits"]}
            yield line["source_id"], Asked(line["title"], hits)


def _table(file: Path) -> Iterator[tuple[str, Asked]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.DictReader(text)
        if rows.fieldnames != list(HEADINGS):
            raise ValueError
        yield from _gathered({name: armed(cell) for name, cell in row.items()} for row in rows)


def _workbook(file: Path) -> Iterator[tuple[str, Asked]]:
    with closing(openpyxl.load_workbook(file, read_only=True)) as book:
        for sheet in book.worksheets:
            rows = iter(sheet.iter_rows(values_only=True))
            if next(rows, None) == HEADINGS:
                yield from _gathered(dict(zip(HEADINGS, row, strict=False)) for row in rows)
        if not any(sheet.title == "匹配" for sheet in book.worksheets):
            raise ValueError


def _gathered(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Asked]]:
    """The demands of rows that are a match each."""
    found: dict[str, Asked] = {}
    for row in rows:
        asked = found.setdefault(str(row["需求编号"]), Asked(str(row["需求名称"]), {}))
        hits = dict(asked.hits) | {_name(row["成果来源"], row["成果编号"]): (str(row["成果名称"]), float(row["得分"]))}
        found[str(row["需求编号"])] = Asked(asked.title, hits)
    return iter(found.items())


def _name(source: object, id: object) -> str:
    return f"{source}/{id}"
