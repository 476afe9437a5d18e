"""txtai: vectors by FAISS, words by its BM25 over words cut beforehand, attributes in SQLite, fused by its own normalised sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.fused import SHOWN
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library


def _embeddings(transform: Any) -> Any:
    """An empty database; this module has the package's name."""
    return import_module("txtai").Embeddings(
        method="external",
        transform=transform,
        content=True,
        scoring={"method": "bm25", "terms": True, "normalize": True, "tokenizer": {"whitespace": True}},
    )


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    vectors, handed = library.vectors, 0

    def in_order(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal handed
        handed += len(texts)
        return np.asarray(vectors[handed - len(texts) : handed], np.float32)

    embeddings = _embeddings(in_order)
    embeddings.index(_documents(library))
    embeddings.config.pop("transform")
    embeddings.save(str(folder / "database"))
    return {"components": embeddings.config.get("faiss") or "its own choice"}


def _documents(library: Library) -> Iterator[tuple[int, dict[str, Any], None]]:
    columns = {name: column.tolist() for name, column in library.columns.items()}
    for place, words in enumerate(library.words()):
        yield place, {"text": " ".join(words), **{name: column[place] for name, column in columns.items()}}, None


class Txtai:
    def __init__(self, library: Library, folder: Path) -> None:
        self.vector = np.zeros((1, library.vectors.shape[1]), np.float32)
        self.embeddings = import_module("txtai").Embeddings()
        self.embeddings.load(
            str(folder / "database"), config={"method": "external", "transform": lambda texts: self.vector}
        )

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return self._asked(asked, ranged, weight=1.0)

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return self._asked(asked, ranged, weight=0.5)

    def _asked(self, asked: Asked, ranged: Ranged | None, weight: float) -> list[int]:
        """Its own numbers of candidates: ten times those shown from each half, and ten times more where a filter is put to what was found."""
        self.vector = asked.vector[None, :]
        tests = "".join(f" and {name} between {low} and {high}" for name, low, high in ranged.ranges) if ranged else ""
        written = f"select id, score from txtai where similar(:asked){tests}"  # noqa: S608
        values = {"asked": " ".join(asked.words)}
        hits = self.embeddings.search(written, SHOWN, weights=weight, parameters=values)
        return [int(hit["id"]) for hit in hits]


if __name__ == "__main__":
    main(
        Peer(
            "txtai",
            {"txtai": "txtai"},
            build,
            Txtai,
            cannot=(
                "cut Chinese into words: into single characters",
                "filter before searching: tests the candidates found without the filter",
                "fuse by ranks with a constant: normalised sum",
            ),
        )
    )
