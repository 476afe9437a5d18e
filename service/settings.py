"""Settings: the only place where the environment is read.

`DUIJIE_HOME` (default `./var`) is the folder that holds everything an installation owns; `DUIJIE_DATABASE` the store's URL (default: a
SQLite file in that folder); `DUIJIE_MODEL` the encoder's folder or hub name (default: the model in the package).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from corpus.errors import DuijieError


class HomeUnavailable(DuijieError):
    """用不了数据文件夹 {home}：{reason}。请检查 DUIJIE_HOME 和它的权限。"""


@dataclass(frozen=True)
class Settings:
    home: Path = Path("var")
    database: str | None = None
    model: str | None = None

    @property
    def database_url(self) -> str | sa.URL:
        return self.database or sa.URL.create("sqlite", database=str((self.home / "duijie.db").resolve()))

    @property
    def index(self) -> Path:
        return self.home / "index"


def make_home(settings: Settings) -> Settings:
    """The settings, with their folder made. Raises HomeUnavailable."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnavailable(home=settings.home, reason=error.strerror or str(error)) from error
    return settings


def from_environment() -> Settings:
    home = os.environ.get("DUIJIE_HOME") or "var"
    return Settings(
        home=Path(home).expanduser(),
        database=os.environ.get("DUIJIE_DATABASE") or None,
        model=os.environ.get("DUIJIE_MODEL") or None,
    )


def to_environment(settings: Settings) -> None:
    """Hand settings on to the server's worker processes, which read them from their environment."""
    os.environ["DUIJIE_HOME"] = str(settings.home)
    for name, value in (("DUIJIE_DATABASE", settings.database), ("DUIJIE_MODEL", settings.model)):
        if value:
            os.environ[name] = value
