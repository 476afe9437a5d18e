"""Pairs of texts that say the same thing in two ways, read from a folder of public data.

A source is one small function from the folder to pairs. The model learns to put the two texts of
a pair near each other, and both away from the texts of other pairs; `about` names what a pair is
about, so that two views of one document are never held against each other.
"""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zstandard

from indexer.contextual import SENTENCE_END
from indexer.training.demands import as_demand

PARAGRAPHS_A_PAPER = 16
PARAGRAPH_CHARACTERS = range(60, 1200)


class Pair(NamedTuple):
    """Two texts on one matter: `anchor` asks, `positive` answers; `about` is their document."""

    anchor: str
    positive: str
    about: str


def title_and_abstract(data: Path) -> Iterator[Pair]:
    """A paper's title finds its abstract."""
    for paper in read_rows(data / "chinaxiv-papers.jsonl"):
        yield Pair(paper["title"], paper["abstract"], paper["id"])


def keywords_and_abstract(data: Path) -> Iterator[Pair]:
    """A paper's keywords, as one would type them, find its title with the abstract."""
    for paper in read_rows(data / "chinaxiv-papers.jsonl"):
        if paper["keywords"]:
            yield Pair(" ".join(paper["keywords"]), title_with_abstract(paper), paper["id"])


def sentence_and_rest(data: Path) -> Iterator[Pair]:
    """One sentence of a paper's abstract finds its other sentences."""
    for paper in read_rows(data / "chinaxiv-papers.jsonl"):
        yield from one_against_the_others(paper["abstract"], paper["id"])


def paragraph_and_abstract(data: Path) -> Iterator[Pair]:
    """A paragraph, plain words of the background included, finds the paper's title and abstract."""
    papers = read_rows(data / "chinaxiv-papers.jsonl")
    summaries = {paper["id"]: title_with_abstract(paper) for paper in papers}
    for paper in read_rows(data / "chinaxiv-paragraphs.jsonl.zst"):
        if summary := summaries.get(paper["id"]):
            for paragraph in some_paragraphs(paper):
                yield Pair(paragraph, summary, paper["id"])


def heading_and_paragraph(data: Path) -> Iterator[Pair]:
    """The name of a paper, which is its first heading, finds its paragraphs."""
    for paper in read_rows(data / "chinaxiv-paragraphs.jsonl.zst"):
        for paragraph in some_paragraphs(paper) if paper["headings"] else ():
            yield Pair(paper["headings"][0], paragraph, paper["id"])


def neighbouring_paragraphs(data: Path) -> Iterator[Pair]:
    """A paragraph finds the one after it."""
    for paper in read_rows(data / "chinaxiv-paragraphs.jsonl.zst"):
        for before, after in pairwise(some_paragraphs(paper)):
            yield Pair(before, after, paper["id"])


def journal_sentence_and_rest(data: Path) -> Iterator[Pair]:
    """One sentence of a journal article's abstract finds its other sentences."""
    for number, article in enumerate(read_rows(data / "science-abstracts.jsonl")):
        yield from one_against_the_others(article["abstract"], f"science-abstracts {number}")


def patent_and_abstract(data: Path) -> Iterator[Pair]:
    """A patent's title finds its abstract."""
    for patent in read_rows(data / "patents.jsonl"):
        yield Pair(patent["title"], patent["abstract"], patent["id"])


def patent_sentence_and_rest(data: Path) -> Iterator[Pair]:
    """One sentence of a patent's abstract finds its other sentences."""
    for patent in read_rows(data / "patents.jsonl"):
        yield from one_against_the_others(patent["abstract"], patent["id"])


def patent_and_class(data: Path) -> Iterator[Pair]:
    """A patent's title finds the names of the IPC subclasses it was put into."""
    titles = {code: title for code, _, title in read_table(data / "ipc.tsv")}
    for _number, title, subclasses in read_table(data / "patent-titles-ipc.tsv"):
        names = [titles[code] for code in subclasses.split("|") if code in titles]
        if names:
            yield Pair(title, "；".join(names), "+".join(sorted(subclasses.split("|"))))


