"""Importing the roster: Excel and CSV as property offices have them."""

import zipfile
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook

from accounts.models import Building, Home, RosterEntry
from accounts.services import roster_file
from accounts.services.roster import find_entry
from accounts.services.roster_file import RosterFileError, read_roster_file
from tests.factories import Cast

HEADINGS = ["楼栋", "单元", "房号", "姓名", "手机"]
LIU = ["6幢", "1单元", "501", "刘大爷", "13700000001"]


def sheet(path: Path, *rows: list[Any], headings: list[str] | None = None) -> Path:
    book = Workbook()
    for row in [headings or HEADINGS, *rows]:
        book.active.append(row)
    book.save(path)
    return path


def csv(path: Path, *rows: list[Any], encoding: str = "utf-8", headings: list[str] | None = None) -> Path:
    lines = [",".join(str(cell) for cell in row) for row in [headings or HEADINGS, *rows]]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def run(path: Path, *flags: str) -> str:
    out = StringIO()
    call_command("import_residents", "fuchen", str(path), *flags, stdout=out)
    return out.getvalue()


def entries() -> set[tuple[str, str, str]]:
    new = RosterEntry.objects.exclude(phone__startswith="1390")
    return {(str(entry.home), entry.name, entry.phone) for entry in new.select_related("home__building")}


