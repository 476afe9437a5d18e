"""The need of a demand without the story around it: who the firm is, what it owns, what it would pay.

By rule, sentence by sentence: one that speaks of the firm and of nothing to be solved is story; one that speaks of money, time or the form of
cooperation is a condition. What is left is the need; a text that is all story is left whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.metrics import Metric, parse_metric

SENTENCE = re.compile(r"[^。！？；;!?\n]+[。！？；;!?\n]*")
_CLAUSE = re.compile(r"[^，,。；;！？!?、\n]+")
_STORY = re.compile(
    r"成立于|创建于|始建于|公司成立|注册资本|注册资金|总资产|固定资产|占地|建筑面积|厂房面积|现有员工|在职员工|员工\d|职工\d|位于\w{0,12}[省市区县镇]|"
    r"坐落于|坐落在|专业从事|主要从事|主营业务|经营范围|销售收入|年产值|年销售额|营业收入|荣获|被评为|被授予|国家高新技术企业|科技型中小企业|通过\w{0,12}认证|"
    r"体系认证|工程技术研究中心|技术中心|重合同守信用|百强|龙头企业|经济效益|社会效益|市场前景|市场占有率|国家政策|产业政策|现有(?:工作)?基础|现有设备|"
    r"授权专利|发明专利\d|实用新型专利|知识产权归|联系人|联系电话"
)
_ASKED = re.compile(
    r"解决|攻克|攻关|难题|难点|瓶颈|问题|缺陷|不良|寻求|寻找|征集|求购|希望|急需|亟需|想要|想找|要求|降低|提高|改善|避免|防止|怎么|如何|为什么|指标|≥|≤"
)
_CONDITION = re.compile(
    r"预算|投入资金|出资|万元(?:以内|左右|以下)|资金不超过|合作方式|合作形式|合作意向|技术转让|技术入股|委托开发|联合开发|面议|工期|期限|年内完成|个月内|完成时间|交付时间"
)
_TECHNICAL_LENGTH = 60
"""Characters; a longer sentence that names a condition says more than that."""
_COMPARED = re.compile(
    r"[≥≤><＞＜±]|>=|<=|不低于|不小于|不少于|不高于|不大于|不超过|小于|大于|低于|高于|达到|以上|以下|以内"
)


@dataclass(frozen=True, slots=True)
class Parted:
    """A text in its parts: what is needed, the sentences of the story, the conditions, and the indicators that the need names."""

    need: str
    story: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    indicators: tuple[Metric, ...] = ()


def parted(text: str) -> Parted:
    needed: list[str] = []
    story: list[str] = []
    conditions: list[str] = []
    for sentence in SENTENCE.findall(text):
        (story if is_story(sentence) else conditions if is_condition(sentence) else needed).append(sentence)
    if not needed:
        needed, story = story, []
    need = "".join(needed).strip() or text
    return Parted(need, _stripped(story), _stripped(conditions), tuple(indicators(need)))


def indicators(need: str) -> Iterator[Metric]:
    """The amounts that are demanded, each with its name and words."""
    for clause in _CLAUSE.findall(need):
        if _COMPARED.search(clause) and any(character.isdigit() for character in clause):
            metric = _named(clause.strip())
            if metric.op and metric.value is not None and len(metric.name) > 1 and metric.name != metric.text:
                yield metric


def _named(clause: str) -> Metric:
    """The amount of a clause, its headings left out (技术指标：击穿电压≥1200V) but for the one that names it (导通电阻：不大于5mΩ)."""
    words = clause.rpartition("：")[2]
    metric = parse_metric(words or clause)
    before = clause[: len(clause) - len(words)].rstrip("：").rpartition("：")[2]
    return parse_metric(f"{before}：{words}") if before and metric.name == words else metric


def is_story(sentence: str) -> bool:
    return bool(_STORY.search(sentence)) and not _ASKED.search(sentence)


def is_condition(sentence: str) -> bool:
    return len(sentence) <= _TECHNICAL_LENGTH and bool(_CONDITION.search(sentence)) and not _ASKED.search(sentence)


def _stripped(sentences: list[str]) -> tuple[str, ...]:
    return tuple(bare for sentence in sentences if (bare := sentence.strip(" \t\n。；;")))
