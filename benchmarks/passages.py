"""Real passages to fill a library with, and real questions to ask it.

Papers' paragraphs are cut at sentence ends into passages of 130 characters and more; where a million are wanted and the papers give fewer, they are
cut a second time with the borders shifted, so that every passage is still real text, though some overlap.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

FILE = Path("../shared/data/chinaxiv-paragraphs.jsonl.zst")
LEAST = 130
"""Characters of a passage."""
SHIFTS = (0, 65, 33, 98)
"""Characters left out before the first passage of a paper, one round of cutting after another."""
_SENTENCE = re.compile(r"[^。；！？]+[。；！？]*")


def passages(file: Path, count: int) -> Iterator[str]:
    """Up to `count` passages of a JSONL file (`.zst` or plain) whose rows hold `paragraphs` or `text`."""
    return islice((passage for shift in SHIFTS for row in _rows(file) for passage in cut(_text(row), shift)), count)


def cut(text: str, shift: int = 0) -> Iterator[str]:
    """Whole sentences, as many as it takes to reach LEAST characters."""
    waiting = ""
    for sentence in _SENTENCE.findall(text[shift:]):
        waiting += sentence
        if len(waiting) >= LEAST:
            yield waiting[: 4 * LEAST]
            waiting = ""


def _text(row: dict[str, Any]) -> str:
    paragraphs = row.get("paragraphs") or [row.get("text") or row.get("abstract") or ""]
    return "".join(paragraph for paragraph in paragraphs if not paragraph.startswith(("<", "[", "［")))


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as raw:
        binary = zstandard.ZstdDecompressor().stream_reader(raw) if file.suffix == ".zst" else raw
        for line in io.TextIOWrapper(binary, encoding="utf-8"):
            yield json.loads(line)
