"""Comparisons: what was held against what, one small function each.

A finding's value lies between 0 (does not fit) and 1 (fits); None means that one side does not state it, which counts for nothing.
The function's docstring is what a person reads as the meaning of the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from corpus import vocabulary as v
from corpus.codes import Vocabulary
from corpus.records import Achievement, Demand, Record, searched_texts
from indexer.classes import Tag
from indexer.indicators import held_against
from indexer.normalise import fold
from indexer.quotes import marked
from indexer.reading import Reading


@dataclass(frozen=True, slots=True)
class Finding:
    """What one comparison found: `said` in Chinese, `quotes` word for word from the records."""

    name: str
    label: str
    value: float | None
    said: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """The two sides: a reading, and the record it was read from if there is one, against a record."""

    reading: Reading
    asked: Record | None
    record: Record
    tags: Sequence[Tag] = ()
    """Classes that the record's words speak of."""

    @property
    def demand(self) -> Demand | None:
        return next((side for side in (self.asked, self.record) if isinstance(side, Demand)), None)

    @property
    def achievement(self) -> Achievement | None:
        return next((side for side in (self.record, self.asked) if isinstance(side, Achievement)), None)


NOT_STATED = "未说明"
Comparison = Callable[[Pair], "tuple[float | None, str, Sequence[str]]"]


