"""duijie export"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from corpus.leaving import as_csv, as_lines, kind_named, write_workbook
from corpus.records import KINDS, Record
from corpus.store import Store
from service.commands import can_be_written, counting, settings_with


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="文件")
@click.option("--kind", type=click.Choice(list(KINDS)), help="只要成果，或只要需求；写 CSV 时必须指明。")
def export(file: Path, kind: str | None) -> None:
    """把全库写成 .jsonl、.csv 或 .xlsx，可以再导入。

    联系方式、保密详情不写出；JSONL 逐项无损，CSV 和 XLSX 供人看和改。

    \b
    例：
      duijie export 全库.jsonl
      duijie export 成果.xlsx --kind achievement
    """
    can_be_written("文件", file, {}, kept="导出的记录")
    wanted = kind_named(kind, file.suffix.lower().removeprefix("."))
    kinds = [wanted] if wanted else list(KINDS.values())
    part = file.with_name(f".{file.name}.part")
    with closing(Store(settings_with().database_url)) as store:
        counts = store.counts()
        total = sum(counts[each.kind] for each in kinds)
        with counting("导出", total) as progress:

            def records(of: list[type[Record]]) -> Iterator[Record]:
                for change in store.changes_after(0, store.revision()):
                    if change.record and type(change.record) in of:
                        progress(1)
                        yield change.record

            if file.suffix.lower() == ".xlsx":
                write_workbook({each: records([each]) for each in kinds}, part)
            else:
                lines = as_csv(records(kinds), kinds[0]) if file.suffix.lower() == ".csv" else as_lines(records(kinds))
                with part.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(lines)
    part.replace(file)
    click.echo(f"已写出 {total} 条记录：{file}")
