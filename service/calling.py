"""Calls of the API by a program: made again where that does no harm, and what the server refuses told as it told it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

Shape = TypeVar("Shape", bound=BaseModel)

PAUSES: Sequence[float] = (0.5, 2.0, 8.0)
"""Seconds before a call is made again."""
LONGEST = 60.0
"""Seconds that are waited, at most, for a server that says when to come again."""
_TOO_MANY = 429
_LATER = (502, 503, 504)
_HARMLESS = ("GET", "PUT")


class Refused(Exception):
    """The server answered that it will not: its status, the kind of problem, and the sentence for people."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind, self.detail = status, kind, detail


class Calls:
    """Of one server, with a key or none.

    A call that the server puts off (429) is made again when it said, at most `LONGEST` later. One that got lost, or met a server that is just not there,
    is made again where it is `harmless`: where twice is as good as once.
    """

    def __init__(self, address: str, key: str | None, *, timeout: float, trust_env: bool) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=address, headers=headers, timeout=timeout, trust_env=trust_env)

    def call(self, method: str, path: str, *, harmless: bool | None = None, **sent: Any) -> httpx.Response:
        """The whole answer. Raises Refused, and httpx.TransportError where nobody is there."""
        return self._answer(method, path, harmless, sent, is_streamed=False)

    def get(self, path: str, shape: type[Shape], **asked: Any) -> Shape:
        return read(self.call("GET", path, params=said(asked)), shape)

    def save(self, file: Path, path: str, **asked: Any) -> Path:
        """An answer in a file."""
        with self.streamed("GET", path, params=said(asked)) as answer, file.open("wb") as out:
            for part in answer.iter_bytes():
                out.write(part)
        return file

    @contextmanager
    def streamed(
        self, method: str, path: str, *, harmless: bool | None = None, **sent: Any
    ) -> Iterator[httpx.Response]:
        """An answer that is read as it comes in. Raises as `call` does; also while it is read."""
        with closing(self._answer(method, path, harmless, sent, is_streamed=True)) as answer:
            yield answer

    def _answer(
        self, method: str, path: str, harmless: bool | None, sent: Mapping[str, Any], *, is_streamed: bool
    ) -> httpx.Response:
        may_repeat = method in _HARMLESS if harmless is None else harmless
        for pause in (*PAUSES, None):
            try:
                answer = self.http.send(self.http.build_request(method, path, **sent), stream=is_streamed)
            except httpx.TransportError:
                if pause is None or not may_repeat:
                    raise
            else:
                if pause is None or not (
                    answer.status_code == _TOO_MANY or (may_repeat and answer.status_code in _LATER)
                ):
                    return _checked(answer)
                pause = min(LONGEST, _seconds(answer) or pause)
                answer.close()
            time.sleep(pause)
        raise AssertionError  # the last pass returns or raises


def said(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of it; None says nothing."""
    return {name: value for name, value in asked.items() if value is not None}


def read(answer: httpx.Response, shape: type[Shape]) -> Shape:
    return shape.model_validate_json(answer.content)


def _seconds(answer: httpx.Response) -> float | None:
    """When the server said to come again."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else None


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one. Raises Refused."""
    if answer.is_success:
        return answer
    answer.read()
    try:
        told = answer.json()
        kind, detail = str(told["type"]).rpartition("#")[2], str(told["detail"])
    except (ValueError, KeyError, TypeError):
        kind, detail = "Unexpected", answer.text[:200]
    raise Refused(answer.status_code, kind, detail)
