"""duijie evaluate"""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from indexer.evaluation import Compared, Evaluation, broken_down, compared, read_judged, read_outcomes
from indexer.evaluation import evaluate as measure
from indexer.fusion import MODES, Mode
from service.commands import echo_json, json_option, model_option, settings_with, told
from service.commands.trial import Asked, trial

_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
library_option = click.option("--library", multiple=True, required=True, type=_PATH, help="成果文件，可重复。")
demands_option = click.option("--demands", required=True, type=_PATH, help="需求文件（JSONL：id、title、content）。")
judgements_option = click.option(
    "--judgements", required=True, type=_PATH, help="评判文件（JSONL：demand、achievement、level）。"
)


@click.command()
@library_option
@demands_option
@judgements_option
@click.option("--judged-only", is_flag=True, help="只在每条需求评判过的成果里排序。")
@click.option("--mode", "modes", multiple=True, type=click.Choice(MODES), help="检索方式，可重复；默认三种都测。")
@click.option("--each", is_flag=True, help="逐条需求列出成绩，并按写法和长短分开统计。")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="把逐条成绩存到这个文件，供下次比较。")
@click.option("--against", type=_PATH, help="与上次 --save 存下的成绩比较：哪些需求变好、哪些变差，差别是否显著。")
@model_option
@json_option
def evaluate(
    library: tuple[Path, ...],
    demands: Path,
    judgements: Path,
    judged_only: bool,
    modes: tuple[Mode, ...],
    each: bool,
    save: Path | None,
    against: Path | None,
    model: str | None,
    as_json: bool,
) -> None:
    """在评判过的需求和成果上测量匹配质量。

    用给出的文件临时建一个库，测完即删。nDCG@10 只在评判过的成果上计算；source@10、MRR 和 recall@100 看整个库。
    注明 expect_none 的需求，看有多少照实说了没有高度匹配（told），其余的需求有多少被误说没有（untold）。

    \b
    例：
      duijie evaluate --library 成果.jsonl --demands 需求.jsonl --judgements 评判.jsonl --save 改动前.json
      duijie evaluate --library 成果.jsonl --demands 需求.jsonl --judgements 评判.jsonl --against 改动前.json --each
    """
    judged = read_judged(demands, judgements)
    earlier = read_outcomes(against) if against else {}
    with trial(library, settings_with(model), quiet=as_json) as installation:
        asked = Asked(installation, judged)
        degraded = installation.index.degraded
        wanted = [m for m in modes or MODES if not (degraded and m != "keyword")]
        found = {mode: measure(judged, asked, mode, judged_only=judged_only) for mode in wanted}
    if degraded:
        told.print(f"注意：{degraded}")
    if save:
        outcomes = {mode: [one.as_json() for one in run.outcomes] for mode, run in found.items()}
        save.write_text(json.dumps(outcomes, ensure_ascii=False, indent=1), "utf-8")
    changes = {mode: compared(earlier[mode], found[mode].outcomes) for mode in wanted if mode in earlier}
    if as_json:
        documents = {mode: run.as_json(each=each) for mode, run in found.items()}
        comparisons = {mode: change.as_json() for mode, change in changes.items()}
        echo_json({"modes": documents, "degraded": degraded, **({"against": comparisons} if against else {})})
        return
    _show(found)
    if each:
        _show_each(found)
    for mode, change in changes.items():
        _show_change(mode, change)


def _show(found: dict[Mode, Evaluation]) -> None:
    table = Table("方式", "nDCG@10", "source@10", "MRR", "recall@100", "told", "untold", "需求数")
    for mode, run in found.items():
        f = run.figures
        values = (f.ndcg, f.source, f.mrr, f.recall, f.told, f.untold)
        table.add_row(mode, *(_number(value) for value in values), str(f.demands))
    Console().print(table)
    seconds = "，".join(f"{mode} {run.figures.seconds:.1f} 秒" for mode, run in found.items())
    told.print(f"[dim]用时：{seconds}[/dim]")


def _show_each(found: dict[Mode, Evaluation]) -> None:
    for mode, run in found.items():
        groups = Table("写法与长短", "需求数", "nDCG@10", "source@10", "MRR", title=mode)
        for name, part in broken_down(run.outcomes).items():
            groups.add_row(name, str(part.demands), *(_number(value) for value in (part.ndcg, part.source, part.mrr)))
        Console().print(groups)
        table = Table("需求", "nDCG@10", "原成果的名次", "最好的匹配", title=mode)
        for one in sorted(run.outcomes, key=lambda one: (one.ndcg is None, one.ndcg or 0.0, one.id)):
            place = "–" if one.place is None else str(one.place or "未找到")
            table.add_row(one.id, _number(one.ndcg), place, one.band or "–")
        Console().print(table)


def _show_change(mode: Mode, change: Compared) -> None:
    said = (
        f"{mode}：{change.demands} 条需求里 {len(change.better)} 条变好、{len(change.worse)} 条变差，"
        f"nDCG@10 平均 {change.difference:+.4f}，p = {change.p:.3f}（成对随机置换）"
    )
    Console().print(said)
    for label, moved in (("变好", change.better), ("变差", change.worse)):
        if moved:
            Console().print(f"  {label}：" + "，".join(f"{id} {by:+.3f}" for id, by in moved[:10]))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
