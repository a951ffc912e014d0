"""Tables out: whole, harmless, and in memory that does not grow."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from community_report.core.tables import cell, csv_lines, xlsx_file


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "＝1", "\n@x", "＋852"])
def test_no_text_becomes_a_formula(evil: str) -> None:
    assert str(cell(evil)).startswith("'")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (-3, -3),
        ("楼道=脏", "楼道=脏"),
        ("坏\x00了\x1b", "坏了"),
        (datetime(2026, 10, 1, 16, 30, tzinfo=UTC), "2026-10-02 00:30"),
    ],
)
def test_cells(value: Any, shown: Any) -> None:
    assert cell(value) == shown


def test_both_formats_hold_the_same() -> None:
    heading, rows = ["编号", "标题"], [[1, "漏水，\n很大"], [2, "=HYPERLINK()"]]
    text = b"".join(csv_lines(heading, rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["编号", "标题"],
        ["1", "漏水，\n很大"],
        ["2", "'=HYPERLINK()"],
    ]
    with xlsx_file(heading, rows) as file:
        sheet = load_workbook(file).active
        assert [[found.value for found in row] for row in sheet.iter_rows()] == [heading, rows[0], [2, "'=HYPERLINK()"]]
        assert sheet["B3"].data_type == "s"


def many(number: int) -> Iterator[list[Any]]:
    return ([n, f"第 {n} 条报单，楼道灯不亮", "13900000001"] for n in range(number))


def peak_of(write: Any, number: int) -> int:
    tracemalloc.start()
    write(number)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def write_csv(number: int) -> None:
    for _piece in csv_lines(["a", "b", "c"], many(number)):
        pass


def write_xlsx(number: int) -> None:
    xlsx_file(["a", "b", "c"], many(number)).close()


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_ten_times_the_rows_take_no_more_memory(write: Any) -> None:
    write(10)  # what is loaded once
    small, large = peak_of(write, 600), peak_of(write, 6000)
    assert large < small * 1.5 + 200_000
