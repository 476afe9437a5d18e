"""Letters through the SMTP server of the settings, as plain text."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from corpus.errors import DuijieError
from service.settings import Settings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_PATIENCE = 20.0
_UNSENT = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)
"""What the server says when it has not taken a letter."""


class MailUnavailable(DuijieError):
    """连不上邮件服务器 {host}，或中途断了：{reason}。请检查 DUIJIE_SMTP_ 开头的设置。"""


class MailUntrusted(MailUnavailable):
    """邮件服务器 {host} 的证书信不过，没有发信，等发的还留着：{reason}。证书若由单位自己的机构签发，请把那个机构的证书文件写进 DUIJIE_SMTP_CA。"""


class LetterRefused(DuijieError):
    """邮件服务器没有收下这封信：{reason}。"""


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Post:
    """A connection to the server."""

    server: smtplib.SMTP
    sender: str

    def send(self, letter: Letter) -> None:
        """Raises LetterRefused where it was surely not taken, and what else may go wrong, after which nobody knows."""
        message = EmailMessage()
        try:
            message["From"], message["To"] = self.sender, letter.to
            message["Subject"] = " ".join(letter.subject.split())
        except ValueError as error:
            raise LetterRefused(reason=str(error)) from error
        message["Date"], message["Message-ID"] = (
            formatdate(),
            make_msgid(domain=parseaddr(self.sender)[1].partition("@")[2]),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, charset="utf-8")
        try:
            self.server.send_message(message)
        except _UNSENT as error:
            raise LetterRefused(reason=str(error)) from error


def is_configured(settings: Settings) -> bool:
    return bool(settings.smtp_host and settings.smtp_from)


@contextmanager
def post(settings: Settings) -> Iterator[Post]:
    """The server, reached and signed in to. Raises MailUntrusted, and MailUnavailable, also where it is lost on the way."""
    assert settings.smtp_host
    assert settings.smtp_from
    host, _, port = settings.smtp_host.partition(":")
    try:
        with _reached(settings, host, int(port or _PORTS[settings.smtp_security])) as server:
            yield Post(server, settings.smtp_from)
    except ssl.SSLCertVerificationError as error:
        raise MailUntrusted(host=settings.smtp_host, reason=error.verify_message) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailUnavailable(host=settings.smtp_host, reason=_said(error)) from error


def _reached(settings: Settings, host: str, port: int) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.smtp_ca:
        context.load_verify_locations(settings.smtp_ca)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=_PATIENCE)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password or "")
    except BaseException:
        server.close()
        raise
    return server


def _said(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "它不支持 STARTTLS 或登录，请看 DUIJIE_SMTP_SECURITY 是否设对"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"登录名或密码不对（{error.smtp_code}）"
    if isinstance(error, ssl.SSLError):
        return f"加密连接没有建成（{error.reason}），请看 DUIJIE_SMTP_SECURITY 和端口是否相配"
    return str(error)
