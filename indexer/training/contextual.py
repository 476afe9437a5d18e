"""The contextual model: a large transformer learns to read and to bring pairs together, a small one learns to give the large one's vectors.

running text → words guessed (Devlin et al. 2019) → pairs told apart in their batch → the small model put near the large one's vectors

The package's was trained on one H200 in seven minutes; on two cores it would take weeks, so that only the small recipe of the tests runs everywhere. Steps, not
minutes, are what a recipe counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from indexer.contextual import (
    ABSENT,
    ASKED,
    BETWEEN,
    HIDDEN,
    KEPT,
    SHAPE,
    SIGNS,
    STOP,
    Shape,
    numbered,
    write_contextual,
)
from indexer.encoder import packaged
from indexer.static import StaticEncoder
from indexer.training.material import Document, Material, read_material
from indexer.training.network import Muon, Network, matrices
from indexer.training.packed import ROW, Numbers, Rows, packed
from indexer.training.static import NothingToTrainOn, publish, refuse_other_files
from indexer.training.views import Chance, Drawn, View, Views, stretch
from indexer.training.vocabulary import Progress


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


def train_contextual(
    data: Path,
    out: Path,
    seed: int = 20,
    progress: Progress | None = None,
    recipe: ContextualRecipe = ContextualRecipe(),
    device: str | None = None,
) -> Shape:
    """Train on the public texts in `data`, in the words of the package's static model; the folder takes the place of the one at `out`.

    Raises NotAModelFolder, NothingToTrainOn.
    """
    tell = progress or (lambda stage, done, whole: None)
    refuse_other_files(out, SHAPE)
    torch.manual_seed(seed)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    static, chance = packaged(), np.random.default_rng(seed)
    material = read_material(data, lambda text: np.array(numbered(static, text), np.int64))
    if not material.papers and not material.patents and not material.talk:
        names = "chinaxiv-papers.jsonl、patents.jsonl、hands-on-texts.jsonl.zst"
        raise NothingToTrainOn(data=data, files=names)
    words = torch.from_numpy(static.rows)
    large = Network(words, recipe.width, recipe.layers, recipe.dimensions).to(device)
    small = Network(words, recipe.small_width, recipe.small_layers, recipe.dimensions).to(device)
    views = Views(material, nearness(material, static), len(words))
    read_running_text(large, running_text(material, len(words), chance), recipe, tell)
    bring_together(large, batches(views, recipe, recipe.pairing, seed), recipe, tell)
    give_vectors(small, large, batches(views, recipe, recipe.giving, seed + 1, later=2.0), recipe, tell)
    shape = Shape(static.fingerprint, recipe.small_layers, recipe.small_width, recipe.dimensions)
    folder = out.with_name(f".{out.name}-new")
    write_contextual(folder, shape, small.weights())
    publish(folder, out)
    return shape


def running_text(material: Material, words: int, chance: Chance) -> Numbers:
    """All there is to read, document after document, those that belong together side by side."""
    start, between, stop = (np.array([words + sign]) for sign in (ASKED, BETWEEN, STOP))

    def beside(*parts: Numbers) -> Numbers:
        return np.concatenate([start, *(piece for part in parts for piece in (part, between))])

    def whole(paper: Document) -> Numbers:
        rest = (piece for part in paper.paragraphs for piece in (stop, part))
        return beside(paper.title, paper.keywords, np.concatenate([paper.abstract, *rest]))

    texts = [
        *map(whole, material.papers),
        *(beside(one.abstract) for one in material.journals),
        *(beside(one.title, one.abstract) for one in [*material.patents, *material.patents, *material.talk]),
        *(beside(title, classes) for title, _, classes in material.titled),
        *(beside(part, over) for part, over, _ in material.classes),
        *(beside(*said, terms, name) for said, terms, name in material.senses),
        *(beside(said, paper.title, paper.abstract) for said, paper in [*material.demands] * 4),
    ]
    return np.concatenate([texts[place] for place in chance.permutation(len(texts))])


def nearness(material: Material, static: StaticEncoder) -> dict[str, NDArray[np.float32]]:
    """By kind, each record's unit vector by the static model."""

    def vector(*parts: Numbers) -> NDArray[np.float32]:
        numbers = np.concatenate(parts)
        mean = static.rows[numbers[numbers < len(static.rows)]].sum(axis=0)
        return np.asarray(mean / (np.linalg.norm(mean) or 1.0), np.float32)

    def of(documents: list[Document]) -> NDArray[np.float32]:
        return np.array([vector(one.title, one.abstract) for one in documents], np.float32)

    return {
        "papers": of([*material.papers]),
        "patents": of([*material.patents]),
        "journals": of([*material.journals]),
        "senses": np.array([vector(terms) for _, terms, _ in material.senses], np.float32),
        "demands": of([document for _, document in material.demands]),
    }


