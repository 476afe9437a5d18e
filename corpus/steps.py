"""The life of a match: its states, the reasons people give, and one table of who may take which step and what the step needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from corpus.codes import Vocabulary
from corpus.errors import BadInput, UnknownValue


class StepRefused(BadInput):
    """这一步没有走：{reason}。"""


class StepImpossible(StepRefused):
    """这对匹配现在是“{now}”，不能变为“{to}”。现在可以：{possible}。"""


class StepForbidden(StepRefused):
    """“{role}”不能把“{now}”变为“{to}”。可以这样做的：{who}。"""


class StepLacks(StepRefused):
    """变为“{to}”还缺：{missing}。请补上后再做。"""


@dataclass(frozen=True, slots=True)
class State:
    """The word inside the house, and the word that a firm sees."""

    label: str
    shown: str
    closed: bool = False


START = ""
"""Before there is a match."""

STATES: Mapping[str, State] = MappingProxyType(
    {
        "suggested": State("系统推荐", "匹配中"),
        "lapsed": State("推荐失效", "未推荐", closed=True),
        "shortlisted": State("初筛通过", "匹配中"),
        "rejected": State("已排除", "未推荐", closed=True),
        "hold": State("暂缓", "匹配中"),
        "assessed": State("评审通过", "匹配中"),
        "recommended": State("已推送", "待答复"),
        "interested": State("有意向", "有意向"),
        "declined": State("已婉拒", "已婉拒", closed=True),
        "no_reply": State("无回应", "未答复", closed=True),
        "connecting": State("对接中", "对接中"),
        "negotiating": State("洽谈", "洽谈中"),
        "stalled": State("搁置", "暂时搁置"),
        "contracted": State("已签约", "已签约"),
        "lost": State("未成", "未成交", closed=True),
        "registered": State("已登记", "已签约"),
        "landed": State("已落地", "已落地", closed=True),
        "terminated": State("已终止", "已终止", closed=True),
        "reopened": State("重启", "匹配中"),
    }
)
RELEASED = ("connecting", "negotiating", "stalled", "contracted", "registered", "landed")
"""The states in which the sides know each other's contacts."""
OPEN = tuple(code for code, state in STATES.items() if not state.closed)
UNJUDGED = ("suggested", "lapsed")
"""What a machine may have brought about."""
STATE = Vocabulary("匹配状态", {code: state.label for code, state in STATES.items()})

