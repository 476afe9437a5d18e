"""A base: a segment in a folder, described by its manifest, published by renaming one pointer file.

    index/CURRENT                 the name of the base that counts
    index/base-00010650-1f2e…/    manifest.json, words.*.npy, values.*.npy, numbers.*.npy, ids.npy, vectors.faiss

Whoever reads a base keeps it, mapped, until it lets go: removing its files does not disturb it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from corpus.errors import DuijieError
from indexer.gathering import in_files, merged
from indexer.neighbours import Mask, Neighbours
from indexer.segment import Postings, Segment

FORMAT = 2
_POSTINGS = ("keys", "starts", "rows", "weights")


class BaseDamaged(DuijieError):
    """索引文件 {file} 已损坏：{reason}。请运行 duijie index --rebuild 重建；记录都在数据库里，不会丢失。"""


class BaseNotWritten(DuijieError):
    """新的索引没有写成：{reason}。请腾出磁盘空间，再运行 duijie index；现有的索引和全部记录都没有动。"""


@dataclass(frozen=True)
class Manifest:
    """What a base was made of, and the size and BLAKE2b digest of each of its files."""

    revision: int
    records: int
    words: str
    """The version of the rules and the dictionary its words were cut with."""
    model: str | None
    """The fingerprint of the model its vectors were made with; None where there was none."""
    dimensions: int | None
    format: int = FORMAT
    files: dict[str, tuple[int, str]] = field(default_factory=dict)


def publish(folder: Path, parts: Sequence[tuple[Segment, Mask | None]], made: Manifest) -> Manifest:
    """Write the living rows of the parts as a base beside the others and make it the one that counts, in one step; then remove the rest.

    `made` tells of the revision, words and model; what was written is told of in the manifest that is returned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"base-{made.revision:010d}-{uuid.uuid4().hex[:8]}"
    path = folder / name
    path.mkdir()
    try:
        segment = merged(parts, in_files(path))
        if segment.vectors is not None:
            _write_vectors(segment.vectors.index, path)
        for file in path.iterdir():
            _to_disk(file)
        complete = replace(
            made,
            records=len(segment),
            model=made.model if segment.vectors is not None or not len(segment) else None,
            dimensions=segment.vectors.dimensions if segment.vectors is not None else None,
            files=_digests(path),
        )
        described = asdict(complete)
        sealed = json.dumps(described | {"digest": _seal(described)}, ensure_ascii=False, indent=1)
        (path / "manifest.json").write_text(sealed, "utf-8")
        _to_disk(path / "manifest.json")
        _to_disk(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    _point(folder, name)
    sweep(folder)
    return complete


def sweep(folder: Path) -> int:
    """Remove all but the base that counts: old ones, and what killed builders left. How many things went; not while another builds."""
    pointed, went = current(folder), 0
    for left in (*folder.glob("base-*"), *folder.glob("gathering-*"), *folder.glob("CURRENT.*")):
        if left != pointed:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
            went += 1
    return went


def current(folder: Path) -> Path | None:
    """The folder of the base that counts, if there is one."""
    try:
        return folder / (folder / "CURRENT").read_text("utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None


def read_manifest(path: Path) -> Manifest:
    """Raises BaseDamaged."""
    try:
        stored = json.loads((path / "manifest.json").read_text("utf-8"))
        if stored["format"] != FORMAT:
            raise BaseDamaged(file="manifest.json", reason=f"格式版本是 {stored['format']}，本程序需要 {FORMAT}")
        if stored.pop("digest") != _seal(stored):
            raise BaseDamaged(file=f"{path.name}/manifest.json", reason="清单被改动过")
        return Manifest(**{**stored, "files": {name: tuple(v) for name, v in stored["files"].items()}})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaseDamaged(file=f"{path.name}/manifest.json", reason="清单读不出来") from error


def open_base(path: Path) -> tuple[Segment, Manifest]:
    """The segment, mapped from its files, every one of which is checked first. Raises BaseDamaged."""
    manifest = read_manifest(path)
    try:
        sizes = {name: (path / name).stat().st_size for name in manifest.files}
        digests = _digests(path) if all(manifest.files[name][0] == size for name, size in sizes.items()) else sizes
        for name, described in manifest.files.items():
            if digests.get(name) != described:
                raise BaseDamaged(file=f"{path.name}/{name}", reason="内容与清单不符")
        return _mapped(path), manifest
    except (OSError, RuntimeError, KeyError) as error:  # RuntimeError is FAISS's; files may go while they are read
        raise BaseDamaged(file=path.name, reason="文件缺失或读不出来") from error


def _mapped(path: Path) -> Segment:
    arrays = {file.stem: _plain(np.load(file, mmap_mode="r")) for file in path.glob("*.npy")}
    vectors = None
    if (path / "vectors.faiss").is_file():
        vectors = Neighbours(faiss.read_index(str(path / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC))
    names = sorted(name for name in arrays if name.startswith("numbers."))
    return Segment(
        ids=arrays["ids"],
        words=Postings(*(arrays[f"words.{part}"] for part in _POSTINGS)),
        values=Postings(*(arrays[f"values.{part}"] for part in _POSTINGS)),
        numbers={name.removeprefix("numbers."): arrays[name] for name in names},
        vectors=vectors,
    )


def _plain(mapped: NDArray[Any]) -> NDArray[Any]:
    """The same bytes without what `np.memmap` adds to every slice: a microsecond each."""
    return mapped.view(np.ndarray)


def put_aside(segment: Segment, folder: Path) -> Segment:
    """The same segment, mapped from files of a folder of its own."""
    path = folder / uuid.uuid4().hex[:8]
    path.mkdir()
    for name, array in _arrays(segment):
        np.save(path / f"{name}.npy", array)
    if segment.vectors is not None:
        _write_vectors(segment.vectors.index, path)
    return _mapped(path)


def _write_vectors(vectors: faiss.Index, path: Path) -> None:
    try:
        faiss.write_index(vectors, str(path / "vectors.faiss"))
    except RuntimeError as error:  # FAISS has no other
        raise OSError(str(error).rsplit("Error: ", 1)[-1]) from error


@contextmanager
def gathering_folder(folder: Path) -> Iterator[Path]:
    """A folder to put segments aside in; what killed processes left is removed first."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    path = folder / f"gathering-{uuid.uuid4().hex[:8]}"
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _arrays(segment: Segment) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "ids", segment.ids
    for part in _POSTINGS:
        yield f"words.{part}", getattr(segment.words, part)
        yield f"values.{part}", getattr(segment.values, part)
    for name, column in segment.numbers.items():
        yield f"numbers.{name}", column


def _digests(path: Path) -> dict[str, tuple[int, str]]:
    """Size and digest of every file but the manifest, several files at a time."""
    files = sorted(file for file in path.iterdir() if file.name != "manifest.json")
    with ThreadPoolExecutor() as pool:
        digests = list(pool.map(_digest, sorted(files)))
    return {file.name: (file.stat().st_size, digest) for file, digest in zip(files, digests, strict=True)}


def _seal(described: dict[str, Any]) -> str:
    """The digest of a manifest's content, which stands in it."""
    return hashlib.blake2b(json.dumps(described, sort_keys=True).encode(), digest_size=16).hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(folder: Path, name: str) -> None:
    beside = folder / f"CURRENT.{uuid.uuid4().hex[:8]}"
    beside.write_text(name + "\n", "utf-8")
    _to_disk(beside)
    beside.replace(folder / "CURRENT")
    _to_disk(folder)