def test_a_workbook_as_excel_mangles_it(cast: Cast, tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "r.xlsx",
        ["6幢", "1单元", 501.0, "刘大爷", 13700000001.0],
        [" ６幢 ", "１单元", "502.0", " 赵\u3000姐 ", "+86 137-0000-0002"],
        [None, None, None, None, None],
        ["6幢", "1", "503", "钱哥", "13700000003.0"],
    )
    assert "added: 3\nupdated: 0\nunchanged: 0\nrejected: 0" in run(path)
    assert entries() == {
        ("6幢1单元501", "刘大爷", "13700000001"),
        ("6幢1单元502", "赵 姐", "13700000002"),
        ("6幢1单元503", "钱哥", "13700000003"),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_in_any_usual_encoding(cast: Cast, tmp_path: Path, encoding: str) -> None:
    run(csv(tmp_path / "r.csv", LIU, encoding=encoding))
    assert entries() == {("6幢1单元501", "刘大爷", "13700000001")}


def test_english_headings_in_any_order(cast: Cast, tmp_path: Path) -> None:
    headings = ["Phone", "remarks", " NAME ", "room", "unit", "building"]
    path = csv(tmp_path / "r.csv", ["13700000001", "x", "刘大爷", "501", "1单元", "6幢"], headings=headings)
    run(path)
    assert entries() == {("6幢1单元501", "刘大爷", "13700000001")}


def test_rejected_rows_are_named_and_stop_no_other(cast: Cast, tmp_path: Path) -> None:
    path = csv(
        tmp_path / "r.csv",
        ["9幢", "1单元", "1", "甲", "13700000001"],
        ["6幢", "9单元", "1", "甲", "13700000001"],
        ["6幢", "1单元", "", "甲", "13700000001"],
        ["6幢", "1单元", "1", "", "13700000001"],
        ["6幢", "1单元", "1", "甲", "1.37E+10"],
        ["6幢", "1单元", "1", "甲", ""],
        LIU,
        LIU,
    )
    printed = run(path)
    for row, why in (
        (2, "no building '9幢'"),
        (3, "no unit '9单元'"),
        (4, "the room is missing"),
        (5, "the name is missing"),
        (
            6,
            "'1.37E+10' was shortened by the spreadsheet and its last digits are lost",
        ),
        (7, "the phone is missing"),
        (9, "repeats the home and phone of row 8"),
    ):
        assert f"row {row} rejected: " in printed
        assert why in printed
    assert "added: 1" in printed
    assert "rejected: 7" in printed
    assert len(entries()) == 1
    assert not Building.objects.filter(name="9幢").exists()


def test_a_second_run_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    path = csv(tmp_path / "r.csv", LIU, ["6幢", "1单元", "501", "刘大爷", "13700000002"])
    assert "added: 2" in run(path)
    before = set(RosterEntry.objects.values_list("pk", "name", "phone"))
    assert "added: 0\nupdated: 0\nunchanged: 2\nrejected: 0" in run(path)
    assert set(RosterEntry.objects.values_list("pk", "name", "phone")) == before


def test_names_and_phones_are_updated_in_place(cast: Cast, tmp_path: Path) -> None:
    run(csv(tmp_path / "1.csv", LIU, ["6幢", "1单元", "502", "赵姐", "13700000002"]))
    keys = set(RosterEntry.objects.values_list("pk", flat=True))
    renamed = ["6幢", "1单元", "501", "刘大伯", "13700000001"]
    moved = ["6幢", "1单元", "502", "赵姐", "13700000009"]
    assert "added: 0\nupdated: 2\nunchanged: 0" in run(csv(tmp_path / "2.csv", renamed, moved))
    assert entries() == {("6幢1单元501", "刘大伯", "13700000001"), ("6幢1单元502", "赵姐", "13700000009")}
    assert set(RosterEntry.objects.values_list("pk", flat=True)) == keys


def test_a_room_written_otherwise_is_the_same_room(cast: Cast, tmp_path: Path) -> None:
    """In the roster as 402, and twice in the file as 501."""
    homes, before = Home.objects.count(), RosterEntry.objects.count()
    told = run(
        csv(
            tmp_path / "a.csv",
            ["6栋", "1单元", "402室", "王先生", "13900000002"],
            ["6幢", "1", "501室", "甲", "13900000051"],
            ["6幢", "1", "501", "乙", "13900000052"],
            ["6幢", "1", "501号", "甲", "13900000051"],
        )
    )
    assert "repeats the home and phone of row 3" in told
    assert (Home.objects.count() - homes, RosterEntry.objects.count() - before) == (1, 2)
    assert set(RosterEntry.objects.filter(name="王先生").values_list("home__room", flat=True)) == {"402"}


def test_a_dry_run_tells_and_keeps_nothing(cast: Cast, tmp_path: Path) -> None:
    homes = Home.objects.count()
    printed = run(csv(tmp_path / "r.csv", LIU), "--dry-run")
    assert "added: 1" in printed
    assert "dry run" in printed
    assert (entries(), Home.objects.count()) == (set(), homes)


def test_a_longer_list_takes_no_more_queries_and_leaves_the_numbering_alone(cast: Cast, tmp_path: Path) -> None:
    """Another community's import may have taken numbers that nobody sees yet."""

    def queries(number: int) -> int:
        rows = [["6幢", "1单元", 500 + n // 2, f"住户{n}", f"1370000{n:04d}"] for n in range(number)]
        run(csv(tmp_path / "r.csv", *rows))
        with CaptureQueriesContext(connection) as caught:
            assert f"unchanged: {number}" in run(csv(tmp_path / "r.csv", *rows))
        assert "setval" not in str(caught.captured_queries)
        return len(caught)

    assert queries(3) == queries(60)


def test_nobody_is_removed(cast: Cast, tmp_path: Path) -> None:
    run(csv(tmp_path / "r.csv", LIU))
    assert RosterEntry.objects.filter(name="李阿姨").exists()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("r.txt", b"x", "an .xlsx or .csv file"),
        ("r.xlsx", b"no zip", "no Excel workbook"),
        ("r.csv", "楼栋,单元,房号,姓名\n".encode(), r"lacks: phone \(手机\)"),
        ("r.csv", b"", "lacks"),
        ("r.csv", b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with translation.override("en"), pytest.raises(RosterFileError, match=why):
        read_roster_file(path)


def test_the_command_says_what_is_missing(cast: Cast, tmp_path: Path) -> None:
    path = csv(tmp_path / "r.csv", LIU)
    with pytest.raises(CommandError, match="no community 'nowhere'"):
        call_command("import_residents", "nowhere", str(path))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_residents", "fuchen", str(tmp_path / "none.csv"))


def test_looking_up_needs_all_three(cast: Cast) -> None:
    home = {"building": "6幢", "unit": "1单元", "room": "401"}
    found = find_entry(community=cast.community, name="李阿姨", phone="+86 13900000001", home=home)
    assert found is not None
    assert found.home.as_dict() == home
    for wrong in (
        {"name": "李"},
        {"phone": "13900000002"},
        {"phone": "x"},
        {"home": {}},
        {"home": {**home, "room": "402"}},
        {"community": cast.other_community},
    ):
        asked = {"community": cast.community, "name": "李阿姨", "phone": "13900000001", "home": home, **wrong}
        assert find_entry(**asked) is None


def test_a_room_that_became_a_date_is_a_bad_row(cast: Cast, tmp_path: Path) -> None:
    said = run(sheet(tmp_path / "r.xlsx", ["6幢", "1单元", datetime(2026, 3, 1), "刘大爷", "13700000001"], LIU))
    assert "added: 1" in said
    assert "2026-03-01" in said


@pytest.mark.parametrize("keep", [200, 1500, -30])
def test_a_damaged_workbook_is_said_to_be_one(tmp_path: Path, keep: int) -> None:
    path = sheet(tmp_path / "r.xlsx", LIU)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RosterFileError, match="已损坏"):
        read_roster_file(path)


def test_a_sheet_cut_short_inside_the_workbook(tmp_path: Path) -> None:
    whole, cut = sheet(tmp_path / "r.xlsx", LIU), tmp_path / "cut.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
    with pytest.raises(RosterFileError, match="已损坏"):
        read_roster_file(cut)


def test_a_workbook_that_unpacks_to_too_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_file, "MAX_UNPACKED", 1000)
    with pytest.raises(RosterFileError, match="太大"):
        read_roster_file(sheet(tmp_path / "r.xlsx", LIU))


def test_too_many_rows_are_not_cut_off_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_file, "MAX_ROWS", 1)
    assert len(read_roster_file(csv(tmp_path / "one.csv", LIU))) == 1
    with pytest.raises(RosterFileError, match="最多 1 行"):
        read_roster_file(csv(tmp_path / "two.csv", LIU, LIU))
