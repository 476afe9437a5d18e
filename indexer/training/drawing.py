"""Drawing: pairs of one view in rows of one length, a batch for every step of the contextual model's training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from indexer.contextual import ABSENT, ASKED, KEPT
from indexer.training.packed import ROW, Numbers, Rows, packed
from indexer.training.views import Chance, Drawn, View, Views, stretch


@dataclass(frozen=True)
class ContextualRecipe:
    """What nobody needs to change to train the model of the package; tests train a smaller one."""

    width: int = 512
    layers: int = 6
    small_width: int = 256
    small_layers: int = 3
    dimensions: int = 256
    rows: int = 512
    """Of 256 words, in each step."""
    reading: int = 3_588
    pairing: int = 1_911
    giving: int = 1_975
    """Steps of the three stages."""
    hidden: float = 0.3
    sharpness: float = 20.0
    longest: tuple[int, int] = (128, 160)
    """Words read of what is asked and of what is kept, signs included."""
    forgotten: float = 0.12
    later: float = 0.6
    """From this share of the steps on, demands and titles come more often."""
    workers: int = 10
    """Processes that draw batches."""


@dataclass(frozen=True)
class Batch:
    """Text i < asked asks, text asked + i answers it. `whole`: the pairs both of whose texts found room."""

    rows: Rows
    asked: int
    about: Numbers
    whole: Numbers


def batches(
    views: Views, recipe: ContextualRecipe, steps: int, seed: int, later: float | None = None
) -> Iterator[Batch]:
    """As many as there are steps, drawn by processes of their own where the recipe has workers."""
    drawing = _Drawing(views, recipe, steps, seed, recipe.later if later is None else later)
    loader = DataLoader(
        drawing,
        batch_size=None,
        num_workers=recipe.workers,
        collate_fn=lambda batch: batch,
        multiprocessing_context="fork" if recipe.workers else None,
    )
    return iter(loader)


class _Drawing(IterableDataset[Batch]):
    def __init__(self, views: Views, recipe: ContextualRecipe, steps: int, seed: int, later: float) -> None:
        self.views, self.recipe, self.steps, self.seed, self.later = views, recipe, steps, seed, later

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        first, every = (worker.id, worker.num_workers) if worker else (0, 1)
        chance = np.random.default_rng((self.seed, first))
        views = self.views.every()
        early, late = (np.array([getattr(view, name) for view in views]) for name in ("weight", "later"))
        for step in range(first, self.steps, every):
            weights = late if step / self.steps >= self.later else early
            while len((batch := self._batch(views, weights / weights.sum(), chance)).whole) < 2:
                pass
            yield batch

    def _batch(self, views: list[View], weights: NDArray[np.float64], chance: Chance) -> Batch:
        """Pairs of one view, as many as the rows hold."""
        view = views[int(chance.choice(len(views), p=weights))]
        self.views.topic(chance)
        room, pairs = int(self.recipe.rows * ROW * 0.97), list[Drawn]()
        for _ in range(20_000):
            drawn = view.draw(chance)
            if drawn is not None and min(len(drawn.asked), len(drawn.kept)) >= 2:
                pairs.append(self._signed(drawn, chance))
                room -= len(pairs[-1].asked) + len(pairs[-1].kept)
            if room <= 0:
                break
        texts = [pair.asked for pair in pairs] + [pair.kept for pair in pairs]
        rows = packed(texts, self.recipe.rows, self.views.words + ABSENT)
        whole = np.flatnonzero(rows.placed[: len(pairs)] & rows.placed[len(pairs) :])
        return Batch(rows, len(pairs), np.array([pair.about for pair in pairs], np.int64), whole)

    def _signed(self, drawn: Drawn, chance: Chance) -> Drawn:
        """With the signs in front, cut to what is read, and in six of ten cases with some of the asked words forgotten."""
        words, (asking, keeping) = self.views.words, self.recipe.longest
        asked = stretch(drawn.asked, asking - 1, chance)
        if chance.random() < 0.6:
            held = asked[chance.random(len(asked)) >= 2 * self.recipe.forgotten * chance.random()]
            asked = held if len(held) else asked
        kept = drawn.kept[: keeping - 1] if chance.random() < 0.7 else stretch(drawn.kept, keeping - 1, chance)
        asked, kept = (np.concatenate([[words + sign], part]) for sign, part in ((ASKED, asked), (KEPT, kept)))
        return Drawn(asked, kept, drawn.about)