def class_and_parents(data: Path) -> Iterator[Pair]:
    """A group of the International Patent Classification finds what it is part of."""
    titles = {code: title for code, _, title in read_table(data / "ipc.tsv")}
    for code, level, title in read_table(data / "ipc.tsv"):
        if level in ("main_group", "subgroup"):
            main_group = f"{code.split('/')[0]}/00"
            parents = [code[:4]] if level == "main_group" else [code[:4], main_group]
            names = [titles[parent] for parent in parents if parent in titles]
            if names:
                yield Pair(title, "；".join(names), parents[-1])


def industry_and_parent(data: Path) -> Iterator[Pair]:
    """A trade of GB/T 4754 finds the trade it is part of."""
    names = {code: name for code, name, _ in read_table(data / "gbt4754-2017.tsv")}
    for _, name, parent in read_table(data / "gbt4754-2017.tsv"):
        if parent in names:
            yield Pair(name, names[parent], parent)


def hands_on_title_and_text(data: Path) -> Iterator[Pair]:
    """The title and heading of an everyday technical text find the text."""
    for text in read_rows(data / "hands-on-texts.jsonl.zst"):
        yield Pair(f"{text['title']} {text['heading']}", text["text"], text["title"])


def hands_on_sentence_and_rest(data: Path) -> Iterator[Pair]:
    """One sentence of an everyday technical text finds its other sentences."""
    for text in read_rows(data / "hands-on-texts.jsonl.zst"):
        yield from one_against_the_others(text["text"], text["title"])


def paper_as_demand(data: Path) -> Iterator[Pair]:
    """What a paper is about, asked for as a firm would, finds its abstract."""
    return asked_for(title_and_abstract(data))


def sentence_as_demand(data: Path) -> Iterator[Pair]:
    """A sentence of a paper, asked for as a firm would, finds the rest of the abstract."""
    return asked_for(sentence_and_rest(data))


def patent_as_demand(data: Path) -> Iterator[Pair]:
    """What a patent is about, asked for as a firm would, finds its abstract."""
    return asked_for(patent_and_abstract(data))


def hands_on_as_demand(data: Path) -> Iterator[Pair]:
    """A sentence of an everyday technical text, asked for as a firm would, finds the rest of the text."""
    return asked_for(islice(hands_on_sentence_and_rest(data), 0, None, 5))


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a `.jsonl` or `.jsonl.zst` file."""
    with path.open("rb") as raw:
        binary = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        for line in io.TextIOWrapper(binary, encoding="utf-8"):
            yield json.loads(line)


def read_table(path: Path) -> Iterator[tuple[str, str, str]]:
    """The rows of a tab-separated file of three columns, without its header."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        for row in rows:
            yield row[0], row[1], row[2]


def one_against_the_others(text: str, about: str) -> Iterator[Pair]:
    """Every third sentence of a text with all the others of it."""
    sentences = [part for part in SENTENCE_END.split(text) if len(part) >= 12]
    if len(sentences) >= 2:
        first = len(about) % min(3, len(sentences))
        for chosen in range(first, min(len(sentences), 12), 3):
            others = sentences[:chosen] + sentences[chosen + 1 :]
            yield Pair(sentences[chosen], "".join(others), about)


def asked_for(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """The same pairs with their anchors in the words of a demand."""
    chance = np.random.default_rng(20)
    for anchor, positive, about in pairs:
        yield Pair(as_demand(anchor, chance), positive, about)


def title_with_abstract(paper: dict[str, Any]) -> str:
    return f"{paper['title']} {paper['abstract']}"


def some_paragraphs(paper: dict[str, Any]) -> list[str]:
    """Up to sixteen paragraphs of a paper in order, evenly spread, no tables, no references."""
    prose = [
        text
        for text in paper["paragraphs"]
        if len(text) in PARAGRAPH_CHARACTERS and not text.startswith(("<", "[1", "［1"))
    ]
    step = max(1.0, len(prose) / PARAGRAPHS_A_PAPER)
    return [prose[int(place * step)] for place in range(min(len(prose), PARAGRAPHS_A_PAPER))]
