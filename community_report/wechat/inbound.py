"""What people and WeChat send to the account, read from XML into one plain shape."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

MAX_DEPTH = 8
MAX_ELEMENTS = 2000
MAX_ID_LENGTH = 128
SCENE_PREFIX = "qrscene_"
KINDS = frozenset({"text", "image", "voice", "video", "shortvideo", "location", "link", "event"})


class Malformed(Exception):
    """Signed by WeChat, but not readable. `payload` is the (decrypted) body, for the dead letters."""

    def __init__(self, reason: str, payload: bytes = b"") -> None:
        super().__init__(reason, payload)
        self.reason = reason
        self.payload = payload

    def __str__(self) -> str:
        return self.reason


class Forbidden(Exception):
    """Signed, but with a document type or entities, which WeChat never sends: somebody tries something."""


@dataclass(frozen=True)
class Inbound:
    """One message or event. Text fields are "" and numbers None when WeChat sent none.

    `kind` is text, image, voice, video, shortvideo, location, link, event or unknown; `event` is in lower case
    (subscribe, scan, click …). `raw` is the whole message as str → str, dict or list of these, fit for JSON.
    https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
    """

    kind: str
    openid: str
    account: str  #: the account's own id (ToUserName)
    created_at: datetime  #: aware, UTC, whole seconds
    dedupe_key: str  #: the same for every copy of one push; at most 140 characters
    msg_id: str = ""
    event: str = ""
    event_key: str = ""
    content: str = ""
    media_id: str = ""
    pic_url: str = ""
    format: str = ""  #: of a voice: amr or speex
    recognition: str = ""
    latitude: float | None = None
    longitude: float | None = None
    label: str = ""
    scene: str = ""  #: of a scanned QR code, following or already following
    ticket: str = ""
    status: str = ""  #: of a finish event
    job_msg_id: str = ""  #: MsgID of a finish event: the msgid that sending returned
    raw: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)


def read(xml: bytes) -> Inbound:
    """The message in `xml`; raises Forbidden for DTDs and entities, Malformed for the rest (too many elements, too)."""
    try:
        return from_raw(_parse(xml))
    except Malformed as error:
        raise Malformed(error.reason, xml) from None


def from_raw(raw: dict[str, Any]) -> Inbound:
    """The message of a `raw` that was kept; raises Malformed."""
    kind = _required(raw, "MsgType").lower()
    event = _text(raw, "Event").lower() if kind == "event" else ""
    where = ("Latitude", "Longitude") if kind == "event" else ("Location_X", "Location_Y")
    return Inbound(
        kind=kind if kind in KINDS else "unknown",
        openid=_id(_required(raw, "FromUserName")),
        account=_required(raw, "ToUserName"),
        created_at=_time(_required(raw, "CreateTime")),
        dedupe_key=_dedupe_key(raw),
        msg_id=_id(_text(raw, "MsgId")),
        event=event,
        event_key=_text(raw, "EventKey"),
        content=_text(raw, "Content"),
        media_id=_text(raw, "MediaId"),
        pic_url=_text(raw, "PicUrl"),
        format=_text(raw, "Format").lower(),
        recognition=_text(raw, "Recognition"),
        latitude=_number(raw, where[0], limit=90),
        longitude=_number(raw, where[1], limit=180),
        label=_text(raw, "Label"),
        scene=_scene(event, _text(raw, "EventKey")),
        ticket=_text(raw, "Ticket"),
        status=_text(raw, "Status"),
        job_msg_id=_text(raw, "MsgID") or (_text(raw, "MsgId") if kind == "event" else ""),
        raw=raw,
    )


def _dedupe_key(raw: Mapping[str, Any]) -> str:
    """MsgId for messages. Events have none: WeChat names FromUserName and CreateTime; the rest keeps two events apart
    that one person caused within a second."""
    if _text(raw, "MsgType").lower() != "event" and (msg_id := _text(raw, "MsgId")):
        return f"msg:{_id(msg_id)}"
    names = ("FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgID", "MsgId")
    parts = "\n".join(_text(raw, name) for name in names)
    return f"event:{hashlib.sha256(parts.encode()).hexdigest()}"


def _scene(event: str, key: str) -> str:
    if event == "scan":
        return key
    # A follow can come with another key as well (`last_trade_no_…`).
    return key.removeprefix(SCENE_PREFIX) if event == "subscribe" and key.startswith(SCENE_PREFIX) else ""


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is not one text")
    return value.strip() if name != "Content" else value


def _required(raw: Mapping[str, Any], name: str) -> str:
    if value := _text(raw, name):
        return value
    raise Malformed(f"no {name}")


def _id(value: str) -> str:
    if len(value) > MAX_ID_LENGTH:
        raise Malformed("an id is too long")
    return value


def _time(value: str) -> datetime:
    if not (value.isascii() and value.isdigit() and len(value) <= 11):
        raise Malformed("CreateTime is no time")
    return datetime.fromtimestamp(int(value), UTC)


def _number(raw: Mapping[str, Any], name: str, *, limit: float) -> float | None:
    try:
        number = float(_text(raw, name))
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= limit else None


def _parse(xml: bytes) -> dict[str, Any]:
    parser = XMLParser(target=_Builder(), encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(xml)
        tag, value = parser.close()
    except DefusedXmlException as error:
        raise Forbidden(type(error).__name__) from None
    except (ParseError, ValueError) as error:
        raise Malformed(f"not XML ({type(error).__name__})") from None
    if tag != "xml" or not isinstance(value, dict):
        raise Malformed("no <xml> with elements")
    return value


class _Builder:
    """Builds dicts while parsing, so that depth and number are refused before they cost memory."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0
        self._root: tuple[str, Any] = ("", "")

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise Malformed("too many elements or too deep")
        self._open.append((tag, {}, []))

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, _tag: str) -> None:
        tag, children, texts = self._open.pop()
        value = children or "".join(texts)
        if self._open:
            _add(self._open[-1][1], tag, value)
        else:
            self._root = (tag, value)

    def close(self) -> tuple[str, Any]:
        return self._root


def _add(parent: dict[str, Any], tag: str, value: Any) -> None:
    """A repeated element becomes a list."""
    if tag not in parent:
        parent[tag] = value
    elif isinstance(parent[tag], list):
        parent[tag].append(value)
    else:
        parent[tag] = [parent[tag], value]
