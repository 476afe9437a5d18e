"""Word lists: those of the package beside this file, and the operator's own of the same names, which are added to them.

`words.txt` (a word a line), `synonyms.txt` (a group a line, separated by 、), `muted.txt` (words of small talk). `#` begins a comment.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def lines(name: str, own: Path | None = None) -> list[str]:
    """The lines of a list, first the package's, then those of the operator's folder; without comments, each once."""
    texts = [resources.files(__name__).joinpath(name).read_text("utf-8")]
    if own and (own / name).is_file():
        texts.append((own / name).read_text("utf-8-sig"))
    bare = (line.partition("#")[0].strip() for text in texts for line in text.splitlines())
    return list(dict.fromkeys(line for line in bare if line))
