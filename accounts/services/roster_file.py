"""Reading a roster out of an Excel workbook or a CSV file, as property offices export them."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts.services.roster import AS_A_DATE, RosterRow
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
#: Of a workbook, unpacked: 200,000 rows take a tenth of it.
MAX_UNPACKED = 300 << 20
#: What a damaged workbook, or what only looks like one, makes the reader say, wherever it stumbles.
_DAMAGED = (
    zipfile.BadZipFile,
    InvalidFileException,
    KeyError,
    ValueError,
    IndexError,
    EOFError,
    ParseError,
    zlib.error,
)


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
        return _rows(reader(path, name))
    except OSError as error:
        raise RosterFileError(f"{path}: {error.strerror or error}") from None


def _rows(table: Iterator[Sequence[object]]) -> list[RosterRow]:
    columns = _columns(next(table, ()))
    rows = []
    for number, cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise RosterFileError(_("行数太多，最多 %(n)d 行；请分成几个文件") % {"n": MAX_ROWS})
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
    if isinstance(cell, (date, time)):
        return f"{AS_A_DATE}{cell}"
    return clean(cell).lstrip("'’‘`")


def _workbook(path: Path, name: str) -> Iterator[Sequence[object]]:
    try:
        _refuse_huge(path, name)
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some exporters write a wrong size
            yield from sheet.iter_rows(values_only=True)
        finally:
            book.close()
    except _DAMAGED:
        raise RosterFileError(_("%(name)s 不是 Excel 工作簿（.xlsx），或已损坏") % {"name": name}) from None


def _refuse_huge(path: Path, name: str) -> None:
    """A few packed bytes can be gigabytes, which the reader would take into memory."""
    with zipfile.ZipFile(path) as packed:
        if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
            raise RosterFileError(_("%(name)s 太大了") % {"name": name})


def _csv(path: Path, name: str) -> Iterator[Sequence[object]]:
    text = _decode(path.read_bytes(), name)
    heading = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=heading.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise RosterFileError(
            _("%(name)s 的引号不成对，请重新导出（%(error)s）") % {"name": name, "error": error}
        ) from None


def _decode(raw: bytes, name: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark (Excel's "Unicode text"), or GB18030 (Chinese Windows)."""
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileError(_("%(name)s 的编码既不是 UTF-8 也不是 GB18030") % {"name": name})
