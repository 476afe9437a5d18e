"""Accounts to try the sample library with: one a role, made once, their passwords kept readable in a file of the home."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from corpus.accounts import Accounts

FILE = "demo-accounts.txt"
_ROLES = {"firm": "演示企业", "broker": "演示经纪人", "operator": "演示管理员"}
_ORGANISATION = "上虞清风电器公司（示例）"
"""Whose demand is in the sample library."""


@dataclass(frozen=True)
class Demo:
    login: str
    password: str

    @property
    def role(self) -> str:
        return self.login


def make_demo_accounts(accounts: Accounts, home: Path) -> None:
    """One account a role, of random passwords; only their owner reads the file."""
    made = [Demo(role, secrets.token_urlsafe(9)) for role in _ROLES]
    for demo in made:
        organisation = _ORGANISATION if demo.role == "firm" else None
        accounts.add(demo.login, demo.password, role=demo.role, name=_ROLES[demo.role], organisation=organisation)
    file = os.open(home / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as lines:
        lines.writelines(f"{demo.login} {demo.password}\n" for demo in made)


def demo_accounts(home: Path) -> list[Demo]:
    """Those of the file; a password that was changed since is still the old one there."""
    try:
        lines = (home / FILE).read_text("utf-8").split("\n")
    except FileNotFoundError:
        return []
    return [Demo(*line.split(" ", 1)) for line in lines if " " in line]
