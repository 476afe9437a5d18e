"""duijie alerts"""

from __future__ import annotations

from dataclasses import asdict

import click

from service.alerting import alert
from service.commands import catch_up, echo_json, json_option, opened
from service.mail import is_configured


@click.command()
@json_option
def alerts(as_json: bool) -> None:
    """把到了时候的提醒发出去：保存的搜索有了新的，经纪人推送了匹配，都记在站内；设了邮件服务器的，再发邮件。

    服务运行时会自己做，不必用这条命令；没有常开服务时，可以由定时任务来运行。同一条记录对同一个搜索、同一次推送对同一个账号，只提醒一次。

    \b
    例：
      duijie alerts
      duijie alerts --json
    """
    with opened() as installation:
        catch_up(installation, quiet=as_json)
        done = alert(installation)
        has_mail = is_configured(installation.settings)
    if as_json:
        echo_json(asdict(done))
        return
    letters = f"发出邮件 {done.letters} 封" + (f"，{done.refused} 封没有被收下" if done.refused else "")
    click.echo(
        f"看过到时的搜索 {done.watches} 个，新提醒 {done.alerts} 条，告知推送 {done.pushes} 项；{letters if has_mail else '没有设邮件服务器，只记在站内'}。"
    )
