"""Settings: the only place where the environment is read.

`DUIJIE_HOME` (default `./var`) is the folder that holds everything an installation owns; `DUIJIE_DATABASE` the store's URL (default: a
SQLite file in that folder); `DUIJIE_MODEL` the encoder's folder or hub name, or `contextual` (default: the static
model in the package).

A language model helps to read demands where `DUIJIE_LLM_URL` and `DUIJIE_LLM_MODEL` are both given: an endpoint like OpenAI's as far as `/v1`, and the
model's name there. `DUIJIE_LLM_KEY` opens it, `DUIJIE_LLM_TIMEOUT` is how many seconds it has, and `DUIJIE_LLM_CONFIDENTIAL=1` lets it read what is not public.

`DUIJIE_HOSTS` names the hosts under which the site is reached, besides this machine's own names. A session ends `DUIJIE_SESSION_HOURS` after sign-in, and after
`DUIJIE_IDLE_HOURS` without use. `DUIJIE_WEBHOOK_PRIVATE=1` lets webhooks go to private networks and this machine.
Who has not signed in may ask `DUIJIE_VISITOR_RATE` times a minute from one address.

Alerts go out by mail where `DUIJIE_SMTP_HOST` (with `:port`, if it is not the usual one) and `DUIJIE_SMTP_FROM` are given. `DUIJIE_SMTP_SECURITY` is `starttls`, `tls` or
`none`; `DUIJIE_SMTP_CA` is the certificate of an authority to trust besides the system's, as a PEM file; `DUIJIE_SMTP_USER` and `DUIJIE_SMTP_PASSWORD` sign in there. `DUIJIE_SITE` is the address of this site that stands in letters.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from corpus.errors import DuijieError
from indexer.interpreting import PATIENCE

_LONGEST_TIMEOUT = 120.0
_LONGEST_SESSION = 24.0 * 366
_MOST_VISITS = 1e6
SECURITIES = ("starttls", "tls", "none")
"""How the way to the mail server is kept secret."""
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")


class HomeUnavailable(DuijieError):
    """用不了数据文件夹 {home}：{reason}。请检查 DUIJIE_HOME 和它的权限。"""


class SettingUnusable(DuijieError):
    """环境变量 {name} 的值不能用：{reason}。请改正后再运行。"""


@dataclass(frozen=True)
class Settings:
    home: Path = Path("var")
    database: str | None = None
    model: str | None = None
    llm_url: str | None = None
    llm_model: str | None = None
    llm_key: str | None = field(default=None, repr=False)
    llm_timeout: float = PATIENCE
    llm_confidential: bool = False
    hosts: tuple[str, ...] = ()
    session_hours: float = 168
    idle_hours: float = 12
    smtp_host: str | None = None
    smtp_security: str = "starttls"
    smtp_ca: Path | None = None
    smtp_user: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_from: str | None = None
    site: str | None = None
    webhook_private: bool = False
    visitor_rate: float = 600

    @property
    def session(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    @property
    def idle(self) -> timedelta:
        return timedelta(hours=self.idle_hours)

    @property
    def database_url(self) -> str | sa.URL:
        return self.database or sa.URL.create("sqlite", database=str((self.home / "duijie.db").resolve()))

    @property
    def index(self) -> Path:
        return self.home / "index"


def make_home(settings: Settings) -> Settings:
    """The settings, with their folder made. Raises HomeUnavailable."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnavailable(home=settings.home, reason=error.strerror or str(error)) from error
    return settings


def from_environment() -> Settings:
    """Raises SettingUnusable."""
    home = os.environ.get("DUIJIE_HOME") or "var"
    return Settings(
        home=Path(home).expanduser(),
        database=os.environ.get("DUIJIE_DATABASE") or None,
        model=os.environ.get("DUIJIE_MODEL") or None,
        llm_url=_address("DUIJIE_LLM_URL"),
        llm_model=os.environ.get("DUIJIE_LLM_MODEL", "").strip() or None,
        llm_key=_key("DUIJIE_LLM_KEY"),
        llm_timeout=_number("DUIJIE_LLM_TIMEOUT", PATIENCE, _LONGEST_TIMEOUT, "秒数"),
        llm_confidential=os.environ.get("DUIJIE_LLM_CONFIDENTIAL", "").strip() == "1",
        hosts=_hosts("DUIJIE_HOSTS"),
        session_hours=_number("DUIJIE_SESSION_HOURS", Settings.session_hours, _LONGEST_SESSION, "小时数"),
        idle_hours=_number("DUIJIE_IDLE_HOURS", Settings.idle_hours, _LONGEST_SESSION, "小时数"),
        smtp_host=_mail_host("DUIJIE_SMTP_HOST"),
        smtp_security=_one_of("DUIJIE_SMTP_SECURITY", SECURITIES),
        smtp_ca=_authority("DUIJIE_SMTP_CA"),
        smtp_user=os.environ.get("DUIJIE_SMTP_USER", "").strip() or None,
        smtp_password=os.environ.get("DUIJIE_SMTP_PASSWORD") or None,
        smtp_from=_sender("DUIJIE_SMTP_FROM"),
        site=_site("DUIJIE_SITE"),
        webhook_private=os.environ.get("DUIJIE_WEBHOOK_PRIVATE", "").strip() == "1",
        visitor_rate=_number("DUIJIE_VISITOR_RATE", Settings.visitor_rate, _MOST_VISITS, "次数"),
    )


