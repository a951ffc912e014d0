"""Knocking at our own callback as WeChat does when its address is saved
(https://developers.weixin.qq.com/doc/service/guide/dev/push)."""

import hashlib
import secrets
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from community_report.wechat.config import account


def knock(address: str) -> str:
    """What is wrong with the answer of the callback at `address` ("" for nothing); it must echo, knowing our token."""
    settings, parts, echo = account(), urlsplit(address), secrets.token_hex(8)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=settings.timeout)
    try:
        connection.request("GET", f"{parts.path}?{_query(settings.token, echo)}")
        answer = connection.getresponse()
        body = answer.read(1000)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return "" if body == echo.encode() else f"answered HTTP {answer.status} instead of the echo"


def _query(token: str, echo: str) -> str:
    stamp, nonce = str(int(time.time())), secrets.token_hex(5)
    joined = "".join(sorted([token, stamp, nonce])).encode()
    signature = hashlib.sha1(joined, usedforsecurity=False).hexdigest()  # WeChat's choice
    return urlencode({"signature": signature, "timestamp": stamp, "nonce": nonce, "echostr": echo})
