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
    value = message.values.get(name, "")
    if value == "" and FIELDS[prefix_of(field)][0] == {Type.TIME}:
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


def _plain(value: Value) -> str:
    """One line without emoji, control characters and what is outside the basic plane."""
    if isinstance(value, datetime):
        value = _time(value)
    kept = (c if c.isprintable() else " " for c in unicodedata.normalize("NFC", str(value)) if ord(c) < 0x10000)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("So", "Cs", "Mn")).split())


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
    return re.sub(r"[^\d.]", "", _plain(value))[:32] or "0"


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
    "time": (frozenset({Type.TIME}), _time),
    "date": (frozenset({Type.TIME}), _time),
}
