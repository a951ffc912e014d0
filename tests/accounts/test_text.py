"""How names, homes and phones are written."""

import pytest

from accounts.text import clean, clean_home, clean_phone, same_home, spellings


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("13900000001", "13900000001"),
        ("+86 139 0000 0001", "13900000001"),
        ("0086-139-0000-0001", "13900000001"),
        ("１３９００００００１１", "13900000011"),
        (" 139 0000 0001 ", "13900000001"),
        ("13900000001.0", "13900000001"),
        (13900000001, "13900000001"),
        ("010-8888 8888", "01088888888"),
        ("+852 9123 4567", "+85291234567"),
    ],
)
def test_phones_are_kept_in_one_form(raw: object, kept: str) -> None:
    assert clean_phone(raw) == kept


@pytest.mark.parametrize("raw", ["", "abc", "12345", "1390000000", "139000000011", "1.39E+10", "+999 1"])
def test_what_is_no_phone_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="no phone number"):
        clean_phone(raw)


def test_text_is_made_plain() -> None:
    assert clean("  李\u3000阿姨\u200b\x00 ") == "李 阿姨"
    assert clean("Ａ１２") == "A12"


def test_homes_lose_what_excel_and_keyboards_add() -> None:
    assert clean_home({"building": "６ 幢", "unit": None, "room": "101.0"}) == {
        "building": "6幢",
        "unit": "",
        "room": "101",
    }


def test_the_same_home_is_recognised_however_it_is_written() -> None:
    assert same_home(
        {"building": "6幢", "unit": "1单元", "room": "401"}, {"building": "6号楼", "unit": "1", "room": "401室"}
    )
    assert not same_home(
        {"building": "6幢", "unit": "1单元", "room": "401"}, {"building": "16幢", "unit": "1单元", "room": "401"}
    )


def test_an_empty_unit_has_no_other_spelling() -> None:
    assert spellings("unit", "") == [""]
    assert spellings("room", "室") == ["室", "室号房", "室室", "室房", "室号"]
