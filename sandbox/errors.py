"""WeChat's error answers (wechat.md; developers.weixin.qq.com, "全局返回码")."""

import secrets
import time
from typing import Any

MESSAGES = {
    -1: "system error",
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40029: "invalid code",
    40037: "invalid template_id",
    40053: "invalid action info",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40130: "invalid openid list size, at least two openid",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    42003: "code expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44003: "empty news data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45028: "has no masssend quota",
    45047: "out of response count limit",
    45065: "clientmsgid exist",
    45067: "clientmsgid size out of limit",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
}


class WeChatError(Exception):
    """An answer with an error code. `detail` follows the standard text; `more` joins the JSON object."""

    def __init__(self, code: int, detail: str = "", **more: Any) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
        self.more = more

    def body(self) -> dict[str, Any]:
        return error_body(self.code, self.detail) | self.more


def error_body(code: int, detail: str = "") -> dict[str, Any]:
    text = " ".join(part for part in (MESSAGES.get(code, "error"), detail) if part)
    return {"errcode": code, "errmsg": f"{text} rid: {request_id()}"}


def request_id() -> str:
    return f"{int(time.time()):x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
