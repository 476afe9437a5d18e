"""A client of the API for Python programs.

    with Duijie("https://duijie.example.org", key=KEY) as duijie:
        for hit in duijie.match(text="磁铁放半年起泡掉皮").hits:
            print(hit.score, hit.band, hit.title)
        for demand in duijie.bulk("demands.xlsx", limit=10).results():
            print(demand["source_id"], [hit["title"] for hit in demand["hits"]])

What the server refuses is raised as `Refused`, with its status and the sentence that it told. Calls that got lost or were put off are made again where
that does no harm (`calling`); a bulk job and a step of a match always have an idempotency key, so they are done once however often the call is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from uuid import uuid4

from pydantic import TypeAdapter

from service.api.bulk import JobJson
from service.api.importing import ImportJson
from service.api.leaving import ChangesJson
from service.api.match_shapes import MatchJson, MatchPage, ShownJson
from service.api.records import Deleted, Page, Written
from service.api.shapes import AnswerJson
from service.awaiting import BulkJob, ImportRun, JobFailed
from service.calling import Calls, Refused, read, said

__all__ = ["BulkJob", "Duijie", "ImportRun", "JobFailed", "Refused"]

Mode = Literal["hybrid", "semantic", "keyword"]
Kind = Literal["achievement", "demand"]

_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PATHS = {"achievement": "achievements", "demand": "demands"}
_MATCH: TypeAdapter[MatchJson | ShownJson] = TypeAdapter(MatchJson | ShownJson)


class Duijie:
    """An installation at `address`, asked with a key, or without one as a visitor. Use it as a context, or close it."""

    def __init__(self, address: str, *, key: str | None = None, timeout: float = 60.0, trust_env: bool = True) -> None:
        self.calls = Calls(address, key, timeout=timeout, trust_env=trust_env)

    def __enter__(self) -> Duijie:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.calls.http.close()

    def search(
        self,
        text: str,
        *,
        kind: Kind | None = None,
        where: Sequence[str] = (),
        like: Sequence[int] = (),
        unlike: Sequence[int] = (),
        fold: bool = False,
        mode: Mode = "hybrid",
        limit: int = 10,
        offset: int = 0,
        records: bool = False,
    ) -> AnswerJson:
        """The records that answer a text best, turned by what is liked and not; with `fold`, those that say the same in one hit.

        Raises Refused, as every call does.
        """
        asked = {"q": text, "kind": kind, "where": list(where), "like": list(like), "unlike": list(unlike), "fold": fold,
                 "mode": mode, "limit": limit, "offset": offset, "records": records}  # fmt: skip
        return self.calls.get("/api/v1/search", AnswerJson, **asked)

    def match(
        self,
        *,
        id: int | None = None,
        text: str | None = None,
        kind: Kind | None = None,
        where: Sequence[str] = (),
        mode: Mode = "hybrid",
        limit: int = 10,
        records: bool = False,
    ) -> AnswerJson:
        """The other side's records for a stored record or a text, compared point by point."""
        asked = {"id": id, "text": text, "kind": kind, "where": list(where), "mode": mode, "limit": limit, "records": records}  # fmt: skip
        return read(self.calls.call("POST", "/api/v1/match", json=said(asked), harmless=True), AnswerJson)

    def match_each(
        self,
        demands: Iterable[Mapping[str, Any]],
        *,
        where: Sequence[str] = (),
        mode: Mode = "hybrid",
        limit: int = 10,
    ) -> Iterator[dict[str, Any]]:
        """The lines of up to 1,000 demands, each as soon as it is there."""
        body = "".join(json.dumps(demand, ensure_ascii=False) + "\n" for demand in demands).encode()
        asked = {"where": list(where), "mode": mode, "limit": limit}
        sent = {"content": body, "params": asked, "headers": {"Content-Type": _TYPES[".jsonl"]}}
        with self.calls.streamed("POST", "/api/v1/match/stream", harmless=True, **sent) as answer:
            yield from map(json.loads, answer.iter_lines())

    def record(self, kind: Kind, id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.calls.call("GET", f"/api/v1/{_PATHS[kind]}/{id}").json()
        return found

    def records(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """All that may be seen, latest change first."""
        before: int | None = None
        while True:
            page = self.calls.get(f"/api/v1/{_PATHS[kind]}", Page, limit=200, before=before)
            yield from page.records
            if page.next is None:
                return
            before = page.next

    def changes(self, *, after: int = 0, limit: int = 500) -> ChangesJson:
        """What changed after a revision; go on with the answer's `revision` while it says that there is `more`."""
        return self.calls.get("/api/v1/changes", ChangesJson, after=after, limit=limit)

    def export(self, file: Path | str, *, kind: Kind | None = None) -> Path:
        """All records that may be seen, in a file that an import reads again: .jsonl, .csv (of one kind) or .xlsx."""
        path = Path(file)
        return self.calls.save(path, "/api/v1/export", format=path.suffix.lower().removeprefix("."), kind=kind)

    def save(self, kind: Kind, records: Sequence[Mapping[str, Any]]) -> Written:
        """Add or replace up to 1,000 records by source and source_id; `refused` names those that did not go in."""
        has_number = all(record.get("source_id") for record in records)
        sent = self.calls.call("POST", f"/api/v1/{_PATHS[kind]}", json=list(records), harmless=has_number)
        return read(sent, Written)

    def delete(self, kind: Kind, ids: Sequence[int]) -> Deleted:
        return read(self.calls.call("DELETE", f"/api/v1/{_PATHS[kind]}", params={"id": list(ids)}), Deleted)

    def import_file(self, file: Path | str, *, kind: Kind | None = None, source: str | None = None) -> ImportRun:
        """A file of records (.xlsx, .csv, .jsonl) brought in by the server; what is not said is for the file to say."""
        path = Path(file)
        asked = said({"name": path.name, "kind": kind, "source": source})
        sent = self.calls.call("POST", "/api/v1/imports", params=asked, content=path.read_bytes())
        return ImportRun(self.calls, read(sent, ImportJson).id)

    def matches(self, **wanted: Any) -> Iterator[MatchJson | ShownJson]:
        """Matches as the asker meets them, in order; `wanted` as in `GET /api/v1/matches`: state, band, owner, field, region, waiting …"""
        after: str | None = None
        while True:
            page = self.calls.get("/api/v1/matches", MatchPage, **{"limit": 200, "after": after, **wanted})
            yield from page.matches
            if page.next is None:
                return
            after = page.next

    def step(self, id: int, to: str, **given: Any) -> MatchJson | ShownJson:
        """Bring a match to another state; `given` as in `POST /api/v1/matches/{id}/step`: version, reason, note, said …"""
        key = {"Idempotency-Key": uuid4().hex}
        sent = self.calls.call(
            "POST", f"/api/v1/matches/{id}/step", json={"to": to, **given}, headers=key, harmless=True
        )
        return _MATCH.validate_json(sent.content)

    def bulk(
        self,
        demands: Path | str | Sequence[Mapping[str, Any]],
        *,
        limit: int = 20,
        where: Sequence[str] = (),
        mode: Mode = "hybrid",
        columns: Mapping[str, str] | None = None,
        key: str | None = None,
        webhook: str | None = None,
        webhook_secret: str | None = None,
    ) -> BulkJob:
        """A job for the demands of a file (.xlsx, .csv, .jsonl, .json) or of a list. The same `key` is the same job, also from another process."""
        column = [f"{heading}={field}" for heading, field in (columns or {}).items()]
        asked = {"limit": limit, "where": list(where), "mode": mode, "column": column, "webhook": webhook}
        file = Path(demands) if isinstance(demands, str | Path) else None
        type_ = _TYPES[file.suffix.lower()] if file else _TYPES[".json"]
        told = {"Content-Type": type_, "Idempotency-Key": key or uuid4().hex, "Webhook-Secret": webhook_secret}
        content = file.read_bytes() if file else json.dumps(demands, ensure_ascii=False).encode()
        sent = {"params": said(asked), "headers": said(told), "content": content}
        return BulkJob(
            self.calls, read(self.calls.call("POST", "/api/v1/bulk-matches", harmless=True, **sent), JobJson).id
        )

    def job(self, id: str) -> BulkJob:
        """A job that was sent before."""
        return BulkJob(self.calls, id)

    def jobs(self) -> list[JobJson]:
        """The asker's, latest first."""
        return TypeAdapter(list[JobJson]).validate_json(self.calls.call("GET", "/api/v1/bulk-matches").content)
