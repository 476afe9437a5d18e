"""Pairs as numbers: every distinct text is tokenized once, and a batch is cut out of one long row of word numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from indexer.training.pairs import Pair
from indexer.training.vocabulary import Progress

Words = NDArray[np.int64]
AT_ONCE = 10_000
READ_CHARACTERS = 500
"""Of each text; what a page goes on to say is about something else, and time is short."""


@dataclass(frozen=True)
class Side:
    """One side of a batch: the word numbers of its texts end to end, and where each text starts."""

    words: Words
    starts: Words

    def without(self, share: float, chance: np.random.Generator) -> "Side":
        """The same texts less this share of their words, chosen by chance."""
        kept = chance.random(len(self.words)) >= share
        return Side(self.words[kept], np.concatenate([[0], np.cumsum(kept)])[self.starts])


@dataclass(frozen=True)
class Texts:
    """Texts as word numbers: text i is `words[starts[i]:starts[i + 1]]`."""

    words: NDArray[np.int32]
    starts: Words

    def side(self, chosen: Words, longest: int, chance: np.random.Generator) -> Side:
        """The chosen texts; of those longer than `longest` words, a stretch from anywhere in them."""
        lengths = self.starts[chosen + 1] - self.starts[chosen]
        spare = np.maximum(lengths - longest, 0)
        begin = self.starts[chosen] + (chance.random(len(chosen)) * (spare + 1)).astype(np.int64)
        lengths = np.minimum(lengths, longest)
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1]) + np.repeat(begin - ends + lengths, lengths)
        return Side(self.words[places].astype(np.int64), ends - lengths)

    def frequencies(self, size: int) -> NDArray[np.float64]:
        """Of each word its share of all words, shape (size,)."""
        counts: NDArray[np.float64] = np.bincount(self.words, minlength=size).astype(np.float64)
        shares: NDArray[np.float64] = counts / max(1.0, counts.sum())
        return shares


@dataclass(frozen=True)
class Batch:
    """`strangers[i, j]`: whether positive j is about something else than anchor i, so that i should keep away from it."""

    anchors: Side
    positives: Side
    strangers: NDArray[np.bool_]


@dataclass(frozen=True)
class NumberedPairs:
    """The pairs to train on, shape (pairs, 3): the numbers of anchor, positive and of what they are about."""

    texts: Texts
    pairs: Words

    def batch(self, rows: Words, longest: tuple[int, int], forgotten: float, chance: np.random.Generator) -> Batch:
        """The pairs of these rows; of the anchors' words a share is forgotten."""
        anchors, positives, about = self.pairs[rows].T
        return Batch(
            self.texts.side(anchors, longest[0], chance).without(forgotten, chance),
            self.texts.side(positives, longest[1], chance),
            about[:, None] != about[None, :],
        )


def number_pairs(
    pairs: Sequence[Pair], repeats: Sequence[int], tokenizer: Tokenizer, progress: Progress
) -> NumberedPairs:
    """Tokenizes the pairs; pair i is there `repeats[i]` times, unless a side of it holds no known word."""
    texts: dict[str, int] = {}
    matters: dict[str, int] = {}
    numbered = np.array(
        [
            (
                texts.setdefault(pair.anchor[:READ_CHARACTERS], len(texts)),
                texts.setdefault(pair.positive[:READ_CHARACTERS], len(texts)),
                matters.setdefault(pair.about, len(matters)),
            )
            for pair in pairs
        ],
        np.int64,
    ).reshape(-1, 3)
    tokenized = tokenize(list(texts), tokenizer, progress)
    filled = np.diff(tokenized.starts) > 0
    usable = filled[numbered[:, 0]] & filled[numbered[:, 1]]
    return NumberedPairs(tokenized, np.repeat(numbered, np.where(usable, repeats, 0), axis=0))


def tokenize(texts: Sequence[str], tokenizer: Tokenizer, progress: Progress) -> Texts:
    words: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    lengths: list[int] = [0]
    for start in range(0, len(texts), AT_ONCE):
        chosen = list(texts[start : start + AT_ONCE])
        some = tokenizer.encode_batch(chosen, add_special_tokens=False)
        words.extend(np.array(one.ids, np.int32) for one in some)
        lengths.extend(len(one.ids) for one in some)
        progress("tokenizing", min(start + AT_ONCE, len(texts)), len(texts))
    return Texts(np.concatenate(words), np.array(list(accumulate(lengths)), np.int64))
