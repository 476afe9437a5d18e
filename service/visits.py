"""Visits: a rambling note 企情日记 read into draft demands. Nothing of it is stored here.

note → needs, by a language model where one is configured, else by rule → a draft each
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.cells import UNSEEN
from corpus.errors import BadInput
from indexer.attributes import today
from indexer.drafts import Draft, draft
from indexer.interpreting import NotInterpreted
from indexer.notes import Need, needs
from indexer.splitting import split
from service.installation import Installation

LONGEST = 20_000
"""Characters of a note."""


class NoteEmpty(BadInput):
    """还没有写下笔记。请把走访时记的话粘贴进来，怎么说的就怎么贴。"""


class NoteTooLong(BadInput):
    """笔记有 {length} 个字，一次最多读 {most} 个字。请分几次粘贴。"""


@dataclass(frozen=True)
class Visit:
    """A note as it was read: `text` is what places of drafts count in; `reader` is `rule` or a language model, `told` why it was read otherwise than configured."""

    text: str
    drafts: Sequence[Draft]
    reader: str = "rule"
    told: str | None = None


def read_note(installation: Installation, written: str) -> Visit:
    """A note as draft demands, in its order. Raises NoteEmpty, NoteTooLong."""
    text = UNSEEN.sub("", written.replace("\r\n", "\n")).strip()
    if not text:
        raise NoteEmpty()
    if len(text) > LONGEST:
        raise NoteTooLong(length=len(text), most=LONGEST)
    interpreter, told = installation.interpreter, None
    if interpreter is not None:
        try:
            titled = split(interpreter, text, installation.settings.home)
            drafts = [replace(_draft(installation, need, text), title=title) for title, need in titled]
            return Visit(text, drafts, interpreter.endpoint.model)
        except NotInterpreted as reason:
            told = str(reason)
    found = needs(text, installation.index.reader, installation.settings.home)
    return Visit(text, [_draft(installation, need, text) for need in found], told=told)


def _draft(installation: Installation, need: Need, text: str) -> Draft:
    return draft(need, text, installation.index.reader, today())
