"""What WeChat would send, made without the code under test (only hashlib, cryptography and strings)."""

import base64
import hashlib
import struct
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN = "callbacktoken"
APP_ID = "wx0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
RANDOM = b"0123456789abcdef"


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def message(**fields: str) -> bytes:
    """A text message with these elements replaced or added; a value of None leaves the element out."""
    elements = {
        "ToUserName": "gh_account",
        "FromUserName": "oResident",
        "CreateTime": "1700000000",
        "MsgType": "text",
        "Content": "楼道灯坏了",
        "MsgId": "24000000000000001",
    } | fields
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items() if value is not None)
    return f"<xml>{inner}</xml>".encode()


def event(name: str, **fields: str) -> bytes:
    return message(MsgType="event", Event=name, Content=None, MsgId=None, **fields)


def clear_query(timestamp: float | None = None, token: str = TOKEN) -> dict[str, str]:
    stamp = str(int(time.time() if timestamp is None else timestamp))
    return {"timestamp": stamp, "nonce": "486452656", "signature": sha1(token, stamp, "486452656")}


def padded(plain: bytes) -> bytes:
    missing = 32 - len(plain) % 32
    return plain + bytes([missing]) * missing


def plaintext(xml: bytes, app_id: str = APP_ID) -> bytes:
    return RANDOM + struct.pack(">I", len(xml)) + xml + app_id.encode()


def aes(plain: bytes, key: str = AES_KEY) -> str:
    """The ciphertext of `plain` as it is, without padding."""
    secret = base64.b64decode(key + "=")
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def opened(ciphertext: str, key: str = AES_KEY) -> bytes:
    """What a ciphertext holds, padding, random bytes and all."""
    secret = base64.b64decode(key + "=")
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    return decryptor.update(base64.b64decode(ciphertext)) + decryptor.finalize()


def sealed(xml: bytes, app_id: str = APP_ID) -> str:
    return aes(padded(plaintext(xml, app_id)))


def safe_query(encrypted: str, timestamp: float | None = None) -> dict[str, str]:
    query = clear_query(timestamp)
    said = sha1(TOKEN, query["timestamp"], query["nonce"], encrypted)
    return query | {"encrypt_type": "aes", "msg_signature": said, "openid": "oResident"}


def envelope(encrypted: str, clear: bytes = b"<ToUserName><![CDATA[gh_account]]></ToUserName>") -> bytes:
    return b"<xml>" + clear + f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def safe_push(xml: bytes, timestamp: float | None = None) -> tuple[Mapping[str, str], bytes]:
    encrypted = sealed(xml)
    return safe_query(encrypted, timestamp), envelope(encrypted)
