"""Interpretations: what a language model may say of a demand, and the good answers kept."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MOST_TERMS = 12


def plain(text: str) -> str:
    """On one line, and nothing in it that cannot be seen. Raises ValueError."""
    line = " ".join(text.split())
    if not line or any(unicodedata.category(character).startswith("C") for character in line):
        raise ValueError("empty, or with control characters")
    return line


class Suggested(BaseModel):
    """A term under which science may answer, and how surely."""

    model_config = ConfigDict(strict=True, extra="ignore")

    term: Annotated[str, Field(max_length=40), AfterValidator(plain)]
    weight: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Interpretation(BaseModel):
    """All that is taken from a model's answer; another shape is refused, other keys are not looked at."""

    model_config = ConfigDict(strict=True, extra="ignore")

    need: Annotated[str, Field(max_length=400), AfterValidator(plain)]
    terms: Annotated[list[Suggested], Field(max_length=MOST_TERMS)]


class Kept:
    """Good answers by what was asked of whom, in one file that every process of an installation shares (None: in memory).

    The file is a cache like that of vectors: delete it any day. One that is damaged or cannot be written is done without.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.memory: dict[bytes, str] = {}
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)

    def get(self, key: bytes) -> Interpretation | None:
        found = self.memory.get(key) if self.file is None else self._read(key)
        try:
            return Interpretation.model_validate_json(found) if found else None
        except ValidationError:
            return None

    def put(self, key: bytes, made: Interpretation) -> None:
        if self.file is None:
            self.memory[key] = made.model_dump_json()
            return
        try:
            with self._open() as connection, connection:
                connection.execute("INSERT OR REPLACE INTO readings VALUES (?, ?)", (key, made.model_dump_json()))
        except sqlite3.DatabaseError as error:
            self._discard(error)

    def _read(self, key: bytes) -> str | None:
        try:
            with self._open() as connection:
                row = connection.execute("SELECT answer FROM readings WHERE key = ?", (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            self._discard(error)
            return None
        return str(row[0]) if row else None

    def _open(self) -> closing[sqlite3.Connection]:
        assert self.file
        connection = sqlite3.connect(self.file, timeout=1)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS readings (key BLOB PRIMARY KEY, answer TEXT) WITHOUT ROWID")
        return closing(connection)

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        """As with vectors: a damaged file is begun anew, one that is locked or cannot be written is left to its users."""
        assert self.file
        if not isinstance(error, sqlite3.OperationalError):
            for file in (self.file, Path(f"{self.file}-wal"), Path(f"{self.file}-shm")):
                file.unlink(missing_ok=True)
