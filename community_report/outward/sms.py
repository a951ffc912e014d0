"""Short messages through whatever gateway speaks HTTP: the request is a template, the test of success is data.

Gateways in China want a signature and a template that they approved beforehand, with parameters; others take a text.
Both are placeholders here: {phone} {text} {sign} {template} {params} {params_text} {secret} {url}.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from community_report.wechat.errors import ErrorKind

from . import door

PLACEHOLDERS = frozenset({"phone", "text", "sign", "template", "params", "params_text", "secret", "url"})
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PROVIDER = "SMS"
#: Numbers that can be written to: of China's mobiles, with or without the country's.
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")


@dataclass(frozen=True)
class Gateway:
    """How a gateway is asked. Its secrets stay out of `repr`.

    `params` are the template's parameters by name. It worked when the answer is 2xx and, with a `success_field`, the
    value at that dotted path of the JSON answer is `success_value`.
    """

    address: str = field(repr=False)
    method: str = "POST"
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    sign: str = ""
    template: str = ""
    secret: str = field(default="", repr=False)
    success_field: str = ""
    success_value: str = ""


def mobile(number: str) -> str:
    """The eleven digits of a Chinese mobile number, however it is written; "" for any other."""
    match = _MOBILE.fullmatch(re.sub(r"[\s-]", "", number))
    return match.group(1) if match else ""


def unknown_placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS


def send(gateway: Gateway, phone: str, text: str, *, url: str, params: Mapping[str, str]) -> str:
    """Ask the gateway to send; gives its message id where the answer has one of the usual names, else "".

    Raises OutwardError: TRANSIENT for 5xx and silence, ACCOUNT for another status, PERSON for a refusal in the answer
    (the number, the template, the balance: a gateway's own codes cannot be told apart).
    """
    values = {
        "phone": phone,
        "text": text,
        "sign": gateway.sign,
        "template": gateway.template,
        "secret": gateway.secret,
        "url": url,
        "params_text": json.dumps(dict(params), ensure_ascii=False),
    }
    address = _filled(gateway.address, {name: quote_plus(value) for name, value in values.items()})
    headers = {name: _filled(value, {"secret": gateway.secret}) for name, value in gateway.headers.items()}
    content = None if gateway.method == "GET" else (gateway.content_type, _body(gateway, values, params).encode())
    answer = door.call(PROVIDER, gateway.method, address, content=content, headers=headers)
    if answer.status not in range(200, 300):
        raise door.OutwardError(ErrorKind.ACCOUNT, f"HTTP {answer.status}", answer.status, PROVIDER)
    if gateway.success_field and _at(answer.json, gateway.success_field) != gateway.success_value:
        said = _at(answer.json, gateway.success_field)[:40]
        raise door.OutwardError(ErrorKind.PERSON, f"{gateway.success_field} is {said!r}", None, PROVIDER)
    return next((found[:64] for name in ("msgid", "message_id", "BizId") if (found := _at(answer.json, name))), "")


def _body(gateway: Gateway, values: Mapping[str, str], params: Mapping[str, str]) -> str:
    if gateway.content_type == JSON:
        escaped = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
        # An object of its own; `params_text` is the same inside of a string.
        return _filled(gateway.body, {**escaped, "params": json.dumps(dict(params), ensure_ascii=False)})
    escaped = {name: quote_plus(value) for name, value in values.items()}
    return _filled(gateway.body, {**escaped, "params": escaped["params_text"]})


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """Only the known placeholders are replaced: other braces are the body's own. One pass: values stay as they are."""
    return _PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group(0)), pattern)


def _at(answer: Any, path: str) -> str:
    """The value at a dotted path, as text; "" where there is none."""
    for name in path.split("."):
        if isinstance(answer, list) and name.isdigit() and int(name) < len(answer):
            answer = answer[int(name)]
        elif isinstance(answer, dict):
            answer = answer.get(name)
        else:
            return ""
    return "" if answer is None else str(answer)
