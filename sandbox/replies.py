"""Passive replies: the XML an account's server may answer a push with."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.config import Config
from sandbox.crypto import Envelope, same, signature


class MalformedReply(Exception):
    """What makes a person see that the account is out of order."""


def parse(body: str, config: Config, openid: str, account: str) -> dict[str, Any] | None:
    """`msgtype` and its content, or None for an empty body or `success`, which are bare in every mode."""
    if body.strip() in ("", "success"):
        return None
    root = _tree(body)
    if config.mode == "safe" or (config.mode == "compat" and root.find("Encrypt") is not None):
        root = _tree(_open(root, config))
    if _text(root, "ToUserName") != openid or _text(root, "FromUserName") != account:
        raise MalformedReply("reply has foreign ToUserName or FromUserName")
    if not _text(root, "CreateTime").isdigit():
        raise MalformedReply("reply lacks CreateTime")
    kind = _text(root, "MsgType")
    if kind not in CONTENT:
        raise MalformedReply(f"reply of unknown type {kind!r}")
    return {"msgtype": kind} | CONTENT[kind](root)


def _tree(text: str) -> Element:
    try:
        root: Element = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise MalformedReply("reply is not XML") from error
    if root.tag != "xml":
        raise MalformedReply("reply has no <xml> root")
    return root


def _open(root: Element, config: Config) -> str:
    sealed, given = _text(root, "Encrypt"), _text(root, "MsgSignature")
    if not sealed or not given:
        raise MalformedReply("reply is in clear although the account is in safe mode")
    wanted = signature(config.token, _text(root, "TimeStamp"), _text(root, "Nonce"), sealed)
    if not same(wanted, given):
        raise MalformedReply("reply has a wrong MsgSignature")
    try:
        return Envelope(config.encoding_aes_key, config.app_id).open(sealed)
    except ValueError as error:
        raise MalformedReply("reply cannot be decrypted") from error


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _articles(root: Element) -> dict[str, Any]:
    items = root.findall("Articles/item")
    if len(items) != 1:
        raise MalformedReply("a news reply has one article")
    names = {"title": "Title", "description": "Description", "url": "Url", "picurl": "PicUrl"}
    return {"articles": [{key: _text(items[0], name) for key, name in names.items()}]}


def _content(root: Element) -> dict[str, Any]:
    text = root.findtext("Content") or ""
    if not text:
        raise MalformedReply("a text reply without Content")
    return {"text": text}


CONTENT: dict[str, Callable[[Element], dict[str, Any]]] = {
    "text": _content,
    "news": _articles,
    "image": lambda root: {"media_id": _text(root, "Image/MediaId")},
    "voice": lambda root: {"media_id": _text(root, "Voice/MediaId")},
    "video": lambda root: {"media_id": _text(root, "Video/MediaId"), "title": _text(root, "Video/Title")},
    "music": lambda root: {"title": _text(root, "Music/Title"), "url": _text(root, "Music/MusicUrl")},
    "transfer_customer_service": lambda root: {},
}
