"""duijie index"""

from __future__ import annotations

from dataclasses import asdict

import click

from service.commands import counting, echo_json, json_option, model_option, opened, told


@click.command()
@click.option("--rebuild", is_flag=True, help="不用现有的索引，全部重建；已算过的向量仍从缓存取用。")
@model_option
@json_option
def index(rebuild: bool, model: str | None, as_json: bool) -> None:
    """把索引更新到最新。

    索引里的一切都能由数据库重新算出，随时可以删去重建。检索不必等它：新记录存入即可查到，更新索引只是让启动更快、内存更省。

    \b
    例：
      duijie index
      duijie index --rebuild --model BAAI/bge-small-zh-v1.5
    """
    with opened(model) as installation:
        built = None
        if rebuild or installation.behind():
            total = installation.store.revision() if rebuild else installation.behind()
            with counting("建立索引", total, quiet=as_json) as progress:
                built = installation.build(anew=rebuild, progress=progress)
        engine, degraded = installation.index.engine, installation.index.degraded
        document = {
            **(asdict(built) if built else {"records": engine.count(()), "taken": 0, "seconds": 0.0}),
            "counts": dict(installation.store.counts()),
            "revision": engine.revision,
            "model": installation.index.encoder.name if installation.index.encoder else None,
            "degraded": degraded,
        }
    if as_json:
        echo_json(document)
        return
    if built:
        click.echo(
            f"索引已更新：{document['records']} 条记录，用时 {built.seconds:.1f} 秒，修订号 {document['revision']}。"
        )
    else:
        click.echo(f"索引已是最新：{document['records']} 条记录，修订号 {document['revision']}。")
    if degraded:
        told.print(f"注意：{degraded}")