ROLES = MappingProxyType(
    {
        "system": "系统",
        "broker": "经纪人",
        "lead": "主评经纪人",
        "commenter": "参评经纪人",
        "operator": "管理员",
        "demand": "需求方",
        "supply": "成果方",
    }
)
"""In a match a broker leads (`lead`: named so, or in charge where nobody is), comments (`commenter`: another is named), or neither."""
BROKERS = frozenset({"broker", "lead", "commenter", "operator"})
DECIDERS = BROKERS - {"commenter"}
"""Where a lead is named, it is for them to turn a match down."""
LEADS = frozenset({"lead", "operator"})
SIDES = frozenset({"demand", "supply"})
_SYSTEM = frozenset({"system"})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a match was closed. `level`: what it says of relevance, 0 not at all, 1 near; None for a reason of business, which says nothing of it.

    `shown` is what the firm reads.
    """

    label: str
    level: int | None = None
    shown: str = ""


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "wrong_match": Reason("系统误判", 0, "与所需不符"),
        "out_of_scope": Reason("方向不符", 0),
        "spec_not_met": Reason("指标不达标", 1),
        "too_early": Reason("成熟度不足"),
        "too_mature_or_generic": Reason("过于成熟或通用"),
        "benefit_unclear": Reason("优势不明"),
        "commercial_unclear": Reason("商业化路径不明"),
        "description_vague": Reason("描述不清"),
        "scientific_doubt": Reason("技术存疑"),
        "already_have": Reason("已有方案"),
        "budget": Reason("价格"),
        "region": Reason("地区"),
        "ip_problem": Reason("权属或专利"),
        "conflict": Reason("利益冲突", None, "因故不便推进"),
        "unavailable": Reason("已转让或联系不上"),
        "duplicate": Reason("重复"),
        "other": Reason("其他"),
    }
)
REASON = Vocabulary("原因", {code: reason.label for code, reason in REASONS.items()})

CONTRACT_KIND = Vocabulary(
    "合同类型",
    {
        "development": "技术开发",
        "transfer": "技术转让",
        "licence": "技术许可",
        "consulting": "技术咨询",
        "service": "技术服务",
    },
    {"委托开发": "development", "合作开发": "development", "转让": "transfer", "许可": "licence"},
)
"""The five kinds of technology contracts of the Civil Code (art. 843 and following)."""
EVIDENCE = Vocabulary(
    "依据",
    {"self_reported": "一方自述", "document_verified": "查验文件", "system_verified": "系统核验"},
)
SIDE = Vocabulary("一方", {"demand": "需求方", "supply": "成果方", "both": "双方"})

NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "reason": "原因",
        "date": "今天以后的日期",
        "review": "至少一份评审意见",
        "no_conflict": "没有利益冲突",
        "showable": "双方的记录都已发布、可以给对方看",
        "first": "先推送给哪一方",
        "side": "是哪一方的答复",
        "unanswered": "这一方还没有答复过",
        "both_interested": "双方都有意向",
        "followed_up": "至少一次联系的记录（电话、走访、会面或报价）",
        "contract": "合同类型和金额（万元）",
        "registration": "合同登记编号",
        "outcome": "落地情况和依据",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    who: frozenset[str]
    needs: tuple[str, ...] = ()


_ROWS: tuple[tuple[str, str, frozenset[str], str], ...] = (
    # from, to, who, needs
    ("", "suggested", _SYSTEM | BROKERS, ""),
    ("suggested", "lapsed", _SYSTEM, ""),
    ("lapsed", "suggested", _SYSTEM | BROKERS, ""),
    ("suggested lapsed hold reopened", "shortlisted", BROKERS, ""),
    ("suggested lapsed shortlisted hold assessed reopened", "rejected", DECIDERS, "reason"),
    ("suggested lapsed shortlisted hold assessed reopened", "hold", BROKERS, "date"),
    ("shortlisted", "assessed", LEADS, "review no_conflict"),
    ("assessed", "recommended", BROKERS, "first no_conflict showable"),
    ("recommended interested no_reply", "interested", SIDES | BROKERS, "side unanswered"),
    ("recommended interested no_reply", "declined", SIDES | BROKERS, "side reason"),
    ("recommended interested", "no_reply", _SYSTEM | BROKERS, ""),
    ("interested", "connecting", BROKERS, "both_interested no_conflict"),
    ("connecting stalled", "negotiating", BROKERS, "followed_up"),
    ("connecting negotiating", "stalled", BROKERS, "date"),
    ("connecting negotiating stalled", "lost", BROKERS, "reason"),
    ("negotiating", "contracted", BROKERS, "contract"),
    ("contracted", "registered", BROKERS, "registration"),
    ("registered", "landed", BROKERS, "outcome"),
    ("contracted registered", "terminated", BROKERS, "reason"),
    ("rejected declined no_reply lost landed terminated", "reopened", LEADS, "reason"),
)
TABLE: Mapping[tuple[str, str], Step] = MappingProxyType(
    {
        (from_, to): Step(who, tuple(needs.split()))
        for froms, to, who, needs in _ROWS
        for from_ in froms.split() or [START]
    }
)
"""Every step there is; what is not here is not done."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with a match without bringing it to another state. `or_owner`: whoever is in charge of it may, too."""

    label: str
    who: frozenset[str]
    or_owner: bool = False


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "propose": Act("提出一对匹配", BROKERS),
        "ask": Act("请求牵线", BROKERS | SIDES),
        "review": Act("写评审意见", BROKERS),
        "lead": Act("定主评", LEADS, or_owner=True),
        "follow_up": Act("记跟进", BROKERS),
        "assign": Act("改负责人", BROKERS),
    }
)


def possible(from_: str, role: str) -> tuple[str, ...]:
    """The states that a role can bring a match to."""
    return tuple(to for (start, to), step in TABLE.items() if start == from_ and role in step.who)


def permitted(from_: str, to: str, role: str) -> Step:
    """The step, if it is in the table and the role may take it. Raises UnknownValue, StepImpossible, StepForbidden."""
    if to not in STATES:
        raise UnknownValue(label=STATE.label, value=to, known="、".join(STATES))
    step = TABLE.get((from_, to))
    if step is None:
        ways = _named(end for (start, end) in TABLE if start == from_)
        raise StepImpossible(now=label(from_), to=label(to), possible=ways)
    if role not in step.who:
        who = "、".join(name for code, name in ROLES.items() if code in step.who)
        raise StepForbidden(role=ROLES.get(role, role), now=label(from_), to=label(to), who=who)
    return step


def label(state: str) -> str:
    return STATES[state].label if state in STATES else "尚无"


def _named(states: Iterable[str]) -> str:
    return "、".join(map(label, states)) or "到此为止"
