"""Files that a page's form sends beside its fields."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, BinaryIO

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from corpus.cells import UNSEEN
from corpus.errors import BadInput, DuijieError
from service.access import form_token
from service.forms import FormForeign

LARGEST = 200 * 2**20
"""Bytes of a file."""
_AROUND = 1 << 20
"""Bytes of what stands around a file in a form."""
_LONGEST_NAME = 180
"""Bytes of a name: a file system takes 255, and what belongs to the file is named after it."""
_FIELDS = 100


class FileTooLarge(DuijieError):
    """文件超过 {most} MB，放不下。请分成几份，或在服务器上用 duijie import。"""


class FileMissing(BadInput):
    """没有收到文件。请先选一个 .xlsx、.csv 或 .jsonl 文件，再提交。"""


@dataclass(frozen=True)
class Upload:
    """A form with a file: every value of each field, the file's name as a name alone, its content, at the beginning."""

    fields: Mapping[str, Sequence[str]]
    name: str
    content: BinaryIO


async def upload(request: Request) -> Upload:
    """Raises FileTooLarge before anything is read, FormForeign, FileMissing."""
    check_length(request, LARGEST + _AROUND)
    try:
        sent = await request.form(max_files=1, max_fields=_FIELDS)
    except MultiPartException as error:
        raise BadInput(reason=f"表单读不出来（{error.message}）") from None
    fields = {name: [value for value in sent.getlist(name) if isinstance(value, str)] for name in sent}
    token, given = form_token(request), "".join(fields.pop("token", [])[:1])
    if not token or not hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
        raise FormForeign()
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise FileMissing()
    return Upload(fields, bare_name(file.filename), file.file)


async def body(request: Request) -> AsyncIterator[BinaryIO]:
    """What a program sent as the body of its request, on the disk. Raises FileTooLarge before anything is read."""
    check_length(request, LARGEST)
    with tempfile.TemporaryFile() as content:
        async for part in request.stream():
            content.write(part)
        content.seek(0)
        yield content


def check_length(request: Request, most: int) -> None:
    """Raises FileTooLarge for a body that is longer, or does not say how long it is."""
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or int(length) > most:
        raise FileTooLarge(most=LARGEST // 2**20)


def bare_name(written: str) -> str:
    """A file's name without folders and what cannot be seen, its ending kept."""
    name = UNSEEN.sub("", PureWindowsPath(PurePosixPath(written).name).name).strip(". ") or "文件"
    stem, dot, suffix = name.rpartition(".")
    return f"{_cut(stem)}{dot}{suffix[:10]}" if dot else _cut(name)


def _cut(name: str) -> str:
    return name.encode("utf-8", "ignore")[:_LONGEST_NAME].decode("utf-8", "ignore")


Uploaded = Annotated[Upload, Depends(upload)]
Body = Annotated[BinaryIO, Depends(body)]
