"""Tables out: whole, harmless, and in memory that does not grow."""

import csv
import io
import tempfile
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from community_report.core import tables
from community_report.core.tables import cell, csv_lines, xlsx_pieces


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
    sheet = opened(xlsx_pieces(heading, rows))
    assert [[found.value for found in row] for row in sheet.iter_rows()] == [heading, rows[0], [2, "'=HYPERLINK()"]]
    assert sheet["B3"].data_type == "s"
    assert sheet.freeze_panes == "A2"


def opened(pieces: Iterable[bytes]) -> Any:
    return load_workbook(io.BytesIO(b"".join(pieces))).active


def test_a_sheet_takes_whatever_people_write() -> None:
    rows = [["<b>&amp;</b> ]]>", "  空格  ", "长" * 40_000], ["\ufffe坏\uffff\x07了", None, 1.5], ["", "=1", "末"]]
    sheet = opened(xlsx_pieces(["a", "b", "c"], rows))
    assert list(sheet.iter_rows(min_row=2, values_only=True)) == [
        ("<b>&amp;</b> ]]>", "  空格  ", "长" * 32_767),
        ("坏了", None, 1.5),
        (None, "'=1", "末"),
    ]


@pytest.mark.parametrize("write", [csv_lines, xlsx_pieces])
def test_the_first_piece_waits_for_no_row(write: Any) -> None:
    def never() -> Iterator[list[Any]]:
        raise AssertionError("asked for a row")
        yield []

    assert next(write(["a"], never())).startswith((b"PK", b"\xef\xbb\xbfa"))


def test_more_rows_than_a_sheet_has_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 1001)
    sheet = opened(xlsx_pieces(["a"], ([n] for n in range(2000))))
    assert (sheet.max_row, sheet["A1001"].value) == (1002, 999)
    assert "CSV" in sheet["A1002"].value
    assert opened(xlsx_pieces(["a"], ([n] for n in range(1000)))).max_row == 1001


def test_who_goes_away_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are let go at once, and with them the database's cursor."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = []

    def rows() -> Iterator[list[Any]]:
        try:
            yield from many(100_000)
        finally:
            ended.append(True)

    pieces = xlsx_pieces(["a", "b", "c"], rows())
    for _ in range(3):
        next(pieces)
    assert not ended
    pieces.close()
    assert ended == [True]
    assert not list(tmp_path.iterdir())


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
    for _piece in xlsx_pieces(["a", "b", "c"], many(number)):
        pass


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_ten_times_the_rows_take_no_more_memory(write: Any) -> None:
    write(10)  # what is loaded once
    small, large = peak_of(write, 600), peak_of(write, 6000)
    assert large < small * 1.5 + 200_000
