"""The sources of training pairs: which function reads which files, how often a pair of it counts, and what the model card says of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.training.pairs import (
    Pair,
    class_and_parents,
    hands_on_as_demand,
    hands_on_sentence_and_rest,
    hands_on_title_and_text,
    heading_and_paragraph,
    industry_and_parent,
    journal_sentence_and_rest,
    keywords_and_abstract,
    neighbouring_paragraphs,
    paper_as_demand,
    paragraph_and_abstract,
    patent_and_abstract,
    patent_and_class,
    patent_as_demand,
    patent_sentence_and_rest,
    sentence_and_rest,
    sentence_as_demand,
    title_and_abstract,
)
from indexer.training.written import demand_and_paper, demand_and_patent, said_and_terms, terms_and_class


@dataclass(frozen=True)
class Source:
    """Where pairs come from, and for the model card of what material and under which licence."""

    pairs: Callable[[Path], Iterator[Pair]]
    files: tuple[str, ...]
    repeats: int
    """How often each pair is taken in a round, so that large sources do not drown the others."""
    material: str
    licence: str

    @property
    def is_ours(self) -> bool:
        return self.licence == OURS[1]


PAPERS = ("ChinaXiv papers 2016–2022", "CC BY")
JOURNALS = ("journal abstracts (FewCLUE csldcp)", "no licence file")
PATENTS = ("Chinese patents (CCF BDCI 2022)", "contest data")
PATENT_TITLES = ("titles and classes of published patents", "facts")
IPC = ("International Patent Classification", "public classification")
INDUSTRIES = ("GB/T 4754-2017", "public standard")
OURS = ("written for this project", "that of this project")
HANDS_ON = ("everyday technical texts of public repositories", "mixed or none")

SOURCES = (
    Source(title_and_abstract, ("chinaxiv-papers.jsonl",), 2, *PAPERS),
    Source(keywords_and_abstract, ("chinaxiv-papers.jsonl",), 2, *PAPERS),
    Source(sentence_and_rest, ("chinaxiv-papers.jsonl",), 2, *PAPERS),
    Source(
        paragraph_and_abstract,
        ("chinaxiv-papers.jsonl", "chinaxiv-paragraphs.jsonl.zst"),
        1,
        *PAPERS,
    ),
    Source(heading_and_paragraph, ("chinaxiv-paragraphs.jsonl.zst",), 1, *PAPERS),
    Source(neighbouring_paragraphs, ("chinaxiv-paragraphs.jsonl.zst",), 1, *PAPERS),
    Source(journal_sentence_and_rest, ("science-abstracts.jsonl",), 3, *JOURNALS),
    Source(patent_and_abstract, ("patents.jsonl",), 4, *PATENTS),
    Source(patent_sentence_and_rest, ("patents.jsonl",), 4, *PATENTS),
    Source(patent_and_class, ("patent-titles-ipc.tsv", "ipc.tsv"), 3, *PATENT_TITLES),
    Source(class_and_parents, ("ipc.tsv",), 1, *IPC),
    Source(industry_and_parent, ("gbt4754-2017.tsv",), 1, *INDUSTRIES),
    Source(hands_on_title_and_text, ("hands-on-texts.jsonl.zst",), 1, *HANDS_ON),
    Source(hands_on_sentence_and_rest, ("hands-on-texts.jsonl.zst",), 1, *HANDS_ON),
    Source(paper_as_demand, ("chinaxiv-papers.jsonl",), 2, *PAPERS),
    Source(sentence_as_demand, ("chinaxiv-papers.jsonl",), 2, *PAPERS),
    Source(patent_as_demand, ("patents.jsonl",), 4, *PATENTS),
    Source(hands_on_as_demand, ("hands-on-texts.jsonl.zst",), 1, *HANDS_ON),
    Source(said_and_terms, (), 4, *OURS),
    Source(terms_and_class, (), 1, *OURS),
    Source(demand_and_paper, ("chinaxiv-papers.jsonl",), 6, *OURS),
    Source(demand_and_patent, ("patents.jsonl",), 6, *OURS),
)


def missing_files(source: Source, data: Path) -> list[str]:
    """The files a source needs and the folder lacks."""
    return [name for name in source.files if not (data / name).is_file()]
