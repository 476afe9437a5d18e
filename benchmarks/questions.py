"""Questions of three kinds: a few words from a record, a demand of a paragraph, a demand of a page.

Demands come from a file of real ones where there is one, else from passages that are not in the library. A page that one demand does not
fill goes on with other demands, as a firm's list of wishes does.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path

from benchmarks.shelf import KINDS, Question
from indexer.normalise import fold
from indexer.words import Words, runs

DEMANDS = Path("../shared/data/brokers-demands-dev.jsonl")
EACH = 200
_PARAGRAPH = range(100, 201)
_PAGE = 800
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？\n]*")


def asked(words: Words, inside: Sequence[str], demands: Sequence[str]) -> list[Question]:
    """EACH questions of each kind: short ones from passages of the library, the others from demands."""
    chance = random.Random(1)  # noqa: S311 - the same questions every time
    texts = {
        "short": _distinct([_neighbours(words, passage, chance) for passage in inside]),
        "paragraph": paragraphs(demands),
        "page": [_page(start, demands, chance) for start in islice(cycle(demands), EACH)],
    }
    return [
        Question(kind, text, tuple(dict.fromkeys(word for word, _ in words.of_question(text))))
        for kind in KINDS
        for text in _spread(texts[kind])
    ]


def demand_texts(file: Path) -> list[str]:
    """Title and content of each demand of a JSONL file."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
    return [re.sub(r"\s+", " ", f"{row.get('title', '')}。{row['content']}") for row in rows]


def paragraphs(demands: Sequence[str]) -> list[str]:
    """Whole sentences of each demand together, 100 to 200 characters long."""
    return [text for demand in demands for text in _paragraphs(demand)]


def _spread(texts: Sequence[str]) -> list[str]:
    """EACH of them from all over; again from the beginning where there are fewer."""
    step = max(1, len(texts) // EACH)
    return list(islice(cycle(texts[::step]), EACH))


def _neighbours(words: Words, passage: str, chance: random.Random) -> str:
    """Two to four neighbouring Chinese words of two and more characters, as they stand; nothing where there are none."""
    wanted = chance.randint(2, 4)
    found: list[str] = []
    for run in runs(fold(passage)):
        whole = _whole_words(run.text, words.segmenter.cut(run.text)) if run.kind == "han" else []
        found += [
            "".join(some)
            for start in range(len(whole))
            if len(some := whole[start : start + wanted]) == wanted and all(len(word) > 1 for word in some)
        ]
    return chance.choice(found) if found else ""


def _whole_words(run: str, pieces: Sequence[str]) -> list[str]:
    """The longest pieces that follow one another: in search mode a long word comes along with the shorter ones in it."""
    whole: list[str] = []
    while run:
        word = max((piece for piece in pieces if run.startswith(piece)), key=len, default=run[0])
        whole.append(word)
        run = run[len(word) :]
    return whole


def _paragraphs(demand: str) -> list[str]:
    made, waiting = [], ""
    for sentence in _SENTENCE.findall(demand):
        if len(waiting + sentence) > _PARAGRAPH[-1]:
            waiting = ""
        waiting += sentence
        if len(waiting) in _PARAGRAPH:
            made.append(waiting)
            waiting = ""
    return made


def _page(start: str, demands: Sequence[str], chance: random.Random) -> str:
    page = start
    while len(page) < _PAGE:
        page += chance.choice(demands)
    return page[:_PAGE]


def _distinct(texts: Sequence[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


def write(file: Path, questions: Sequence[Question]) -> None:
    """One line a question."""
    rows = [json.dumps(asdict(question), ensure_ascii=False) for question in questions]
    file.write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")
