"""Which field a column heading means, in Chinese or English, or as a mapping file says."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus.errors import BadInput
from corpus.records import KINDS, Achievement, Demand, Record, about, cached, stated_fields


class MappingUnreadable(BadInput):
    """读不了映射文件 {file}：{reason}。应是 JSON 或 TOML，左边写列名，右边写字段名，如 “成果代号” = “source_id”；右边空着，这一列就不用。"""


@lru_cache(maxsize=4096)
def _plain(heading: str) -> str:
    """A heading without case, spaces, marks of obligation and what stands in brackets after it."""
    folded = re.sub(r"[\s*★※:]+", "", unicodedata.normalize("NFKC", heading)).lower()
    bare = re.sub(r"\((?!万元)[^)]*\)$", "", folded)
    return re.sub(r"[_\-()]+", "", bare or folded)


@cached
def known_headings(kind: type[Record]) -> Mapping[str, str]:
    """Plain heading → field name. A field's own name and label outrank another field's further headings."""
    known: dict[str, str] = {}
    for name in stated_fields(kind):
        for heading in about(kind, name).headings:
            known.setdefault(_plain(heading), name)
    return {**known, **_own_headings(kind)}


@cached
def _own_headings(kind: type[Record]) -> Mapping[str, str]:
    return {_plain(heading): name for name in stated_fields(kind) for heading in (about(kind, name).label, name)}


def fields_of(kind: type[Record], headings: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Heading → field name, for those that are recognised, each field once: the mapping is heard first, then names and labels.

    A heading that the mapping leads to nothing ("") is passed over.
    """
    recognised: dict[str, str] = {}
    taken: set[str] = set()
    headings = [heading for heading in headings if mapping.get(heading) != ""]
    named = {heading: mapping[heading] for heading in headings if heading in mapping}
    own = {heading: name for heading in headings if (name := _own_headings(kind).get(_plain(heading)))}
    further = {heading: name for heading in headings if (name := known_headings(kind).get(_plain(heading)))}
    for heading, field in (*named.items(), *own.items(), *further.items()):
        if heading not in recognised and field not in taken:
            recognised[heading] = field
            taken.add(field)
    return recognised


def looks_like_headings(cells: Sequence[Any], mapped: Collection[str] = ()) -> bool:
    """Whether a line names columns: two known headings, of a field or of a mapping file, or one: the only one or a kind's title."""
    texts = [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()]
    known = [
        text for text in texts if text in mapped or any(_plain(text) in known_headings(kind) for kind in KINDS.values())
    ]
    return bool(known) and (len(known) >= min(2, len(texts)) or any(_names_a_title(text) for text in known))


def _names_a_title(heading: str) -> bool:
    plain = _plain(heading)
    return any(plain in _telling(kind) and known_headings(kind)[plain] == "title" for kind in KINDS.values())


def guess_kind(headings: Iterable[str], file_name: str) -> type[Record] | None:
    """Achievements or demands, from the headings only one of them has, else from the file's name."""
    plain = [_plain(heading) for heading in headings]
    own = {kind: sum(heading in known_headings(kind) for heading in plain) for kind in (Achievement, Demand)}
    telling = {kind: sum(heading in _telling(kind) for heading in plain) for kind in own}
    for score in (telling, own):
        if score[Achievement] != score[Demand]:
            return max(score, key=lambda kind: score[kind])
    for kind, words in ((Demand, ("需求", "demand", "榜单")), (Achievement, ("成果", "achievement"))):
        if any(word in file_name.lower() for word in words):
            return kind
    return None


@cached
def _telling(kind: type[Record]) -> frozenset[str]:
    other = Demand if kind is Achievement else Achievement
    return frozenset(known_headings(kind)) - frozenset(known_headings(other))


def read_mapping(path: Path, kinds: Iterable[type[Record]] = (Achievement, Demand)) -> dict[str, str]:
    """A mapping file: heading → field name. Raises MappingUnreadable, also for a field that does not exist."""
    try:
        text = path.read_text("utf-8-sig")
        mapping = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise MappingUnreadable(file=path.name, reason=str(error)) from error
    if not isinstance(mapping, dict):
        raise MappingUnreadable(file=path.name, reason="应是一个对象")
    return checked_mapping(mapping, path.name, kinds)


def checked_mapping(
    mapping: dict[str, Any], file: str, kinds: Iterable[type[Record]] = (Achievement, Demand)
) -> dict[str, str]:
    """The mapping, whose every field exists. Raises MappingUnreadable."""
    known = {name for kind in kinds for name in stated_fields(kind)}
    for heading, name in mapping.items():
        if not isinstance(name, str) or name not in known | {""}:
            raise MappingUnreadable(file=file, reason=f"“{heading}”指向的字段“{name}”不存在")
    return mapping
