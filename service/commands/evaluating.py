"""duijie evaluate"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from corpus.errors import BadInput
from corpus.intake import import_files
from corpus.records import Achievement
from indexer.evaluation import Figures, Judged, Ranking, read_judged
from indexer.evaluation import evaluate as measure
from indexer.fusion import MODES, Mode
from indexer.matching import DEEPEST
from service.commands import counting, echo_json, json_option, model_option, settings_with, told
from service.installation import Installation
from service.settings import Settings

_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)


class NotInLibrary(BadInput):
    """评判里有 {count} 个成果不在给出的成果文件里，例如 {example}。请检查 --library。"""


@click.command()
@click.option("--library", multiple=True, required=True, type=_PATH, help="成果文件，可重复。")
@click.option("--demands", required=True, type=_PATH, help="需求文件（JSONL：id、title、content）。")
@click.option("--judgements", required=True, type=_PATH, help="评判文件（JSONL：demand、achievement、level）。")
@click.option("--judged-only", is_flag=True, help="只在每条需求评判过的成果里排序。")
@click.option("--mode", "modes", multiple=True, type=click.Choice(MODES), help="检索方式，可重复；默认三种都测。")
@model_option
@json_option
def evaluate(
    library: tuple[Path, ...],
    demands: Path,
    judgements: Path,
    judged_only: bool,
    modes: tuple[Mode, ...],
    model: str | None,
    as_json: bool,
) -> None:
    """在评判过的需求和成果上测量匹配质量。

    用给出的文件临时建一个库，测完即删。nDCG@10 只在评判过的成果上计算；source@10、MRR 和 recall@100 看整个库。

    \b
    例：
      duijie evaluate --library 成果.jsonl --demands 需求.jsonl --judgements 评判.jsonl --mode hybrid --mode keyword
    """
    judged = read_judged(demands, judgements)
    with tempfile.TemporaryDirectory(prefix="duijie-evaluate-") as home:
        settings = Settings(home=Path(home), model=settings_with(model).model)
        with Installation(settings) as installation:
            intake = import_files(installation.store, library, kind=Achievement, source="evaluate")
            if intake.refused:
                told.print(f"注意：成果文件里有 {len(intake.refused)} 行没有收入，例如{intake.refused[0].reason}")
            with counting("建立索引", installation.behind(), quiet=as_json) as progress:
                installation.build(progress=progress)
            degraded = installation.index.degraded
            rank = ranking(installation, judged)
            wanted = [m for m in modes or MODES if not (degraded and m != "keyword")]
            figures = {mode: measure(judged, rank, mode, judged_only=judged_only) for mode in wanted}
    if degraded:
        told.print(f"注意：{degraded}")
    if as_json:
        documents = {mode: found.as_json() for mode, found in figures.items()}
        echo_json({"modes": documents, "degraded": degraded})
        return
    _show(figures)


def ranking(installation: Installation, judged: Sequence[Judged]) -> Ranking:
    """Rank the installation's achievements by source id. Raises NotInLibrary if one that was judged is missing."""
    index, changes = installation.fresh(), installation.store.changes_after(0, installation.store.revision())
    names = {change.id: change.record.source_id for change in changes if change.record}
    ids = {name: id for id, name in names.items()}
    missing = sorted({name for demand in judged for name in demand.levels} - ids.keys())
    if missing:
        raise NotInLibrary(count=len(missing), example=missing[0])

    def rank(demand: Judged, mode: Mode, pool: Sequence[str] | None) -> list[str]:
        among = [ids[name] for name in pool] if pool is not None else None
        limit = DEEPEST if among is None else len(among)
        _, ranked = index.find(
            index.reader.read(demand.text, demand.title), mode=mode, kind="achievement", limit=limit, among=among
        )
        return [names[hit.id] for hit in ranked]

    return rank


def _show(figures: dict[Mode, Figures]) -> None:
    table = Table("方式", "nDCG@10", "source@10", "MRR", "recall@100", "需求数")
    for mode, found in figures.items():
        values = (found.ndcg, found.source, found.mrr, found.recall)
        table.add_row(mode, *("–" if value is None else f"{value:.4f}" for value in values), str(found.demands))
    Console().print(table)
    told.print(
        "[dim]用时：" + "，".join(f"{mode} {found.seconds:.1f} 秒" for mode, found in figures.items()) + "[/dim]"
    )
