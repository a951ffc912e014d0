"""Field rules of template and subscription messages (wechat.md section 6): a broken one is 47003."""

import re
from typing import Any

from sandbox.errors import WeChatError

KEY = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")
TIME = r"([01]?\d|2[0-3])[:：][0-5]\d([:：][0-5]\d)?"
DATE = r"\d{4}([-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日)"
MOMENT = rf"({DATE}\s?{TIME}|{DATE}|{TIME})"
RULES = {
    "thing": r".{1,20}",
    "character_string": r"[\x20-\x7e]{1,32}",
    "number": r"[-+]?[\d.,]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
    "const": r".{1,20}",
    "name": r"([\u4e00-\u9fff·]{1,10}|[A-Za-z .·]{1,20})",
    "time": rf"{MOMENT}(\s?~\s?{MOMENT})?",
    "date": rf"{MOMENT}(\s?~\s?{MOMENT})?",
    "phone_number": r"[\d+\-() ]{1,17}",
    "car_number": r"[\w·]{1,8}",
    "amount": r"([¥￥$€£]|[A-Z]{3})?\s?[\d,]+(\.\d+)?元?",
}


def keys(content: str) -> list[str]:
    return KEY.findall(content)


def check(content: str, data: object) -> dict[str, str]:
    """The values in the template's order. Raises WeChatError 47003 naming the field."""
    if not isinstance(data, dict):
        raise WeChatError(47003, "data")
    return {key: _value(key, data.get(key)) for key in keys(content)}


def _value(key: str, entry: Any) -> str:
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(value, str | int | float) or value == "":
        raise WeChatError(47003, f"data.{key}.value is empty")
    rule = RULES.get(key.rstrip("0123456789"), r".{1,20}")
    if not re.fullmatch(rule, str(value)):
        raise WeChatError(47003, f"data.{key}.value invalid")
    return str(value)


def render(content: str, values: dict[str, str]) -> list[dict[str, str]]:
    """The card's lines: label and value."""
    lines = []
    for line in content.splitlines():
        found = KEY.search(line)
        if found:
            label = line[: found.start()].strip().rstrip(":：")
            lines.append({"label": label, "value": values.get(found.group(1), "")})
    return lines
