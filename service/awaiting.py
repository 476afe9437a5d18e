"""Long work at a server, followed by a program: a bulk job, an import."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from service.api.bulk import JobJson
from service.api.importing import ImportJson
from service.api.searching import Kind
from service.calling import PAUSES, Calls, read


class JobFailed(Exception):
    """A job or an import did not come to its end: it failed, was cancelled or interrupted."""

    def __init__(self, job: JobJson | ImportJson) -> None:
        said = job.error if isinstance(job, JobJson) else job.said
        super().__init__(said or job.state)
        self.job = job


@dataclass(frozen=True)
class BulkJob:
    """Many demands under way at the server."""

    calls: Calls
    id: str

    @property
    def path(self) -> str:
        return f"/api/v1/bulk-matches/{self.id}"

    def status(self) -> JobJson:
        return self.calls.get(self.path, JobJson)

    def wait(self, *, pause: float = 1.0) -> JobJson:
        """Its status when it is done. Raises JobFailed."""
        while (status := self.status()).state in ("waiting", "running"):
            time.sleep(pause)
        if status.state != "done":
            raise JobFailed(status)
        return status

    def results(self, *, pause: float = 1.0) -> Iterator[dict[str, Any]]:
        """The line of each demand, in order, as they come; ends with the job. A line that broke off is asked for again. Raises JobFailed."""
        had, lost = 0, 0
        while True:
            status = self.status()
            try:
                for line in self.so_far(after=had):
                    had, lost = had + 1, 0
                    yield line
            except httpx.TransportError:
                if (lost := lost + 1) > len(PAUSES):
                    raise
                time.sleep(pause)
                continue
            if status.state not in ("waiting", "running"):
                if status.state != "done":
                    raise JobFailed(status)
                return
            time.sleep(pause)

    def so_far(self, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """What there is by now, without the first `after` demands."""
        with self.calls.streamed("GET", f"{self.path}/results", params={"after": after}) as answer:
            yield from map(json.loads, answer.iter_lines())

    def save(self, file: Path | str) -> Path:
        """What there is by now, as a file: .xlsx, .csv or .jsonl."""
        path = Path(file)
        return self.calls.save(path, f"{self.path}/results", format=path.suffix.lower().removeprefix("."))

    def save_refused(self, file: Path | str) -> Path:
        """The refused rows with their reasons, to be mended and sent again: .xlsx, .csv or .jsonl."""
        path = Path(file)
        return self.calls.save(path, f"{self.path}/refused", format=path.suffix.lower().removeprefix("."))

    def cancel(self) -> JobJson:
        return read(self.calls.call("POST", f"{self.path}/cancel", harmless=True), JobJson)

    def delete(self) -> None:
        self.calls.call("DELETE", self.path)


@dataclass(frozen=True)
class ImportRun:
    """A file of records on its way into the library."""

    calls: Calls
    id: str

    @property
    def path(self) -> str:
        return f"/api/v1/imports/{self.id}"

    def status(self) -> ImportJson:
        return self.calls.get(self.path, ImportJson)

    def wait(self, *, pause: float = 1.0) -> ImportJson:
        """Its status when it is done. Raises JobFailed; an import that was interrupted can be run again."""
        while (status := self.status()).state in ("new", "running"):
            time.sleep(pause)
        if status.state != "done":
            raise JobFailed(status)
        return status

    def again(
        self, *, kind: Kind | None = None, source: str | None = None, mapping: Mapping[str, str] | None = None
    ) -> None:
        """Run it anew, read otherwise: records that are in already stay as they are."""
        asked = {"kind": kind, "source": source, "mapping": dict(mapping or {})}
        self.calls.call("POST", f"{self.path}/run", json=asked)

    def save_refused(self, file: Path | str) -> Path:
        """The refused rows with their reasons, as a workbook to be mended and sent again. Raises Refused where none was."""
        return self.calls.save(Path(file), f"{self.path}/refused")

    def delete(self) -> None:
        """The file and what is known of it; the records stay."""
        self.calls.call("DELETE", self.path)
