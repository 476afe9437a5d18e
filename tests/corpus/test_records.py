"""One definition: tables, headings, JSON and dataclass fields tell of the same fields, and a record survives being told."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from corpus.cells import record_of
from corpus.errors import UnknownField
from corpus.headings import fields_of
from corpus.metrics import Metric
from corpus.records import (
    KINDS,
    Achievement,
    Demand,
    Ip,
    Record,
    about,
    is_stated,
    public,
    searched_texts,
    stated_fields,
)
from corpus.tables import TABLES, record_from, row_of
from tests.corpus.generated import ANY_RECORD, FULL

ASSIGNED = ["id", "revision", "saved_at", "owner"]
EACH_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@EACH_KIND
def test_a_table_has_one_column_for_each_field(kind: type[Record]) -> None:
    assert [column.name for column in TABLES[kind.kind].columns] == [field.name for field in fields(kind)]


@EACH_KIND
def test_every_field_is_either_stated_or_assigned(kind: type[Record]) -> None:
    assert [field.name for field in fields(kind)] == [*ASSIGNED, *stated_fields(kind)]


@EACH_KIND
@pytest.mark.parametrize(
    "heading_of", [lambda _, name: name, lambda kind, name: about(kind, name).label], ids=["name", "label"]
)
def test_a_sheet_can_state_every_field_by_its_name_and_by_its_label(
    kind: type[Record], heading_of: Callable[[type[Record], str], str]
) -> None:
    headings = [heading_of(kind, name) for name in stated_fields(kind)]
    assert list(fields_of(kind, headings, {}).values()) == list(stated_fields(kind))


@EACH_KIND
def test_json_tells_every_field_that_is_not_confidential(kind: type[Record]) -> None:
    saved = replace(FULL[kind.kind], id=7, revision=9, saved_at=datetime(2026, 1, 2, 3, 4, 5), owner=3)
    confidential = {name for name in stated_fields(kind) if about(kind, name).confidential}
    assert set(public(saved)) == {"kind", *(field.name for field in fields(kind))} - confidential - {"owner"}


@EACH_KIND
def test_what_is_confidential_stands_nowhere_in_the_json_or_in_the_searched_texts(kind: type[Record]) -> None:
    told = f"{public(FULL[kind.kind])}{searched_texts(FULL[kind.kind])}"
    confidential = [name for name in stated_fields(kind) if about(kind, name).confidential]
    assert "contact" in confidential
    for name in confidential:
        assert getattr(FULL[kind.kind], name) not in told


@given(ANY_RECORD)
def test_a_record_read_from_its_own_json_is_the_same_record(record: Record) -> None:
    hidden: dict[str, Any] = {name: None for name in ("contact", "private_detail") if hasattr(record, name)}
    known = replace(record, **hidden)
    assert record_of(type(known), public(known)) == known


@given(ANY_RECORD)
def test_a_record_read_from_its_own_row_is_the_same_record(record: Record) -> None:
    saved_at = datetime.now(UTC).replace(tzinfo=None)
    row = row_of(record, id=3, revision=5, saved_at=saved_at)
    read = record_from(record.kind, row)  # type: ignore[arg-type]  # a dictionary serves as a row
    assert read == record
    assert (read.id, read.revision, read.saved_at) == (3, 5, saved_at)


def test_records_that_differ_only_in_what_the_store_assigns_are_the_same() -> None:
    record = Demand(source="走访", source_id="1", title="风机啸叫")
    assert replace(record, id=9, revision=12) == record
    assert replace(record, region="330100") != record


def test_json_leaves_out_what_is_not_stated() -> None:
    record = Achievement(
        id=4, revision=8, source="库", source_id="1", title="耐蚀涂层", completed_on=date(2024, 5, 1),
        metrics=(Metric(name="盐雾", op="≥", value=2000.0, unit="h", text="盐雾 ≥ 2000 h"),), ip=(Ip(kind="invention"),),
    )  # fmt: skip
    assert public(record) == {
        "kind": "achievement", "id": 4, "revision": 8, "source": "库", "source_id": "1", "title": "耐蚀涂层",
        "visibility": "public", "status": "published", "completed_on": "2024-05-01",
        "metrics": [{"name": "盐雾", "op": "≥", "value": 2000.0, "unit": "h", "text": "盐雾 ≥ 2000 h"}],
        "ip": [{"kind": "invention"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "stated"), [(None, False), ("", False), ((), False), (0, True), ("无", True), ((None,), True)]
)
def test_none_and_empty_mean_not_stated_and_zero_does_not(value: object, stated: bool) -> None:
    assert is_stated(value) is stated


def test_searched_texts_are_the_record_s_own_words() -> None:
    record = Achievement(
        title="低温污泥干化", keywords=("热泵", "除湿"), region="330100", trl=7,
        metrics=(Metric(name="含水率", op="≤", value=30.0, unit="%", text="含水率≤30%"),),
    )  # fmt: skip
    assert searched_texts(record) == {"title": "低温污泥干化", "keywords": "热泵；除湿", "metrics": "含水率≤30%"}


def test_an_unknown_field_is_named_together_with_those_there_are() -> None:
    with pytest.raises(UnknownField, match="没有名为“价钱”的字段。可用的字段：source、source_id、title"):
        about(Achievement, "价钱")
