"""An error's docstring is the sentence a person reads; this walks all of them, in every package."""

import importlib
import pkgutil
import string
from collections.abc import Iterator

import pytest

import corpus
import indexer
import service
from corpus.errors import BadInput, DuijieError, RecordNotFound, UnknownValue


def every_error(error: type[DuijieError] = DuijieError) -> Iterator[type[DuijieError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from every_error(narrower)


for package in (corpus, indexer, service):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", ".env", ".migrations.versions")):
            importlib.import_module(module.name)

ERRORS = {
    error.__name__: error
    for error in every_error()
    if error.__module__.partition(".")[0] in ("corpus", "indexer", "service")
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_every_error_says_in_one_chinese_sentence_what_is_wrong(error: type[DuijieError]) -> None:
    assert error.__dict__.get("__doc__"), f"{error.__name__} has no sentence of its own"
    sentence = (error.__doc__ or "").strip().split("\n\n")[0]
    facts = {name: f"〈{name}〉" for _, name, _, _ in string.Formatter().parse(sentence) if name}
    told = str(error(**facts))
    assert told.endswith("。")
    assert all(fact in told for fact in facts.values())
    assert "\n" not in told
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told)


def test_no_two_errors_share_a_name() -> None:
    names = [error.__name__ for error in every_error() if error.__module__.startswith(("corpus", "indexer", "service"))]
    assert len(names) == len(set(names))


def test_an_error_keeps_its_facts_for_programs() -> None:
    error = RecordNotFound(id=42)
    assert str(error) == "没有编号为 42 的记录。它可能已被删除；请先用搜索找到现有的记录。"
    assert error.facts == {"id": 42}


def test_facts_may_hold_braces() -> None:
    assert str(UnknownValue(label="阶段", value="{0}", known="{小试}")) == "“阶段”不认识“{0}”。可用：{小试}。"


def test_whatever_a_person_gave_wrong_is_bad_input() -> None:
    assert {error.__name__ for error in every_error(BadInput)} >= {
        "RecordRefused", "UnknownField", "UnknownValue", "FileUnreadable", "MappingUnreadable", "KindUnknown",
    }  # fmt: skip
