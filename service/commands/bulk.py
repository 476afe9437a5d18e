"""duijie bulk"""

from __future__ import annotations

from pathlib import Path

import click

from corpus.headings import read_mapping
from indexer.fusion import Mode
from service import answers
from service.bulk import bulk as match_all
from service.bulk import demands_in, kept_in
from service.commands import (
    can_be_written,
    catch_up,
    counting,
    echo_json,
    json_option,
    mode_option,
    model_option,
    opened,
    show_refused,
    told,
    where_option,
)
from service.comparing import Change, Difference, compared
from service.sharing import MANY
from service.viewer import MACHINE

_READ = click.Path(exists=True, dir_okay=False, path_type=Path)
_WRITTEN = click.Path(dir_okay=False, path_type=Path)


class _Matching(click.Group):
    """`duijie bulk FILE -o OUT` is `duijie bulk match FILE -o OUT`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if is_named else ["match", *args])


@click.group(cls=_Matching)
def bulk() -> None:
    """为一张表里的每条需求找成果，列成一张匹配表；比较两次的结果。

    \b
    例：
      duijie bulk 需求.xlsx -o 匹配.xlsx
      duijie bulk 需求.csv -o 匹配.csv --limit 10 --where region=浙江 --refused 退回.csv
      duijie bulk match --help
      duijie bulk diff 上月.jsonl 本月.jsonl
    """


@bulk.command()
@click.argument("demands", type=_READ, metavar="需求文件")
@click.option("-o", "--out", type=_WRITTEN, required=True, help="把匹配写到这个文件（.csv .xlsx .jsonl）。")
@click.option(
    "--limit", type=click.IntRange(1, answers.PAGED), default=20, show_default=True, help="每条需求最多给出几条成果。"
)
@click.option("--mapping", type=_READ, help="列名对照（JSON 或 TOML）：“列名”: “字段名”。")
@click.option("--refused", type=_WRITTEN, help="把退回的行写到这个文件（.csv .xlsx .jsonl），改好后可再匹配。")
@click.option("--anew", is_flag=True, help="不接着上次没有做完的，从头做起。")
@mode_option
@where_option
@model_option
@json_option
def match(
    demands: Path,
    out: Path,
    limit: int,
    mapping: Path | None,
    refused: Path | None,
    anew: bool,
    mode: Mode,
    where: tuple[str, ...],
    model: str | None,
    as_json: bool,
) -> None:
    """为一张表里的每条需求找成果，列成一张匹配表；需求不入库。

    需求文件与 duijie import 的一样读：表头中英文均可识别，有误的行连同行号和原因退回，其余照常匹配。中途断了，照原样再运行一次就接着做。

    \b
    例：
      duijie bulk 需求.xlsx -o 匹配.xlsx
      duijie bulk 需求.csv -o 匹配.csv --limit 10 --where region=浙江 --refused 退回.csv
    """
    _can_be_written(demands, out, refused)
    columns = read_mapping(mapping) if mapping else {}
    with opened(model) as installation:
        total = demands_in(demands, columns)
        catch_up(installation, quiet=as_json)
        if mode != "keyword" and (degraded := installation.index.degraded):
            told.print(f"注意：{degraded}")
        with counting("匹配", total, quiet=as_json) as progress:
            done = match_all(
                installation,
                demands,
                out,
                viewer=MACHINE,
                limit=limit,
                where=where,
                mode=mode,
                mapping=columns,
                refused=refused,
                anew=anew,
                many=total >= MANY,
                progress=progress,
            )
    if as_json:
        echo_json(done.as_json())
        return
    resumed = f"（其中 {done.resumed} 条是上次做完的）" if done.resumed else ""
    click.echo(
        f"匹配需求 {done.demands} 条{resumed}，给出成果 {done.matches} 条，退回 {done.refused} 行，"
        f"用时 {done.seconds:.1f} 秒，已写到 {out}。"
    )
    show_refused(done.refusals, done.refused, refused, done.ignored)


@bulk.command()
@click.argument("before", type=_READ, metavar="前一次")
@click.argument("after", type=_READ, metavar="后一次")
@json_option
def diff(before: Path, after: Path, as_json: bool) -> None:
    """比较两次批量匹配：每条需求来了什么、去了什么、名次怎么变。

    两次的结果各是一个 .jsonl、.csv 或 .xlsx 文件，由 duijie bulk 或 API 做成；需求按它自己的编号对应。

    \b
    例：
      duijie bulk diff 上月.jsonl 本月.jsonl
      duijie bulk diff 上月.xlsx 本月.csv --json
    """
    found = compared(before, after)
    if as_json:
        echo_json(found.as_json())
        return
    for change in found.changes:
        if change.is_other:
            click.echo(f"{change.demand}  {change.title}")
            click.echo("".join(f"  来  {_shown(change, id)}\n" for id in change.came), nl=False)
            click.echo("".join(f"  去  {_shown(change, id)}\n" for id in change.went), nl=False)
            moved = (f"  移  {_shown(change, id)}：{old} → {new}\n" for id, (old, new) in change.moved.items())
            click.echo("".join(moved), nl=False)
    click.echo(_summed(found))


def _shown(change: Change, id: str) -> str:
    return f"{id}  {change.titles[id]}"


def _summed(found: Difference) -> str:
    other = sum(change.is_other for change in found.changes)
    alone = len(found.only_before), len(found.only_after)
    shared = f"，匹配平均有 {found.overlap:.1%} 相同" if found.overlap is not None else ""
    return (
        f"两次都有的需求 {found.same + len(found.changes)} 条：{found.same} 条一样，{other} 条不同（其中 {found.new_first} 条换了第一名），"
        f"{len(found.changes) - other} 条只是得分不同{shared}。只在前一次的 {alone[0]} 条，只在后一次的 {alone[1]} 条。"
    )


def _can_be_written(demands: Path, out: Path, refused: Path | None) -> None:
    """That no file which is read or kept is written over. Raises FileUnreadable, BadInput."""
    can_be_written("--out", out, {"需求文件": [demands]}, kept="匹配")
    can_be_written("--out", kept_in(out), {"需求文件": [demands]}, kept="匹配")
    if refused:
        can_be_written(
            "--refused", refused, {"需求文件": [demands], "匹配的文件": [out, kept_in(out)]}, kept="退回的行"
        )
