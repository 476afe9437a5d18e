"""Closed lists: a code, and the Chinese label a person reads.

Short lists stand here; the two long public classifications (GB/T 4754 industries, GB/T 2260 regions) are CSV files beside, which
an operator can replace. Codes of both are trees: `C3812` lies in `C381`, `C38` and `C`; `330108` lies in `330100` and `330000`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from corpus.codes import Regions, Vocabulary


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
    shorts = [(row["short"], row["code"]) for row in rows]
    return Regions("地区", {r["code"]: r["label"] for r in rows}, also=short, pattern=r"\d{6}", shorts=shorts)


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
