"""FAISS for vectors and tantivy for words, the parts of choice where records come in all day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from benchmarks.peers import lists
from benchmarks.peers.fused import CANDIDATES, fused
from benchmarks.peers.measured import Asked, Peer, main
from benchmarks.plausible import Ranged
from benchmarks.shelf import Library

_HEAP = 256 << 20


def build(library: Library, folder: Path) -> Mapping[str, Any]:
    import tantivy

    settings = lists.build(library, folder)
    (folder / "words").mkdir()
    writer = tantivy.Index(_schema(library), str(folder / "words")).writer(_HEAP, 2)
    columns = {name: column.tolist() for name, column in library.columns.items()}
    for place, words in enumerate(library.words()):
        held = {name: column[place] for name, column in columns.items()}
        writer.add_document(tantivy.Document(id=place, words=" ".join(words), **held))
    writer.commit()
    writer.wait_merging_threads()
    return settings


def _schema(library: Library) -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("id", fast=True)
    for name in library.columns:
        builder.add_integer_field(name, fast=True)
    return builder.build()


class FaissTantivy:
    def __init__(self, library: Library, folder: Path) -> None:
        import tantivy

        self.tantivy = tantivy
        self.columns = library.columns
        self.lists = lists.open_lists(folder)
        self.schema = _schema(library)
        self.searcher = tantivy.Index(self.schema, str(folder / "words")).searcher()

    def near(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return self.lists.near(asked.vector, ranged.passing(self.columns) if ranged else None)

    def search(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        return fused(self.near(asked, ranged), self._holding(asked, ranged))

    def _holding(self, asked: Asked, ranged: Ranged | None) -> list[int]:
        query, occur, integer = self.tantivy.Query, self.tantivy.Occur, self.tantivy.FieldType.Integer
        wanted = query.boolean_query(
            [(occur.Should, query.term_query(self.schema, "words", word)) for word in asked.words]
        )
        if ranged:
            tested = [query.range_query(self.schema, name, integer, low, high) for name, low, high in ranged.ranges]
            wanted = query.boolean_query([(occur.Must, part) for part in (wanted, *tested)])
        hits = self.searcher.search(wanted, CANDIDATES, count=False).hits
        return cast(list[int], self.searcher.fast_field_values("id", [address for _, address in hits]))


if __name__ == "__main__":
    main(
        Peer(
            "faiss_tantivy",
            {"faiss": "faiss-cpu", "tantivy": "tantivy"},
            build,
            FaissTantivy,
            cannot=("cut Chinese into words", "filter vectors by an attribute: a mask is handed in"),
        )
    )
