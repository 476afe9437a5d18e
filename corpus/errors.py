"""What can go wrong, told to the person it happens to.

Every error of Duijie is a class whose docstring *is* the sentence a person reads: what is wrong, where, and what to do. The
names in braces are the facts of the case, given when it is raised:

    raise RecordNotFound(id=42)

Each package keeps its own errors beside the code that raises them; `service/problems.py` maps every class to its HTTP status.
"""

from __future__ import annotations


class DuijieError(Exception):
    """Duijie 无法完成这一步。"""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        sentence = (type(self).__doc__ or "").strip().split("\n\n")[0]
        super().__init__(" ".join(sentence.split()).format(**facts))


class BadInput(DuijieError):
    """输入有误：{reason}。"""


class RecordNotFound(DuijieError):
    """没有编号为 {id} 的记录。它可能已被删除；请先用搜索找到现有的记录。"""


class RecordRefused(BadInput):
    """这条记录不能收入：{reason}。请改正后再提交。"""


class UnknownField(BadInput):
    """没有名为“{name}”的字段。可用的字段：{known}。"""


class UnknownValue(BadInput):
    """“{label}”不认识“{value}”。可用：{known}。"""
