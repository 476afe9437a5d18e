"""Milvus Lite, by the client of Milvus: vectors by HNSW, words as sparse vectors of BM25 weights, fused by its own reciprocal ranks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.fused import CANDIDATES, RANK, SHOWN
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library
from indexer.bm25 import rarity, record_half

MOST = 100_000
_AT_ONCE = 1000
_GRAPH = {"M": 16, "efConstruction": 200}


def _client(folder: Path) -> Any:
    from pymilvus import MilvusClient

    return MilvusClient(str(folder / "milvus.db"))


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    client = _client(folder)
    client.create_collection("passages", schema=_schema(library, client), index_params=_indexes(client))
    columns = {name: column.tolist() for name, column in library.columns.items()}
    numbers: dict[str, int] = {}
    holding: Counter[int] = Counter()
    vectors = library.vectors
    waiting = []
    for place, words in enumerate(library.words()):
        half = record_half(Counter(words))
        sparse = {numbers.setdefault(word, len(numbers)): weight for word, weight in half.items()}
        holding.update(sparse.keys())
        vector = np.asarray(vectors[place], np.float32).tolist()
        fields = {name: column[place] for name, column in columns.items()}
        waiting.append({"id": place, "vector": vector, "words": sparse, **fields})
        if len(waiting) == _AT_ONCE or place == library.count - 1:
            client.insert("passages", waiting)
            waiting = []
    client.flush("passages")
    client.close()
    weights = {word: (number, rarity(library.count, holding[number])) for word, number in numbers.items()}
    (folder / "weights.json").write_text(json.dumps(weights, ensure_ascii=False), "utf-8")
    return {**_GRAPH, "ef": CANDIDATES}


def _schema(library: Library, client: Any) -> Any:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=library.vectors.shape[1])
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    for name in library.columns:
        schema.add_field(name, DataType.INT64)
    return schema


def _indexes(client: Any) -> Any:
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type="HNSW", metric_type="IP", params=_GRAPH)
    indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    return indexes


class MilvusLite:
    def __init__(self, library: Library, folder: Path) -> None:
        self.weights: dict[str, tuple[int, float]] = json.loads((folder / "weights.json").read_text("utf-8"))
        self.client = _client(folder)
        self.client.load_collection("passages")

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        found = self.client.search(
            "passages",
            [asked.vector.tolist()],
            anns_field="vector",
            limit=CANDIDATES,
            filter=_written(ranged),
            search_params=_asking(),
        )
        return [hit["id"] for hit in found[0]]

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        from pymilvus import AnnSearchRequest, RRFRanker

        expression = _written(ranged) or None
        words = dict(self.weights[word] for word in asked.words if word in self.weights)
        halves = [AnnSearchRequest([asked.vector.tolist()], "vector", _asking(), CANDIDATES, expr=expression)]
        if words:
            halves.append(AnnSearchRequest([words], "words", {"metric_type": "IP"}, CANDIDATES, expr=expression))
        found = self.client.hybrid_search("passages", halves, RRFRanker(RANK), limit=SHOWN)
        return [hit["id"] for hit in found[0]]


def _asking() -> dict[str, Any]:
    return {"metric_type": "IP", "params": {"ef": CANDIDATES}}


def _written(ranged: Ranged | None) -> str:
    return " and ".join(f"{name} >= {low} and {name} <= {high}" for name, low, high in ranged.ranges) if ranged else ""


if __name__ == "__main__":
    main(
        Peer(
            "milvus_lite",
            {"milvus_lite": "milvus-lite", "pymilvus": "pymilvus"},
            build,
            MilvusLite,
            cannot=(
                "be opened by a second process",
                "keep its index of words: made anew in memory at the first question",
            ),
            most=MOST,
        )
    )
