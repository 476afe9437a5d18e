"""Closed lists: a code, and the Chinese label a person reads.

Short lists stand here; the two long public classifications (GB/T 4754 industries, GB/T 2260 regions) are CSV files beside, which
an operator can replace. Codes of both are trees: `C3812` lies in `C381`, `C38` and `C`; `330108` lies in `330100` and `330000`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources

from corpus.errors import UnknownValue


@dataclass(frozen=True)
class Vocabulary:
    """A closed list. `also` holds further words under which people write a code."""

    label: str
    labels: Mapping[str, str]
    also: Mapping[str, str] = field(default_factory=dict)
    pattern: str | None = None
    """Codes of this form are accepted though the list does not name them (the finer levels of a classification)."""

    def code(self, written: str) -> str:
        """The code a person meant by a code, a label or another word for it. Raises UnknownValue."""
        word = written.strip()
        if word in self.labels:
            return word
        if word.lower() in self.labels:
            return word.lower()
        if self.pattern and re.fullmatch(self.pattern, word) and self.ancestors(word):
            return word
        if (code := self._codes.get(word)) is not None or (code := self._finer(word)) is not None:
            return code
        known = "；".join(list(self.labels.values())[:14]) + ("……" if len(self.labels) > 14 else "")
        raise UnknownValue(label=self.label, value=written, known=known)

    def _finer(self, word: str) -> str | None:
        """A finer code of which the outermost letter was left off: 3812 for C3812."""
        code = self.also.get(word[:-1], "") + word[-1:]
        return code if self.pattern and re.fullmatch(self.pattern, code) else None

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        """Where two levels share a label, the wider keeps it."""
        wider_last = reversed(list(self.labels.items()))
        return {label: code for code, label in wider_last} | dict(self.also)

    def name(self, code: str) -> str:
        """The label of a code, or of the nearest listed one it lies in, or the code itself."""
        listed = [code, *reversed(self.ancestors(code))]
        return next((self.labels[c] for c in listed if c in self.labels), code)

    def ancestors(self, code: str) -> list[str]:
        """The listed codes in which a code lies, outermost first, without itself."""
        return [c for c in _shorter(code) if c in self.labels and c != code]


def _shorter(code: str) -> list[str]:
    if re.fullmatch(r"\d{6}", code):
        return [code[:2] + "0000", code[:4] + "00", code]
    return [code[:length] for length in (1, 3, 4, 5) if length <= len(code)]


class Regions(Vocabulary):
    """Regions, also as people write them: from the outside in, by label or short name (浙江省杭州市, 杭州滨江)."""

    def code(self, written: str) -> str:
        try:
            return super().code(written)
        except UnknownValue:
            if (code := self._innermost(written.strip())) is not None:
                return code
            raise

    def _innermost(self, words: str, outer: str | None = None) -> str | None:
        """The last of the regions named one in another; a county the list leaves out means the region around it."""
        for name, code, around in self._named:
            if words.startswith(name) and (outer is None or outer in around):
                rest = words[len(name) :].lstrip(" -/·>—")
                if not rest or (found := self._innermost(rest, code)) is not None:
                    return found if rest else code
        has_counties = outer is None or outer in self._with_counties or not outer.endswith("00")
        is_county = words in self._codes or re.fullmatch(r"[\u4e00-\u9fff]{1,12}[区县市旗]", words)
        return outer if is_county and not has_counties else None

    @cached_property
    def _named(self) -> list[tuple[str, str, list[str]]]:
        """Every name with its code and the regions around it, longer names first."""
        named = {*((label, code) for code, label in self.labels.items()), *self._shorts}
        return sorted(((name, code, self.ancestors(code)) for name, code in named), key=lambda n: (-len(n[0]), n[1]))

    @cached_property
    def _shorts(self) -> list[tuple[str, str]]:
        return [(row["short"], row["code"]) for row in _listed("regions")]

    @cached_property
    def _with_counties(self) -> set[str]:
        return {around for code in self.labels if not code.endswith("00") for around in self.ancestors(code)}


def _listed(name: str) -> list[dict[str, str]]:
    with resources.files("corpus").joinpath(f"vocabularies/{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@cache
def industries() -> Vocabulary:
    """GB/T 4754-2017: sections, divisions and groups by name; classes by code."""
    rows = _listed("industries")
    bare = {row["code"][1:]: row["code"] for row in rows if len(row["code"]) > 1}
    return Vocabulary("行业", {r["code"]: r["label"] for r in rows}, also=bare, pattern=r"[A-T]\d{4}")


@cache
def regions() -> Vocabulary:
    """GB/T 2260: provinces, prefectures, and the counties of Zhejiang by name; other counties by code."""
    rows = _listed("regions")
    short: dict[str, str] = {}
    for row in rows:  # where two regions share a short name, the first (the wider) keeps it
        short.setdefault(row["short"], row["code"])
    return Regions("地区", {r["code"]: r["label"] for r in rows}, also=short, pattern=r"\d{6}")


KIND = Vocabulary("类型", {"achievement": "科技成果", "demand": "技术需求"}, {"成果": "achievement", "需求": "demand"})
RESULT_CLASS = Vocabulary(
    "成果类别",
    {"applied": "应用技术", "basic": "基础理论", "soft": "软科学"},
    {"应用技术类": "applied", "应用技术类成果": "applied", "基础理论类": "basic", "软科学类": "soft"},
)
RESULT_TYPE = Vocabulary(
    "成果类型",
    {
        "patent": "专利",
        "software_copyright": "软件著作权",
        "variety": "农业新品种",
        "standard": "标准",
        "ic_layout": "集成电路布图",
        "know_how": "技术秘密",
        "product": "新产品",
        "process": "新工艺",
        "material": "新材料",
        "equipment": "新装备",
        "award": "奖励项目",
        "evaluated": "评价成果",
    },
    {"软著": "software_copyright", "产品": "product", "工艺": "process", "材料": "material", "装备": "equipment"},
)
INNOVATION_KIND = Vocabulary(
    "成果属性",
    {"original": "原始性创新", "introduced": "国外引进消化吸收创新", "redeveloped": "国内技术二次开发"},
    {"原始创新": "original"},
)
STAGE = Vocabulary(
    "所处阶段",
    {
        "rd": "研发",
        "lab": "小试",
        "pilot": "中试",
        "sample": "已有样品",
        "mass": "可以量产",
        "other": "其他",
    },
    {
        "实验室": "lab",
        "实验室阶段": "lab",
        "初期阶段": "lab",
        "中期阶段": "pilot",
        "样机": "sample",
        "样品": "sample",
        "量产": "mass",
        "产业化": "mass",
        "产业化阶段": "mass",
        "成熟应用阶段": "mass",
        "研发阶段": "rd",
        "小试阶段": "lab",
        "中试阶段": "pilot",
    },
)
TRANSFER_MODE = Vocabulary(
    "转化方式",
    {
        "self": "自行转化",
        "assign": "技术转让",
        "license": "技术许可",
        "equity": "作价入股",
        "joint_dev": "合作开发",
        "commission": "委托开发",
        "royalty": "技术提成",
        "service": "技术服务",
        "other": "其他",
        "negotiable": "面议",
    },
    {
        "转让": "assign",
        "专利转让": "assign",
        "许可": "license",
        "专利许可": "license",
        "专利实施许可": "license",
        "普通许可": "license",
        "独占许可": "license",
        "技术入股": "equity",
        "作价投资": "equity",
        "合作转化": "joint_dev",
        "提成": "royalty",
        "技术咨询": "service",
        "服务": "service",
        "协商": "negotiable",
    },
)
WILLINGNESS = Vocabulary(
    "转化意愿", {"willing": "愿意", "unwilling": "无意愿", "transferred": "已转化"}, {"有意愿": "willing"}
)
PRICE_MODE = Vocabulary(
    "定价方式",
    {"agreed": "协议定价", "listed": "挂牌交易", "auction": "拍卖", "appraised": "评估作价", "negotiable": "面议"},
    {"协议": "agreed", "挂牌": "listed", "评估": "appraised"},
)
IP_KIND = Vocabulary(
    "知识产权类型",
    {
        "invention": "发明专利",
        "utility": "实用新型",
        "design": "外观设计",
        "software": "软件著作权",
        "layout": "集成电路布图设计",
        "variety": "植物新品种",
        "secret": "技术秘密",
    },
    {"发明": "invention", "外观": "design", "软著": "software", "布图": "layout", "品种": "variety"},
)
IP_STATUS = Vocabulary(
    "知识产权状态",
    {"applied": "申请中", "published": "公开", "granted": "授权", "expired": "失效"},
    {"已授权": "granted", "已公开": "published", "申请": "applied", "实审": "published"},
)
CLUSTER = Vocabulary(
    "产业集群",
    {"iot": "智能物联", "bio": "生物医药", "equipment": "高端装备", "materials": "新材料", "energy": "绿色能源"},
)
DEMAND_KIND = Vocabulary(
    "需求类型",
    {
        "solve": "技术攻关",
        "import": "技术引进",
        "develop": "委托研发",
        "improve": "工艺改进",
        "test": "检测测试",
        "talent": "人才引进",
        "co_build": "平台共建",
    },
    {"攻关": "solve", "引进": "import", "检测": "test", "人才": "talent", "共建": "co_build"},
)
IP_OWNERSHIP = Vocabulary(
    "产权归属",
    {"buyer": "归需求方", "seller": "归供给方", "joint": "双方共有", "negotiable": "协商"},
    {"面议": "negotiable"},
)
VISIBILITY = Vocabulary(
    "可见范围",
    {"public": "公开", "members": "会员", "org": "本单位", "brokers": "经纪人", "private": "仅本人"},
)
ROLE = Vocabulary(
    "身份", {"firm": "企业", "broker": "技术经纪人", "operator": "管理员"}, {"经纪人": "broker", "管理": "operator"}
)
SCOPE = Vocabulary("权限", {"read": "查询", "match": "匹配", "write": "写入", "bulk": "批量匹配"})
STATUS = Vocabulary(
    "状态",
    {
        "draft": "草稿",
        "pending_review": "待审",
        "returned": "退回",
        "published": "已发布",
        "paused": "暂停",
        "expiring": "待续期",
        "expired": "已过期",
        "archived": "已归档",
        "withdrawn": "撤回",
        "transferred": "已转化",
        "solved": "已解决",
        "unmatched": "未匹配",
    },
)
SECURITY = Vocabulary(
    "密级",
    {"open": "非密", "secret": "涉密"},
    {"公开": "open", "无": "open", "秘密": "secret", "机密": "secret", "绝密": "secret"},
)
TRL = {
    1: "发现基本原理",
    2: "形成技术概念",
    3: "概念得到验证",
    4: "实验室环境验证",
    5: "相关环境验证",
    6: "相关环境演示",
    7: "使用环境样机",
    8: "产品定型合格",
    9: "实际应用成功",
}
"""Technology readiness levels (scale of GB/T 22900, nine levels), in our own words."""
