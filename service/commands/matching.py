"""duijie match"""

from __future__ import annotations

import click

from indexer.fusion import Mode
from service import answers
from service.api.shapes import answer_json
from service.commands import catch_up, echo_json, json_option, mode_option, model_option, opened, where_option
from service.commands.searching import show
from service.viewer import MACHINE


@click.command()
@click.argument("id", type=click.IntRange(1, 2**63 - 1), required=False, metavar="[编号]")
@click.option("--text", help="不给编号时：一段需求的文字。")
@click.option("--limit", type=click.IntRange(1, answers.PAGED), default=10, show_default=True, help="最多给出几条。")
@mode_option
@where_option
@model_option
@json_option
def match(
    id: int | None, text: str | None, limit: int, mode: Mode, where: tuple[str, ...], model: str | None, as_json: bool
) -> None:
    """为一条记录或一段文字找另一方：为需求找成果，为成果找需求，逐项对照。

    \b
    例：
      duijie match 321
      duijie match --text "外转子风机低速嗡嗡响，要求空载 45 dB 以下" --limit 5
    """
    if (id is None) == (text is None):
        raise click.UsageError("请给出记录编号，或用 --text 给出一段文字（二者择一）。")
    with opened(model) as installation:
        catch_up(installation, quiet=as_json)
        answer = answers.match(installation, viewer=MACHINE, id=id, text=text, where=where, mode=mode, limit=limit)
    if as_json:
        echo_json(answer_json(answer).model_dump())
        return
    show(answer)
