"""Alerts in the background of a server and by `duijie alerts`: told on the site, and by mail where a mail server is configured.

One process at a time. A letter's alerts are claimed before it is sent, so that whatever dies, no record is sent twice; they are given back only
where the mail server said that it did not take the letter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from corpus.errors import BadInput
from corpus.records import Record
from corpus.vocabulary import KIND
from corpus.watches import Alert, Watch
from service.alerts import shown, tell
from service.installation import Installation
from service.mail import Letter, LetterRefused, Post, is_configured, post
from service.repeating import alone, repeated
from service.viewer import viewer_of

PAUSE = 5.0
"""Seconds between two looks."""
STALE = timedelta(days=8)
"""What was found longer ago is not sent any more: it stands on the site."""
_IN_A_LETTER = 20

log = logging.getLogger("duijie")


class AlertingElsewhere(BadInput):
    """另一个进程正在发提醒。它会做完，不必再运行一次。"""


@dataclass(frozen=True)
class Done:
    """Watches asked, alerts that came of them, letters sent, and letters that were not taken."""

    watches: int = 0
    alerts: int = 0
    letters: int = 0
    refused: int = 0


def alert(installation: Installation, *, give_way: Callable[[], bool] = lambda: True) -> Done:
    """Tell what is due, on the site and by mail. Raises AlertingElsewhere, MailUnavailable."""
    with alone(installation.settings.home / "alerting.lock", AlertingElsewhere):
        told = tell(installation, give_way=give_way)
        letters, refused = _posted(installation) if is_configured(installation.settings) else (0, 0)
    return Done(told.watches, told.alerts, letters, refused)


def _posted(installation: Installation) -> tuple[int, int]:
    """Letters sent, and refused."""
    waiting = _addressed(installation)
    if not waiting:
        return 0, 0
    sent = 0
    with post(installation.settings) as open_post:
        for watch, to, held in waiting:
            sent += _sent(installation, open_post, watch, to, held)
    return sent, len(waiting) - sent


def _addressed(installation: Installation) -> list[tuple[Watch, str, list[tuple[Alert, Record]]]]:
    """The alerts to be sent, by watch, with the address of its owner; what may not be told any more is left out."""
    found = []
    for watch, alerts in installation.watches.unsent(installation.watches.clock() - STALE):
        account = installation.accounts.get(watch.owner)
        held = shown(installation, viewer_of(account), alerts)
        if account.email and not account.is_disabled and held:
            found.append((watch, account.email, held))
    return found


def _sent(
    installation: Installation, open_post: Post, watch: Watch, to: str, held: Sequence[tuple[Alert, Record]]
) -> bool:
    claimed = set(installation.watches.claim([alert.id for alert, _ in held]))
    own = [(alert, record) for alert, record in held if alert.id in claimed]
    if not own:
        return False
    try:
        open_post.send(letter(watch, to, own, installation.settings.site))
    except LetterRefused as refused:
        installation.watches.release(sorted(claimed))
        log.warning("%s", refused)
        return False
    return True


def letter(watch: Watch, to: str, held: Sequence[tuple[Alert, Record]], site: str | None) -> Letter:
    """What a watch found, as a letter: of each record what everybody who may see it reads in a list, and why."""
    count = len(held)
    lines = [f"您保存的“{watch.name}”有 {count} 条新的：", ""]
    for number, (alert, record) in enumerate(held[:_IN_A_LETTER], 1):
        whose = f"（{record.organisation}）" if record.organisation else ""
        lines.append(f"{number}. {KIND.name(record.kind)}：{record.title}{whose}")
        if alert.why:
            lines.append(f"   为什么：{'；'.join(alert.why)}")
        if site:
            lines.append(f"   {site}/records/{record.id}")
    if count > _IN_A_LETTER:
        lines.append(f"另有 {count - _IN_A_LETTER} 条，请到站内看。")
    where = f"{site}/my/alerts" if site else "登录后的“我的提醒”"
    lines += ["", f"改提醒的频率，或不再提醒：{where}"]
    return Letter(to, f"“{watch.name}”有 {count} 条新的 · 对接", "\n".join(lines) + "\n")


@contextmanager
def alerting(installation: Installation, *, pause: float = PAUSE) -> Iterator[None]:
    """Tell in a thread until the context ends, giving way to everybody who asks."""
    with repeated(
        "发提醒",
        lambda way: alert(installation, give_way=way),
        installation.traffic,
        pause=pause,
        elsewhere=AlertingElsewhere,
    ):
        yield
