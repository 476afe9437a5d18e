"""A field of a record: stated by a source or assigned by the store, and what the rest of Duijie has to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from corpus.codes import Vocabulary


@dataclass(frozen=True, slots=True)
class About:
    """What the rest of Duijie has to know of a field."""

    label: str
    headings: tuple[str, ...] = ()
    """Further column headings under which the field is recognised, besides its name and its label."""
    vocabulary: Callable[[], Vocabulary] | None = None
    searched: bool = False
    """Its words find the record, and are quoted."""
    confidential: bool = False
    """Kept in the store, never in an answer, a page or the index."""
    bounds: tuple[float, float] | None = None
    ends: bool = False
    """A year or a month alone means its last day."""


def stated(label: str, *headings: str, default: Any = None, **about: Any) -> Any:
    """A field of a record, not stated unless a default is given."""
    if isinstance(about.get("vocabulary"), Vocabulary):
        listed = about["vocabulary"]
        about["vocabulary"] = lambda: listed
    return field(default=default, metadata={"about": About(label, headings, **about)})


def assigned(label: str, default: Any) -> Any:
    """A field the store assigns; two records that differ only here are the same."""
    return field(default=default, compare=False, metadata={"assigned": label})
