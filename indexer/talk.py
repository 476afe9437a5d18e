"""Talk: whether a sentence speaks of something to be solved, or of roads, meals, policy and the firm itself.

A plane between the meaning of the package's demands and that of its talk (`dictionary/talk.txt`, which an operator can add to), drawn by ridge regression in the
space of the static model when it is first asked for: no weights to keep in step with the model.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer import dictionary
from indexer.encoder import packaged
from indexer.need import SENTENCE, is_condition, is_story
from indexer.normalise import simplified

_RIDGE = 0.3
_SHORTEST = 7
"""Characters of a sentence that is learned from."""
_TALK_COUNTS = 0.3
"""Of all talk against all demands; fitted on notes that were split by hand."""


def pertinence(sentences: list[str], own: Path | None = None) -> list[float]:
    """For each sentence how surely it speaks of something to be solved: about 1 it does, about -1 it is talk."""
    if not sentences:
        return []
    return [float(score) for score in _extended(sentences) @ _plane(tuple(dictionary.lines("talk.txt", own)))]


@lru_cache(maxsize=2)
def _plane(talk: tuple[str, ...]) -> NDArray[np.float64]:
    demands = _demands()
    rows = np.vstack([_extended(demands), _extended(list(talk))])
    sides = np.array([1.0] * len(demands) + [-1.0] * len(talk))
    weights = np.array([len(talk) / len(demands)] * len(demands) + [_TALK_COUNTS] * len(talk))
    weighted = rows * weights[:, None]
    plane: NDArray[np.float64] = np.linalg.solve(weighted.T @ rows + _RIDGE * np.eye(rows.shape[1]), weighted.T @ sides)
    return plane


def _extended(texts: list[str]) -> NDArray[np.float64]:
    vectors = packaged().encode([simplified(text) for text in texts])
    return np.hstack([vectors, np.ones((len(texts), 1))]).astype(np.float64)


def _demands() -> list[str]:
    """The sentences of the demands that the model learned from."""
    lines = resources.files("indexer").joinpath("training/demands.jsonl").read_text("utf-8").splitlines()
    said = (sentence for line in lines for sentence in SENTENCE.findall(json.loads(line)["demand"]))
    return [one for one in said if len(one) >= _SHORTEST and not is_story(one) and not is_condition(one)]
