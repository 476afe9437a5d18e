"""Vectors already made, kept by (model, text hash) in one file that every process of an installation shares.

A rebuild embeds only what is new. The file is a cache: delete it any day. Vectors are kept, and used everywhere, in the precision of
16-bit numbers, so that a record scores the same whether its vector was made just now or long ago.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Encoder

_AT_ONCE = 500


class VectorCache:
    """Encodes texts through a file (None: remembers nothing). A file that is damaged or cannot be written is done without."""

    def __init__(self, encoder: Encoder, file: Path | None) -> None:
        self.encoder = encoder
        self.file = file
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of records, shape (texts, dimensions), rounded to 16 bits."""
        keys = [self._key(text) for text in texts]
        known = self._read(keys)
        missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
        made = self.encoder.encode([text for _, text in missing]).astype(np.float16)
        new = {key: vector.tobytes() for (key, _), vector in zip(missing, made, strict=True)}
        self._write(new)
        held = known | new
        if not texts:
            return np.zeros((0, self.encoder.dimensions), np.float32)
        return np.frombuffer(b"".join(held[key] for key in keys), np.float16).reshape(len(keys), -1).astype(np.float32)

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self.encoder.fingerprint}\0{text}".encode(), digest_size=16).digest()

    def _open(self) -> closing[sqlite3.Connection]:
        assert self.file
        connection = sqlite3.connect(self.file, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        return closing(connection)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if self.file is None:
            return {}
        found: dict[bytes, bytes] = {}
        size = self.encoder.dimensions * 2
        try:
            with self._open() as connection:
                for start in range(0, len(keys), _AT_ONCE):
                    some = keys[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - question marks only
                    found.update(connection.execute(query, some))
        except sqlite3.DatabaseError as error:
            self._discard(error)
        return {key: vector for key, vector in found.items() if len(vector) == size}

    def _write(self, vectors: dict[bytes, bytes]) -> None:
        if self.file is None or not vectors:
            return
        try:
            with self._open() as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", vectors.items())
        except sqlite3.DatabaseError as error:
            self._discard(error)

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        """A damaged cache is worth nothing: begin a new one. A file that is merely locked or cannot be written is left to its users."""
        assert self.file
        if isinstance(error, sqlite3.OperationalError):
            return
        for file in (self.file, Path(f"{self.file}-wal"), Path(f"{self.file}-shm")):
            file.unlink(missing_ok=True)
