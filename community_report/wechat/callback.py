"""The account's callback: who may speak, what was said, and how to answer within WeChat's five seconds.

Answering something is up to the caller: `success()` or a sealed reply within 5 s, else WeChat sends the same again,
three times in all. https://developers.weixin.qq.com/doc/service/guide/dev/push/
"""

import logging
import re
import secrets
import time
from collections.abc import Iterator, Mapping

from wechatpy.replies import ArticlesReply, TextReply

from community_report.wechat import crypto
from community_report.wechat.config import Account, account
from community_report.wechat.inbound import Forbidden, Inbound, Malformed, read

__all__ = [
    "MAX_BODY_BYTES",
    "CallbackRefused",
    "Inbound",
    "Malformed",
    "TooLarge",
    "news_reply",
    "open_callback",
    "seal",
    "success",
    "text_reply",
    "verify_echo",
]

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
#: How far the signed timestamp may be from our clock, either way: wide enough for a clock that is ten minutes off and
#: WeChat's own repeats, narrow enough that a recorded push is soon worthless.
MAX_AGE_SECONDS = 15 * 60
#: From here on the clocks are reported as apart.
SKEW_SECONDS = 5 * 60
MAX_PARAMETER_LENGTH = 512
MAX_ENVELOPES = 8

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CallbackRefused(Exception):
    """Not from WeChat, or not for this account: answer 403. `reason` is for the log; the caller is told nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return "callback refused"


class TooLarge(Exception):
    """More than `MAX_BODY_BYTES`: answer 413."""


def verify_echo(query: Mapping[str, str]) -> str:
    """The `echostr` to answer in clear as text/plain, when WeChat checks the address (GET); raises CallbackRefused.

    The timestamp's age does not matter: the answer tells nothing that the question did not hold.
    """
    _check_signature(query, account())
    return _parameter(query, "echostr")


def open_callback(query: Mapping[str, str], body: bytes) -> Inbound:
    """The message of a push (POST). Nothing of `body` is parsed before its signature holds.

    With an AES key only what is encrypted counts, clear fields beside it included in nothing. Raises TooLarge,
    CallbackRefused (DTDs and entities included), and Malformed for what WeChat signed but nobody can read (keep it,
    answer `success()`).
    """
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge
    settings = account()
    if settings.aes_key:
        return _read(_decrypted(query, body, settings))
    _check_signature(query, settings)
    _check_age(query)
    if query.get("encrypt_type", "raw") != "raw":
        raise CallbackRefused("encrypted, but there is no AES key")
    return _read(body)


def text_reply(inbound: Inbound, content: str) -> bytes:
    """A passive text reply, in clear: give it to `seal`."""
    return _render(TextReply(source=_cdata(inbound.account), target=_cdata(inbound.openid), content=_cdata(content)))


def news_reply(inbound: Inbound, title: str, description: str, url: str, picurl: str) -> bytes:
    """A passive reply with one article, in clear: give it to `seal`."""
    reply = ArticlesReply(source=_cdata(inbound.account), target=_cdata(inbound.openid))
    article = {"title": title, "description": description, "url": url, "image": picurl}
    reply.add_article({name: _cdata(value) for name, value in article.items()})
    return _render(reply)


def success() -> bytes:
    """Taken, nothing to say. In clear in every mode."""
    return b"success"


def seal(reply_xml: bytes) -> bytes:
    """What goes over the wire: encrypted and signed when there is an AES key; `success` and b"" stay as they are."""
    settings = account()
    if not settings.aes_key or reply_xml in (b"", success()):
        return reply_xml
    encrypted = crypto.encrypt(reply_xml.decode(), settings.aes_key, settings.app_id)
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
        f"<MsgSignature><![CDATA[{crypto.sign(settings.token, timestamp, nonce, encrypted)}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()


def _read(xml: bytes) -> Inbound:
    try:
        return read(xml)
    except Forbidden as error:
        raise CallbackRefused(f"forbidden in XML: {error}") from None


def _decrypted(query: Mapping[str, str], body: bytes, settings: Account) -> bytes:
    # `msg_signature` covers everything; the clear signature, when it comes along, must hold as well.
    if "signature" in query:
        _check_signature(query, settings)
    _require_token(settings)
    said, timestamp, nonce = (_parameter(query, name) for name in ("msg_signature", "timestamp", "nonce"))
    for encrypted in _envelopes(body):
        if crypto.same(crypto.sign(settings.token, timestamp, nonce, encrypted), said):
            _check_age(query)
            return _open_envelope(encrypted, settings)
    raise CallbackRefused("no encrypted message with this signature")


def _open_envelope(encrypted: str, settings: Account) -> bytes:
    try:
        return crypto.decrypt(encrypted, settings.aes_key, settings.app_id)
    except crypto.BadEnvelope:
        raise CallbackRefused("cannot be decrypted for this account") from None


def _envelopes(body: bytes) -> Iterator[str]:
    """What stands between `Encrypt` tags, found without parsing, since nothing is authenticated yet.

    In compat mode a person's own text can hold such tags too, hence candidates; the signature picks the right one.
    """
    for part in body.split(b"<Encrypt>", MAX_ENVELOPES)[1:]:
        inner = part.partition(b"</Encrypt>")[0].strip()
        yield inner.removeprefix(b"<![CDATA[").removesuffix(b"]]>").strip().decode("ascii", "replace")


def _check_signature(query: Mapping[str, str], settings: Account) -> None:
    _require_token(settings)
    said, timestamp, nonce = (_parameter(query, name) for name in ("signature", "timestamp", "nonce"))
    if not crypto.same(crypto.sign(settings.token, timestamp, nonce), said):
        raise CallbackRefused("wrong signature")


def _require_token(settings: Account) -> None:
    # Without a token anybody can compute the signature.
    if not settings.token:
        raise CallbackRefused("no token is configured")


def _check_age(query: Mapping[str, str]) -> None:
    timestamp = _parameter(query, "timestamp")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise CallbackRefused("no timestamp")
    skew = int(time.time()) - int(timestamp)
    if abs(skew) > SKEW_SECONDS:
        logger.warning("a callback's timestamp is %s s away from this clock", skew)
    if abs(skew) > MAX_AGE_SECONDS:
        raise CallbackRefused("stale timestamp")


def _parameter(query: Mapping[str, str], name: str) -> str:
    value = query.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_PARAMETER_LENGTH:
        raise CallbackRefused(f"no {name}")
    return value


def _cdata(text: str) -> str:
    """`text` fit for wechatpy's CDATA sections, which it does not guard."""
    return _NOT_IN_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")


def _render(reply: TextReply | ArticlesReply) -> bytes:
    return str(reply.render()).encode()
