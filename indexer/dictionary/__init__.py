"""Word lists: those of the package beside this file, and the operator's own of the same names, which are added to them.

`words.txt` (a word a line), `synonyms.txt` (a group a line, separated by 、), `muted.txt` (words of small talk), `talk.txt` (sentences of small talk).
`cues.txt`, the turns of speech of visit notes, is the package's alone. `#` begins a comment.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from corpus.errors import BadInput


class ListUnreadable(BadInput):
    """词表 {file} 不是文本文件，或编码不认识。请另存为 UTF-8 编码的文本。"""


def lines(name: str, own: Path | None = None) -> list[str]:
    """The lines of a list, first the package's, then those of the operator's folder; without comments, each once."""
    texts = [resources.files(__name__).joinpath(name).read_text("utf-8")]
    if own and (own / name).is_file():
        texts.append(text_of(own / name))
    bare = (line.partition("#")[0].strip() for text in texts for line in text.splitlines())
    return list(dict.fromkeys(line for line in bare if line))


def text_of(file: Path) -> str:
    """A list as editors on Windows save one: UTF-8 with or without a mark, else GB18030. Raises ListUnreadable."""
    content = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ListUnreadable(file=file)
