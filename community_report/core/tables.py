"""Tables out as CSV and XLSX: row by row in flat memory, and so that no cell becomes a formula.

A text that a spreadsheet would take for a formula gets an apostrophe before it, in both formats alike, because the one
is saved as the other (OWASP, "CSV Injection"). `accounts.text` takes it off again where a table comes back in.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.core.files.temp import NamedTemporaryFile
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

AT_ONCE = 2000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows below the heading that one sheet can have.
MOST_ROWS = 1_048_575
#: What a formula begins with, white space before it and full-width forms included.
_FORMULA = re.compile(r"^[\s\u3000]*[=+\-@＝＋－＠]|^[\t\r\n]")
Row = Sequence[Any]


@dataclass(frozen=True)
class Column:
    """One column: its heading, where its value stands (a path of `QuerySet.values_list`), and how it is shown."""

    heading: str | Promise
    path: str
    shown: Callable[[Any], Any] | None = None


def rows_of(queryset: QuerySet[Any], columns: Sequence[Column]) -> Iterator[Row]:
    """The rows, fetched a few thousand at a time and made ready to be shown."""
    shown = [column.shown for column in columns]
    found = queryset.values_list(*(column.path for column in columns))
    for values in found.iterator(chunk_size=AT_ONCE):
        yield [show(value) if show else value for show, value in zip(shown, values, strict=True)]


def cell(value: Any) -> str | int | float:
    """A value as a cell: a number stays one, a time is on the server's clock to the minute, a text is harmless."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    return f"'{text}" if _FORMULA.match(text) else text


class _Echo:
    """What `csv.writer` writes is what it returns."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heading: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """A CSV file for Excel in pieces: UTF-8 with its mark, some hundred lines at a time."""
    writer = csv.writer(_Echo())
    lines = ["\ufeff" + writer.writerow([cell(value) for value in heading])]
    for row in rows:
        lines.append(writer.writerow([cell(value) for value in row]))
        if len(lines) == 500:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def xlsx_file(heading: Row, rows: Iterable[Row]) -> IO[bytes]:
    """An XLSX file, open at its beginning, on the disk until it is closed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append([cell(value) for value in heading])
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            break
        sheet.append([cell(value) for value in row])
    file: IO[bytes] = NamedTemporaryFile(suffix=".xlsx")
    book.save(file)
    file.seek(0)
    return file
