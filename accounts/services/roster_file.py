"""Reading a roster out of an Excel workbook or a CSV file, as property offices export them: two formats for
django-import-export, whose own take neither GB18030 nor ragged rows, lose the rows' numbers and unpack without limit.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from import_export.formats.base_formats import CSV, XLSX
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from tablib import Dataset

from accounts.services.roster_resource import dataset_of
from accounts.services.roster_rows import AS_A_DATE
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


class RosterXLSX(XLSX):
    """`name` is what people call the file; here and below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def create_dataset(self, in_stream: bytes) -> Dataset:
        """The rows of its first sheet. Raises RosterFileError."""
        return _dataset(self._rows(io.BytesIO(in_stream)))

    def _rows(self, file: io.BytesIO) -> Iterator[Sequence[object]]:
        try:
            self._refuse_huge(file)
            book = load_workbook(file, read_only=True, data_only=True)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()  # some exporters write a wrong size
                yield from sheet.iter_rows(values_only=True)
            finally:
                book.close()
        except _DAMAGED:
            raise RosterFileError(_("%(name)s 不是 Excel 工作簿（.xlsx），或已损坏") % {"name": self.name}) from None

    def _refuse_huge(self, file: io.BytesIO) -> None:
        """A few packed bytes can be gigabytes, which the reader would take into memory."""
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise RosterFileError(_("%(name)s 太大了") % {"name": self.name})


class RosterCSV(CSV):
    """UTF-8 (with or without a mark), UTF-16 with a mark (Excel's "Unicode text"), or GB18030 (Chinese Windows)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def create_dataset(self, in_stream: bytes) -> Dataset:
        """Its rows. Raises RosterFileError."""
        return _dataset(self._rows(self._decoded(in_stream)))

    def _rows(self, text: str) -> Iterator[Sequence[object]]:
        heading = text.split("\n", 1)[0]
        delimiter = max(",\t;", key=heading.count)
        try:
            yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        except csv.Error as error:
            said = _("%(name)s 的引号不成对，请重新导出（%(error)s）")
            raise RosterFileError(said % {"name": self.name, "error": error}) from None

    def _decoded(self, raw: bytes) -> str:
        encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
        for encoding in encodings:
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise RosterFileError(_("%(name)s 的编码既不是 UTF-8 也不是 GB18030") % {"name": self.name})


FORMATS: dict[str, Any] = {".xlsx": RosterXLSX, ".csv": RosterCSV}


def read_roster(raw: bytes, name: str) -> Dataset:
    """The rows below the heading, blank ones left out, as `import_roster` takes them. Raises RosterFileError."""
    format_ = FORMATS.get(Path(name).suffix.lower())
    if format_ is None:
        raise RosterFileError(_("%(name)s：需要 .xlsx 或 .csv 文件") % {"name": name})
    return format_(name).create_dataset(raw)


def read_roster_file(path: Path) -> Dataset:
    """As `read_roster`, of a file on the disk."""
    try:
        return read_roster(path.read_bytes(), path.name)
    except OSError as error:
        raise RosterFileError(f"{path}: {error.strerror or error}") from None


def _dataset(table: Iterator[Sequence[object]]) -> Dataset:
    columns = _columns(next(table, ()))
    rows: list[tuple[object, ...]] = []
    for number, cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise RosterFileError(_("行数太多，最多 %(n)d 行；请分成几个文件") % {"n": MAX_ROWS})
        values = [_text(cells[at]) if at < len(cells) else "" for at in columns]
        if any(values):
            rows.append((number, *values))
    return dataset_of(rows)


def _columns(heading: Iterable[object]) -> list[int]:
    """Where the columns of `HEADINGS` stand in the file."""
    words = [_text(cell).lower() for cell in heading]
    found = {name: words.index(word) for name, known in HEADINGS.items() for word in reversed(known) if word in words}
    missing = [f"{name} ({HEADINGS[name][1]})" for name in HEADINGS if name not in found]
    if missing:
        raise RosterFileError(_("第 1 行（标题）缺少：%(columns)s") % {"columns": ", ".join(missing)})
    return [found[name] for name in HEADINGS]


def _text(cell: object) -> str:
    """Excel keeps numbers as floats: 101.0 is the room 101, 13900000001.0 a phone."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (date, time)):
        return f"{AS_A_DATE}{cell}"
    return clean(cell).lstrip("'’‘`")
