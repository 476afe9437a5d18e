"""Webhooks: whoever asked for a job is told of its end, by a signed request to an address of theirs.

The address is https and not of a private network, so that nobody makes this machine speak to its neighbours; where
`DUIJIE_WEBHOOK_PRIVATE=1` says so it may be, and http to this machine itself. It is looked up once and that very address is spoken to; redirects are
not followed, no proxy is used, and what is answered is not read. The signature is that of Standard Webhooks.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import socket
import time
from collections.abc import Mapping
from datetime import timedelta
from http.client import responses
from typing import Any

import httpx

from corpus.errors import BadInput
from corpus.jobs import Job, Jobs
from service.jobs import told

PATIENCE = 10.0
"""Seconds for the whole of a request: who answers a byte at a time keeps nobody else waiting."""
CLAIMED = timedelta(minutes=2)
"""How long nobody else tells of a job that somebody is telling of."""
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200))
"""Between tries."""
_EMBEDDING = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "2002::/16", "2001::/32")]
"""IPv6 networks whose addresses lead to IPv4 ones."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookUnfit(BadInput):
    """不能通知 {url}：{reason}。"""


def checked(url: str, *, private: bool) -> httpx.URL:
    """The address, as far as can be told without looking it up. Raises WebhookUnfit."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise WebhookUnfit(url=url[:200], reason="它不是一个网址") from None
    literal = _literal(parts.host)
    is_here = parts.host == "localhost" or (literal is not None and literal.is_loopback)
    fault = (
        "网址里不要写用户名和密码" if parts.userinfo
        else "它没有写主机" if not parts.host
        else "应以 https:// 开头" if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not (is_here and private))
        else "它在内部网络里（管理员可用 DUIJIE_WEBHOOK_PRIVATE=1 允许）"
        if not private and (is_here or (literal is not None and not _is_public(literal)))
        else None
    )  # fmt: skip
    if fault:
        raise WebhookUnfit(url=url[:200], reason=fault)
    return parts


def deliver_due(jobs: Jobs, *, private: bool) -> bool:
    """Tell of one job whose end is to be told, if there is one; whether there was."""
    job = jobs.to_tell(CLAIMED)
    if job is None:
        return False
    said = _delivered(job, private=private)
    is_done = said.startswith("2")
    over = is_done or job.webhook_tries >= len(PAUSES)
    jobs.told(job.id, said, again=None if over else PAUSES[job.webhook_tries])
    return True


def _delivered(job: Job, *, private: bool) -> str:
    """What came of it, in a few words; they begin with the status where there was an answer."""
    body = json.dumps({"type": f"bulk-match.{job.state}", "data": told(job)}, ensure_ascii=False).encode()
    try:
        return _posted(job.webhook or "", body, signed(job.id, job.webhook_secret or "", body), private=private)
    except WebhookUnfit as error:
        return str(error.facts["reason"])
    except (TimeoutError, httpx.TimeoutException):
        return "没有及时应答"
    except httpx.HTTPError as error:
        return f"没有送到（{type(error).__name__}）"


def signed(id: str, secret: str, body: bytes, *, at: int | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks; the secret is used as it was given, in UTF-8."""
    moment = str(int(time.time()) if at is None else at)
    sign = hmac.new(secret.encode(), f"{id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(sign).decode()}",
    }


def _posted(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> str:
    parts = checked(url, private=private)
    address = _looked_up(parts, private=private)
    host = parts.netloc.decode("ascii")
    sent: dict[str, Any] = {
        "content": body,
        "headers": {**headers, "Host": host, "Content-Type": "application/json", "User-Agent": "duijie-webhook"},
        "extensions": {"sni_hostname": parts.raw_host.decode("ascii")},
    }
    return asyncio.run(_answered(parts.copy_with(host=str(address)), sent))


async def _answered(url: httpx.URL, sent: Mapping[str, Any]) -> str:
    """The status of the answer, whose body is not read. Raises TimeoutError, httpx.HTTPError."""
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
        client.stream("POST", url, **sent) as answer,
    ):
        return f"{answer.status_code} {responses.get(answer.status_code, '')}".rstrip()


def _looked_up(parts: httpx.URL, *, private: bool) -> Address:
    """The address that a host's name leads to. Raises WebhookUnfit where one of them is private, or none is known."""
    try:
        found = socket.getaddrinfo(parts.host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise WebhookUnfit(url=str(parts)[:200], reason="找不到这台主机") from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not private and not all(map(_is_public, addresses)):
        raise WebhookUnfit(url=str(parts)[:200], reason="它在内部网络里")
    if parts.scheme == "http" and not all(address.is_loopback for address in addresses):
        raise WebhookUnfit(url=str(parts)[:200], reason="应以 https:// 开头")
    return addresses[0]


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _EMBEDDING):
            return False
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
