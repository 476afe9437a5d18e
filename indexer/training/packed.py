"""Texts in rows of one length, as many in a row as fit, so that hardly any place is empty."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
"""A text as numbers of words and signs."""
ROW = 256
"""Places of a row."""


@dataclass(frozen=True)
class Rows:
    """Shape (rows, ROW): the number at each place, and 1 + the text it belongs to, 0 where none does. `placed`: which texts found room."""

    numbers: Numbers
    owners: Numbers
    placed: NDArray[np.bool_]


def packed(texts: Sequence[Numbers], rows: int, absent: int) -> Rows:
    """Longest first, each into the row that it fills best. No text may be longer than a row."""
    free: list[list[int]] = [[] for _ in range(ROW + 1)]
    free[ROW] = list(range(rows))
    sizes = 1 << ROW  # bit n: some row has n places left
    numbers, owners = np.full(rows * ROW, absent, np.int64), np.zeros(rows * ROW, np.int64)
    placed = np.zeros(len(texts), np.bool_)
    for text in sorted(range(len(texts)), key=lambda text: -len(texts[text])):
        length = len(texts[text])
        large_enough = sizes >> length
        if not length or not large_enough:
            continue
        room = length + (large_enough & -large_enough).bit_length() - 1
        row = free[room].pop()
        if not free[room]:
            sizes &= ~(1 << room)
        free[room - length].append(row)
        sizes |= 1 << (room - length)
        start = row * ROW + ROW - room
        numbers[start : start + length], owners[start : start + length] = texts[text], text + 1
        placed[text] = True
    return Rows(numbers.reshape(rows, ROW), owners.reshape(rows, ROW), placed)
