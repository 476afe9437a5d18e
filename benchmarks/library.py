"""A library to measure on, in a work folder: made once, read by every engine.

passages → records, words, vectors → questions → their exact answers
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import questions as q
from benchmarks.passages import passages
from benchmarks.plausible import Columns, drawn, fields_of, filters
from benchmarks.shelf import RAREST, Library
from benchmarks.truth import exact
from corpus.records import Achievement, searched_texts
from indexer.encoder import packaged
from indexer.making import embedded_text
from indexer.normalise import simplified
from indexer.segmenter import Segmenter
from indexer.words import Words

PROCESSES = 2
_AT_ONCE = 5_000
_SPARE = 4_000
"""Passages after those of the library, of which questions are made where no demands are given."""
_Batch = tuple[int, list[str], Columns]
"""Passages, the number of the first of them, and their attributes."""
_CLAUSE = re.compile(r"[^，。；：！？]{4,30}")


def make(folder: Path, file: Path, count: int, demands: Path | None = None) -> Library:
    """The library of a folder, made from the first `count` passages of a file unless it is there whole already."""
    library = Library(folder)
    wanted = {"file": file.name, "count": count, "demands": demands.name if demands else None}
    complete = folder / "complete.json"
    if complete.exists() and json.loads(complete.read_text("utf-8")) == wanted:
        return library
    folder.mkdir(parents=True, exist_ok=True)
    complete.unlink(missing_ok=True)
    waiting = passages(file, count + _SPARE)
    columns = _write_records(folder, islice(waiting, count), count)
    _write_attributes(folder, columns)
    texts = q.demand_texts(demands) if demands else list(waiting)
    _write_questions(library, texts)
    _write_truth(library)
    complete.write_text(json.dumps(wanted, ensure_ascii=False), "utf-8")
    return library


def _write_records(folder: Path, texts: Iterator[str], count: int) -> Columns:
    """Records, words and vectors, some thousands at a time; the attributes of those there were."""
    columns = drawn(count)
    held = 0
    with (
        (folder / "records.jsonl").open("w", encoding="utf-8") as records,
        (folder / "words.txt").open("w", encoding="utf-8") as words,
        (folder / "vectors.raw").open("wb") as vectors,
        get_context("spawn").Pool(PROCESSES) as pool,
    ):
        batches = _batches(texts, columns)
        while some := list(islice(batches, 2 * PROCESSES)):  # imap would read all of the file ahead
            for rows, lines, embedded in pool.map(_prepared, some, chunksize=1):
                records.write("".join(row + "\n" for row in rows))
                words.write("".join(line + "\n" for line in lines))
                vectors.write(embedded)
                held += len(rows)
    raw = np.memmap(folder / "vectors.raw", np.float16, "r", shape=(held, packaged().dimensions))
    np.save(folder / "vectors.npy", raw)
    (folder / "vectors.raw").unlink()
    return {name: column[:held] for name, column in columns.items()}


def _batches(texts: Iterator[str], columns: Columns) -> Iterator[_Batch]:
    start = 0
    while batch := list(islice(texts, _AT_ONCE)):
        yield start, batch, {name: column[start : start + len(batch)] for name, column in columns.items()}
        start += len(batch)


def _prepared(batch: _Batch) -> tuple[list[str], list[str], bytes]:
    """Lines of records and of words, and vectors; runs in a process of its own."""
    start, texts, columns = batch
    records = [_record(place, text) for place, text in enumerate(texts, start)]
    embedded = [embedded_text(searched_texts(Achievement(**record))) for record in records]
    rows = [
        json.dumps({"kind": "achievement", **record, **fields_of(columns, place)}, ensure_ascii=False)
        for place, record in enumerate(records)
    ]
    lines = [" ".join(word for word, _ in _words().of_question(text)) for text in embedded]
    return rows, lines, packaged().encode(embedded).astype(np.float16).tobytes()


@cache
def _words() -> Words:
    return Words(Segmenter())


def _record(place: int, text: str) -> Mapping[str, Any]:
    clause = _CLAUSE.search(text)
    return {"source_id": f"P{place:07d}", "title": clause.group() if clause else text[:30], "body": text}


def _write_attributes(folder: Path, columns: Columns) -> None:
    np.savez(folder / "attributes.npz", **columns)  # type: ignore[arg-type]  # it might be named allow_pickle
    rows = [asdict(ranged) for ranged in filters(columns)]
    (folder / "filters.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _write_questions(library: Library, demands: Sequence[str]) -> None:
    asked = q.asked(_words(), _picked(library), demands)
    holding = _holding(library, {word for question in asked for word in question.words})
    asked = [
        replace(question, rarest=tuple(sorted(question.words, key=lambda word: holding[word])[:RAREST]))
        for question in asked
    ]
    q.write(library.folder / "questions.json", asked)
    texts = [simplified(question.text) for question in asked]
    np.save(library.folder / "question_vectors.npy", packaged().encode(texts, asking=True))


def _picked(library: Library) -> list[str]:
    """Passages from all over the library, twice as many as there are short questions."""
    step = max(1, library.count // (2 * q.EACH))
    with (library.folder / "records.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["body"] for line in islice(lines, 0, None, step)]


def _holding(library: Library, words: set[str]) -> Counter[str]:
    """How many records hold each of the words."""
    counts: Counter[str] = Counter()
    for held in library.words():
        counts.update(words.intersection(held))
    return counts


def _write_truth(library: Library) -> None:
    masks = [None, *(ranged.passing(library.columns) for ranged in library.filters)]
    scores, ids = exact(library.vectors, library.question_vectors, masks)
    np.savez(library.folder / "truth.npz", scores=scores, ids=ids)
