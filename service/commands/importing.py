"""duijie import"""

from __future__ import annotations

from pathlib import Path

import click

from corpus.headings import read_mapping
from corpus.intake import Intake, import_files
from corpus.records import KINDS
from corpus.refusals import write_refused
from corpus.store import Store
from service.commands import can_be_written, counting, echo_json, json_option, settings_with, show_refused


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件…"
)
@click.option("--kind", type=click.Choice(list(KINDS)), help="成果还是需求；不给时由表头判断。")
@click.option("--source", help="来源名称，与来源编号一起认定同一条记录；默认为文件名。")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="列名对照（JSON 或 TOML）：“列名”: “字段名”。",
)
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="把退回的行写到这个文件（.csv .xlsx .jsonl），改好后可再导入。",
)
@json_option
def import_(
    files: tuple[Path, ...],
    kind: str | None,
    source: str | None,
    mapping: Path | None,
    refused: Path | None,
    as_json: bool,
) -> None:
    """导入 Excel、CSV 或 JSONL 里的成果和需求。

    同一文件导入两次不会重复；有误的行连同行号和原因退回，其余照常入库。表头中英文均可识别。

    \b
    例：
      duijie import 成果.xlsx --source 成果库2026
      duijie import 需求.csv --kind demand --refused 退回.xlsx
    """
    if refused:
        can_be_written("--refused", refused, {"要导入的文件": files}, kept="退回的行")
    columns = read_mapping(mapping) if mapping else {}
    intake = Intake()
    store = Store(settings_with().database_url)
    try:
        with counting("导入", None, quiet=as_json) as progress:
            done = 0

            def count(report: Intake) -> None:
                nonlocal done
                progress(report.accepted + len(report.refused) - done)
                done = report.accepted + len(report.refused)

            kinds = KINDS[kind] if kind else None
            import_files(store, files, kind=kinds, source=source, mapping=columns, progress=count, intake=intake)
    finally:  # also when interrupted: what was reported is on disk
        _report(intake, refused, as_json)
        store.close()
        if refused:
            write_refused(intake.refused, refused)
    if intake.unreadable:
        raise SystemExit(2)


def _report(intake: Intake, refused: Path | None, as_json: bool) -> None:
    for unreadable in intake.unreadable:
        click.echo(f"错误：{unreadable}", err=True)
    if as_json:
        echo_json(intake.as_json())
        return
    click.echo(
        f"新增 {intake.added} 条，更新 {intake.changed} 条，未变 {intake.unchanged} 条，退回 {len(intake.refused)} 条。"
    )
    show_refused(intake.refused, len(intake.refused), refused, intake.ignored)
