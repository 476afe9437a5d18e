"""An endpoint for language models on this machine: real HTTP, answers written by the test, and a memory of what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = {
    "need": "降低无刷直流电机运行时的电磁噪声。",
    "terms": [{"term": "转矩脉动", "weight": 0.9}, {"term": "斜槽", "weight": 0.6}],
}


@dataclass(frozen=True)
class Reply:
    """What the endpoint does with one question."""

    body: bytes
    status: int = 200
    after: float = 0.0
    """Seconds before the first byte."""
    between: float = 0.0
    """Seconds between two bytes."""
    headers: tuple[tuple[str, str], ...] = ()


def saying(content: Any, *, after: float = 0.0, between: float = 0.0) -> Reply:
    """A completion whose message holds a text, or another value as JSON."""
    said = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return completion({"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]}, after, between)


def completion(body: Any, after: float = 0.0, between: float = 0.0) -> Reply:
    return Reply(json.dumps(body).encode(), after=after, between=between)


@dataclass
class Served:
    """Gives its replies in turn, the last of them for ever."""

    replies: list[Reply]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The body of each question."""
    paths: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def reply(self) -> Reply:
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


@contextmanager
def serving(*replies: Reply) -> Iterator[Served]:
    served = Served(list(replies))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            served.asked.append(json.loads(question))
            served.paths.append(self.path)
            served.keys.append(self.headers["Authorization"])
            reply = served.reply()
            served.closing.wait(reply.after)
            try:
                self._give(reply)
            except OSError:
                self.close_connection = True  # the asker has gone

        def _give(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in (("Content-Type", "application/json"), *reply.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if not reply.between:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                if served.closing.wait(reply.between):
                    return

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
