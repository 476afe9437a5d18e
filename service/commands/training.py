"""duijie train"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from corpus.errors import BadInput
from service.commands import counting, echo_json, json_option


class TrainingNeeds(BadInput):
    """训练需要 {package}。请运行 pip install 'duijie[train]'。"""


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="公开语料所在的文件夹。",
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="模型写到这个文件夹。")
@click.option("--seed", default=20, show_default=True, help="随机种子；相同的语料和种子得到相同的权重。")
@json_option
def train(data: Path, out: Path, seed: int, as_json: bool) -> None:
    """用公开语料训练随软件附带的静态中文向量模型。

    两核机器上约需五到十分钟，不用 GPU。得到的文件夹可以直接作为 --model 使用。

    \b
    例：
      duijie train --data ../shared/data --out 新模型
    """
    try:
        from indexer.training import train as run
    except ModuleNotFoundError as error:
        raise TrainingNeeds(package=error.name) from error
    stages: dict[str, int] = {}
    with counting("训练", None, quiet=as_json) as advance:

        def progress(stage: str, done: int, total: int) -> None:
            advance(max(0, done - stages.get(stage, 0)))
            stages[stage] = done

        card = run(data, out, seed=seed, progress=progress)
    document = json.loads(json.dumps(asdict(card), ensure_ascii=False, default=str))
    if as_json:
        echo_json(document)
    else:
        click.echo(f"模型已写到 {out}，说明在其中的 README.md。用法：duijie index --model {out}")
