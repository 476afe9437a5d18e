"""duijie serve"""

from __future__ import annotations

import ipaddress
import socket

import click
import uvicorn
from fastapi import FastAPI

from corpus.errors import BadInput
from corpus.vocabulary import ROLE
from service.commands import counting, model_option, settings_with, told
from service.commands.demo import FILE, demo_accounts, make_demo_accounts
from service.installation import Installation, import_sample
from service.settings import Settings, to_environment

_FACTORY = "service.app:from_environment"


class HostsUnknown(BadInput):
    """要监听 {host} 让别的机器访问，请先在 DUIJIE_HOSTS 中写明别人访问用的主机名或地址。最好仍监听 127.0.0.1，前面架一层带 TLS 的反向代理。"""


class PortTaken(BadInput):
    """端口 {port} 已被别的程序占用。请用 --port 换一个，或先停掉占用它的程序。"""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址；不是本机的，要先设 DUIJIE_HOSTS。")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="监听的端口。")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="服务进程的个数。")
@click.option("--sample", is_flag=True, help="库是空的时，先装入随软件附带的样例库。")
@model_option
def serve(host: str, port: int, workers: int, sample: bool, model: str | None) -> None:
    """启动网页和 API。

    \b
    例：
      duijie serve --sample
      duijie serve --port 9000 --workers 2
    """
    settings = settings_with(model)
    _reachable(host, settings)
    _free(host, port)
    to_environment(settings)
    installation = Installation(settings)
    _prepare(installation, sample)
    address = f"[{host}]" if ":" in host else host
    click.echo(f"Duijie 对接：http://{address}:{port}   （API 说明在 /docs，按 Ctrl-C 停止）")
    if workers == 1:
        uvicorn.run(_application(installation), host=host, port=port, log_level="warning")
    else:
        installation.close()
        uvicorn.run(_FACTORY, factory=True, host=host, port=port, workers=workers, log_level="warning")


def _application(installation: Installation) -> FastAPI:
    """Over what is open already: to open a million records takes a second."""
    from service.app import create_app  # half a second, which no other command is to wait for

    return create_app(installation, suggests=True, alerts=True)


def _prepare(installation: Installation, sample: bool) -> None:
    """Bring everything to where a server starts at once."""
    home = installation.settings.home
    if sample and not any(installation.store.counts().values()):
        intake = import_sample(installation.store)
        click.echo(f"已装入样例库：{intake.added} 条记录（虚构的样例，供试用）。")
        if not installation.accounts.all():
            make_demo_accounts(installation.accounts, home)
    _show_accounts(installation)
    if installation.is_far_behind:
        with counting("建立索引", installation.behind()) as progress:
            installation.build(progress=progress)
    if degraded := installation.index.degraded:
        told.print(f"注意：{degraded}")


def _show_accounts(installation: Installation) -> None:
    """The demo accounts, where there are any; or how to open an account."""
    home = installation.settings.home
    if not installation.accounts.all():
        click.echo("还没有账号，访客只能查看公开的记录。开一个：duijie user add 登录名 --role operator")
    for demo in demo_accounts(home):
        click.echo(f"  演示账号  {demo.login:<9} {demo.password}  {ROLE.name(demo.role)}")
    if demo_accounts(home):
        click.echo(
            f"  密码记在 {home / FILE}；用 duijie user password 登录名 换掉，用 duijie user disable 登录名 停用。"
        )


def _reachable(host: str, settings: Settings) -> None:
    """Raises HostsUnknown for an address that others can reach, where no name is given by which they do."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not settings.hosts:
        raise HostsUnknown(host=host)


def _free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(port=port) from None
