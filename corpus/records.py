"""What is known of an achievement and of a demand: one definition each.

The tables, the import columns, the API's answer and the record page all derive from the dataclasses below; `About` says what they
need to know of a field. `None` and the empty tuple mean *not stated*. A record is identified by (source, source_id), never by its text.
"""

# ruff: noqa: RUF009 (`stated` and `assigned` make fields)

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, cast, get_type_hints

from corpus import vocabulary as v
from corpus.errors import UnknownField
from corpus.fields import About, assigned, stated
from corpus.metrics import Metric

_Computed = TypeVar("_Computed", bound=Callable[..., Any])


def cached(computed: _Computed) -> _Computed:
    """`functools.cache` for functions of a kind of record, which type checkers take for unhashable."""
    return cast(_Computed, cache(computed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ip:
    """One intellectual property right; codes of `vocabulary.IP_KIND` and `IP_STATUS`."""

    kind: str
    status: str | None = None
    number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """What achievements and demands share."""

    kind: ClassVar[str]

    id: int = assigned("编号", 0)
    revision: int = assigned("修订号", 0)
    saved_at: datetime | None = assigned("入库时间", None)
    owner: int | None = field(default=None, metadata={"assigned": "所属账号"})
    """The account whose record it is. No file and no program states it, and no answer shows it; it stays when the record is replaced."""

    source: str = stated("来源", "来源系统", "source_system", "数据来源", default="")
    source_id: str = stated(
        "来源编号",
        "编号",
        "序号编码",
        "项目编号",
        "成果编号",
        "需求编号",
        "id",
        "ID",
        "uuid",
        "record_id",
        default="",
        searched=True,
    )
    title: str = stated("名称", default="", searched=True)
    keywords: tuple[str, ...] = stated("关键词", "关键字", "主题词", "tags", default=(), searched=True)
    organisation: str | None = stated("单位", searched=True)
    industry: tuple[str, ...] = stated(
        "行业",
        "所属行业",
        "应用行业",
        "国民经济行业",
        "行业代码",
        "行业领域",
        "industries",
        default=(),
        vocabulary=v.industries,
    )
    cluster: tuple[str, ...] = stated("产业集群", "产业生态圈", default=(), vocabulary=v.CLUSTER)
    region: str | None = stated("地区", "所在地区", "所在地", "区域", "行政区划", "城市", vocabulary=v.regions)
    transfer_modes: tuple[str, ...] = stated(
        "转化方式",
        "合作方式",
        "转让方式",
        "交易方式",
        "coop_modes",
        "拟转化方式",
        default=(),
        vocabulary=v.TRANSFER_MODE,
    )
    contact: str | None = stated("联系方式", "联系人", "联系电话", "电话", "手机", confidential=True)
    visibility: str = stated("可见范围", default="public", vocabulary=v.VISIBILITY)
    status: str = stated("状态", "发布状态", default="published", vocabulary=v.STATUS)
    published_on: date | None = stated("发布日期", "发布时间", "published_at")
    verified_on: date | None = stated("核实日期", "核实时间", "verified_at")
    expires_on: date | None = stated("有效期至", "失效日期", "截止日期", "expires_at", ends=True)
    source_url: str | None = stated("来源网址", "链接", "网址", "url")


@dataclass(frozen=True, kw_only=True)
class Achievement(Record):
    """A research achievement 科技成果, in the terms of the national registration form."""

    kind: ClassVar[str] = "achievement"

    title: str = stated(
        "成果名称", "项目名称", "名称", "题目", "标题", "技术名称", "title_words", "name", default="", searched=True
    )
    organisation: str | None = stated(
        "权属单位",
        "完成单位",
        "第一完成单位",
        "单位",
        "所属单位",
        "成果单位",
        "持有单位",
        "assignee",
        "owner",
        searched=True,
    )
    summary: str | None = stated(
        "成果简介",
        "简介",
        "摘要",
        "内容简介",
        "成果介绍",
        "技术简介",
        "项目简介",
        "abstract",
        "description",
        searched=True,
    )
    body: str | None = stated("详细介绍", "正文", "成果内容", "技术内容", "详细说明", "text", searched=True)
    advantages: str | None = stated("技术优势", "优势", "创新点", "先进性", "技术特点", searched=True)
    compared_with: str | None = stated("对比现有技术", "与现有技术对比", "国内外对比", searched=True)
    metrics: tuple[Metric, ...] = stated("技术指标", "主要技术指标", "性能指标", "指标", default=())
    scenarios: tuple[str, ...] = stated("应用场景", "应用领域", "适用范围", "应用范围", default=(), searched=True)
    registration_no: str | None = stated("批准登记号", "登记号", "成果登记号", searched=True)
    result_class: str | None = stated("成果类别", vocabulary=v.RESULT_CLASS)
    result_type: tuple[str, ...] = stated("成果类型", "成果体现形式", default=(), vocabulary=v.RESULT_TYPE)
    innovation_kind: str | None = stated("成果属性", vocabulary=v.INNOVATION_KIND)
    stage: str | None = stated("所处阶段", "成果所处阶段", "研发阶段", "阶段", "成熟度", vocabulary=v.STAGE)
    trl: int | None = stated("技术就绪度", "TRL", "技术成熟度", "技术成熟度等级", bounds=(1, 9))
    trl_evidence: str | None = stated("就绪度依据", "成熟度依据", searched=True)
    mrl: int | None = stated("制造成熟度", "MRL", bounds=(1, 10))
    ip: tuple[Ip, ...] = stated("知识产权", "专利", "专利情况", "知识产权情况", default=())
    ipc: tuple[str, ...] = stated("国际专利分类", "IPC", "IPC分类号", "分类号", default=(), searched=True)
    willingness: str | None = stated("转化意愿", vocabulary=v.WILLINGNESS)
    price_mode: str | None = stated("定价方式", vocabulary=v.PRICE_MODE)
    price_min: float | None = stated("价格下限", "最低价格", bounds=(0, 1e9))
    price_max: float | None = stated("价格上限", "最高价格", "价格", "价格（万元）", "拟转让价格", bounds=(0, 1e9))
    co_owners: tuple[str, ...] = stated("共有单位", "合作单位", "其他完成单位", default=())
    inventors: tuple[str, ...] = stated("完成人", "成果完成人", "发明人", "主要完成人", default=(), searched=True)
    evaluation_level: str | None = stated("成果水平", "评价水平", "评价结论", searched=True)
    security_level: str | None = stated("密级", "成果密级", vocabulary=v.SECURITY)
    completed_on: date | None = stated("完成日期", "研究终止年月", "完成时间", "年份", "year")


@dataclass(frozen=True, kw_only=True)
class Demand(Record):
    """A technology demand 技术需求 of a firm."""

    kind: ClassVar[str] = "demand"

    title: str = stated(
        "需求名称",
        "需求标题",
        "名称",
        "题目",
        "标题",
        "技术需求名称",
        "难题名称",
        "榜单名称",
        default="",
        searched=True,
    )
    organisation: str | None = stated(
        "企业名称", "需求单位", "单位", "企业", "公司名称", "发榜单位", "需求方", searched=True
    )
    problem: str | None = stated(
        "技术难题",
        "需求内容",
        "需求描述",
        "内容",
        "技术需求",
        "难题描述",
        "需求说明",
        "content",
        "description",
        searched=True,
    )
    background: str | None = stated("背景", "需求背景", "企业背景", searched=True)
    tried: str | None = stated("已尝试方案", "现有基础", "前期工作", searched=True)
    public_summary: str | None = stated("公开摘要", "需求摘要", searched=True)
    private_detail: str | None = stated("保密详情", confidential=True)
    demand_kind: str | None = stated("需求类型", "需求类别", vocabulary=v.DEMAND_KIND)
    criteria: tuple[Metric, ...] = stated("考核指标", "指标要求", "技术指标", "主要技术指标", default=())
    min_trl: int | None = stated("最低就绪度", "期望成熟度", bounds=(1, 9))
    ip_ownership: str | None = stated("产权归属", "知识产权归属", vocabulary=v.IP_OWNERSHIP)
    solver_requirements: str | None = stated("揭榜方条件", "对揭榜方的要求", searched=True)
    budget_min: float | None = stated("预算下限", bounds=(0, 1e9))
    budget_max: float | None = stated(
        "预算上限", "预算", "预算（万元）", "拟投入资金", "资金投入", "投入资金（万元）", bounds=(0, 1e9)
    )
    deadline: date | None = stated("完成时限", "需求截止", "deadline", ends=True)
    region_limit: str | None = stated("地区限制", vocabulary=v.regions)
    exclude_orgs: tuple[str, ...] = stated("排除单位", default=())


@dataclass(frozen=True)
class Change:
    """The latest change of one id: the record as it stands, or None where it was deleted."""

    id: int
    revision: int
    record: Record | None


KINDS: Mapping[str, type[Record]] = MappingProxyType({kind.kind: kind for kind in (Achievement, Demand)})


@cached
def stated_fields(kind: type[Record]) -> Mapping[str, Field[Any]]:
    """The fields a source states, by name, in the order of the form."""
    return MappingProxyType({f.name: f for f in fields(kind) if "about" in f.metadata})


def about(kind: type[Record], name: str) -> About:
    """Raises UnknownField."""
    if name not in stated_fields(kind):
        raise UnknownField(name=name, known="、".join(stated_fields(kind)))
    found: About = stated_fields(kind)[name].metadata["about"]
    return found


@cached
def hints(kind: type[Record]) -> Mapping[str, Any]:
    return MappingProxyType(get_type_hints(kind))


def is_stated(value: object) -> bool:
    return value is not None and value != () and value != ""


def public(record: Record) -> dict[str, Any]:
    """The record as plain JSON values, without its owner, what is confidential and what is not stated."""
    kind = type(record)
    hidden = {"owner", *(name for name in stated_fields(kind) if about(kind, name).confidential)}
    values = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in hidden}
    return {"kind": kind.kind} | {name: plain(value) for name, value in values.items() if is_stated(value)}


def plain(value: Any) -> Any:
    """A field's value in the types of JSON; parts that are not stated are left out."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Metric | Ip):
        return {name: part for name, part in asdict(value).items() if part is not None}
    return value.isoformat() if isinstance(value, date) else value


def searched_texts(record: Record) -> dict[str, str]:
    """The texts whose words find the record, by field, as they stand in it."""
    kind = type(record)
    texts: dict[str, str] = {}
    for name in stated_fields(kind):
        value = getattr(record, name)
        if not is_stated(value):
            continue
        if name in ("metrics", "criteria"):
            texts[name] = "；".join(metric.text or metric.name for metric in value)
        elif name == "ip":
            texts[name] = "；".join(right.number for right in value if right.number)
        elif about(kind, name).searched:
            texts[name] = "；".join(value) if isinstance(value, tuple) else value
    return {name: text for name, text in texts.items() if text}
