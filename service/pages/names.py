"""The names of people, by the logins under which they act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from corpus.accounts import AccountUnknown
from corpus.pairs import SYSTEM
from service.installation import Installation


def names_of(opened: Installation, logins: Iterable[str | None]) -> Mapping[str, str]:
    """The names of people by their logins."""
    return {login: _name(opened, login) for login in set(logins) if login}


def _name(opened: Installation, login: str) -> str:
    if login == SYSTEM.name:
        return "系统"
    try:
        return opened.accounts.find(login).name
    except AccountUnknown:
        return login
