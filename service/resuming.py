"""Long work that goes on after a kill: every step a line of a file, which begins with what the work was asked for.

A line is there whole or not at all: what a killed process left of its last one is cut off, and that step done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from corpus.errors import BadInput

Step = Mapping[str, Any]


class StartedOtherwise(BadInput):
    """{file} 是一次没有做完的运行留下的，当时的{differences}与这次不同。请照当时的参数再运行一次，把它做完；或加 --anew 从头做起。"""


class UnderWay(BadInput):
    """另一个进程正在往 {file} 里写。请等它做完，或换一个输出文件。"""


class NotKept(BadInput):
    """写不了文件 {file}：{reason}。做完的都留着，改正后照样再运行一次，就接着做。"""


@dataclass
class Kept:
    """The steps done so far. `resumed` is how many of them an earlier process did."""

    file: Path
    out: FileIO
    count: int
    resumed: int

    def append(self, step: Step) -> None:
        """In the file on return, whatever becomes of this process. Raises NotKept."""
        try:
            _write(self.out, step)
        except OSError as error:
            raise NotKept(file=self.file.name, reason=error.strerror or str(error)) from error
        self.count += 1

    def steps(self) -> Iterator[dict[str, Any]]:
        """All of them, in order."""
        with self.file.open("rb") as lines:
            next(lines)
            for line in lines:
                yield json.loads(line)


@contextmanager
def resumed(file: Path, asked: Mapping[str, Any], *, anew: bool = False) -> Iterator[Kept]:
    """The work that `file` keeps, begun or gone on with; the file goes when the block ends well, or with nothing done.

    Raises StartedOtherwise where it was begun with something else asked, unless `anew`; UnderWay, NotKept.
    """
    with _alone(file):
        kept = _opened(file, asked, anew)
        try:
            with kept.out:
                yield kept
        except BaseException:
            if not kept.count:
                file.unlink()
            raise
        file.unlink()


def _opened(file: Path, asked: Mapping[str, Any], anew: bool) -> Kept:
    """The file with whole steps only, begun if there are none. Raises StartedOtherwise, NotKept."""
    try:
        count, length = (0, 0) if anew or not file.exists() else _held(file, asked)
        file.touch()
        out = FileIO(file, "r+")
        out.truncate(length)
        out.seek(length)
        if not length:
            _write(out, {"asked": asked})
    except OSError as error:
        raise NotKept(file=file.name, reason=error.strerror or str(error)) from error
    return Kept(file, out, count, count)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Raises UnderWay, NotKept."""
    lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UnderWay(file=file.name) from None
    except OSError as error:
        raise NotKept(file=file.name, reason=error.strerror or str(error)) from error
    try:
        yield
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()


def _held(file: Path, asked: Mapping[str, Any]) -> tuple[int, int]:
    """How many whole steps the file holds, and where the last of them ends. Raises StartedOtherwise."""
    with file.open("rb") as lines:
        first = lines.readline()
        if not first.endswith(b"\n"):
            return 0, 0
        if differences := _differences(first, asked):
            raise StartedOtherwise(file=file.name, differences="、".join(differences))
        count, length = 0, len(first)
        for line in lines:
            if _step(line) is None:
                break
            count, length = count + 1, length + len(line)
    return count, length


def _differences(first: bytes, asked: Mapping[str, Any]) -> list[str]:
    """What was asked otherwise, by name."""
    then = (_step(first) or {}).get("asked")
    if not isinstance(then, dict):
        return ["开头"]
    now = json.loads(json.dumps(asked))
    return [name for name in {**now, **then} if then.get(name) != now.get(name)]


def _step(line: bytes) -> dict[str, Any] | None:
    """None for what is not whole: cut off, or zeros where the power went."""
    try:
        step = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return step if isinstance(step, dict) else None


def _write(out: FileIO, step: Step) -> None:
    """In one go and unbuffered. JSON escapes half characters as `backslashreplace` does."""
    line = (json.dumps(step, ensure_ascii=False, default=str) + "\n").encode("utf-8", "backslashreplace")
    if out.write(line) != len(line):
        raise OSError("磁盘满了")
