"""duijie search"""

from __future__ import annotations

import click

from corpus import vocabulary as v
from indexer.fusion import BANDS, Mode
from service import answers
from service.api.shapes import answer_json
from service.commands import catch_up, echo_json, json_option, mode_option, model_option, opened, told, where_option
from service.viewer import MACHINE


@click.command()
@click.argument("text", metavar="文字")
@click.option("--kind", type=click.Choice(["achievement", "demand"]), help="只查成果或只查需求。")
@click.option("--limit", type=click.IntRange(1, answers.PAGED), default=10, show_default=True, help="最多给出几条。")
@mode_option
@where_option
@model_option
@json_option
def search(
    text: str, kind: str | None, limit: int, mode: Mode, where: tuple[str, ...], model: str | None, as_json: bool
) -> None:
    """用一句话或一整页描述来查成果和需求。

    \b
    例：
      duijie search "无刷直流电机 噪声" --kind achievement --where region=浙江
      duijie search "640x512 短波红外" --mode keyword --json
    """
    with opened(model) as installation:
        catch_up(installation, quiet=as_json)
        answer = answers.search(installation, text, viewer=MACHINE, kind=kind, where=where, mode=mode, limit=limit)
    if as_json:
        echo_json(answer_json(answer).model_dump())
        return
    show(answer)


def show(answer: answers.Answer) -> None:
    """The answer in words."""
    if answer.degraded:
        told.print(f"注意：{answer.degraded}")
    words = [*answer.reading.words[:12], *answer.reading.codes]
    told.print(f"[dim]词语：{'、'.join(dict.fromkeys(words))}[/dim]")
    if answer.reading.note:
        told.print(f"注意：{answer.reading.note}")
    if answer.note:
        click.echo(answer.note)
    for place, hit in enumerate(answer.hits, start=1):
        head = f"{place:>3}. {hit.record.title}  [{v.KIND.name(hit.record.kind)} {hit.record.id}]  {hit.score:.3f}"
        head += f"  {BANDS[hit.band]}" if hit.band else ""
        click.echo(head)
        for quote in hit.quotes[:2]:
            click.echo(f"       “{quote.text}”")
        for finding in hit.comparisons:
            if finding.value is not None:
                click.echo(f"       {finding.label}：{finding.said}")
