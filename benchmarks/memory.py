"""What processes hold in memory, from /proc, and what a folder takes on disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType

_OFTEN = 0.2


def resident(folder: Path) -> int:
    """Bytes that this process holds, and the servers started on the folder; what servers share among them counts once."""
    return _field(os.getpid(), "status", "VmRSS") + sum(_field(pid, "smaps_rollup", "Pss") for pid in servers(folder))


def of_process(pid: int) -> int:
    """Bytes that a process holds."""
    return _field(pid, "status", "VmRSS")


def of_children(pid: int) -> int:
    """Bytes that the processes hold which a process started."""
    started = " ".join(_read(task / "children") or "" for task in Path(f"/proc/{pid}/task").glob("*"))
    return sum(of_process(int(child)) for child in started.split())


def servers(folder: Path) -> set[int]:
    """The processes whose command line names the folder, and their children; without this process and those it comes from."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and (line := _read(process / "cmdline")) is not None:
            parents[int(process.name)] = int((_read(process / "stat") or "0) S 0").rpartition(")")[2].split()[1])
            if str(folder.resolve()) in line:
                found.add(int(process.name))
    found |= {pid for pid, parent in parents.items() if parent in found}
    pid = os.getpid()
    ours = {pid}
    while (pid := parents.get(pid, 0)) > 1:
        ours.add(pid)
    return found - ours


class Peak:
    """The most that was resident while the block ran, looked at often."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bytes = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(_OFTEN):
            self.bytes = max(self.bytes, resident(self.folder))

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._over.set()
        self._watch.join()
        self.bytes = max(self.bytes, resident(self.folder), _field(os.getpid(), "status", "VmHWM"))


def on_disk(folder: Path) -> int:
    """Bytes that the folder's files take."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _field(pid: int, file: str, name: str) -> int:
    text = _read(Path(f"/proc/{pid}/{file}")) or ""
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{name}:")), 0)


def _read(file: Path) -> str | None:
    """None where the process has gone or the system has no /proc."""
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError:
        return None
