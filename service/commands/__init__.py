"""The commands of `duijie`, one file each, and what they share: where the installation lies, and JSON or words as the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from service.installation import Installation
from service.settings import Settings, from_environment, make_home

told = Console(stderr=True, highlight=False)
"""Where people are told how it goes; answers go to standard output."""

json_option = click.option("--json", "as_json", is_flag=True, help="只输出一个 JSON 文档，供程序读取。")
model_option = click.option("--model", help="向量模型的文件夹或名称；默认用随软件附带的模型。")
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


def echo_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@contextmanager
def counting(label: str, total: int | None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, told how many more are done; silent where nobody looks or nothing is to do."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
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
