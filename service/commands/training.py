"""duijie train"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click

from corpus.errors import BadInput
from indexer.evaluation import Judged, read_judged
from indexer.fitting import ORDINARY, UNIT, fit_bands, fit_weights, sample, with_weights
from indexer.fusion import MODES, Bands, Fusion, Mode
from service.commands import counting, echo_json, json_option, model_option, opened, settings_with
from service.commands.trial import Asked, decided, of_library, of_source, trial

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class TrainingNeeds(BadInput):
    """训练需要 {package}。请运行 pip install 'duijie[train]'。"""


class TrainingLacks(BadInput):
    """缺少 {option}：{why}。"""


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="公开语料所在的文件夹。")
@click.option("--contextual", is_flag=True, help="训练另一个模型：结合上下文读词的小型网络，需要 GPU。")
@click.option("--ranker", is_flag=True, help="按评判拟合综合得分里各部分的权重。")
@click.option("--bands", is_flag=True, help="按评判定出高度匹配、可能匹配和相关各从多少分起。")
@click.option("--library", multiple=True, type=_FILE, help="成果文件，可重复；不给就用本机库里的成果。")
@click.option("--demands", type=_FILE, help="需求文件（JSONL：id、title、content，可有 source）。")
@click.option("--judgements", type=_FILE, help="评判文件（JSONL：demand、achievement、level）。")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="写到这个文件夹；权重和分档默认写到数据文件夹。"
)
@click.option("--seed", default=20, show_default=True, help="随机种子；相同的语料和种子得到相同的权重。")
@model_option
@json_option
def train(
    data: Path | None,
    contextual: bool,
    ranker: bool,
    bands: bool,
    library: tuple[Path, ...],
    demands: Path | None,
    judgements: Path | None,
    out: Path | None,
    seed: int,
    model: str | None,
    as_json: bool,
) -> None:
    """训练随软件附带的向量模型，或按评判拟合得分的权重和分档。

    训练模型约需十分钟（两核），不用 GPU，得到的文件夹可以直接作为 --model 使用；--contextual 在一块 GPU 上约需七分钟。权重和分档几秒即得，写成一个可读的文件
    ranking.json，只对拟合时的那个模型有效；--ranker 先报出在没有用来拟合的需求上改动前后的成绩。不给评判文件时，--ranker 用本机库里经纪人的取舍：
    只有说得上合不合适的才算（系统误判、方向不符、指标不达标，以及推进到初筛以后的），价格、地区之类的原因不算。

    \b
    例：
      duijie train --data ../shared/data --out 新模型
      duijie train --contextual --data ../shared/data --out 新模型
      duijie train --ranker
      duijie train --ranker --demands 需求.jsonl --judgements 采纳与排除.jsonl
      duijie train --bands --model 新模型 --library 成果.jsonl --demands 需求.jsonl --judgements 评判.jsonl --out 新模型
    """
    if not ranker and not bands:
        document, said = _train_model(data, out, seed, as_json, contextual)
    else:
        judged = _judged(demands, judgements, ranker, library)
        document, said = _fit(judged, library, out, seed, model, (ranker, bands), as_json)
    if as_json:
        echo_json(document)
    else:
        click.echo(said)


def _judged(
    demands: Path | None, judgements: Path | None, ranker: bool, library: Sequence[Path]
) -> list[Judged] | None:
    """What was judged; None for the installation's own decisions. Without files, and for bands alone, the demands of the package that no model was trained on."""
    if demands and judgements:
        return read_judged(demands, judgements)
    if ranker and not (demands or judgements or library):
        return None
    if ranker or demands or judgements or not library:
        raise TrainingLacks(option="--demands 或 --judgements", why="权重和分档是按评判过的需求定的")
    with _training_installed():
        from indexer.training.written import measuring, unanswered
    return [*measuring(), *unanswered()]


@contextmanager
def _training_installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise TrainingNeeds(package=error.name) from error


def _train_model(data: Path | None, out: Path | None, seed: int, as_json: bool, contextual: bool) -> tuple[Any, str]:
    if data is None or out is None:
        raise TrainingLacks(option="--data 或 --out", why="训练模型要有语料，也要有写模型的地方")
    with _training_installed():
        from indexer.training import train as run
        from indexer.training import train_contextual
    stages: dict[str, int] = {}
    with counting("训练", None, quiet=as_json) as advance:

        def progress(stage: str, done: int, total: int) -> None:
            advance(max(0, done - stages.get(stage, 0)))
            stages[stage] = done

        made = (train_contextual if contextual else run)(data, out, seed=seed, progress=progress)
    document = json.loads(json.dumps(asdict(made), ensure_ascii=False, default=str))
    said = (
        f"模型已写到 {out}。用法：duijie index --model {out}\n"
        f"它的分档还没有定：duijie train --bands --model {out} --out {out} …"
    )
    return document, said


