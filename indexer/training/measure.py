"""How near the model puts texts that belong together, on sets it was not trained on."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation import ndcg, read_judged
from indexer.training.pairs import one_against_the_others, read_rows, title_with_abstract
from indexer.training.written import demands, held_back

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, shape (texts, dimensions)."""


def figures(encode: Encode, data: Path) -> dict[str, float]:
    """The figures of those sets that the folder holds."""
    found: dict[str, float] = {}
    if (data / "csl-dev.jsonl").is_file():
        articles = list(read_rows(data / "csl-dev.jsonl"))
        abstracts = [article["abstract"] for article in articles]
        titles = [article["title"] for article in articles]
        keywords = [" ".join(article["keywords"]) for article in articles]
        found["CSL dev, MRR: a title finds its abstract"] = mrr(encode(titles), encode(abstracts))
        found["CSL dev, MRR: keywords find the abstract"] = mrr(encode(keywords), encode(abstracts))
        halves = [list(one_against_the_others(text, text))[:1] for text in abstracts]
        parts = list(chain.from_iterable(halves))
        found["CSL dev, MRR: a sentence finds the rest of its abstract"] = mrr(
            encode([part.anchor for part in parts]), encode([part.positive for part in parts])
        )
    if (data / "chinaxiv-papers.jsonl").is_file():
        asked = held_back_demands(data)
        if asked:
            found["held-back demands in firms' voices, MRR: a demand finds its paper among all"] = firms(
                encode, data, asked
            )
    if (data / "brokers-judgements-dev.jsonl").is_file():
        found["brokers dev, nDCG@10: a demand ranks judged achievements"] = brokers(encode, data)
    return found


def held_back_demands(data: Path) -> list[tuple[str, str]]:
    """The demands that were not trained on, as (demand, id of its paper)."""
    papers = (paper["id"] for paper in read_rows(data / "chinaxiv-papers.jsonl"))
    return [(demand, id) for id in papers if held_back(id) for demand in demands().get(id, ())]


def firms(encode: Encode, data: Path, asked: Sequence[tuple[str, str]]) -> float:
    """Mean of 1 / place of the paper that a demand was written over, among all papers by title and abstract."""
    papers = list(read_rows(data / "chinaxiv-papers.jsonl"))
    number = {paper["id"]: place for place, paper in enumerate(papers)}
    scores = encode([demand for demand, _ in asked]) @ encode([title_with_abstract(paper) for paper in papers]).T
    own = scores[np.arange(len(asked)), [number[id] for _, id in asked]]
    return float(np.mean(1 / (1 + (scores > own[:, None]).sum(axis=1))))


def mrr(questions: NDArray[np.float32], answers: NDArray[np.float32]) -> float:
    """Mean of 1 / place of the answer that belongs to each question, among all answers."""
    scores = questions @ answers.T
    places = 1 + (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float(np.mean(1 / places))


def brokers(encode: Encode, data: Path) -> float:
    """nDCG@10 within the achievements judged for a demand, mean over the demands that count."""
    rows = list(read_rows(data / "brokers-achievements.jsonl"))
    achievements = encode([row["title_words"].replace(" ", "") for row in rows])
    number = {row["id"]: place for place, row in enumerate(rows)}
    judged = read_judged(data / "brokers-demands-dev.jsonl", data / "brokers-judgements-dev.jsonl")
    demands = [demand for demand in judged if demand.counts]
    gained = []
    for demand, vector in zip(demands, encode([demand.text for demand in demands]), strict=True):
        pool = sorted(demand.gains)
        scores = achievements[[number[id] for id in pool]] @ vector
        ranked = np.argsort(-scores, kind="stable")
        gained.append(ndcg([demand.gains[pool[place]] for place in ranked]))
    return float(np.mean(gained))