def read_running_text(network: Network, text: Numbers, recipe: ContextualRecipe, tell: Progress) -> None:
    """Some words are hidden, most behind a sign, some behind another word, and have to be guessed."""
    device, words = network.bias.device, len(network.bias) - SIGNS
    stream = torch.from_numpy(text.astype(np.int32)).to(device)
    shape = (recipe.rows, int(recipe.hidden * ROW))
    optimise = optimiser(network, recipe.reading, warm=0.02)
    for step in range(recipe.reading):
        starts = torch.randint(0, len(stream) - ROW, (recipe.rows, 1), device=device)
        numbers = stream[starts + torch.arange(ROW, device=device)].long()
        owners = (numbers == words + ASKED).int().cumsum(1)
        order = torch.rand(numbers.shape, device=device) - 2.0 * (numbers >= words)
        places = order.topk(shape[1], 1).indices
        hidden = numbers.gather(1, places)
        other = torch.randint(1, words, shape, device=device)
        drawn = torch.rand(shape, device=device)
        seen = torch.where(drawn < 0.8, words + HIDDEN, torch.where(drawn < 0.9, other, hidden))
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            found = network(numbers.scatter(1, places, seen), owners)
            at = found.gather(1, places[:, :, None].expand(-1, -1, found.shape[-1])).flatten(0, 1)
            loss = network.surprise(at, hidden.flatten())
        optimise(loss, step)
        tell("reading", step + 1, recipe.reading)


def bring_together(network: Network, drawn: Iterator[Batch], recipe: ContextualRecipe, tell: Progress) -> None:
    """What is asked and what answers it, against all others in the batch that are about something else."""
    adam = torch.optim.AdamW(network.parameters(), lr=3e-4, betas=(0.9, 0.98), weight_decay=0.01)
    for step, batch in enumerate(drawn):
        asked, kept = sides(network, batch)
        about = torch.from_numpy(batch.about[batch.whole]).to(asked.device)
        alike = (about[:, None] == about[None]) & ~torch.eye(len(about), dtype=torch.bool, device=asked.device)
        likeness = (asked @ kept.T * recipe.sharpness).masked_fill(alike, -1e4)
        own = torch.arange(len(about), device=asked.device)
        loss = (functional.cross_entropy(likeness, own) + functional.cross_entropy(likeness.T, own)) / 2
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.param_groups[0]["lr"] = 3e-4 * slope(step / recipe.pairing, 0.05)
        adam.step()
        adam.zero_grad()
        tell("pairing", step + 1, recipe.pairing)


def give_vectors(
    small: Network, large: Network, drawn: Iterator[Batch], recipe: ContextualRecipe, tell: Progress
) -> None:
    """The small model's vectors near the large one's, and in each batch alike near to each other."""
    optimise = optimiser(small, recipe.giving, warm=0.03)
    for step, batch in enumerate(drawn):
        with torch.no_grad():
            wanted = sides(large, batch)
        given = sides(small, batch)
        apart = 1 - (torch.cat(given) * torch.cat(wanted)).sum(1).mean()
        there, here = (sharp[0] @ sharp[1].T * recipe.sharpness for sharp in (wanted, given))
        optimise(4 * apart + (divergence(there, here) + divergence(there.T, here.T)) / 2, step)
        tell("giving", step + 1, recipe.giving)


def divergence(wanted: Tensor, given: Tensor) -> Tensor:
    return functional.kl_div(
        given.log_softmax(1), wanted.log_softmax(1), reduction="batchmean", log_target=True
    )  # of Kullback and Leibler


def sides(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Unit vectors of what is asked and of what is kept, pair by pair."""
    device = network.bias.device
    numbers, owners = (torch.from_numpy(part).to(device) for part in (batch.rows.numbers, batch.rows.owners))
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        places = network(numbers, owners)
    vectors = network.vectors(places, owners, 2 * batch.asked)
    whole = torch.from_numpy(batch.whole).to(device)
    return vectors[whole], vectors[whole + batch.asked]


def optimiser(network: Network, steps: int, warm: float) -> Callable[[Tensor, int], None]:
    """Takes a step down a loss: Muon within the blocks, Adam elsewhere."""
    within = list(matrices(network))
    inside = {id(weight) for weight in within}
    muon = Muon(within, rate=0.02)
    adam = torch.optim.AdamW(
        [weight for weight in network.parameters() if id(weight) not in inside], betas=(0.9, 0.98), weight_decay=0.0
    )

    def optimise(loss: Tensor, step: int) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        scale = slope(step / steps, warm)
        muon.step(scale)
        adam.param_groups[0]["lr"] = 2e-3 * scale
        adam.step()
        network.zero_grad()

    return optimise


def slope(done: float, warm: float) -> float:
    """Share of the learning rate: up to all of it, then down to nothing, in straight lines."""
    return min(1.0, done / warm + 0.01) if done < warm else (1 - done) / (1 - warm)


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
