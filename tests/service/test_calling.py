"""A client's calls against a real server on this machine that puts them off, is away, or breaks off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

import service.calling
from service.calling import Calls, Refused


class Fickle(ThreadingHTTPServer):
    """Answers as it is told to, in turn; 0 breaks off, and 1 in the middle of an answer."""

    answers: list[int]
    came: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Fickle

    def do_GET(self) -> None:
        self.server.came.append(
            f"{self.command} {self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()}"
        )
        answer = self.server.answers.pop(0)
        if answer > 1:
            self.send_response(answer)
            self.send_header("Retry-After", "0")
        elif answer:
            self.send_response(200)
        if answer:
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b'"whole"\n\n' if answer > 1 else b'"who')
        self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Fickle, Calls]]:
    monkeypatch.setattr(service.calling, "PAUSES", (0.01, 0.01))
    fickle = Fickle(("127.0.0.1", 0), Handler)
    fickle.answers, fickle.came = [], []
    thread = threading.Thread(target=fickle.serve_forever)
    thread.start()
    calls = Calls(f"http://127.0.0.1:{fickle.server_address[1]}", None, timeout=30, trust_env=False)
    yield fickle, calls
    calls.http.close()
    fickle.shutdown()
    thread.join()
    fickle.server_close()


@pytest.mark.parametrize("answers", [[200], [503, 200], [0, 200], [1, 200], [429, 0, 200]])
def test_a_harmless_call_is_made_until_it_is_answered(server: tuple[Fickle, Calls], answers: list[int]) -> None:
    fickle, calls = server
    fickle.answers = list(answers)
    assert calls.call("GET", "/").json() == "whole"
    assert len(fickle.came) == len(answers)


def test_any_call_is_made_again_when_it_was_put_off_and_only_a_harmless_one_when_it_got_lost(
    server: tuple[Fickle, Calls],
) -> None:
    fickle, calls = server
    fickle.answers = [429, 429, 200]
    assert calls.call("POST", "/", content=b"a").json() == "whole"
    fickle.answers = [0]
    with pytest.raises(httpx.TransportError):
        calls.call("POST", "/", content=b"b")
    fickle.answers = [503]
    with pytest.raises(Refused, match="503"):
        calls.call("DELETE", "/")
    fickle.answers = [0, 502, 200]
    assert calls.call("POST", "/", content=b"c", harmless=True).json() == "whole"
    assert fickle.came == ["POST a"] * 3 + ["POST b", "DELETE "] + ["POST c"] * 3


def test_after_the_last_pause_it_is_told(server: tuple[Fickle, Calls]) -> None:
    fickle, calls = server
    fickle.answers = [429, 503, 429]
    with pytest.raises(Refused, match="429"):
        calls.call("GET", "/")
    fickle.answers = [0, 0, 0]
    with pytest.raises(httpx.TransportError):
        calls.call("GET", "/")


def test_what_breaks_off_while_it_is_read_is_told_where_it_is_read(server: tuple[Fickle, Calls]) -> None:
    fickle, calls = server
    fickle.answers = [503, 1]
    with calls.streamed("GET", "/") as answer, pytest.raises(httpx.TransportError):
        list(answer.iter_lines())
