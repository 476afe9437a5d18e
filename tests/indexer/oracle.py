"""An engine that goes through every entry, for others to be compared with; and what "the same answer" means."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from indexer.entries import Among, Entry, Filter, Vector, passes

Hits = Sequence[tuple[int, float]]


class Oracle:
    """Implements `indexer.entries.Engine` over a dict, by the book: `passes` for the filter, sums of products for the scores."""

    def __init__(self, entries: Iterable[Entry] = (), revision: int = 0) -> None:
        self.entries = {entry.id: entry for entry in entries}
        self.revision = revision

    @property
    def has_vectors(self) -> bool:
        return all(entry.vector is not None for entry in self.entries.values())

    def apply(self, changed: Sequence[Entry], gone: Sequence[int], revision: int) -> None:
        for id in gone:
            self.entries.pop(id, None)
        self.entries |= {entry.id: entry for entry in changed}
        self.revision = max(revision, self.revision)

    def near(self, vector: Vector, k: int, filter: Filter) -> list[tuple[int, float]]:
        hits = [(e.id, _cosine(e, vector)) for e in self._passing(filter) if e.vector is not None]
        return sorted(hits, key=_best_first)[:k]

    def holding(self, words: Mapping[str, float], k: int, filter: Filter) -> list[tuple[int, float]]:
        hits = [(e.id, _word_score(e, words)) for e in self._passing(filter)]
        return sorted([hit for hit in hits if hit[1] > 0], key=_best_first)[:k]

    def scores(self, ids: Sequence[int], vector: Vector | None, words: Mapping[str, float]) -> tuple[Vector, Vector]:
        found = [self.entries.get(id) for id in ids]
        cosines = [_cosine(e, vector) if e and vector is not None else 0.0 for e in found]
        return np.array(cosines, np.float32), np.array([_word_score(e, words) if e else 0.0 for e in found], np.float32)

    def frequencies(self, words: Sequence[str], filter: Filter) -> tuple[int, dict[str, int]]:
        passing = self._passing(filter)
        return len(passing), {word: sum(word in entry.words for entry in passing) for word in words}

    def browse(self, k: int, filter: Filter, by: str | None = None, *, least: bool = False) -> list[int]:
        def height(entry: Entry) -> tuple[float, int]:
            value = entry.attributes.get(by) if by else None
            stated = value if isinstance(value, int | float) else None
            return (-np.inf if stated is None else -stated if least else stated, entry.id)

        return [entry.id for entry in sorted(self._passing(filter), key=height, reverse=True)[:k]]

    def count(self, filter: Filter) -> int:
        return len(self._passing(filter))

    def tally(self, attribute: str, values: Sequence[str], filter: Filter) -> dict[str, int]:
        counts = {value: self.count((*filter, Among(attribute, frozenset({value})))) for value in values}
        return {value: count for value, count in counts.items() if count}

    def spread(self, attribute: str, filter: Filter) -> dict[float, int]:
        held = (entry.attributes.get(attribute) for entry in self._passing(filter))
        return dict(sorted(Counter(value for value in held if isinstance(value, int | float)).items()))

    def vectors(self, ids: Sequence[int]) -> Vector:
        dimensions = max((len(e.vector) for e in self.entries.values() if e.vector is not None), default=0)
        held = [self.entries[id].vector if id in self.entries else None for id in ids]
        return np.array([np.zeros(dimensions) if v is None else v for v in held], np.float32).reshape(len(ids), -1)

    def _passing(self, filter: Filter) -> list[Entry]:
        return [entry for entry in self.entries.values() if passes(entry.attributes, filter)]


def assert_same_hits(found: Hits, every: Hits, k: int) -> None:
    """`found` are the k best of `every` hit, best first: place by place the same scores, each id with the score that is its own.

    Which of equal entries stands at the cut-off is left open; no id stands twice.
    """
    assert [score for _, score in found] == _about([score for _, score in every[:k]])
    own = dict(every)
    assert [score for _, score in found] == _about([own[id] for id, _ in found])
    assert len({id for id, _ in found}) == len(found)
    assert list(found) == sorted(found, key=_best_first)


class _about:  # noqa: N801 - reads as a word: found == _about(expected)
    """Equal to numbers that differ by no more than 32-bit sums do."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self.numbers = numbers

    def __eq__(self, others: object) -> bool:
        return (
            isinstance(others, list)
            and len(others) == len(self.numbers)
            and np.allclose(others, self.numbers, atol=1e-5)
        )

    def __repr__(self) -> str:
        return f"about {list(self.numbers)}"

    __hash__ = None  # type: ignore[assignment]


def _cosine(entry: Entry, vector: Vector) -> float:
    return 0.0 if entry.vector is None else float(entry.vector.astype(np.float64) @ vector.astype(np.float64))


def _word_score(entry: Entry, words: Mapping[str, float]) -> float:
    return sum(rare * entry.words.get(word, 0.0) for word, rare in words.items())


def _best_first(hit: tuple[int, float]) -> tuple[float, int]:
    return (-hit[1], hit[0])
