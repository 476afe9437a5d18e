"""duijie key"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from corpus.keys import MOST, RATE, Key, Keys
from corpus.vocabulary import ROLE, SCOPE
from service.commands import accounts_opened, echo_json, json_option


@click.group()
def key() -> None:
    """密钥：别的系统用它调用 API，不必登录。

    \b
    权限：read 查询，match 匹配，write 写入，bulk 批量匹配。
    例：
      duijie key add ERP --role broker --scope match --scope bulk
      duijie key list
      duijie key revoke 3f9a01c2
    """


@key.command()
@click.argument("name", metavar="名称")
@click.option("--role", type=click.Choice(list(ROLE.labels)), required=True, help="以什么身份调用，决定看得到什么。")
@click.option(
    "--scope", "scopes", type=click.Choice(list(SCOPE.labels)), multiple=True, required=True, help="权限，可重复。"
)
@click.option("--organisation", help="所属单位，与记录里的单位名称写得一样，才看得到“本单位”的记录。")
@click.option("--rate", type=click.IntRange(1, MOST), default=RATE, show_default=True, help="每分钟最多调用几次。")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="用到哪一天为止，如 2027-06-30；默认不限。")
@json_option
def add(
    name: str,
    role: str,
    scopes: tuple[str, ...],
    organisation: str | None,
    rate: int,
    until: datetime | None,
    as_json: bool,
) -> None:
    """开一个密钥；密钥只在这里显示一次。

    \b
    例：
      duijie key add ERP --role broker --scope match --scope bulk --until 2027-06-30
    """
    with _keys() as keys:
        made, secret = keys.add(
            name,
            role=role,
            scopes=scopes,
            organisation=organisation,
            rate=rate,
            until=until.date() if until else None,
        )
        if as_json:
            echo_json({**_as_json(made, keys), "secret": secret})
            return
    click.echo(secret)
    click.echo(f"已开密钥 {made.prefix}（{made.name}）。上面这一行只显示这一次，请现在就交给用它的系统。", err=True)


@key.command("list")
@json_option
def list_(as_json: bool) -> None:
    """列出密钥，和各自用了多少次。

    \b
    例：
      duijie key list --json
    """
    with _keys() as keys:
        found = keys.all()
        at = keys.clock()
        if as_json:
            echo_json([_as_json(one, keys) for one in found])
            return
    for one in found:
        scopes = "、".join(SCOPE.name(scope) for scope in one.scopes)
        state = "已吊销" if one.revoked_at else "已失效" if one.is_over(at) else ""
        used = f"近 30 天 {sum(one.uses.values()):,} 次"
        click.echo(f"{one.prefix}  {one.name}  {ROLE.name(one.account.role)}  {scopes}  {used}  {state}".rstrip())
    if not found:
        click.echo("还没有密钥。用 duijie key add 名称 --role broker --scope match 开一个。")


@key.command()
@click.argument("prefix", metavar="前缀")
def revoke(prefix: str) -> None:
    """吊销一个密钥：从下一次调用起就不能再用，它写入的记录不动。

    \b
    例：
      duijie key revoke 3f9a01c2
    """
    with _keys() as keys:
        found = keys.find(prefix)
        keys.revoke(found)
    click.echo(f"密钥 {found.prefix}（{found.name}）已吊销。")


@contextmanager
def _keys() -> Iterator[Keys]:
    with accounts_opened() as accounts:
        yield Keys(accounts)


def _as_json(key: Key, keys: Keys) -> dict[str, Any]:
    times = {name: getattr(key, name) for name in ("expires_at", "created_at", "revoked_at", "used_at")}
    return {
        "prefix": key.prefix,
        "name": key.name,
        "role": key.account.role,
        "organisation": key.account.organisation,
        "scopes": list(key.scopes),
        "rate": key.rate,
        **{name: at.isoformat() if at else None for name, at in times.items()},
        "usable": not key.is_over(keys.clock()),
        "uses": {day.isoformat(): count for day, count in key.uses.items()},
    }
