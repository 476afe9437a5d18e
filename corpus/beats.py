"""Beats: the fields and firms that a broker looks after, by which their queue is narrowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from corpus.database import writing
from corpus.errors import BadInput
from corpus.tables import beats
from corpus.vocabulary import industries

MOST = 50
"""Fields of a beat, and firms."""


class BeatTooWide(BadInput):
    """分管的领域和企业各不超过 {most} 项。请写大类，如“C34 通用设备”，它包括下面的各小类。"""


@dataclass(frozen=True)
class Beat:
    """`fields` are codes of GB/T 4754, each with all below it; `firms` are organisations' names as records have them."""

    fields: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()


def beat_of(fields: Iterable[str], firms: Iterable[str]) -> Beat:
    """A beat from what a person wrote, codes or names. Raises UnknownValue, BeatTooWide."""
    codes = [industries().code(written) for written in map(str.strip, fields) if written]
    names = [written for written in map(str.strip, firms) if written]
    if max(len(codes), len(names)) > MOST:
        raise BeatTooWide(most=MOST)
    return Beat(tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(names)))


class Beats:
    """The beats in a database."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def of(self, account: int) -> Beat | None:
        """None for who looks after everything."""
        asked = sa.select(beats.c.fields, beats.c.firms).where(beats.c.account == account)
        with self.engine.connect() as connection:
            row = connection.execute(asked).first()
        return Beat(tuple(row[0]), tuple(row[1])) if row else None

    def set(self, account: int, beat: Beat) -> None:
        """An empty beat is none."""
        with writing(self.engine) as connection:
            connection.execute(beats.delete().where(beats.c.account == account))
            if beat != Beat():
                values = {"account": account, "fields": list(beat.fields), "firms": list(beat.firms)}
                connection.execute(beats.insert().values(values))
