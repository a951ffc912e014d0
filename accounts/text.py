"""How names, rooms and phone numbers are written: one form for what people type, paste or export from Excel."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

import phonenumbers

#: A home as people state it; every part is text, the unit may be empty.
Home = dict[str, str]

_SCIENTIFIC = re.compile(r"\d(?:\.(\d+))?[eE]\+?(\d{1,2})")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SUFFIXES = {"building": ("号楼", "幢", "栋", "楼", "座"), "unit": ("单元",), "room": ("号房", "室", "房", "号")}


def clean(text: object) -> str:
    """Full-width letters and digits made plain, control characters gone, white space single and trimmed."""
    plain = unicodedata.normalize("NFKC", str(text))
    visible = "".join(c if c.isspace() or unicodedata.category(c)[0] != "C" else "" for c in plain)
    return " ".join(visible.split())


def clean_part(text: object) -> str:
    """A building, unit or room: as `clean`, without inner white space and without the ".0" that Excel adds."""
    part = clean(text).replace(" ", "")
    return part[:-2] if re.fullmatch(r"\d+\.0", part) else part


def clean_home(home: Mapping[str, object]) -> Home:
    """`{"building", "unit", "room"}` cleaned; what is missing is empty."""
    return {part: clean_part(home.get(part) or "") for part in ("building", "unit", "room")}


def clean_span(text: object) -> str:
    """A span of hours: "8：30 ～ 12：00" is "08:30-12:00"."""
    span = re.sub(r"[~～—–至到]+", "-", clean(text).replace(" ", ""))
    return re.sub(r"(?<!\d)(\d):", r"0\1:", span)


def home_text(home: Mapping[str, str]) -> str:
    """A stated home in a line, as `str(Home)` writes one that is known."""
    return "".join(home.get(part, "") for part in ("building", "unit", "room"))


def spellings(part: str, text: str) -> list[str]:
    """The ways to write one part of a home, as given first: "401" is "401室", "1" is "1单元"."""
    suffixes = _SUFFIXES[part]
    bare = next((text[: -len(s)] for s in suffixes if text.endswith(s) and text != s), text)
    return list(dict.fromkeys([text, bare, *(bare + s for s in suffixes)])) if bare else [""]


def same_home(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Do two statements mean the same home?"""
    a, b = clean_home(one), clean_home(other)
    return all(b[part] in spellings(part, a[part]) for part in a)


def is_shortened(text: str) -> bool:
    """Is this a number as Excel shows it in a narrow column, its last digits gone: "1.39E+10"?"""
    found = _SCIENTIFIC.fullmatch(text)
    return found is not None and len(found[1] or "") < int(found[2])


def plain_number(text: str) -> str:
    """Without what spreadsheets put around a number: ".0", an apostrophe, "1.3900000001E+10"."""
    text = re.sub(r"\.0+$", "", text.lstrip("'’‘`"))
    if _SCIENTIFIC.fullmatch(text) and not is_shortened(text):
        return str(int(Decimal(text)))
    return text


def clean_phone(raw: object) -> str:
    """A number as it is kept: "13900000001" within China, "+852…" beyond it. Raises ValueError for what is none."""
    text = plain_number(clean(raw))
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("no phone number") from None
    chinese = number.country_code == 86
    national = str(number.national_number)
    if not phonenumbers.is_valid_number(number) and not (chinese and _MOBILE.fullmatch(national)):
        raise ValueError("no phone number")
    if not chinese:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return re.sub(r"\D", "", written)
