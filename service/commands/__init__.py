"""The commands of `duijie`, one file each, and what they share: where the installation lies, and JSON or words as the answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from corpus.accounts import Accounts
from corpus.errors import BadInput
from corpus.refusals import Refusal
from corpus.rows import FileUnreadable
from corpus.store import Store
from service.installation import Installation
from service.settings import Settings, from_environment, make_home

told = Console(stderr=True, highlight=False)
"""Where people are told how it goes; answers go to standard output."""

SHOWN = 20
"""Refused rows that are told one by one."""

json_option = click.option("--json", "as_json", is_flag=True, help="只输出一个 JSON 文档，供程序读取。")
model_option = click.option(
    "--model", help="向量模型的文件夹或名称；默认用随软件附带的静态模型，contextual 是附带的另一个，更准也更慢。"
)
where_option = click.option(
    "--where", multiple=True, metavar="字段=值", help="筛选，可重复：region=杭州、trl=5..9、year>=2022。"
)
mode_option = click.option(
    "--mode",
    type=click.Choice(["hybrid", "semantic", "keyword"]),
    default="hybrid",
    show_default=True,
    help="检索方式。",
)


def settings_with(model: str | None = None) -> Settings:
    """The environment's settings with another model, their folder made. Raises HomeUnavailable."""
    settings = make_home(from_environment())
    return replace(settings, model=model) if model else settings


@contextmanager
def opened(model: str | None = None) -> Iterator[Installation]:
    with Installation(settings_with(model)) as installation:
        yield installation


@contextmanager
def accounts_opened() -> Iterator[Accounts]:
    """The accounts alone: no index is opened for them."""
    with closing(Store(settings_with().database_url)) as store:
        yield Accounts(store.engine)


def echo_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


class _Rate(ProgressColumn):
    """How many a second, as of late."""

    def render(self, task: Task) -> Text:
        return Text(f"每秒 {task.speed:,.0f}" if task.speed else "", style="progress.data.speed")


@contextmanager
def counting(label: str, total: int | None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, told how many more are done; silent where nobody looks or nothing is to do."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=told, transient=True, disable=quiet or not told.is_terminal or total == 0) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.update(task, advance=count)


def catch_up(installation: Installation, *, quiet: bool = False) -> None:
    """Bring the index up to date with a bar if that takes a moment, so that what follows answers at once."""
    behind = installation.store.revision() - installation.index.engine.revision
    if reason := installation.index.engine.out_of_step:
        told.print(f"提示：{reason}")
    with counting("更新索引", behind, quiet=quiet or behind < 500) as progress:
        installation.fresh(progress)


def can_be_written(option: str, file: Path, others: Mapping[str, Iterable[Path]], *, kept: str) -> None:
    """That `kept` can be written to the file an option names, and that it is none of the others. Raises FileUnreadable, BadInput."""
    if file.suffix.lower() not in (".csv", ".xlsx", ".jsonl"):
        raise FileUnreadable(file=file.name, reason=f"{kept}只能写成 .csv、.xlsx 或 .jsonl")
    for what, paths in others.items():
        if file.resolve() in {path.resolve() for path in paths}:
            raise BadInput(reason=f"{option} 不能写在{what} {file.name} 上，请换一个文件名")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise BadInput(reason=f"{option} 的文件夹 {file.parent} 不存在或不能写入")


def show_refused(first: Sequence[Refusal], total: int, file: Path | None, ignored: Mapping[str, Sequence[str]]) -> None:
    """The first refused rows in words, and of each file what was not used of it."""
    for refusal in first[:SHOWN]:
        click.echo(f"  {refusal.file} 第 {refusal.line} 行：{refusal.reason}")
    if total > SHOWN and not file:
        click.echo(f"  ……另有 {total - SHOWN} 行，用 --refused 文件 可全部写出。")
    for name, headings in ignored.items():
        if headings:
            told.print(f"[dim]{name} 中没有用到：{'、'.join(headings)}（可用 --mapping 说明）[/dim]")