def terms(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """所问的词语有多少出现在记录里，按词语在问题中的分量计。"""
    asked = {term.word: term.weight for term in pair.reading.terms if term.origin == "text" and len(term.word) > 1}
    if not asked:
        return None, NOT_STATED, ()
    held = _held(pair.record, asked)
    value = sum(asked[word] for word in held) / sum(asked.values())
    shown = sorted(held, key=lambda word: (-len(word), -asked[word], word))[:8]
    said = f"共有词语 {len(held)} 个（所问 {len(asked)} 个）" if held else "没有共有词语"
    return value, said, shown


def codes(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """所问的型号、标准号、尺寸和缩写有多少原样出现在记录里。"""
    if not pair.reading.codes:
        return None, "所问没有型号或代号", ()
    held = _held(pair.record, dict.fromkeys(pair.reading.codes, 1.0))
    missing = [code for code in pair.reading.codes if code not in held]
    said = f"出现 {len(held)}/{len(pair.reading.codes)} 个"
    return len(held) / len(pair.reading.codes), said + (f"，未见 {'、'.join(missing[:5])}" if missing else ""), held


def indicators(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """需求的考核指标与成果的技术指标逐项对照：名称相近、单位可换算的才比较；部分满足算一半。"""
    if not pair.demand or not pair.achievement or not pair.demand.criteria:
        return None, "需求未列考核指标" if pair.demand else NOT_STATED, ()
    held = [held_against(criterion, pair.achievement.metrics) for criterion in pair.demand.criteria]
    compared = [h for h in held if h.verdict != "not_stated"]
    if not compared:
        return None, f"需求的 {len(held)} 项指标，成果均未说明", ()
    met, partial, not_met = (sum(h.verdict == v for h in compared) for v in ("met", "partial", "not_met"))
    quoted = [f"{h.criterion.text} ↔ {h.metric.text}（{h.label}）" for h in compared if h.metric]
    partly = f"{partial} 项部分满足、" if partial else ""
    unstated = len(held) - len(compared)
    said = f"{len(held)} 项指标中 {met} 项满足、{partly}{not_met} 项不满足、{unstated} 项未说明"
    return (met + partial / 2) / len(compared), said, quoted


def industry(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """双方在国民经济行业分类中最近的共同一级：同小类为 1，同中类 0.8，同大类 0.5，同门类 0.2。"""
    sides = (pair.asked, pair.record)
    if not all(side and side.industry for side in sides):
        return None, NOT_STATED + _supposed(pair), ()
    worth = {1: 0.2, 3: 0.5, 4: 0.8, 5: 1.0}
    shared = [
        code
        for code in _with_itself(v.industries(), sides[0].industry if sides[0] else ())
        if code in _with_itself(v.industries(), pair.record.industry)
    ]
    if not shared:
        return 0.0, "行业不同", [v.industries().name(code) for code in pair.record.industry]
    nearest = max(shared, key=len)
    return worth[len(nearest)], f"同属{v.industries().name(nearest)}（{nearest}）", ()


def _supposed(pair: Pair) -> str:
    """What the words of a side that does not state its industry speak of; said, never counted."""
    asked_states = pair.asked is not None and bool(pair.asked.industry)
    sides = (("所问", asked_states, pair.reading.tags), ("记录", bool(pair.record.industry), pair.tags))
    trades = {who: [t.name for t in tags if not t.is_technology] for who, states, tags in sides if not states}
    guessed = [f"{who}像是{'、'.join(names)}" for who, names in trades.items() if names]
    return f"；从用词看，{'，'.join(guessed)}" if guessed else ""


def region(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """双方所在地区：同区县为 1，同市 0.7，同省 0.4；只写到市或省的，比到那一级。"""
    if not pair.asked or not pair.asked.region or not pair.record.region:
        return None, NOT_STATED, ()
    here, there = pair.asked.region, pair.record.region
    names = (v.regions().name(here), v.regions().name(there))
    for digits, value, word in ((6, 1.0, "同一地区"), (4, 0.7, "同市"), (2, 0.4, "同省")):
        both_stated = "00" not in (here[digits - 2 : digits], there[digits - 2 : digits])
        if both_stated and here[:digits] == there[:digits]:
            return value, word, tuple(dict.fromkeys(names))
    return 0.0, "不同省", names


def maturity(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """成果的技术就绪度是否达到需求的最低要求；差一级得 0.5，再低为 0。"""
    level = pair.achievement.trl if pair.achievement else None
    wanted = pair.demand.min_trl if pair.demand else None
    if level is None:
        return None, "成果未说明就绪度", ()
    said = f"就绪度 {level} 级（{v.TRL[level]}）"
    if wanted is None:
        return None, said + "，需求未提要求", ()
    return max(0.0, min(1.0, 1 - (wanted - level) / 2)), f"{said}，要求 {wanted} 级", ()


def transfer_mode(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """双方是否有共同的转化方式；一方写“面议”算可谈。"""
    if not pair.asked or not pair.asked.transfer_modes or not pair.record.transfer_modes:
        return None, NOT_STATED, ()
    shared = [mode for mode in pair.asked.transfer_modes if mode in pair.record.transfer_modes]
    if shared:
        return 1.0, "方式相合", [v.TRANSFER_MODE.name(mode) for mode in shared]
    if "negotiable" in (*pair.asked.transfer_modes, *pair.record.transfer_modes):
        return 0.5, "方式可面议", ()
    return 0.0, "方式不同", [v.TRANSFER_MODE.name(mode) for mode in pair.record.transfer_modes]


def price(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """成果的最低报价是否在需求的预算之内（万元）。"""
    budget = pair.demand.budget_max if pair.demand else None
    least = pair.achievement.price_min if pair.achievement else None
    least = least if least is not None else (pair.achievement.price_max if pair.achievement else None)
    if budget is None or least is None:
        return None, NOT_STATED, ()
    said = f"报价 {least:g} 万元，预算 {budget:g} 万元"
    return (1.0 if least <= budget else max(0.0, 2 - least / budget) if budget else 0.0), said, ()


def excluded(pair: Pair) -> tuple[float | None, str, Sequence[str]]:
    """需求方是否排除了成果的单位；排除了为 0。"""
    names = pair.demand.exclude_orgs if pair.demand else ()
    if not names or not pair.achievement or not pair.achievement.organisation:
        return None, NOT_STATED if names else "需求未排除单位", ()
    found = [name for name in names if _same_name(name, pair.achievement.organisation)]
    return (0.0, "需求方排除了该单位", found) if found else (1.0, "不在排除之列", ())


COMPARISONS: Mapping[str, tuple[str, Comparison]] = {
    "terms": ("词语", terms),
    "codes": ("型号与代号", codes),
    "indicators": ("技术指标", indicators),
    "industry": ("行业", industry),
    "maturity": ("成熟度", maturity),
    "transfer_mode": ("转化方式", transfer_mode),
    "price": ("价格", price),
    "region": ("地区", region),
    "excluded": ("排除单位", excluded),
}


def compare(pair: Pair) -> list[Finding]:
    """Every comparison of a pair, in the order in which people read them."""
    findings = []
    for name, (label, comparison) in COMPARISONS.items():
        value, said, quoted = comparison(pair)
        findings.append(Finding(name, label, None if value is None else round(value, 4), said, tuple(quoted)))
    return findings


def _held(record: Record, words: Mapping[str, float]) -> list[str]:
    """The words that stand in the record, as fold shows them."""
    held: dict[str, None] = {}
    for text in searched_texts(record).values():
        held.update(dict.fromkeys(marked(text, words)[0]))
    return [word for word in words if word in held or fold(word) in held]


def _same_name(one: str, other: str) -> bool:
    return fold(one).replace(" ", "") == fold(other).replace(" ", "")


def _with_itself(vocabulary: Vocabulary, codes: Sequence[str]) -> list[str]:
    return [code for given in codes for code in (*vocabulary.ancestors(given), given)]
