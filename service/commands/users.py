"""duijie user"""

from __future__ import annotations

import sys
from typing import Any

import click

from corpus.accounts import Account, PasswordUnfit
from corpus.vocabulary import ROLE
from service.commands import accounts_opened, echo_json, json_option

_stdin_option = click.option("--password-stdin", is_flag=True, help="从标准输入读密码（一行），不提问；供脚本使用。")
_LOGIN = click.argument("login", metavar="登录名")


@click.group()
def user() -> None:
    """账号：谁可以登录，以什么身份。

    \b
    身份：firm 企业，broker 技术经纪人，operator 管理员。
    例：
      duijie user add wang --role firm --organisation 某某公司
      duijie user list
      duijie user password wang
      duijie user disable wang
    """


@user.command()
@_LOGIN
@click.option("--role", type=click.Choice(list(ROLE.labels)), required=True, help="身份：企业、技术经纪人或管理员。")
@click.option("--name", help="显示的姓名；默认用登录名。")
@click.option("--organisation", help="所属单位，与记录里的单位名称写得一样，才看得到“本单位”的记录。")
@click.option("--email", help="电子邮箱。")
@_stdin_option
def add(
    login: str, role: str, name: str | None, organisation: str | None, email: str | None, password_stdin: bool
) -> None:
    """开一个账号，密码问两遍。

    \b
    例：
      duijie user add wang --role firm --name 王工 --organisation 某某公司
      echo "$PASSWORD" | duijie user add li --role broker --password-stdin
    """
    with accounts_opened() as accounts:
        password = _password(password_stdin)
        account = accounts.add(login, password, role=role, name=name, organisation=organisation, email=email)
    click.echo(f"已开账号：{account.login}（{ROLE.name(account.role)}）。")


@user.command("list")
@json_option
def list_(as_json: bool) -> None:
    """列出账号。

    \b
    例：
      duijie user list --json
    """
    with accounts_opened() as accounts:
        found = accounts.all()
    if as_json:
        echo_json([_as_json(account) for account in found])
        return
    for account in found:
        more = "，".join(filter(None, [account.name, account.organisation, account.email]))
        click.echo(f"{account.login}  {ROLE.name(account.role)}  {more}{'  已停用' if account.is_disabled else ''}")
    if not found:
        click.echo("还没有账号。用 duijie user add 登录名 --role operator 开第一个。")


@user.command("password")
@_LOGIN
@_stdin_option
def password_(login: str, password_stdin: bool) -> None:
    """重设一个账号的密码；它的登录全部退出。

    \b
    例：
      duijie user password wang
    """
    with accounts_opened() as accounts:
        account = accounts.find(login)
        accounts.change_password(account, _password(password_stdin))
    click.echo(f"{account.login} 的密码已改，它的登录都已退出。")


@user.command()
@_LOGIN
def disable(login: str) -> None:
    """停用一个账号：不能再登录，已有的登录全部退出，它的记录不动。

    \b
    例：
      duijie user disable wang
    """
    with accounts_opened() as accounts:
        account = accounts.find(login)
        accounts.disable(account)
    click.echo(f"{account.login} 已停用。")


@user.command()
@_LOGIN
def enable(login: str) -> None:
    """恢复一个停用的账号。

    \b
    例：
      duijie user enable wang
    """
    with accounts_opened() as accounts:
        account = accounts.find(login)
        accounts.enable(account)
    click.echo(f"{account.login} 已恢复。")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first: str = click.prompt("密码", hide_input=True)
    if first != click.prompt("再写一次", hide_input=True):
        raise PasswordUnfit(reason="两次写的不一样")
    return first


def _as_json(account: Account) -> dict[str, Any]:
    values = {name: getattr(account, name) for name in ("id", "login", "name", "role", "organisation", "email")}
    return values | {"created_at": account.created_at.isoformat(), "disabled": account.is_disabled}
