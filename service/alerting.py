"""Alerts in the background of a server and by `duijie alerts`: told on the site, and by mail where a mail server is configured.

One process at a time. A letter's alerts are claimed before it is sent, so that whatever dies, no record is sent twice; they are given back only
where the mail server said that it did not take the letter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from corpus.errors import BadInput
from corpus.notices import Notices
from corpus.records import Record
from corpus.watches import Alert, Watch
from service import letters
from service.alerts import shown, tell
from service.installation import Installation
from service.mail import Letter, LetterRefused, Post, is_configured, post
from service.pushes import Pushed, pushed, tell_pushes
from service.repeating import alone, repeated
from service.viewer import viewer_of

PAUSE = 5.0
"""Seconds between two looks."""
STALE = timedelta(days=8)
"""What was found longer ago is not sent any more: it stands on the site."""

log = logging.getLogger("duijie")


class AlertingElsewhere(BadInput):
    """另一个进程正在发提醒。它会做完，不必再运行一次。"""


@dataclass(frozen=True)
class Done:
    """Watches asked, alerts that came of them, pushes that firms were told of, letters sent, and letters that were not taken."""

    watches: int = 0
    alerts: int = 0
    pushes: int = 0
    letters: int = 0
    refused: int = 0


def alert(installation: Installation, *, give_way: Callable[[], bool] = lambda: True) -> Done:
    """Tell what is due, on the site and by mail. Raises AlertingElsewhere, MailUnavailable."""
    with alone(installation.settings.home / "alerting.lock", AlertingElsewhere):
        pushes = tell_pushes(installation)
        told = tell(installation, give_way=give_way)
        sent, refused = _posted(installation) if is_configured(installation.settings) else (0, 0)
    return Done(told.watches, told.alerts, pushes, sent, refused)


@dataclass(frozen=True)
class _Waiting:
    """A letter to be sent: the notices it is of, and how it reads with those of them that are claimed."""

    notices: Notices
    ids: Sequence[int]
    write: Callable[[Collection[int]], Letter]


def _posted(installation: Installation) -> tuple[int, int]:
    """Letters sent, and refused."""
    waiting = [*_of_pushes(installation), *_of_watches(installation)]
    if not waiting:
        return 0, 0
    with post(installation.settings) as open_post:
        sent = sum(_sent(open_post, one) for one in waiting)
    return sent, len(waiting) - sent


def _of_watches(installation: Installation) -> Iterator[_Waiting]:
    """The alerts to be sent, by watch; what may not be told any more is left out."""
    for watch, alerts in installation.watches.unsent(_oldest(installation)):
        account = installation.accounts.get(watch.owner)
        held = shown(installation, viewer_of(account), alerts)
        if account.email and not account.is_disabled and held:
            write = partial(_watch_letter, watch, account.email, held, installation.settings.site)
            yield _Waiting(installation.watches, [alert.id for alert, _ in held], write)


def _of_pushes(installation: Installation) -> Iterator[_Waiting]:
    """What firms were told was pushed to them, to be sent by account; what may not be told any more is left out."""
    for id, told in installation.pushes.unsent(_oldest(installation)).items():
        account = installation.accounts.get(id)
        held = pushed(installation, viewer_of(account), told)
        if account.email and not account.is_disabled and held:
            write = partial(_push_letter, account.email, held, installation.settings.site)
            yield _Waiting(installation.pushes, [one.push.id for one in held], write)


def _oldest(installation: Installation) -> datetime:
    return installation.watches.clock() - STALE


def _watch_letter(
    watch: Watch, to: str, held: Sequence[tuple[Alert, Record]], site: str | None, claimed: Collection[int]
) -> Letter:
    return letters.of_watch(watch, to, [(alert, record) for alert, record in held if alert.id in claimed], site)


def _push_letter(to: str, held: Sequence[Pushed], site: str | None, claimed: Collection[int]) -> Letter:
    return letters.of_pushes(to, [one for one in held if one.push.id in claimed], site)


def _sent(open_post: Post, waiting: _Waiting) -> bool:
    claimed = waiting.notices.claim(waiting.ids)
    if not claimed:
        return False
    try:
        open_post.send(waiting.write(claimed))
    except LetterRefused as refused:
        waiting.notices.release(claimed)
        log.warning("%s", refused)
        return False
    return True


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
