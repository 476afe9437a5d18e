"""Records and entries to test with: a few written words away, or drawn at random from a seed."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

import corpus
from corpus.records import Achievement, Demand, Record, searched_texts
from indexer.attributes import attributes_of
from indexer.bm25 import record_half
from indexer.encoder import Encoder
from indexer.entries import Among, Between, Entry, Filter, Vector
from indexer.local import LocalEngine
from indexer.making import embedded_text
from indexer.words import Words

SAMPLES = Path(corpus.__path__[0]) / "samples"
VOCABULARY = [f"{one}{other}" for one in "红外磁热光电机材膜阀" for other in "测控器件料泵层管"]
REGIONS = ["330000", "330100", "330108", "320000", "320500"]


def achievement(id: int, title: str, **stated: Any) -> Achievement:
    return Achievement(id=id, source="试", source_id=str(id), title=title, **stated)


def demand(id: int, title: str, **stated: Any) -> Demand:
    return Demand(id=id, source="试", source_id=str(id), title=title, **stated)


def entries_of(records: Sequence[Record], words: Words, encoder: Encoder | None) -> list[Entry]:
    texts = [searched_texts(record) for record in records]
    vectors = encoder.encode([embedded_text(fields) for fields in texts]) if encoder else [None] * len(records)
    return [
        Entry(record.id, rounded(vector), record_half(words.of_record(fields.values())), attributes_of(record))
        for record, fields, vector in zip(records, texts, vectors, strict=True)
    ]


def in_memory(records: Sequence[Record], words: Words, encoder: Encoder | None) -> LocalEngine:
    """A local engine that holds the records."""
    engine = LocalEngine(None, words=words.version, model=encoder.fingerprint if encoder else None)
    engine.apply(entries_of(records, words, encoder), [], 1)
    return engine


def rounded(vector: Vector | None) -> Vector | None:
    return None if vector is None else vector.astype(np.float16).astype(np.float32)


def sample_texts(name: str = "achievements") -> list[str]:
    """The texts of the sample library in the package: one a record."""
    rows = [json.loads(line) for line in (SAMPLES / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return ["。".join(str(row.get(field) or "") for field in ("title", "summary", "body", "problem")) for row in rows]


def random_vector(rng: Generator, dimensions: int = 64) -> Vector:
    vector = rng.normal(size=dimensions)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def random_entries(rng: Generator, ids: Sequence[int], *, vectors: bool = True) -> list[Entry]:
    """Entries of which some are alike, so that there are ties; every attribute is sometimes not stated."""
    some = [rounded(random_vector(rng)) for _ in range(max(3, len(ids) // 3))]
    texts = [random_words(rng) for _ in range(max(3, len(ids) // 2))]
    return [
        Entry(
            id,
            some[rng.integers(len(some))] if vectors else None,
            texts[rng.integers(len(texts))],
            random_attributes(rng),
        )
        for id in ids
    ]


def random_words(rng: Generator) -> dict[str, float]:
    often = np.minimum(rng.geometric(0.06, size=rng.integers(1, 12)) - 1, len(VOCABULARY) - 1)
    return record_half({VOCABULARY[place]: int(rng.integers(1, 4)) for place in often})


def random_attributes(rng: Generator) -> dict[str, tuple[str, ...] | float]:
    region = REGIONS[rng.integers(len(REGIONS))]
    every: dict[str, tuple[str, ...] | float] = {
        "kind": (("achievement", "demand")[rng.integers(2)],),
        "status": (("published", "expiring", "withdrawn")[min(2, rng.geometric(0.7) - 1)],),
        "region": tuple(dict.fromkeys([region[:2] + "0000", region[:4] + "00", region])),
        "transfer_modes": tuple(sorted({("license", "assign", "equity")[rng.integers(3)] for _ in range(2)})),
        "trl": int(rng.integers(1, 10)),
        "price": round(float(rng.uniform(0, 500)), 2),
        "expires": (math.inf, 1.0, 1e6)[rng.integers(3)],
    }
    return {
        name: value for name, value in every.items() if name in ("kind", "status", "expires") or rng.random() < 0.75
    }


def random_filter(rng: Generator) -> Filter:
    """From none to several conditions: wide ones, narrow ones, and ones that nothing passes."""
    level = int(rng.integers(1, 10))
    conditions: list[Among | Between] = [
        Among("kind", frozenset({"achievement"})),
        Among("region", frozenset({REGIONS[rng.integers(len(REGIONS))], "没有的地区"})),
        Among("transfer_modes", frozenset({"license", "equity"})),
        Among("没有的字段", frozenset({"无"})),
        Between("trl", level, level),
        Between("trl", low=5),
        Between("price", high=float(rng.uniform(0, 500))),
        Between("price", 100.0, 101.5),
        Among("trl", frozenset({str(level), "9"})),
    ]
    chosen = rng.choice(
        len(conditions), size=rng.integers(0, 4), replace=False, p=[0.2, 0.2, 0.2, 0.02, 0.1, 0.1, 0.1, 0.04, 0.04]
    )
    return tuple(conditions[place] for place in chosen)


def random_question(rng: Generator) -> dict[str, float]:
    """The question's half: words with their rarity, one of which nobody holds."""
    chosen = rng.choice(len(VOCABULARY), size=rng.integers(1, 12), replace=False)
    return {VOCABULARY[place]: float(rng.uniform(0.1, 6)) for place in chosen} | {"量子纠缠": 7.0}
