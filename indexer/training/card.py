"""The model card: what a model was trained on, how, how well it does, and how to make it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CARD = "README.md"
NAME = "duijie-static-zh"


@dataclass(frozen=True)
class Trained:
    """What one source gave: material and licence as its publisher states them, and its pairs."""

    pairs_of: str
    material: str
    licence: str
    pairs: int


@dataclass(frozen=True)
class ModelCard:
    """`figures` are of texts not trained on; `missing` names the files the data lacked."""

    words: int
    dimensions: int
    seed: int
    cuts: tuple[int, ...]
    steps: int
    batch: int
    loss: float
    megabytes: float
    trained_on: tuple[Trained, ...]
    missing: tuple[str, ...]
    figures: Mapping[str, float]

    def write(self, folder: Path) -> None:
        (folder / CARD).write_text(self.as_markdown(), "utf-8")

    def as_markdown(self) -> str:
        sources = "\n".join(
            f"| {source.pairs_of} | {source.material} | {source.licence} | {source.pairs:,} |"
            for source in self.trained_on
        )
        figures = "\n".join(f"| {name} | {value:.3f} |" for name, value in self.figures.items())
        missing = f"\nNot there at the time: {', '.join(self.missing)}.\n" if self.missing else ""
        return PAGE.format(
            name=NAME,
            words=f"{self.words:,}",
            dimensions=self.dimensions,
            cuts=" or ".join(str(cut) for cut in self.cuts if cut < self.dimensions),
            megabytes=self.megabytes,
            sources=sources,
            pairs=f"{sum(source.pairs for source in self.trained_on):,}",
            missing=missing,
            steps=f"{self.steps:,}",
            batch=f"{self.batch:,}",
            seed=self.seed,
            loss=self.loss,
            figures=figures or "| the folder of data held none of the sets to measure on | – |",
        )


PAGE = """---
language: zh
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, static-embedding, technology-transfer]
---

# {name}

A static Chinese embedding model for technology transfer: {words} words, a vector of {dimensions}
numbers each. A text's vector is the mean of its words' vectors, scaled to length one. It knows no
word order; it is small ({megabytes:.1f} MB), needs neither network nor GPU, and is meant to stand
beside a search by words, not to replace it.

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
model.encode(["锂电池防爆", "动力电池热失控抑制方法"])
```

No prompts. For shorter vectors take the first numbers ({cuts}) and scale again. The words are those
that jieba finds in the texts below; how much a word weighs is part of its vector.

## Trained on

| pairs | material | licence | pairs |
|---|---|---|---|
{sources}

Before any pair is seen, words that stand in the same company in the running texts above, all paragraphs of the papers included, lie near each
other: positive pointwise mutual information of neighbours within five words, factored by a truncated singular value decomposition.

{pairs} pairs in all. Licences are given in the words of those who published the material: where they
say "no licence file" or "mixed or none", nobody has granted one. Pairs "as demand" put phrases around
the text that were written for this project, in the way firms word a need. The lines of the thesaurus and the
demands over public titles were written for this project too, with a language model's help; two demands in five were kept for measuring.
{missing}
The two texts of a pair are pulled together, and each is pushed away from the other side of all other
pairs in its batch, unless both are about the same document. {steps} batches of {batch} pairs, seed
{seed}, loss {loss:.3f} at the end.

## How well it does

By vectors alone, on texts it was not trained on.

| figure | value |
|---|---|
{figures}

## Made again

```
duijie train --data ../shared/data --out DIR
```

The same data and seed give the same weights on the same kind of machine.
"""
