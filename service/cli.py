"""The command line: `duijie import`, `export`, `index`, `search`, `match`, `bulk`, `suggest`, `alerts`, `evaluate`, `train`, `serve`, `user`, `key`, `doctor`.

Each command is a file of `service/commands`. Exit status 2 and one sentence for bad input, 1 for what went wrong on our side.
"""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import DatabaseError

from corpus.database import reason_of
from corpus.errors import BadInput, DuijieError, RecordNotFound
from service.commands import (
    alerting,
    bulk,
    doctor,
    evaluating,
    exporting,
    importing,
    indexing,
    keys,
    matching,
    searching,
    serving,
    suggesting,
    thesaurus,
    training,
    users,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="duijie", message="duijie %(version)s")
def duijie() -> None:
    """对接 Duijie：技术转移的检索与匹配引擎。

    科技成果和技术需求导入后，任意一段话都能查到最合适的另一方，并说明理由。全部在本机运行，不需要联网。

    \b
    例：
      duijie import 成果.xlsx 需求.csv
      duijie index
      duijie search "无刷直流电机 噪声"
      duijie serve

    环境变量：DUIJIE_HOME 数据文件夹（默认 ./var）；DUIJIE_DATABASE 数据库地址；DUIJIE_MODEL 向量模型的文件夹或名称。
    """


for command in (
    importing.import_,
    exporting.export,
    indexing.index,
    searching.search,
    matching.match,
    bulk.bulk,
    suggesting.suggest,
    alerting.alerts,
    evaluating.evaluate,
    training.train,
    thesaurus.thesaurus,
    serving.serve,
    users.user,
    keys.key,
    doctor.doctor,
):
    duijie.add_command(command)


def main() -> None:
    """Run the command; errors are told in one sentence."""
    try:
        duijie.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("已中断。", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DuijieError as error:
        click.echo(f"错误：{error}", err=True)
        sys.exit(2 if isinstance(error, BadInput | RecordNotFound) else 1)
    except DatabaseError as error:
        click.echo(
            f"错误：数据库读写不成：{reason_of(error)}。请稍后再试；若总是这样，请运行 duijie doctor。", err=True
        )
        sys.exit(1)
