"""Texts that a spreadsheet would take for formulas, written so that it does not, and read back."""

from __future__ import annotations

from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def disarmed(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, made a text: behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def armed(cell: str) -> str:
    """The text of a cell that `disarmed` made."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
