"""Drafts: a need of a note as a demand to be confirmed: a short title, the problem in the note's words, and what else was said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from corpus.metrics import Metric
from indexer.classes import Tag
from indexer.conditions import budget, deadline, region, spoken
from indexer.need import indicators
from indexer.notes import Need
from indexer.reading import Reader
from indexer.telling import FAULT, Role

LONGEST_TITLE = 30
"""Characters."""
_CLAUSE = re.compile(r"[^，,。！？；;!?\n]+")
_SPEAKER = re.compile(
    r"^(?:[^，,。]{0,14}?(?:说|讲|抱怨|反映|提到|告诉我们?|补了一句|又提了一句|叹气说|汇报)(?:，|,|：|:)?|(?:最|现在最)?(?:头疼|头痛|愁|担心|大)的(?:问题)?是|"
    r"(?:他们?|她们?|我们|厂里|公司|企业|老板|客户)(?:还有个毛病)?(?=现在|目前|管着|那|的|想|就|也|还|要))"
)
_FILLER = re.compile(
    r"老是|总是|经常|一直|就是|得厉害|越来越|特别|一道道|有点|真的|其实|好像|现在|目前|另外|此外|还有|呢|啊|吧|嘛"
)
_ASKING = re.compile(
    r"^(?:他|她|我们|厂里|也|还|就)*(?:想(?:要|找|请|问问?|把|知道|做|建)?|希望|有没有|能不能|能否|需要|急需|最好|要)(?:有人|个|一个|一套|一种)?"
)
_ORDER = re.compile(
    r"^\W*(?:[他她]们?)?(?:另外|此外|还有|再一个|再就是|再有|其次|第?[一二三四五六七八九](?:[家个件条点]|(?=[是、，]))|临走时?|顺便|\d{1,2}[.、)）]|[（(]?[①-⑨])*(?:[个件]?(?:毛病|问题|事|事情))?[是、，：:]?(?:就是)?"
)
_HEADING = re.compile(
    r"^(?:.*?(?:要求|希望|期望|目标是?|指标|最好|急需|做到|并且|而且|同时|想[让把要])[：:，]?|现在|目前|[把将使让的])"
)
_NO_QUANTITY = re.compile(r"\d|从|预算|出资|投入|[一每]台|客户")
_VERB = re.compile(
    r"(?:要|应|得)?(?:压到|降到|降低到?|提高到?|提升到?|做到|控制在|达到|不能|要到|要能?|撑到|保持在?|缩短到?|须|在|到|是|为)$"
)
_SUBJECT = re.compile(
    r"(?:(?:我们|他们|现在|目前|客户|后|时)?(?:自己)?(?:实测|测得?)?)([\u4e00-\u9fff]{2,10}?)(?:大概|大约|约|超过|能?到|在|是|只?有|占|为|仍在)?\d[\d.,]*[^\d]*$"
)
_LONGEST_UNIT = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A demand as a note tells it. What was not said is None or empty; `industries` are likely trades, likeliest first."""

    title: str
    problem: str
    places: tuple[tuple[int, int], ...]
    """Start and end of each stretch of the note that it was read from."""
    criteria: tuple[Metric, ...] = ()
    industries: tuple[Tag, ...] = ()
    budget_min: float | None = None
    budget_max: float | None = None
    deadline: date | None = None
    region: str | None = None


def draft(need: Need, note: str, reader: Reader, told_on: date) -> Draft:
    """One need as a draft; a region said before it in the note holds for it."""
    text = need.text
    low, high = budget(text)
    start = need.places[0][0]
    return Draft(
        title=title(need),
        problem=text,
        places=tuple(need.places),
        criteria=criteria(text),
        industries=tuple(tag for tag in reader.classes.of(text) if not tag.is_technology),
        budget_min=low,
        budget_max=high,
        deadline=deadline(text, told_on),
        region=region(text) or _last_region(note[:start]),
    )


def _last_region(before: str) -> str | None:
    """The place named last before a need: a note may tell of several visits."""
    for sentence in reversed(re.findall(r"[^。！？；\n]+", before)):
        if found := region(sentence):
            return found
    return None


def title(need: Need) -> str:
    """The clause that says best what is wrong, with what it is wrong with; without speaker and filler."""
    opening = next((one for one in need.sentences if one.role is Role.OPENS), need.sentences[0])
    clauses = _bare_clauses(opening.text)
    if not clauses:
        return opening.text.strip()[:LONGEST_TITLE]
    best = max(range(len(clauses)), key=lambda at: (bool(FAULT.search(clauses[at])), -at))
    told = clauses[best]
    if not FAULT.search(told):
        told = clauses[0]
    elif best and len(clauses[0]) + len(told) < LONGEST_TITLE and clauses[0] not in told:
        told = f"{clauses[0]}，{told}"
    return _shortened(told)


def _bare_clauses(sentence: str) -> list[str]:
    said = sentence.strip()
    for _ in range(2):
        said = _SPEAKER.sub("", _ORDER.sub("", said, count=1)).strip(" ，,、：:")
    bare = (_FILLER.sub("", _ASKING.sub("", clause.strip())) for clause in _CLAUSE.findall(said))
    return [clause for clause in bare if len(clause) > 1]


def _shortened(told: str) -> str:
    if len(told) <= LONGEST_TITLE:
        return told
    head = told[:LONGEST_TITLE]
    return (
        head[: max(head.rfind("，"), head.rfind("、"))]
        if max(head.rfind("，"), head.rfind("、")) > 8
        else head[:-1] + "…"
    )


def criteria(text: str) -> tuple[Metric, ...]:
    """The amounts that are asked for, each under the name of its quantity, spoken numbers as figures."""
    found: dict[str, Metric] = {}
    clauses = _CLAUSE.findall(spoken(text))
    for at, clause in enumerate(clauses):
        for metric in indicators(clause):
            name = _quantity(metric.name) or (_subject(clauses[at - 1]) if at else "")
            is_plain = not _NO_QUANTITY.search(name) and len(metric.unit or "") <= _LONGEST_UNIT
            if len(name) > 1 and is_plain and name not in found:
                found[name] = replace(metric, name=name)
    return tuple(found.values())


def _quantity(name: str) -> str:
    return _VERB.sub("", _HEADING.sub("", name)).strip(" ：:，的")


def _subject(clause: str) -> str:
    found = _SUBJECT.search(clause.strip())
    return _VERB.sub("", found[1]).strip("的") if found else ""
