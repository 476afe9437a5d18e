"""Many demands at once: a sheet of them in, a list of matches out, nothing saved.

file → rows → demands → matches, several at a time → kept line by line → list
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.intake import Taken, read_file
from corpus.records import Demand
from corpus.refusals import Refusal, write_refused
from corpus.sheets import rows
from indexer.attributes import read_filter
from indexer.fusion import LABELS, Mode
from indexer.reading import OWN_FILES
from service.answers import Hit, matched
from service.installation import Installation
from service.listing import Listing, write
from service.resuming import Kept, resumed
from service.sharing import shared
from service.viewer import Viewer

NAMED = 100
"""Refused rows that a run still names when it is done; the list holds all of them."""


@dataclass
class Done:
    """What a run did. Of `demands`, `resumed` were matched by an earlier run that was stopped; `refusals` are the first few."""

    out: Path
    demands: int = 0
    refused: int = 0
    matches: int = 0
    resumed: int = 0
    seconds: float = 0.0
    refusals: list[Refusal] = field(default_factory=list)
    about: Mapping[str, Any] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Demands a second, those of this run."""
        return round((self.demands - self.resumed) / self.seconds, 1) if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        names = ("demands", "refused", "matches", "resumed", "seconds", "rate")
        return {**{name: getattr(self, name) for name in names}, "out": str(self.out)}


def bulk(
    installation: Installation,
    file: Path,
    out: Path,
    *,
    viewer: Viewer,
    limit: int = 20,
    where: Sequence[str] = (),
    mode: Mode = "hybrid",
    mapping: Mapping[str, str] | None = None,
    refused: Path | None = None,
    anew: bool = False,
    many: bool = False,
    progress: Callable[[int], None] = lambda count: None,
    told: Callable[[Mapping[str, Any]], None] = lambda step: None,
) -> Done:
    """Match every demand of a file as `match` would a stored one for a viewer, and list the matches in `out`; goes on where a run was stopped.

    All by the index as it is at the start, with `many` by a process a core. `told` is handed every step, those of an earlier run first. Raises what a file or a filter that cannot be read raises, StartedOtherwise, UnderWay, NotKept, ProcessEnded.
    """
    started = time.perf_counter()
    installation.fresh()
    read_filter(where)
    done = Done(out)
    asked = _asked(installation, file, viewer, limit, where, mode, mapping or {})
    found = partial(_found, viewer=viewer, limit=limit, where=where, mode=mode)
    with resumed(kept_in(out), asked, anew=anew) as kept:
        for step in kept.steps():
            told(step)
        progress(kept.resumed)
        taken = read_file(file, kind=Demand, mapping=mapping, ignored=done.ignored)
        for step in shared(installation, found, islice(taken, kept.resumed, None), many=many):
            kept.append(step)
            told(step)
            progress(1)
        _count(done, kept)
        done.seconds = round(time.perf_counter() - started, 3)
        done.about = _about(installation, asked, done)
        write(Listing(partial(_matched, kept), partial(_refused, kept), done.about), out)
        if refused:
            write_refused(_refused(kept), refused)
    return done


def answered(
    installation: Installation,
    given: Iterable[Taken | Refusal],
    *,
    viewer: Viewer,
    limit: int,
    where: Sequence[str],
    mode: Mode,
) -> Iterator[dict[str, Any]]:
    """The lines of rows that were read already, in order, as `bulk` would write them; refused rows have theirs, too."""
    installation.fresh()
    found = partial(_found, viewer=viewer, limit=limit, where=where, mode=mode)
    return shared(installation, found, given)


def demands_in(file: Path, mapping: Mapping[str, str]) -> int:
    """How many rows a file has; the whole of it is read. Raises FileUnreadable."""
    return sum(1 for _ in rows(file, mapping))


def kept_in(out: Path) -> Path:
    """Where a run keeps what it has done until the list is whole."""
    return out.with_name(f"{out.name}.partial.jsonl")


def _asked(
    installation: Installation,
    file: Path,
    viewer: Viewer,
    limit: int,
    where: Sequence[str],
    mode: Mode,
    mapping: Mapping[str, str],
) -> dict[str, Any]:
    """All that the matches depend on, by the names that people know."""
    index, interpreter = installation.index, installation.interpreter
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    weights = index.fusion.weights["keyword" if index.degraded else mode]
    return {
        "需求文件": file.name,
        "需求文件的内容": f"sha256 {digest}",
        "列名对照": dict(mapping),
        "所见范围": "全部" if viewer.is_machine else "；".join(sorted(viewer.tokens)),
        "最多几条": limit,
        "筛选": list(where),
        "检索方式": mode,
        "向量模型": index.encoder.fingerprint if index.encoder else None,
        "语言模型": interpreter.endpoint.model if interpreter else None,
        "权重": {LABELS[name]: weight for name, weight in weights.items()},
        "自己的词表": _own_lists(installation.settings.home),
        "修订号": index.engine.revision,
    }


def _own_lists(home: Path) -> str | None:
    held = [home / name for name in ("words.txt", *OWN_FILES) if (home / name).is_file()]
    told = b"".join(file.name.encode() + b"\0" + file.read_bytes() for file in held)
    return hashlib.sha256(told).hexdigest()[:16] if held else None


def _found(
    installation: Installation, row: Taken | Refusal, *, viewer: Viewer, limit: int, where: Sequence[str], mode: Mode
) -> dict[str, Any]:
    """A row's line: the demand with its hits, or why it was refused."""
    if isinstance(row, Refusal):
        return {"refused": {"file": row.file, "line": row.line, "reason": row.reason, "cells": dict(row.cells)}}
    index = installation.index
    answer = matched(installation, row.record, viewer=viewer, where=where, mode=mode, limit=limit)
    record = row.record
    return {
        "file": row.file,
        "line": row.line,
        "source": record.source,
        "source_id": record.source_id,
        "title": record.title,
        "mode": answer.mode,
        "note": answer.note,
        "revision": answer.revision,
        "model": index.encoder.fingerprint if index.encoder else None,
        "hits": [_hit(rank, hit) for rank, hit in enumerate(answer.hits, start=1)],
    }


def _hit(rank: int, hit: Hit) -> dict[str, Any]:
    record = hit.record
    return {
        "rank": rank,
        "id": record.id,
        "source": record.source,
        "source_id": record.source_id,
        "title": record.title,
        "organisation": record.organisation,
        "score": hit.score,
        "band": hit.band,
        "parts": dict(hit.parts),
        "quotes": [{"field": quote.field, "text": quote.text} for quote in hit.quotes],
    }


def _matched(kept: Kept) -> Iterator[dict[str, Any]]:
    return (step for step in kept.steps() if "refused" not in step)


def _refused(kept: Kept) -> Iterator[Refusal]:
    return (Refusal(**step["refused"]) for step in kept.steps() if "refused" in step)


def _count(done: Done, kept: Kept) -> None:
    for number, step in enumerate(kept.steps()):
        if "refused" in step:
            done.refused += 1
            done.refusals += [Refusal(**step["refused"])] if len(done.refusals) < NAMED else []
        else:
            done.demands += 1
            done.matches += len(step["hits"])
            done.resumed += number < kept.resumed


def _about(installation: Installation, asked: Mapping[str, Any], done: Done) -> dict[str, Any]:
    index = installation.index
    return {
        "生成时间": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        **asked,
        "需求条数": done.demands,
        "退回行数": done.refused,
        "匹配条数": done.matches,
        "没有用到的列": [column for columns in done.ignored.values() for column in columns],
        **({"注意": index.degraded} if index.degraded and asked["检索方式"] != "keyword" else {}),
    }
