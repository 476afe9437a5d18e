"""Webhooks against a real server on this machine that answers wrongly, slowly, or not at all; and addresses that are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import service.webhooks
from corpus.accounts import Accounts, AccountUnknown
from corpus.jobs import Job, Jobs
from corpus.store import Store
from service.webhooks import PAUSES, WebhookUnfit, checked, deliver_due
from tests.corpus.conftest import Clock

SECRET = "sixteen characters and more"


class Receiver(ThreadingHTTPServer):
    """Answers as it is told to, in turn, and keeps what came."""

    answers: list[int]
    came: list[tuple[dict[str, str], bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        answer = self.server.answers.pop(0)
        if not answer:
            time.sleep(1.5)
        self.send_response(answer or 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver(("127.0.0.1", 0), Handler)
    server.answers, server.came = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def jobs(memory_store: Store) -> Jobs:
    return Jobs(memory_store.engine, clock=Clock())


def owner_of(jobs: Jobs) -> int:
    accounts = Accounts(jobs.engine)
    try:
        return accounts.find("owner").id
    except AccountUnknown:
        return accounts.add("owner", "four horses stand still", role="broker").id


def done(jobs: Jobs, url: str, state: Any = "done") -> Job:
    """A job that is over and wants that to be told."""
    options = {"limit": 1, "where": [], "mode": "hybrid", "columns": {}}
    job = jobs.add(
        jobs.new_id(),
        owner_of(jobs),
        file="demands.csv",
        digest="",
        options=options,
        webhook=url,
        webhook_secret=SECRET,
    )
    jobs.begin(job, seen=[])
    jobs.end(job.id, state, done=7, total=7)
    return jobs.get(job.id)


def address(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.server_address[1]}/hook?x=1"


def test_the_end_of_a_job_is_told_once_and_signed(jobs: Jobs, receiver: Receiver) -> None:
    receiver.answers = [200]
    job = done(jobs, address(receiver))
    assert deliver_due(jobs, private=True)
    assert not deliver_due(jobs, private=True)
    ((headers, body),) = receiver.came
    told = json.loads(body)
    assert (told["type"], told["data"]["id"], told["data"]["done"]) == ("bulk-match.done", job.id, 7)
    assert SECRET not in body.decode()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    sign = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{sign}"
    after = jobs.get(job.id)
    assert (after.webhook_tries, after.webhook_told, after.webhook_at, after.webhook_secret) == (
        1,
        "200 OK",
        None,
        None,
    )


def test_what_fails_is_tried_again_with_longer_and_longer_pauses_and_then_given_up(
    jobs: Jobs, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.webhooks, "PATIENCE", 0.5)
    clock = jobs.clock
    assert isinstance(clock, Clock)
    receiver.answers = [500, 0, 302, 404, 503, 500]
    job = done(jobs, address(receiver))
    said = ["500 Internal Server Error", "没有及时应答", "302 Found", "404 Not Found", "503 Service Unavailable", "500 Internal Server Error"]  # fmt: skip
    for number, each in enumerate(said):
        assert deliver_due(jobs, private=True)
        assert jobs.get(job.id).webhook_told == each
        assert not deliver_due(jobs, private=True)
        if number < len(PAUSES):
            clock.at += PAUSES[number] - timedelta(seconds=1)
            assert not deliver_due(jobs, private=True)
            clock.at += timedelta(seconds=1)
    clock.at += timedelta(days=9)
    assert not deliver_due(jobs, private=True)
    assert len(receiver.came) == jobs.get(job.id).webhook_tries == 6


def test_nobody_there_is_told_and_tried_again_and_a_cancelled_job_is_not_told(jobs: Jobs, receiver: Receiver) -> None:
    done(jobs, address(receiver), "cancelled")
    assert not deliver_due(jobs, private=True)
    job = done(jobs, "http://127.0.0.1:9/hook", "failed")
    assert deliver_due(jobs, private=True)
    assert jobs.get(job.id).webhook_told == "没有送到（ConnectError）"
    assert jobs.get(job.id).webhook_at


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x", "ftp://example.org", "https://", "javascript:alert(1)", "https://user:word@example.org/", "x" * 10,
        "https://127.0.0.1/", "https://localhost/", "http://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[fd00::1]/", "https://0.0.0.0/", "https://224.0.0.1/", "https://100.64.0.1/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_https_to_the_open_net_is_refused(url: str) -> None:
    with pytest.raises(WebhookUnfit):
        checked(url, private=False)


def test_an_address_whose_name_leads_into_a_private_network_is_not_spoken_to(jobs: Jobs, receiver: Receiver) -> None:
    port = receiver.server_address[1]
    job = done(jobs, f"https://localhost.localdomain:{port}/")
    assert deliver_due(jobs, private=False)
    assert jobs.get(job.id).webhook_told in ("它在内部网络里", "找不到这台主机")
    assert receiver.came == []


def test_with_leave_private_addresses_are_spoken_to_but_http_only_to_this_machine() -> None:
    assert checked("https://10.0.0.1/", private=True)
    assert checked("http://localhost:8000/", private=True)
    for url in ("http://10.0.0.1/", "http://example.org/"):
        with pytest.raises(WebhookUnfit):
            checked(url, private=True)


def test_an_answer_of_a_kind_that_nobody_knows_is_an_answer(jobs: Jobs, receiver: Receiver) -> None:
    receiver.answers = [299, 599]
    for said in ("299", "599"):
        job = done(jobs, address(receiver))
        assert deliver_due(jobs, private=True)
        assert jobs.get(job.id).webhook_told == said
    assert not deliver_due(jobs, private=True)


def test_who_answers_a_byte_at_a_time_keeps_nobody_else_waiting(
    jobs: Jobs, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.webhooks, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as slow:
        answering = threading.Thread(target=_trickle, args=(slow,), daemon=True)
        answering.start()
        job = done(jobs, f"http://127.0.0.1:{slow.getsockname()[1]}/hook")
        assert deliver_due(jobs, private=True)
    assert jobs.get(job.id).webhook_told == "没有及时应答"


def _trickle(slow: socket.socket) -> None:
    with suppress(OSError):
        connection, _ = slow.accept()
        with connection:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                connection.send(bytes([byte]))
                time.sleep(0.1)
