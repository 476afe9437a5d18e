"""What the contextual model learns from, as numbers: documents with their titles, abstracts and paragraphs, classes, trade words, demands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.normalise import simplified
from indexer.thesaurus import read_thesaurus
from indexer.training.demands import CLOSINGS, OPENINGS
from indexer.training.packed import Numbers
from indexer.training.pairs import read_rows, read_table
from indexer.training.written import demands, held_back

LONGEST = 1400
"""Characters that are read of a text."""
PARAGRAPH = range(40, 1500)
_SAYING = frozenset("nvjl")
"""First letters of the parts of speech that a title is reduced to."""

Number = Callable[[str], Numbers]


@dataclass(frozen=True)
class Document:
    """`reduced` is the title's nouns and verbs, as transfer offices pass titles on; what is not there is empty."""

    about: int
    title: Numbers
    reduced: Numbers
    abstract: Numbers
    keywords: Numbers
    paragraphs: tuple[Numbers, ...] = ()


@dataclass(frozen=True)
class Material:
    papers: Sequence[Document]
    patents: Sequence[Document]
    journals: Sequence[Document]
    talk: Sequence[Document]
    """Everyday technical texts: title and text."""
    titled: Sequence[tuple[Numbers, Numbers, Numbers]]
    """Patents of which only the title is known: it, its nouns and verbs, the names of its classes."""
    classes: Sequence[tuple[Numbers, Numbers, int]]
    """A group of the IPC, what it is part of, and the number of that."""
    senses: Sequence[tuple[tuple[Numbers, ...], Numbers, Numbers]]
    """A line of the thesaurus: wordings, terms, name of the class."""
    demands: Sequence[tuple[Numbers, Document]]
    openings: Sequence[Numbers]
    closings: Sequence[Numbers]


def read_material(data: Path, number: Number) -> Material:
    """From the files that are in the folder; `number` makes a text to numbers."""

    def read(text: str) -> Numbers:
        return number(simplified(text[:LONGEST]))

    paragraphs = _paragraphs(data, read)
    papers = [
        Document(
            about,
            read(row["title"]),
            read(reduced(row["title"])),
            read(row["abstract"]),
            read(" ".join(row["keywords"])),
            paragraphs.get(row["id"], ()),
        )
        for about, row in enumerate(_rows(data, "chinaxiv-papers.jsonl"))
    ]
    nothing = read("")
    patents = [
        Document(-1 - about, read(row["title"]), read(reduced(row["title"])), read(row["abstract"]), nothing)
        for about, row in enumerate(_rows(data, "patents.jsonl"))
    ]
    by_id = {
        row["id"]: document
        for name, documents in (("chinaxiv-papers.jsonl", papers), ("patents.jsonl", patents))
        for row, document in zip(_rows(data, name), documents, strict=True)
    }
    thesaurus = read_thesaurus()
    return Material(
        papers=papers,
        patents=patents,
        journals=[
            Document(about, nothing, nothing, read(row["abstract"]), nothing)
            for about, row in enumerate(_rows(data, "science-abstracts.jsonl"))
        ],
        talk=[
            Document(about, read(f"{row['title']} {row['heading']}"), nothing, read(row["text"])[:300], nothing)
            for about, row in enumerate(_rows(data, "hands-on-texts.jsonl.zst"))
        ],
        titled=_titled(data, read),
        classes=_classes(data, read),
        senses=[
            (
                tuple(map(read, sense.said)),
                read(" ".join(sense.terms)),
                read(thesaurus.names.get(sense.code, "")),
            )
            for sense in thesaurus.senses
        ],
        demands=[
            (read(said), by_id[id])
            for id, some in demands().items()
            if id in by_id and not held_back(id)
            for said in some
        ],
        openings=list(map(read, OPENINGS)),
        closings=list(map(read, CLOSINGS)),
    )


def reduced(title: str) -> str:
    """Its Chinese nouns, verbs and abbreviations of two characters and more; the title itself where there are none."""
    kept = [
        part.word
        for part in _speech().cut(title)
        if len(part.word) >= 2 and part.flag[0] in _SAYING and "\u4e00" <= part.word[0] <= "\u9fff"
    ]
    return " ".join(kept) or title


@cache
def _speech() -> Any:
    return import_module("jieba.posseg")


def nearest(vectors: NDArray[np.float32], to: int, count: int) -> Numbers:
    """The numbers of the rows nearest to one of them."""
    away = -(vectors @ vectors[to])
    found: Numbers = np.argpartition(away, min(count, len(away) - 1))[:count]
    return found


def _rows(data: Path, name: str) -> Iterable[dict[str, Any]]:
    return read_rows(data / name) if (data / name).is_file() else ()


def _paragraphs(data: Path, read: Number) -> Mapping[str, tuple[Numbers, ...]]:
    return {
        row["id"]: tuple(
            read(text)[:400] for text in row["paragraphs"] if len(text) in PARAGRAPH and text[0] not in "<[［"
        )
        for row in _rows(data, "chinaxiv-paragraphs.jsonl.zst")
    }


def _titled(data: Path, read: Number) -> list[tuple[Numbers, Numbers, Numbers]]:
    names = {code: title for code, _, title in _table(data, "ipc.tsv")}
    found = []
    for _, title, codes in _table(data, "patent-titles-ipc.tsv"):
        classes = "；".join(names[code] for code in codes.split("|") if code in names)
        if classes:
            found.append((read(title), read(reduced(title)), read(classes)))
    return found


def _classes(data: Path, read: Number) -> list[tuple[Numbers, Numbers, int]]:
    rows = list(_table(data, "ipc.tsv"))
    place = {code: (at, title) for at, (code, _, title) in enumerate(rows)}
    found = []
    for code, level, title in rows:
        if level in ("main_group", "subgroup") and code[:4] in place:
            over = [code[:4]] if level == "main_group" else [code[:4], f"{code.split('/')[0]}/00"]
            known = [place[parent] for parent in over if parent in place]
            found.append((read(title), read("；".join(name for _, name in known)), known[-1][0]))
    return found


def _table(data: Path, name: str) -> Iterable[tuple[str, str, str]]:
    return read_table(data / name) if (data / name).is_file() else ()
