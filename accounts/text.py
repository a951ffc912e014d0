"""How names, rooms and phone numbers are written: one form for what people type, paste or export from Excel."""

import re
import unicodedata
from collections.abc import Mapping

import phonenumbers

#: A home as people state it; every part is text, the unit may be empty.
Home = dict[str, str]

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


def spellings(part: str, text: str) -> list[str]:
    """The ways to write one part of a home, as given first: "401" is "401室", "1" is "1单元"."""
    suffixes = _SUFFIXES[part]
    bare = next((text[: -len(s)] for s in suffixes if text.endswith(s) and text != s), text)
    return list(dict.fromkeys([text, bare, *(bare + s for s in suffixes)])) if bare else [""]


def same_home(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Do two statements mean the same home?"""
    a, b = clean_home(one), clean_home(other)
    return all(b[part] in spellings(part, a[part]) for part in a)


def clean_phone(raw: object) -> str:
    """A number as it is kept: "13900000001" within China, "+852…" beyond it. Raises ValueError for what is none."""
    text = re.sub(r"\.0$", "", clean(raw))
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
