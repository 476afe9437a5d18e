"""duijie thesaurus"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from corpus.errors import BadInput
from indexer.thesaurus import (
    Refused,
    Sense,
    Thesaurus,
    add_line,
    own_thesaurus,
    read_thesaurus,
    remove_line,
    shipped_thesaurus,
)
from service.api.thesaurus import MOST, thesaurus_json
from service.commands import echo_json, json_option, settings_with


class LineNotThere(BadInput):
    """自己的叙词里没有“{line}”，没有去掉什么。运行 duijie thesaurus 可看有哪些。"""


@click.command()
@click.argument("word", required=False, default="", metavar="[词]")
@click.option("--add", "added", metavar="行", help="加一条自己的叙词：“说法、说法 → 名词、名词”，箭头也可写成 ->。")
@click.option("--remove", "removed", metavar="行", help="去掉一条自己的叙词，照原样写出整行。")
@json_option
def thesaurus(word: str, added: str | None, removed: str | None, as_json: bool) -> None:
    """查叙词，增减自己的叙词：大家怎么说，技术上叫什么。

    不给词时列出自己的叙词。增减之后，下一次搜索就照新的来，不必重启。

    \b
    例：
      duijie thesaurus 起毛
      duijie thesaurus --add "暖瓶不保温、一夜就凉 -> 真空绝热、镀银"
      duijie thesaurus --remove "暖瓶不保温、一夜就凉 -> 真空绝热、镀银"
    """
    home = settings_with().home
    _change(home, added, removed, quiet=as_json)
    known, own = read_thesaurus(home), own_thesaurus(home)
    if as_json:
        echo_json(thesaurus_json(known, own, word).model_dump())
        return
    if word:
        _show(known, known.holding(word), f"没有一条叙词写有“{word}”。")
    elif not (added or removed):
        _show(known, own.senses, "还没有自己的叙词，可用 --add 加一条。")
        click.echo(f"随软件附带的另有 {len(shipped_thesaurus().senses)} 条，写一个词可以查。")
    _complain(own.refused)


def _change(home: Path, added: str | None, removed: str | None, *, quiet: bool) -> None:
    if removed is not None and not remove_line(home, removed):
        raise LineNotThere(line=removed)
    if removed is not None and not quiet:
        click.echo(f"已去掉：{removed}")
    if added is not None:
        sense = add_line(home, added)
        if not quiet:
            click.echo(f"已加入：{sense}")


def _show(known: Thesaurus, found: Sequence[Sense], nothing: str) -> None:
    if not found:
        click.echo(nothing)
    heading = None
    for sense in found[:MOST]:
        if heading != (heading := f"{sense.code} {known.names.get(sense.code, '')}".strip() or "未分类"):
            click.echo(heading)
        click.echo(f"  {sense}")
    if len(found) > MOST:
        click.echo(f"共 {len(found)} 条，这里是前 {MOST} 条。")


def _complain(refused: Sequence[Refused]) -> None:
    """What could not be read, on standard error."""
    for line in refused:
        click.echo(f"{line.file} 第 {line.line} 行没有用上：{line.reason}", err=True)
