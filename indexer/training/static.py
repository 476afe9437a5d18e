"""The static model: a vector for each word, trained so that texts on one matter have means that lie near each other.

The loss is that of van den Oord et al. (2018) with the other pairs of a batch as negatives, in both directions, over the first
numbers of the vectors as well as over all of them (Kusupati et al. 2022), so that vectors may be cut.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer
from torch.nn import functional

from corpus.errors import BadInput
from indexer.segmenter import Segmenter
from indexer.training.card import ModelCard, Trained
from indexer.training.measure import figures
from indexer.training.pairs import Pair
from indexer.training.sources import SOURCES, Source, missing_files
from indexer.training.start import first_rows
from indexer.training.texts import READ_CHARACTERS, Batch, NumberedPairs, Side, Words, number_pairs
from indexer.training.vocabulary import Progress, train_tokenizer

PAIRS_FOR_WORDS = 10_000
"""Pairs of each source whose words are counted: as many of each, so that the largest does not choose all the words."""
WRITTEN_COUNTS = 10
"""How many times a word counts that was written for this project: everyday words are rare elsewhere."""


class NothingToTrainOn(BadInput):
    """文件夹 {data} 里没有可以训练的资料。至少需要其中一个文件：{files}。"""


class NotAModelFolder(BadInput):
    """{out} 里有别的文件，不会用新模型覆盖它。请换一个空的文件夹。"""


@dataclass(frozen=True)
class Recipe:
    """What nobody needs to change to train the model of the package; tests train a smaller one."""

    words: int = 27_000
    dimensions: int = 256
    cuts: tuple[int, ...] = (256, 128, 64)
    steps: int = 1_000
    """Not quite twice through all pairs; figures differ more between seeds than between 400 steps and these."""
    batch: int = 2_048
    rate: float = 0.02
    warm: float = 0.1
    sharpness: float = 20.0
    """What cosines are multiplied by."""
    longest: tuple[int, int] = (64, 160)
    """Words read of an anchor and of a positive."""
    forgotten: float = 0.3
    """Share of an anchor's words left out by chance each time: who asks does not say everything."""


@dataclass(frozen=True)
class Read:
    source: Source
    pairs: list[Pair]


def train(
    data: Path,
    out: Path,
    seed: int = 20,
    progress: Progress | None = None,
    recipe: Recipe = Recipe(),
) -> ModelCard:
    """Train a model on the public texts in `data`; its folder takes the place of the model that may be at `out`."""
    tell = progress or (lambda stage, done, whole: None)
    refuse_other_files(out)
    read = read_pairs(data, tell)
    tokenizer = train_tokenizer(texts_for_words(read, seed), recipe.words, Segmenter().cut, tell)
    pairs = number_pairs(
        [pair for one in read for pair in one.pairs],
        [one.source.repeats for one in read for _ in one.pairs],
        tokenizer,
        tell,
    )
    frequencies = pairs.texts.frequencies(tokenizer.get_vocab_size())
    rows = first_rows(data, tokenizer, frequencies, recipe.dimensions, seed, tell)
    weights, loss = train_weights(pairs, rows, recipe, seed, tell)
    folder = save(tokenizer, weights, out.with_name(f".{out.name}-new"))
    card = describe(folder, data, read, recipe, seed, loss)
    card.write(folder)
    publish(folder, out)
    return card


def read_pairs(data: Path, tell: Progress) -> list[Read]:
    """The pairs of every source whose files are there. Raises NothingToTrainOn."""
    read = []
    for done, source in enumerate(SOURCES, start=1):
        if not missing_files(source, data):
            read.append(Read(source, list(source.pairs(data))))
        tell("reading", done, len(SOURCES))
    if not any(one.pairs for one in read if one.source.files):
        names = sorted(set(chain.from_iterable(source.files for source in SOURCES)))
        raise NothingToTrainOn(data=data, files="、".join(names))
    return read


def texts_for_words(read: list[Read], seed: int) -> list[str]:
    """Distinct texts of as many pairs of every source, to count words in."""
    chance = np.random.default_rng(seed)
    chosen = ([one.pairs[place] for place in chance.permutation(len(one.pairs))[:PAIRS_FOR_WORDS]] for one in read)
    public = dict.fromkeys(text[:READ_CHARACTERS] for pair in chain.from_iterable(chosen) for text in pair[:2])
    written = [text for one in read if one.source.is_ours for pair in one.pairs for text in pair[:2] if text in public]
    return [*public, *written * (WRITTEN_COUNTS - 1)]


