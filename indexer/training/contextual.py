"""The contextual model: a large transformer learns to read and to bring pairs together, a small one learns to give the large one's vectors.

running text → words guessed → pairs told apart in their batch → the small model put near the large one's vectors

The package's was trained on one H200 in seven minutes; on two cores it would take weeks, so that only the small recipe of the tests runs everywhere. Steps, not
minutes, are what a recipe counts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.contextual import ASKED, BETWEEN, SHAPE, STOP, Shape, numbered, write_contextual
from indexer.encoder import packaged
from indexer.static import StaticEncoder
from indexer.training.drawing import ContextualRecipe, batches
from indexer.training.material import Document, Material, read_material
from indexer.training.network import Network
from indexer.training.packed import Numbers
from indexer.training.stages import bring_together, give_vectors, read_running_text
from indexer.training.static import NothingToTrainOn, publish, refuse_other_files
from indexer.training.views import Chance, Views
from indexer.training.vocabulary import Progress

RECIPE = ContextualRecipe()
"""The package's."""


def train_contextual(
    data: Path,
    out: Path,
    seed: int = 20,
    progress: Progress | None = None,
    recipe: ContextualRecipe = RECIPE,
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
