"""Records as a source could state them: what hypothesis needs to know beyond the definition of the records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from corpus import vocabulary as v
from corpus.cells import value_of
from corpus.metrics import Metric
from corpus.records import KINDS, Ip, Record, about, hints, stated_fields

LETTERS = st.sampled_from("激光焊接含氟废水轴承电机ABCz09 -/×≥μ℃，。；“”（）\n\"',;|\t")
TEXTS = st.text(LETTERS, min_size=2, max_size=30).map(str.strip).filter(lambda text: text.strip("-/") != "")
AMOUNTS = st.floats(0, 1e9, allow_nan=False).map(lambda amount: float(f"{amount:.6g}"))
METRICS = st.builds(
    Metric,
    name=TEXTS,
    op=st.sampled_from([None, "≥", "≤", ">", "<", "=", "≈", "±"]),
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    unit=st.none() | TEXTS,
    condition=st.none() | TEXTS,
    text=TEXTS,
)
RIGHTS = st.builds(
    Ip,
    kind=st.sampled_from(sorted(v.IP_KIND.labels)),
    status=st.none() | st.sampled_from(sorted(v.IP_STATUS.labels)),
    number=st.none() | TEXTS,
)
_OWN: dict[str, st.SearchStrategy[Any]] = {
    "metrics": st.lists(METRICS, max_size=3).map(tuple),
    "criteria": st.lists(METRICS, max_size=3).map(tuple),
    "ip": st.lists(RIGHTS, max_size=3).map(tuple),
    "ipc": st.lists(st.from_regex(r"\A[A-H][0-9]{2}[A-Z] [1-9]/[0-9]{2}\Z"), max_size=3, unique=True).map(tuple),
    "registration_no": st.from_regex(r"\A330[0-9]{4}Y[0-9]{4}\Z"),
    "security_level": st.just("open"),
}


def _field(kind: type[Record], name: str) -> st.SearchStrategy[Any]:
    """The values a field can hold, not stated among them."""
    told, hint = about(kind, name), str(hints(kind)[name])
    if name in _OWN:
        return _OWN[name] if hint.startswith("tuple") else st.none() | _OWN[name]
    text = st.sampled_from(sorted(told.vocabulary().labels)) if told.vocabulary else TEXTS
    if hint.startswith("tuple"):
        return st.lists(text, max_size=3, unique=True).map(tuple)
    if hint == "int | None":
        return st.none() | st.integers(*map(int, told.bounds or (0, 9)))
    if hint == "float | None":
        return st.none() | AMOUNTS
    if "date" in hint:
        return st.none() | st.dates(date(1, 1, 1))
    return text if stated_fields(kind)[name].default is not None else st.none() | text


def _in_order(record: Record) -> Record:
    """The same record with the lower of two amounts as its lower bound."""
    for low, high in (("price_min", "price_max"), ("budget_min", "budget_max")):
        amounts: list[Any] = [getattr(record, name, None) for name in (low, high)]
        if None not in amounts:
            ordered: dict[str, Any] = dict(zip((low, high), sorted(amounts), strict=True))
            record = replace(record, **ordered)
    return record


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Records of a kind in which any field may be stated."""
    return st.builds(kind, **{name: _field(kind, name) for name in stated_fields(kind)}).map(_in_order)


ANY_RECORD = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: records(KINDS[kind]))


def full(kind: type[Record]) -> Record:
    """A record in which every field is stated."""
    stated: dict[str, Any] = {
        "source": "成果库", "source_id": "CG-0001", "title": "高压碳化硅功率模块封装", "keywords": "碳化硅；银烧结",
        "organisation": "钱江大学（示例）", "industry": "C3824", "cluster": "高端装备", "region": "杭州市",
        "transfer_modes": "技术许可；作价入股", "contact": "王工 分机 8001", "visibility": "公开", "status": "已发布",
        "published_on": "2025-03-01", "verified_on": "2025-06-01", "expires_on": "2027-03-01",
        "source_url": "https://example.org/cg-0001", "summary": "银烧结降低热阻。", "body": "芯片与基板以银浆烧结。",
        "advantages": "热阻低", "compared_with": "焊料层易疲劳", "metrics": "结壳热阻 ≤ 0.12 K/W；耐压 ≥ 1200 V",
        "scenarios": "电驱；光伏逆变", "registration_no": "3302024Y0123", "result_class": "应用技术",
        "result_type": "专利", "innovation_kind": "原始性创新", "stage": "中试", "trl": "7级", "trl_evidence": "装车试验",
        "mrl": 6, "ip": "发明专利（授权，ZL201910000001.2）", "ipc": "H01L 23/00", "willingness": "愿意",
        "price_mode": "面议", "price_min": 50, "price_max": 80, "co_owners": "甬江封装公司（示例）", "inventors": "甲；乙",
        "evaluation_level": "国内领先", "security_level": "非密", "completed_on": "2024-12", "problem": "模块过热。",
        "background": "年产十万只", "tried": "换过导热垫", "public_summary": "模块散热", "private_detail": "客户为某车厂",
        "demand_kind": "技术攻关", "criteria": "结壳热阻 ≤ 0.15 K/W", "min_trl": 6, "ip_ownership": "双方共有",
        "solver_requirements": "有中试线", "budget_min": 100, "budget_max": 200, "deadline": "2026-12-31",
        "region_limit": "浙江", "exclude_orgs": "某竞争对手（示例）",
    }  # fmt: skip
    return kind(**{name: value_of(kind, name, stated[name]) for name in stated_fields(kind)})


FULL = {name: full(kind) for name, kind in KINDS.items()}
