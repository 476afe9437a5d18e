"""Making entries: a record's texts into words, vector and attributes, here or in processes on every core.

searched texts → words, their half of BM25
               → embedded text → vector
filter values  → attributes
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.records import Change, Record, searched_texts
from indexer.attributes import attributes_of
from indexer.bm25 import record_half
from indexer.encoder import load_encoder
from indexer.entries import Entry
from indexer.gathering import Columns, columns_of
from indexer.normalise import simplified
from indexer.processes import in_order, processes
from indexer.segmenter import Segmenter
from indexer.vectors import VectorCache
from indexer.words import Words

PROSE = frozenset({
    "title", "keywords", "summary", "body", "advantages", "compared_with", "metrics", "scenarios",
    "problem", "background", "tried", "public_summary", "criteria",
})  # fmt: skip
"""What a record is about. Whose a record is, and under which numbers it is kept, says nothing of that."""

Made = tuple[Columns, list[int]]
"""What changed, as flat arrays, and the ids that went."""


def embedded_text(fields: Mapping[str, str]) -> str:
    """The text a record is embedded by: what it is about, in the order of the form."""
    return simplified("。".join(text for name, text in fields.items() if name in PROSE))


@dataclass(frozen=True)
class Making:
    """By these words, and with vectors where there is a model."""

    words: Words
    vectors: VectorCache | None

    def entries(self, records: Sequence[Record]) -> list[Entry]:
        """The entries of records, in their order."""
        texts = [searched_texts(record) for record in records]
        embedded = [embedded_text(fields) for fields in texts]
        vectors = self.vectors.encode(embedded) if self.vectors else [None] * len(texts)
        return [
            Entry(record.id, vector, self.held(fields), attributes_of(record))
            for record, fields, vector in zip(records, texts, vectors, strict=True)
        ]

    def held(self, fields: Mapping[str, str]) -> dict[str, float]:
        """The record's half of BM25 by word."""
        prose = self.words.of_record(text for name, text in fields.items() if name in PROSE)
        length = prose.total()
        prose.update(self.words.of_record(text for name, text in fields.items() if name not in PROSE))
        return record_half(prose, length)

    def of_changes(self, changes: Sequence[Change]) -> Made:
        changed = [change.record for change in changes if change.record]
        return columns_of(self.entries(changed)), [change.id for change in changes if change.record is None]


@dataclass(frozen=True)
class Recipe:
    """What another process needs to know to make the same entries; `model` None: without vectors."""

    own: Path | None
    model: str | None
    kept: Path | None = None
    """Where vectors are kept that cost more to make than to read."""


_in_this_process: list[Making] = []


def _prepare(recipe: Recipe) -> None:
    encoder = load_encoder(recipe.model) if recipe.model else None
    _in_this_process[:] = [Making(Words(Segmenter(recipe.own)), VectorCache(encoder, recipe.kept) if encoder else None)]


def _make(changes: Sequence[Change]) -> Made:
    return _in_this_process[0].of_changes(changes)


def made_in_processes(recipe: Recipe, batches: Iterable[Sequence[Change]]) -> Iterator[Made]:
    """What each batch makes, in order, by one process a core; no more than a few batches are under way at a time. Raises ProcessEnded."""
    with processes(_prepare, recipe) as pool:
        yield from in_order(pool, _make, batches, ahead=2)
