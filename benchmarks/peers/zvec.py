"""zvec: words by a full-text index over words cut beforehand, vectors by HNSW of eight bits, fused by its own reciprocal ranks."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.fused import CANDIDATES, RANK, SHOWN
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library

_NEIGHBOURS, _BUILT_WITH, _ASKED_WITH = 32, 200, 300
_AT_ONCE = 1000


def _zvec() -> Any:
    """The package: this module has its name."""
    return import_module("zvec")


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    zvec = _zvec()
    collection = zvec.create_and_open(str(folder / "collection"), _schema(library))
    columns = {name: column.tolist() for name, column in library.columns.items()}
    vectors = library.vectors
    waiting = []
    for place, words in enumerate(library.words()):
        fields = {"words": " ".join(words), **{name: column[place] for name, column in columns.items()}}
        vector = np.asarray(vectors[place], np.float32).tolist()
        waiting.append(zvec.Doc(id=str(place), fields=fields, vectors={"vector": vector}))
        if len(waiting) == _AT_ONCE or place == library.count - 1:
            collection.insert(waiting)
            waiting = []
    collection.flush()
    collection.optimize(option=zvec.OptimizeOption(concurrency=2))
    collection.flush()
    return {"m": _NEIGHBOURS, "ef_construction": _BUILT_WITH, "ef": _ASKED_WITH}


def _schema(library: Library) -> Any:
    zvec = _zvec()
    number, range_index = zvec.DataType.INT32, zvec.InvertIndexParam(enable_range_optimization=True)
    words = zvec.FtsIndexParam(tokenizer_name="whitespace", filters=[])
    graph = zvec.HnswIndexParam(
        metric_type=zvec.MetricType.IP,
        m=_NEIGHBOURS,
        ef_construction=_BUILT_WITH,
        quantize_type=zvec.QuantizeType.INT8,
    )
    dimensions = library.vectors.shape[1]
    return zvec.CollectionSchema(
        "passages",
        fields=[
            zvec.FieldSchema("words", zvec.DataType.STRING, index_param=words),
            *(zvec.FieldSchema(name, number, index_param=range_index) for name in library.columns),
        ],
        vectors=zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, dimensions, index_param=graph),
    )


class Zvec:
    def __init__(self, library: Library, folder: Path) -> None:
        self.zvec = _zvec()
        self.zvec.init(query_threads=1, optimize_threads=1)
        option = self.zvec.CollectionOption(read_only=True)
        self.collection = self.zvec.open(str(folder / "collection"), option)

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return self._asked(self._by_vector(asked), ranged, None)

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        words = self.zvec.Query("words", fts=self.zvec.Fts(match_string=" ".join(asked.words)))
        reranker = self.zvec.RrfReRanker(rank_constant=RANK)
        return self._asked([self._by_vector(asked), words], ranged, reranker)[:SHOWN]

    def _by_vector(self, asked: Asked) -> Any:
        return self.zvec.Query("vector", vector=asked.vector, param=self.zvec.HnswQueryParam(ef=_ASKED_WITH))

    def _asked(self, queries: Any, ranged: Ranged | None, reranker: Any) -> list[int]:
        """As many as the candidates of either half: zvec knows only one number for both."""
        hits = self.collection.query(
            queries, topk=CANDIDATES, filter=_written(ranged), output_fields=[], reranker=reranker
        )
        return [int(hit.id) for hit in hits]


def _written(ranged: Ranged | None) -> str | None:
    if ranged is None:
        return None
    return " and ".join(f"{name} >= {low} and {name} <= {high}" for name, low, high in ranged.ranges)


if __name__ == "__main__":
    main(
        Peer(
            "zvec",
            {"zvec": "zvec"},
            build,
            Zvec,
            cannot=(
                "let a second process read while one writes",
                "rate fresh records by the rarity of words in the whole library",
            ),
        )
    )
