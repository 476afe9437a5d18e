"""duijie suggest"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict

import click

from service.commands import catch_up, counting, echo_json, json_option, model_option, opened, told
from service.suggesting import BEST, follow


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 100), default=BEST, show_default=True, help="每条需求最多推荐几项成果。"
)
@click.option("--anew", is_flag=True, help="不只看新来的和改过的，把所有需求重新匹配一遍。")
@model_option
@json_option
def suggest(limit: int, anew: bool, model: str | None, as_json: bool) -> None:
    """把新来的、改过的需求和成果匹配一遍，合适的推荐给经纪人。

    服务运行时会自己做，不必用这条命令；导入一大批之后想马上看到推荐，或换了模型，才用得着。人看过、动过的配对一概不碰。中途断了，再运行一次就接着做。

    \b
    例：
      duijie suggest
      duijie suggest --anew --limit 5
    """
    with opened(model) as installation, ExitStack() as shown:
        catch_up(installation, quiet=as_json)
        if degraded := installation.index.degraded:
            told.print(f"注意：{degraded}")
        bar: list[Callable[[int], None]] = []
        done = follow(
            installation,
            limit=limit,
            anew=anew,
            planned=lambda total: bar.append(shown.enter_context(counting("推荐", total, quiet=as_json))),
            progress=lambda count: bar[0](count),
        )
    if as_json:
        echo_json(asdict(done))
        return
    made = done.suggested
    click.echo(
        f"匹配需求 {done.demands} 条：新推荐 {made.added} 对，更新 {made.renewed} 对，失效 {made.lapsed} 对，"
        f"人已动过而未碰 {made.left} 对；逾期未答复而关闭 {done.closed} 对。"
    )
