"""Tables out as CSV and XLSX: row by row in flat memory, and so that no cell becomes a formula.

A text that a spreadsheet would take for a formula gets an apostrophe before it, in both formats alike, because the one
is saved as the other (OWASP, "CSV Injection"). `accounts.text` takes it off again where a table comes back in.
"""

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, tzinfo
from itertools import islice
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows below the heading that one sheet can have, bytes that it can have in a ZIP file of the plain kind, and what a
#: cell can hold (support.microsoft.com, "Excel specifications and limits").
MOST_ROWS, MOST_BYTES, MOST_CHARACTERS = 1_048_575, 2_000_000_000, 32_767
#: What XML 1.0 cannot have.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: What a formula begins with, white space before it and full-width forms included.
_FORMULA = re.compile(r"^[\s\u3000]*[=+\-@＝＋－＠]|^[\t\r\n]")
Row = Sequence[Any]


def cell(value: Any) -> str | int | float:
    """A value as a cell: a number stays one, a time is on the active clock to the minute, a text is harmless."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    text = _UNWRITABLE.sub("", str(value))
    return f"'{text}" if _FORMULA.match(text) else text


class _Echo:
    """What `csv.writer` writes is what it returns."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heading: Row, rows: Iterable[Row]) -> Generator[bytes, None, None]:
    """A CSV file for Excel in pieces: UTF-8 with its mark, some hundred lines at a time; the first waits for no row."""
    writer, lines = csv.writer(_Echo()), list[str]()
    yield ("\ufeff" + writer.writerow([cell(value) for value in heading])).encode()
    for row in rows:
        lines.append(writer.writerow([cell(value) for value in row]))
        if len(lines) == 500:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def on_this_clock(pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """The pieces, with times on the clock that is active now: a file is streamed when its request is over."""
    return _on_clock(pieces, timezone.get_current_timezone())


def _on_clock(pieces: Generator[bytes, None, None], zone: tzinfo) -> Generator[bytes, None, None]:
    """Active only while a piece is made, so that nothing of it is left to whoever comes next."""
    with closing(pieces):
        while True:
            with timezone.override(zone):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece


class _Pipe(io.RawIOBase):
    """A file that is only written to, and emptied by who reads it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


_SHEET = "xl/worksheets/sheet1.xml"


def xlsx_pieces(heading: Row, rows: Iterable[Row], title: str = "") -> Generator[bytes, None, None]:
    """An XLSX file in pieces: nothing of it is on the disk, and the first piece waits for no row. `title`: its sheet.

    openpyxl can only write a whole book, so it writes one with the heading alone, and the rows go into its sheet here.
    """
    pipe = _Pipe()
    with ZipFile(_book(heading, title)) as book, ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for name in book.namelist():
            if name != _SHEET:
                archive.writestr(name, book.read(name))
        yield pipe.taken()
        before, after = book.read(_SHEET).split(b"</sheetData>")
        with archive.open(_SHEET, "w") as sheet:
            sheet.write(before)
            for lines in _xml_lines(rows):
                sheet.write(lines)
                yield pipe.taken()
            sheet.write(b"</sheetData>" + after)
    yield pipe.taken()


def _book(heading: Row, title: str) -> IO[bytes]:
    book, file = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet(title or None)
    sheet.freeze_panes = "A2"
    sheet.append([cell(value) for value in heading])
    book.save(file)
    return file


def _xml_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The rows below the heading as a sheet has them, some hundred at a time; at the end is told what does not fit."""
    written, number, left = 0, 1, iter(rows)
    while (some := list(islice(left, min(500, MOST_ROWS - number)))) and written < MOST_BYTES:
        lines = "".join(_xml_line(row, number + n) for n, row in enumerate(some, 1)).encode()
        number, written = number + len(some), written + len(lines)
        yield lines
    if some or next(left, None) is not None:
        yield _xml_line([_("还有更多行，请缩小范围或导出 CSV")], number + 1).encode()


def _xml_line(row: Row, number: int) -> str:
    cells = (_xml_cell(cell(value), f"{get_column_letter(n)}{number}") for n, value in enumerate(row, 1))
    return f'<row r="{number}">{"".join(cells)}</row>'


def _xml_cell(value: str | float, place: str) -> str:
    if not isinstance(value, str):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = escape(value[:MOST_CHARACTERS])
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if text else ""
