"""A client of the API for Python programs.

    with Duijie("https://duijie.example.org", key=KEY) as duijie:
        for hit in duijie.match(text="磁铁放半年起泡掉皮").hits:
            print(hit.score, hit.band, hit.title)
        for demand in duijie.bulk("demands.xlsx", limit=10).results():
            print(demand["source_id"], [hit["title"] for hit in demand["hits"]])

What the server refuses is raised as `Refused`, with its status and the sentence that it told. A refusal for too many calls is waited for and tried again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel

from service.api.bulk import JobJson
from service.api.records import Deleted, Page, Written
from service.api.shapes import AnswerJson

Mode = Literal["hybrid", "semantic", "keyword"]
Kind = Literal["achievement", "demand"]
Shape = TypeVar("Shape", bound=BaseModel)

_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PATHS = {"achievement": "achievements", "demand": "demands"}
TRIES = 3
"""How often a call is made that is told to come later."""


class Refused(Exception):
    """The server answered that it will not: its status, the kind of problem, and the sentence for people."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind, self.detail = status, kind, detail


class JobFailed(Exception):
    """A job did not come to its end: it failed or was cancelled."""

    def __init__(self, job: JobJson) -> None:
        super().__init__(job.error or job.state)
        self.job = job


class Duijie:
    """An installation at `address`, asked with a key, or without one as a visitor. Use it as a context, or close it."""

    def __init__(self, address: str, *, key: str | None = None, timeout: float = 60.0, trust_env: bool = True) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=address, headers=headers, timeout=timeout, trust_env=trust_env)

    def __enter__(self) -> Duijie:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def search(
        self,
        text: str,
        *,
        kind: Kind | None = None,
        where: Sequence[str] = (),
        mode: Mode = "hybrid",
        limit: int = 10,
        offset: int = 0,
        records: bool = False,
    ) -> AnswerJson:
        """The records that answer a text best. Raises Refused, as every call does."""
        asked = {"q": text, "kind": kind, "where": list(where), "mode": mode, "limit": limit, "offset": offset, "records": records}  # fmt: skip
        return self._get("/api/v1/search", AnswerJson, **asked)

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
        return _read(self._call("POST", "/api/v1/match", json=_said(asked)), AnswerJson)

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
        headers = {"Content-Type": _TYPES[".jsonl"]}
        with self.http.stream("POST", "/api/v1/match/stream", content=body, params=asked, headers=headers) as answer:
            if answer.is_error:
                answer.read()
            _checked(answer)
            yield from map(json.loads, answer.iter_lines())

    def record(self, kind: Kind, id: int) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"/api/v1/{_PATHS[kind]}/{id}").json()
        return found

    def records(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """All that may be seen, latest change first."""
        before: int | None = None
        while True:
            page = self._get(f"/api/v1/{_PATHS[kind]}", Page, limit=200, before=before)
            yield from page.records
            if page.next is None:
                return
            before = page.next

    def save(self, kind: Kind, records: Sequence[Mapping[str, Any]]) -> Written:
        """Add or replace up to 1,000 records by source and source_id; `refused` names those that did not go in."""
        return _read(self._call("POST", f"/api/v1/{_PATHS[kind]}", json=list(records)), Written)

    def delete(self, kind: Kind, ids: Sequence[int]) -> Deleted:
        return _read(self._call("DELETE", f"/api/v1/{_PATHS[kind]}", params={"id": list(ids)}), Deleted)

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
        """A job for the demands of a file (.xlsx, .csv, .jsonl, .json) or of a list. `key` makes sending again safe."""
        column = [f"{heading}={field}" for heading, field in (columns or {}).items()]
        asked = {"limit": limit, "where": list(where), "mode": mode, "column": column, "webhook": webhook}
        file = Path(demands) if isinstance(demands, str | Path) else None
        type_ = _TYPES[file.suffix.lower()] if file else _TYPES[".json"]
        headers = _said({"Content-Type": type_, "Idempotency-Key": key, "Webhook-Secret": webhook_secret})
        content = file.read_bytes() if file else json.dumps(demands, ensure_ascii=False).encode()
        sent = self._call("POST", "/api/v1/bulk-matches", params=_said(asked), headers=headers, content=content)
        return BulkJob(self, _read(sent, JobJson).id)

    def job(self, id: str) -> BulkJob:
        """A job that was sent before."""
        return BulkJob(self, id)

    def _get(self, path: str, shape: type[Shape], **asked: Any) -> Shape:
        return _read(self._call("GET", path, params=_said(asked)), shape)

    def _call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        for _ in range(TRIES - 1):
            answer = self.http.request(method, path, **sent)
            if answer.status_code != 429:
                return _checked(answer)
            time.sleep(min(60.0, float(answer.headers.get("Retry-After", 1))))
        return _checked(self.http.request(method, path, **sent))


@dataclass(frozen=True)
class BulkJob:
    """Many demands under way at the server."""

    duijie: Duijie
    id: str

    @property
    def path(self) -> str:
        return f"/api/v1/bulk-matches/{self.id}"

    def status(self) -> JobJson:
        return self.duijie._get(self.path, JobJson)

    def wait(self, *, pause: float = 1.0) -> JobJson:
        """Its status when it is done. Raises JobFailed."""
        while (status := self.status()).state in ("waiting", "running"):
            time.sleep(pause)
        if status.state != "done":
            raise JobFailed(status)
        return status

    def results(self, *, pause: float = 1.0) -> Iterator[dict[str, Any]]:
        """The line of each demand, in order, as they come; ends with the job. Raises JobFailed."""
        had = 0
        while True:
            status = self.status()
            for line in self.so_far(after=had):
                had += 1
                yield line
            if status.state not in ("waiting", "running"):
                if status.state != "done":
                    raise JobFailed(status)
                return
            time.sleep(pause)

    def so_far(self, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """What there is by now, without the first `after` demands."""
        with self.duijie.http.stream("GET", f"{self.path}/results", params={"after": after}) as answer:
            if answer.is_error:
                answer.read()
            _checked(answer)
            yield from map(json.loads, answer.iter_lines())

    def save(self, file: Path | str) -> Path:
        """What there is by now, as a file: .xlsx, .csv or .jsonl."""
        path = Path(file)
        asked = {"format": path.suffix.lower().removeprefix(".")}
        with self.duijie.http.stream("GET", f"{self.path}/results", params=asked) as answer, path.open("wb") as out:
            if answer.is_error:
                answer.read()
            _checked(answer)
            for part in answer.iter_bytes():
                out.write(part)
        return path

    def cancel(self) -> JobJson:
        return _read(self.duijie._call("POST", f"{self.path}/cancel"), JobJson)

    def delete(self) -> None:
        self.duijie._call("DELETE", self.path)


def _said(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _read(answer: httpx.Response, shape: type[Shape]) -> Shape:
    return shape.model_validate_json(answer.content)


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one. Raises Refused."""
    if answer.is_success:
        return answer
    try:
        told = answer.json()
        kind, detail = str(told["type"]).rpartition("#")[2], str(told["detail"])
    except (ValueError, KeyError, TypeError):
        kind, detail = "Unexpected", answer.text[:200]
    raise Refused(answer.status_code, kind, detail)
