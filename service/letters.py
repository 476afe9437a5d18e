"""What letters say: of each record what everybody who may see it reads in a list, and why it is told."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.records import Record
from corpus.vocabulary import KIND
from corpus.watches import Alert, Watch
from service.mail import Letter
from service.pushes import Pushed

_IN_A_LETTER = 20


def of_watch(watch: Watch, to: str, held: Sequence[tuple[Alert, Record]], site: str | None) -> Letter:
    """What a watch found."""
    count = len(held)
    items = [
        _item(KIND.name(record.kind), record.title, record.organisation, alert.why, f"/records/{record.id}", site)
        for alert, record in held
    ]
    last = f"改提醒的频率，或不再提醒：{_at('/my/alerts', site)}"
    return _letter(to, f"“{watch.name}”有 {count} 条新的", f"您保存的“{watch.name}”有 {count} 条新的：", items, last)


def of_pushes(to: str, held: Sequence[Pushed], site: str | None) -> Letter:
    """What was pushed to a firm."""
    count = len(held)
    items = [
        [
            *_item(KIND.name(one.kind), one.title, one.whose, one.push.why, one.address, site),
            f"   针对您的{KIND.name(one.own.kind)}：{one.own.title}",
        ]
        for one in held
    ]
    last = f"经纪人在等您的答复：{_at('/my/alerts', site)}"
    return _letter(to, f"经纪人推送给您 {count} 项", f"经纪人替您找到 {count} 项，请看看是否有意向：", items, last)


def _item(kind: str, title: str, whose: str | None, why: Sequence[str], path: str, site: str | None) -> list[str]:
    lines = [f"{kind}：{title}{f'（{whose}）' if whose else ''}"]
    lines += [f"   为什么：{'；'.join(why)}"] if why else []
    return [*lines, *([f"   {site}{path}"] if site else [])]


def _letter(to: str, subject: str, head: str, items: Sequence[Sequence[str]], last: str) -> Letter:
    lines = [head, ""]
    for number, (first, *others) in enumerate(items[:_IN_A_LETTER], 1):
        lines += [f"{number}. {first}", *others]
    if len(items) > _IN_A_LETTER:
        lines.append(f"另有 {len(items) - _IN_A_LETTER} 条，请到站内看。")
    return Letter(to, f"{subject} · 对接", "\n".join([*lines, "", last]) + "\n")


def _at(path: str, site: str | None) -> str:
    return f"{site}{path}" if site else "登录后的“我的提醒”"
