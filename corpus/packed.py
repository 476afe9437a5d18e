"""What a workbook unpacks to, told before anything of it is unpacked: a few megabytes can be made to fill a machine."""

from __future__ import annotations

import zipfile
from pathlib import Path

LARGEST = 4_000_000_000
"""Bytes of all parts of a workbook."""
HELD = 500_000_000
"""Bytes of the parts that are held in memory whole: all but the worksheets."""
RATIO, FREELY = 100, 200_000_000
"""How many times its own size a workbook may unpack to, beyond so many bytes; what people write packs to a tenth or a twentieth."""


def is_bomb(path: Path) -> bool:
    """Whether a workbook unpacks to more than anybody means. Raises zipfile.BadZipFile, OSError."""
    with zipfile.ZipFile(path) as book:
        parts = book.infolist()
    size = sum(part.file_size for part in parts)
    held = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    return size > min(LARGEST, max(FREELY, RATIO * path.stat().st_size)) or held > HELD
