"""A question as it is searched by: read, turned towards what is liked and away from what is not, without the words that were taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.cells import UNSEEN
from corpus.records import Record
from indexer.attributes import scope
from indexer.reading import Reading
from indexer.refining import Leaning, leaning, refined
from service.installation import Installation
from service.viewer import Viewer


def turned(
    installation: Installation,
    text: str,
    *,
    viewer: Viewer,
    kind: str | None,
    without: Iterable[str] = (),
    liked: Sequence[Record] = (),
    disliked: Sequence[Record] = (),
) -> tuple[Reading, Leaning | None]:
    """The reading, and how the question's vector leans. A text without a word gives a reading without text."""
    reading = installation.read(UNSEEN.sub("", text))
    if not reading.text or not (liked or disliked):
        return reading.without(without), None
    index = installation.index
    like, unlike = index.entries(liked), index.entries(disliked)
    titled = [(record.title, entry) for record, entry in zip(liked, like, strict=True)]
    reading = refined(reading, index.engine, titled, unlike, scope(kind, (), viewer.seen))
    return reading.without(without), leaning(like, unlike)


def marked(installation: Installation, viewer: Viewer, ids: Iterable[int]) -> list[Record]:
    """Liked or disliked records, in the order of their ids; what a viewer may not see turns nothing for them."""
    wanted = list(ids)
    held = installation.store.get_many(wanted)
    return [held[id] for id in wanted if id in held and viewer.sees(held[id])]
