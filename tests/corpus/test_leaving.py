"""What goes out comes in again: the same records, but for what is confidential."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from corpus.intake import Taken, read_file
from corpus.leaving import OneKindOnly, as_csv, as_lines, columns, kind_named, write_workbook
from corpus.records import KINDS, Achievement, Demand, Record
from service.installation import sample_files

A, D = KINDS["achievement"], KINDS["demand"]


def records_in(path: Path) -> list[Record]:
    rows = list(read_file(path))
    assert all(isinstance(row, Taken) for row in rows), [row for row in rows if not isinstance(row, Taken)]
    return [row.record for row in rows if isinstance(row, Taken)]


@pytest.fixture(scope="module")
def sample() -> list[Record]:
    with sample_files() as files:
        return [record for file in files for record in records_in(file)]


def openly(record: Record) -> Record:
    record = replace(record, contact=None)
    return replace(record, private_detail=None) if isinstance(record, Demand) else record


def as_a_cell_says(record: Record) -> Record:
    """In a cell the entries of a list stand between marks, and one that holds a mark comes in as several."""
    record = openly(record)
    if not isinstance(record, Achievement):
        return record
    return replace(record, scenarios=tuple(part for entry in record.scenarios for part in entry.split("、")))


def test_json_lines_of_the_sample_library_come_in_again_as_they_were(sample: list[Record], tmp_path: Path) -> None:
    file = tmp_path / "全库.jsonl"
    file.write_text("".join(as_lines(sample)), "utf-8")
    assert records_in(file) == [openly(record) for record in sample]


def test_a_workbook_of_the_sample_library_comes_in_again_as_it_was(sample: list[Record], tmp_path: Path) -> None:
    file = tmp_path / "全库.xlsx"
    write_workbook({kind: [r for r in sample if type(r) is kind] for kind in (A, D)}, file)
    assert openpyxl.load_workbook(file, read_only=True).sheetnames == ["科技成果", "技术需求"]
    assert records_in(file) == [as_a_cell_says(record) for record in sample]


@pytest.mark.parametrize("kind", [A, D])
def test_a_csv_of_one_kind_comes_in_again_as_it_was(sample: list[Record], kind: type[Record], tmp_path: Path) -> None:
    file = tmp_path / f"{kind.kind}.csv"
    of_kind = [record for record in sample if type(record) is kind]
    file.write_text("".join(as_csv(of_kind, kind)), "utf-8", newline="")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert records_in(file) == [as_a_cell_says(record) for record in of_kind]


def test_nothing_confidential_goes_out(tmp_path: Path) -> None:
    demand = Demand(source="s", source_id="1", title="磁钢", contact="0571-0000", private_detail="客户名单")
    written = "".join([*as_lines([demand]), *as_csv([demand], D)])
    write_workbook({D: [demand]}, tmp_path / "x.xlsx")
    (_, row) = openpyxl.load_workbook(tmp_path / "x.xlsx")["技术需求"].values
    assert "0571-0000" not in written + str(row)
    assert "客户名单" not in written + str(row)
    assert {"contact", "private_detail"}.isdisjoint(columns(D))


def test_a_formula_in_a_cell_stays_a_text(tmp_path: Path) -> None:
    bad = Achievement(source="s", source_id="1", title="=cmd|' /C calc'!A0", organisation="@甲")
    (_, row) = csv.reader(io.StringIO("".join(as_csv([bad], A)).removeprefix("\ufeff")))
    assert "'=cmd|' /C calc'!A0" in row
    assert "'@甲" in row
    write_workbook({A: [bad]}, tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["科技成果"]
    assert {cell.data_type for cell in sheet[2] if cell.value} == {"s"}


def test_a_csv_holds_one_kind() -> None:
    assert kind_named("需求", "csv") is D
    assert kind_named(None, "xlsx") is None
    with pytest.raises(OneKindOnly, match="请指明要成果"):
        kind_named(None, "csv")
