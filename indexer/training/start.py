"""Where training starts: words that stand in the same company lie near each other.

Positive pointwise mutual information of a word and its neighbours, contexts smoothed by the power 0.75 and pairs seen seldom damped (Levy, Goldberg and
Dagan 2015), factored by a truncated singular value decomposition whose singular values count with their square roots. Pairs of texts then teach which
company matters; without this start a rare word never gets beyond the few pairs it stands in.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from tokenizers import Tokenizer

from indexer.training.pairs import read_rows, title_with_abstract
from indexer.training.texts import AT_ONCE
from indexer.training.vocabulary import Progress

WINDOW = 5
"""Words to either side that are a word's company; the nth counts 2 / (n + 1) of the first."""
SMOOTHED = 0.75
FREQUENT = 1e-4
"""A word with this share of all words starts at 0.7 of the length of a rare one, a more frequent one shorter (after Arora et al. 2017)."""
ROUNDS = 3
"""Power iterations of the decomposition."""
_TOKENS_AT_ONCE = 8_000_000
_TEXT = 2_000


def first_rows(
    data: Path, tokenizer: Tokenizer, frequencies: NDArray[np.float64], dimensions: int, seed: int, tell: Progress
) -> torch.Tensor:
    """One row a word, shape (words, dimensions), about as long as `dimensions` draws of a normal distribution, frequent words shorter."""
    company = neighbours(prose(data), tokenizer, tell)
    directions = factored(association(company), dimensions, seed)
    lengths = np.sqrt(dimensions * FREQUENT / (FREQUENT + frequencies))
    return torch.from_numpy((directions * lengths[:, None]).astype(np.float32))


def prose(data: Path) -> Iterator[str]:
    """Every running text of the folder, papers with all their paragraphs."""
    for name in ("chinaxiv-papers.jsonl", "patents.jsonl"):
        if (data / name).is_file():
            yield from (title_with_abstract(row) for row in read_rows(data / name))
    if (data / "science-abstracts.jsonl").is_file():
        yield from (row["abstract"] for row in read_rows(data / "science-abstracts.jsonl"))
    if (data / "hands-on-texts.jsonl.zst").is_file():
        yield from (
            f"{row['title']} {row['heading']} {row['text']}" for row in read_rows(data / "hands-on-texts.jsonl.zst")
        )
    if (data / "chinaxiv-paragraphs.jsonl.zst").is_file():
        for paper in read_rows(data / "chinaxiv-paragraphs.jsonl.zst"):
            yield from (
                text for text in paper["paragraphs"] if len(text) >= 40 and not text.startswith(("<", "[1", "［1"))
            )


def neighbours(texts: Iterable[str], tokenizer: Tokenizer, tell: Progress) -> sparse.csr_matrix:
    """How often words stand near each other, by nearness; shape (words, words), symmetric. Unknown words keep no company."""
    size = tokenizer.get_vocab_size()
    counts = sparse.csr_matrix((size, size), dtype=np.float32)
    for words, text_of in _numbered(texts, tokenizer, tell):
        for distance in range(1, WINDOW + 1):
            near = (text_of[:-distance] == text_of[distance:]) & (words[:-distance] != 0) & (words[distance:] != 0)
            seen = np.full(int(near.sum()), 2 / (distance + 1), np.float32)
            pairs = (words[:-distance][near], words[distance:][near])
            counts = counts + sparse.coo_matrix((seen, pairs), shape=counts.shape).tocsr()
    return sparse.csr_matrix(counts + counts.T)


def _numbered(
    texts: Iterable[str], tokenizer: Tokenizer, tell: Progress
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Some millions of words at a time: their numbers, and the number of the text each stands in."""
    waiting: list[str] = []
    words: list[NDArray[np.int32]] = []
    lengths: list[int] = []

    def taken() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        found = (
            np.concatenate([np.zeros(0, np.int32), *words]),
            np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
        )
        words.clear()
        lengths.clear()
        return found

    def read() -> None:
        for one in tokenizer.encode_batch(waiting, add_special_tokens=False):
            words.append(np.array(one.ids, np.int32))
            lengths.append(len(one.ids))
        waiting.clear()

    for done, text in enumerate(texts, start=1):
        waiting.append(text[:_TEXT])
        if len(waiting) == AT_ONCE:
            read()
            tell("reading neighbours", done, done)
            if sum(lengths) >= _TOKENS_AT_ONCE:
                yield taken()
    read()
    yield taken()


def association(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """How much more often than by chance words stand near each other: the logarithm, where it is positive."""
    cells = counts.tocoo()
    seen = np.asarray(counts.sum(axis=1)).ravel()
    context = seen**SMOOTHED
    context = context / max(context.sum(), 1e-9)
    beyond = np.log(cells.data / (seen[cells.row] * context[cells.col]))
    kept = np.maximum(beyond, 0) * (cells.data / (cells.data + 1))
    found = sparse.csr_matrix((kept.astype(np.float32), (cells.row, cells.col)), shape=counts.shape)
    found.eliminate_zeros()
    return found


def factored(association: sparse.csr_matrix, dimensions: int, seed: int) -> NDArray[np.float64]:
    """A direction of length one for each word; by chance for a word that keeps no company."""
    found = np.random.default_rng(seed).standard_normal((association.shape[0], dimensions)) * 1e-3
    rank = min(dimensions, association.shape[0] - 1)
    left, singular, _ = randomized_svd(association, rank, n_iter=ROUNDS, random_state=seed)
    found[:, :rank] += left * np.sqrt(singular)
    lengths: NDArray[np.float64] = np.linalg.norm(found, axis=1, keepdims=True)
    return found / lengths
