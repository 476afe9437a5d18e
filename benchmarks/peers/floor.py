"""The floor: the bare parts called one after the other, FAISS for vectors and bm25s for words, without anything around them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import lists
from benchmarks.peers.fused import CANDIDATES, fused
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    import bm25s

    settings = lists.build(library, folder)
    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(word, len(vocabulary)) for word in words] for words in library.words()]
    words = bm25s.BM25(backend="numba")
    words.index(bm25s.tokenization.Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
    words.save(str(folder / "words"), show_progress=False)
    return settings


class Floor:
    def __init__(self, library: Library, folder: Path) -> None:
        import bm25s

        self.columns = library.columns
        self.lists = lists.open_lists(folder)
        self.words = bm25s.BM25.load(str(folder / "words"), load_vocab=True)
        self.candidates = min(CANDIDATES, library.count)

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return self.lists.near(asked.vector, ranged.passing(self.columns) if ranged else None)

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        mask = ranged.passing(self.columns) if ranged else None
        return fused(self.lists.near(asked.vector, mask), self._holding(asked, mask))

    def _holding(self, asked: Asked, mask: NDArray[np.bool_] | None) -> list[int]:
        weights = None if mask is None else mask.astype(np.float32)
        found = self.words.retrieve([list(asked.words)], k=self.candidates, weight_mask=weights, show_progress=False)
        held: list[int] = found.documents[0][found.scores[0] > 0].tolist()
        return held


if __name__ == "__main__":
    main(
        Peer(
            "floor",
            {"faiss": "faiss-cpu", "bm25s": "bm25s", "numba": "numba"},
            build,
            Floor,
            cannot=(
                "cut Chinese into words",
                "take in fresh records: bm25s is built anew",
                "keep attributes: a mask is handed in",
            ),
        )
    )