def to_environment(settings: Settings) -> None:
    """Hand settings on to the server's worker processes, which read them from their environment."""
    handed = environment(settings)
    for name in _told(settings):
        os.environ.pop(name, None)
    os.environ.update(handed)


def environment(settings: Settings) -> dict[str, str]:
    """The environment for another process of the same installation."""
    told = _told(settings)
    kept = {name: value for name, value in os.environ.items() if name not in told}
    return kept | {name: value for name, value in told.items() if value}


def _told(settings: Settings) -> dict[str, str | None]:
    return {
        "DUIJIE_HOME": str(settings.home),
        "DUIJIE_DATABASE": settings.database,
        "DUIJIE_MODEL": settings.model,
        "DUIJIE_LLM_URL": settings.llm_url,
        "DUIJIE_LLM_MODEL": settings.llm_model,
        "DUIJIE_LLM_KEY": settings.llm_key,
        "DUIJIE_LLM_TIMEOUT": str(settings.llm_timeout),
        "DUIJIE_LLM_CONFIDENTIAL": "1" if settings.llm_confidential else None,
        "DUIJIE_HOSTS": ",".join(settings.hosts),
        "DUIJIE_SESSION_HOURS": str(settings.session_hours),
        "DUIJIE_IDLE_HOURS": str(settings.idle_hours),
        "DUIJIE_SMTP_HOST": settings.smtp_host,
        "DUIJIE_SMTP_SECURITY": settings.smtp_security,
        "DUIJIE_SMTP_CA": str(settings.smtp_ca) if settings.smtp_ca else None,
        "DUIJIE_SMTP_USER": settings.smtp_user,
        "DUIJIE_SMTP_PASSWORD": settings.smtp_password,
        "DUIJIE_SMTP_FROM": settings.smtp_from,
        "DUIJIE_SITE": settings.site,
        "DUIJIE_WEBHOOK_PRIVATE": "1" if settings.webhook_private else None,
        "DUIJIE_VISITOR_RATE": str(settings.visitor_rate),
    }


def _address(name: str) -> str | None:
    """An address of the web, without a password in it: that would be shown where the address is."""
    written = os.environ.get(name, "").strip()
    if not written:
        return None
    try:
        parts = urlsplit(written)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise SettingUnusable(name=name, reason="不是一个网址") from None
    if not usable:
        raise SettingUnusable(name=name, reason="应以 http:// 或 https:// 开头，例如 http://127.0.0.1:11434/v1")
    if parts.username or parts.password:
        raise SettingUnusable(name=name, reason="网址里不要写密钥，请写在 DUIJIE_LLM_KEY 中")
    return written


def _key(name: str) -> str | None:
    """A key that a header can hold. What refuses another would quote it, hence it is refused here, where nobody does."""
    written = os.environ.get(name, "").strip()
    if not all("!" <= character <= "~" for character in written):
        raise SettingUnusable(name=name, reason="密钥只能由英文字母、数字和符号组成，中间没有空格和换行")
    return written or None


def _hosts(name: str) -> tuple[str, ...]:
    """Names of hosts, between commas."""
    hosts = [host.strip().lower() for host in os.environ.get(name, "").split(",") if host.strip()]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise SettingUnusable(
                name=name, reason=f"“{host}”不是主机名，应形如 duijie.example.org，不带 http:// 和端口"
            )
    return tuple(hosts)


def _mail_host(name: str) -> str | None:
    """A host, with a port or without."""
    written = os.environ.get(name, "").strip().lower()
    host, _, port = written.partition(":") if written.count(":") < 2 else (written, "", "")
    if written and not (_HOST.fullmatch(host) and (not port or (port.isdigit() and 0 < int(port) < 2**16))):
        raise SettingUnusable(
            name=name, reason=f"“{written}”不是邮件服务器，应形如 smtp.example.org 或 smtp.example.org:587"
        )
    return written or None


def _sender(name: str) -> str | None:
    written = os.environ.get(name, "").strip()
    _, address = parseaddr(written)
    if written and not (written.isprintable() and _MAILBOX.fullmatch(address)):
        raise SettingUnusable(name=name, reason=f"“{written}”不是邮箱，应形如 对接 <duijie@example.org>")
    return written or None


def _authority(name: str) -> Path | None:
    """A file of certificates."""
    written = os.environ.get(name, "").strip()
    if not written:
        return None
    file = Path(written).expanduser()
    try:
        ssl.create_default_context().load_verify_locations(file)
    except (OSError, ssl.SSLError):
        raise SettingUnusable(name=name, reason=f"“{written}”不是读得到的 PEM 证书文件") from None
    return file


def _one_of(name: str, known: tuple[str, ...]) -> str:
    """One of a few words; the first where nothing is written."""
    written = os.environ.get(name, "").strip().lower() or known[0]
    if written not in known:
        raise SettingUnusable(name=name, reason=f"应是 {'、'.join(known)} 之一，而不是“{written}”")
    return written


def _site(name: str) -> str | None:
    written = os.environ.get(name, "").strip().rstrip("/")
    if written and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", written):
        raise SettingUnusable(name=name, reason="应是本站的网址，例如 https://duijie.example.org")
    return written or None


def _number(name: str, default: float, most: float, what: str) -> float:
    written = os.environ.get(name, "").strip()
    if not written:
        return default
    reason = f"应为不大于 {most:g} 的{what}，而不是“{written}”"
    try:
        number = float(written)
    except ValueError:
        raise SettingUnusable(name=name, reason=reason) from None
    if not 0 < number <= most:
        raise SettingUnusable(name=name, reason=reason)
    return number
