"""Reading a roster out of an Excel workbook or a CSV file, as property offices export them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts.services.roster import RosterRow
from accounts.text import clean

#: Headings, English and Chinese; what else a file has is left alone.
HEADINGS = {
    "building": ("building", "楼栋"),
    "unit": ("unit", "单元"),
    "room": ("room", "房号"),
    "name": ("name", "姓名"),
    "phone": ("phone", "手机", "手机号", "电话"),
}
MAX_ROWS = 200_000


class RosterFileError(Exception):
    """The file as a whole cannot be read; the text says why."""


def read_roster_file(path: Path, name: str = "") -> list[RosterRow]:
    """The rows below the heading, blank ones left out. `name` is what people call the file. Raises RosterFileError."""
    name = name or path.name
    readers = {".xlsx": _workbook, ".csv": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RosterFileError(_("%(name)s：需要 .xlsx 或 .csv 文件") % {"name": name})
    try:
        return _rows(islice(reader(path, name), MAX_ROWS + 1))
    except OSError as error:
        raise RosterFileError(f"{path}: {error.strerror or error}") from None


def _rows(table: Iterator[Sequence[object]]) -> list[RosterRow]:
    columns = _columns(next(table, ()))
    rows = []
    for number, cells in enumerate(table, start=2):
        values = {name: _text(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
        if any(values.values()):
            rows.append(RosterRow(number=number, **values))
    return rows


def _columns(heading: Iterable[object]) -> dict[str, int]:
    words = [_text(cell).lower() for cell in heading]
    found = {name: words.index(word) for name, known in HEADINGS.items() for word in reversed(known) if word in words}
    missing = [f"{name} ({HEADINGS[name][1]})" for name in HEADINGS if name not in found]
    if missing:
        raise RosterFileError(_("第 1 行（标题）缺少：%(columns)s") % {"columns": ", ".join(missing)})
    return found


def _text(cell: object) -> str:
    """Excel keeps numbers as floats: 101.0 is the room 101, 13900000001.0 a phone."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return clean(cell).lstrip("'’‘`")


def _workbook(path: Path, name: str) -> Iterator[Sequence[object]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError):
        raise RosterFileError(_("%(name)s 不是 Excel 工作簿（.xlsx）") % {"name": name}) from None
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some exporters write a wrong size
        yield from sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _csv(path: Path, name: str) -> Iterator[Sequence[object]]:
    text = _decode(path.read_bytes(), name)
    heading = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=heading.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise RosterFileError(f"{name}: {error}") from None


def _decode(raw: bytes, name: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark (Excel's "Unicode text"), or GB18030 (Chinese Windows)."""
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileError(_("%(name)s 的编码既不是 UTF-8 也不是 GB18030") % {"name": name})
