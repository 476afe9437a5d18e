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
from service.viewer import MACHINE

_READ = click.Path(exists=True, dir_okay=False, path_type=Path)
_WRITTEN = click.Path(dir_okay=False, path_type=Path)


@click.command()
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
def bulk(
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


def _can_be_written(demands: Path, out: Path, refused: Path | None) -> None:
    """That no file which is read or kept is written over. Raises FileUnreadable, BadInput."""
    can_be_written("--out", out, {"需求文件": [demands]}, kept="匹配")
    can_be_written("--out", kept_in(out), {"需求文件": [demands]}, kept="匹配")
    if refused:
        can_be_written(
            "--refused", refused, {"需求文件": [demands], "匹配的文件": [out, kept_in(out)]}, kept="退回的行"
        )