def _fit(
    given: Sequence[Judged] | None,
    library: Sequence[Path],
    out: Path | None,
    seed: int,
    model: str | None,
    wanted: tuple[bool, bool],
    as_json: bool,
) -> tuple[Any, str]:
    settings = settings_with(model)
    with trial(library, settings, quiet=as_json) if library else opened(model) as installation:
        judged, number = (given, of_source) if given is not None else (decided(installation), of_library)
        known = set(Asked(installation, [], number).names.values())
        judged = [one for one in judged if one.levels or one.expect_none or one.source in known]
        asked = Asked(installation, judged, number)
        fusion, said = installation.index.fusion, []
        document: dict[str, Any] = {}
        if wanted[0]:
            fit = fit_weights(_samples(asked, judged), fusion.weights["hybrid"], seed)
            fusion = with_weights(fusion, fit)
            fusion = replace(fusion, fitted={**fusion.fitted, "weights": asdict(fit)})
            document["ranker"] = asdict(fit)
            weights = "，".join(f"{name} {weight:g}" for name, weight in fit.weights.items())
            said.append(
                f"权重：{weights}。在没有用来拟合的需求上（{fit.demands} 条，五折），nDCG@10 由 {fit.before:.4f} 变为 {fit.after:.4f}。"
            )
        if wanted[1]:
            fusion = replace(fusion, ordinary=ORDINARY)
            best = {mode: _best(asked, judged, mode, fusion) for mode in _possible(installation.index.degraded)}
            found = {mode: fit_bands(one.answered, one.fitting) for mode, one in best.items()}
            fusion = replace(fusion, bands=found)
            told = {mode: one.as_json(found[mode]) for mode, one in best.items()}
            fusion = replace(fusion, fitted={**fusion.fitted, "bands": told})
            document["bands"] = {mode: asdict(bands) for mode, bands in found.items()}
            said += [
                f"{mode}：高度匹配 ≥ {b.strong:g}，可能匹配 ≥ {b.possible:g}，相关 ≥ {b.weak:g}"
                for mode, b in found.items()
            ]
    folder = out or settings.home
    folder.mkdir(parents=True, exist_ok=True)
    document["file"] = str(fusion.write(folder))
    return document, "\n".join([*said, f"已写到 {document['file']}。"])


def _samples(asked: Asked, judged: Sequence[Judged]) -> list[Any]:
    samples = []
    for demand in judged:
        if demand.counts:
            hits = asked.ranked(demand, "hybrid", sorted(demand.levels), UNIT)
            samples.append(sample([hit.parts for hit in hits], [demand.gains[asked.names[hit.id]] for hit in hits]))
    return samples


@dataclass
class _Best:
    """How the best record stands for each demand that something fits and for each that nothing does, and how what fits does, where it was found."""

    answered: list[float]
    fitting: list[float]
    unanswered: list[float]

    def as_json(self, bands: Bands) -> dict[str, Any]:
        """How many there were, and the shares without a strong match: `told` of those that nothing fits, `untold` of the others."""
        below = [[score < bands.strong for score in scores] for scores in (self.unanswered, self.answered)]
        told, untold = (round(sum(one) / len(one), 3) if one else None for one in below)
        return {"demands": len(self.answered), "unanswered": len(self.unanswered), "told": told, "untold": untold}


def _best(asked: Asked, judged: Sequence[Judged], mode: Mode, fusion: Fusion) -> _Best:
    best = _Best([], [], [])
    for demand in judged:
        known = {demand.source} if demand.source else demand.useful
        if known or demand.expect_none:
            hits, ordinary = asked.ranked(demand, mode, None, fusion), asked.read(demand).ordinary
            standing = {asked.names[hit.id]: fusion.standing(hit.score, ordinary) for hit in hits}
            (best.answered if known else best.unanswered).append(max(standing.values(), default=0.0))
            found = [standing[name] for name in known if name in standing]
            best.fitting += [max(found)] if found else []
    return best


def _possible(degraded: str | None) -> tuple[Mode, ...]:
    return ("keyword",) if degraded else MODES
