"""Template messages. Each kind of field has rules of its own, and one wrong field loses the message (47003):
https://developers.weixin.qq.com/doc/service/api/notify/template (field table)."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

from community_report.wechat.client import get_client
from dispatch.values import Type, Value

from .base import Message, TemplateChoice

NOTHING = "无"
_NOT_CHINESE = re.compile(r"[^\u4e00-\u9fff]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_CAR = re.compile(r"[\u4e00-\u9fff]?[A-Z][A-Z0-9·]{3,6}[\u4e00-\u9fff]?(?![A-Z0-9])")
_AMOUNT = re.compile(r"[¥$€£]?(?<![0-9])[0-9]{1,10}(\.[0-9]{1,2})?\u5143?(?![0-9])")  # U+5143: 元


class TemplateChannel:
    name = "template"

    def serves(self, message: Message) -> bool:
        return message.template is not None

    def send(self, message: Message) -> str:
        assert message.template is not None
        return get_client().send_template(
            message.openid,
            template_id=message.template.template_id,
            url=message.url,
            data=filled(message.template, message),
            client_msg_id=message.client_msg_id,
        )


def filled(template: TemplateChoice, message: Message) -> dict[str, str]:
    """Every field of the template with what it shows."""
    return {name: clean(name, _value(message, name, value)) for name, value in template.fields.items()}


def _value(message: Message, field: str, name: str) -> Value:
    """The value of that name; a field for a time cannot be empty, so it then says when it happened."""
    prefix = prefix_of(field)
    in_chinese = message.phrases if prefix == "phrase" else {}
    value = in_chinese.get(name, message.values.get(name, ""))
    if value == "" and FIELDS[prefix][0] == {Type.TIME}:
        return message.values["time"]
    return value


def clean(field: str, value: Value) -> str:
    """`value` as the field `field` ("thing1", "time2" …) takes it: cut, without what it refuses, never empty."""
    make = FIELDS[prefix_of(field)][1]
    return make(value)


def prefix_of(field: str) -> str:
    """ "thing1" → "thing"; raises KeyError for a field that no template has."""
    prefix = field.rstrip("0123456789")
    if prefix == field or prefix not in FIELDS:
        raise KeyError(field)
    return prefix


#: Emoji of the basic plane, with what joins and dresses them; a keycap loses its frame and keeps its digit.
#: https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt (the blocks 2600 to 27BF as a whole)
_EMOJI = re.compile(
    "[\u00a9\u00ae\u200d\u203c\u2049\u20e3\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50"
    "\u2b55\u3030\u303d\u3297\u3299\ufe00-\ufe0f]"
)
#: What is not seen by itself: marks on other characters, directions, joiners.
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cs"})


def _plain(value: Value) -> str:
    """One line without emoji, control characters and what is outside the basic plane."""
    if isinstance(value, datetime):
        value = _time(value)
    text = _EMOJI.sub("", unicodedata.normalize("NFC", str(value)))
    seen = (c for c in text if ord(c) < 0x10000 and unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(c if c.isprintable() else " " for c in seen).split())


def _cut(length: int, empty: str = NOTHING) -> Callable[[Value], str]:
    def make(value: Value) -> str:
        text = _plain(value)
        return (text if len(text) <= length else text[: length - 1] + "…") or empty

    return make


def _ascii(value: Value) -> str:
    return "".join(c for c in _plain(value) if " " <= c <= "~").strip()[:32] or "-"


def _phrase(value: Value) -> str:
    return _NOT_CHINESE.sub("", _plain(value))[:5] or NOTHING


def _name(value: Value) -> str:
    """At most ten characters with Chinese among them, else twenty letters."""
    text = "".join(c for c in _plain(value) if c.isalpha() or c in " .·").strip()
    if _CHINESE.search(text):
        return _NOT_CHINESE.sub("", text)[:10]
    return text.replace("·", "")[:20] if text.isascii() and text else NOTHING


def _number(value: Value) -> str:
    found = _NUMBER.search(unicodedata.normalize("NFKC", _plain(value)))
    return found.group()[:32].rstrip(".") if found else "0"


def _letter(value: Value) -> str:
    return re.sub(r"[^A-Za-z]", "", _plain(value))[:32] or "N"


def _symbol(value: Value) -> str:
    return re.sub(r"[\w\s]", "", _plain(value))[:5] or "-"


def _phone_number(value: Value) -> str:
    """Digits with the signs between them, in ASCII."""
    kept = re.sub(r"[^0-9+() -]", "", unicodedata.normalize("NFKC", _plain(value)))
    return kept.strip()[:17].rstrip() or "-"


def _car_number(value: Value) -> str:
    """Letters and digits; the first and the last may be Chinese (粤A8Z888挂)."""
    found = _CAR.search(unicodedata.normalize("NFKC", _plain(value)).replace(" ", "").upper())
    return found.group() if found else NOTHING


def _amount(value: Value) -> str:
    """A currency's sign, at most ten digits, a decimal fraction, 元 at the end."""
    found = _AMOUNT.search(unicodedata.normalize("NFKC", _plain(value)).replace(",", ""))
    return found.group() if found else "0"


def _time(value: Value) -> str:
    """2026年11月23日 15:04: 24 hours, in the zone that the value has."""
    if not isinstance(value, datetime):
        return "-"
    return f"{value.year}年{value.month}月{value.day}日 {value:%H:%M}"


_WORDS = frozenset({Type.TEXT, Type.TIME, Type.NUMBER})
#: prefix of the field → (types of values that it takes, how they are made to fit)
FIELDS: dict[str, tuple[frozenset[Type], Callable[[Value], str]]] = {
    "thing": (_WORDS, _cut(20)),
    "const": (frozenset({Type.TEXT}), _cut(20)),
    "character_string": (frozenset({Type.TEXT, Type.NUMBER}), _ascii),
    "phrase": (frozenset({Type.TEXT}), _phrase),
    "name": (frozenset({Type.TEXT}), _name),
    "number": (frozenset({Type.NUMBER}), _number),
    "letter": (frozenset({Type.TEXT}), _letter),
    "symbol": (frozenset({Type.TEXT}), _symbol),
    "phone_number": (frozenset({Type.TEXT}), _phone_number),
    "car_number": (frozenset({Type.TEXT}), _car_number),
    "amount": (frozenset({Type.TEXT, Type.NUMBER}), _amount),
    "time": (frozenset({Type.TIME}), _time),
    "date": (frozenset({Type.TIME}), _time),
}