def train_weights(
    pairs: NumberedPairs, rows: torch.Tensor, recipe: Recipe, seed: int, tell: Progress
) -> tuple[torch.Tensor, float]:
    """The rows, one a word, shape (words, dimensions), after training, and the loss at the end."""
    chance = np.random.default_rng(seed)
    bag = torch.nn.EmbeddingBag.from_pretrained(rows, freeze=False, mode="mean")
    optimizer = torch.optim.Adam(bag.parameters(), lr=recipe.rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, recipe))
    losses: list[float] = []
    for step, chosen in zip(range(recipe.steps), shuffled(len(pairs.pairs), recipe.batch, chance), strict=False):
        loss = contrast(bag, pairs.batch(chosen, recipe.longest, recipe.forgotten, chance), recipe)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        tell("training", step + 1, recipe.steps)
    trained = bag.weight.detach().clone()
    trained[0] = 0.0  # what is unknown says nothing
    return trained, float(np.mean(losses[-50:]))


def shuffled(pairs: int, batch: int, chance: np.random.Generator) -> Iterator[Words]:
    """Without end: the numbers of the pairs in a new order each time round, cut into batches."""
    while True:
        order = chance.permutation(pairs)
        for start in range(0, max(1, pairs - batch + 1), batch):
            yield order[start : start + batch]


def contrast(bag: torch.nn.EmbeddingBag, batch: Batch, recipe: Recipe) -> torch.Tensor:
    """The loss of a batch: the surprise at which positive belongs to an anchor, and which anchor to a positive."""
    anchors, positives = means(bag, batch.anchors), means(bag, batch.positives)
    compared = torch.from_numpy(batch.strangers | np.eye(len(anchors), dtype=np.bool_))
    losses = []
    for cut in recipe.cuts:
        cosines = functional.normalize(anchors[:, :cut]) @ functional.normalize(positives[:, :cut]).T
        # No logarithm is below -2 * sharpness, so one pass of exponentials serves rows and columns alike.
        logarithms = (cosines - 1) * recipe.sharpness
        likelihoods = torch.exp(logarithms) * compared
        both = torch.log(likelihoods.sum(1)) + torch.log(likelihoods.sum(0))
        losses.append((both / 2 - logarithms.diagonal()).mean())
    return torch.stack(losses).mean()


def means(bag: torch.nn.EmbeddingBag, side: Side) -> torch.Tensor:
    found: torch.Tensor = bag(torch.from_numpy(side.words), torch.from_numpy(side.starts))
    return found


def rate_at(step: int, recipe: Recipe) -> float:
    """Share of the learning rate: up to all of it, then down to nothing, in straight lines."""
    done = step / recipe.steps
    return min((done + 1 / recipe.steps) / recipe.warm, (1 - done) / (1 - recipe.warm))


def save(tokenizer: Tokenizer, weights: torch.Tensor, folder: Path) -> Path:
    """A folder that SentenceTransformer loads. 32 bits a number: from 16 it would compute with 16 bits as well."""
    shutil.rmtree(folder, ignore_errors=True)
    modules = [StaticEmbedding(tokenizer, embedding_weights=weights), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder), create_model_card=False)
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)  # written for the owner alone, but others may run what one installs
    return folder


def describe(folder: Path, data: Path, read: list[Read], recipe: Recipe, seed: int, loss: float) -> ModelCard:
    model = SentenceTransformer(str(folder), device="cpu")
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return ModelCard(
        words=model[0].num_embeddings,
        dimensions=recipe.dimensions,
        cuts=recipe.cuts,
        seed=seed,
        steps=recipe.steps,
        batch=recipe.batch,
        loss=loss,
        megabytes=sum(sizes) / 1e6,
        trained_on=tuple(
            Trained(
                one.source.pairs.__name__.replace("_", " "), one.source.material, one.source.licence, len(one.pairs)
            )
            for one in read
        ),
        missing=tuple(sorted({name for source in SOURCES for name in missing_files(source, data)})),
        figures=figures(lambda texts: model.encode(list(texts), batch_size=512), data),
    )


def refuse_other_files(out: Path, mark: str = "modules.json") -> None:
    """Raises NotAModelFolder rather than replace what is not a model, as which a file of that name marks it."""
    if out.exists() and not (out / mark).is_file() and (out.is_file() or any(out.iterdir())):
        raise NotAModelFolder(out=out)


def publish(folder: Path, out: Path) -> None:
    """Put the folder at `out`; whoever has the old model open keeps it."""
    old = out.with_name(f".{out.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    folder.rename(out)
    shutil.rmtree(old, ignore_errors=True)
