"""Robots of group chats, by their webhooks: WeCom, Feishu, DingTalk. Each posts a text into one group.

Each vendor allows a robot about twenty posts a minute (Feishu a hundred), so who posts gathers what is due.
"""

import base64
import hashlib
import hmac
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote_plus

from community_report.wechat.errors import ErrorKind, redact

from . import door

Json = dict[str, object]


class Robot(ABC):
    """One kind of robot. `codes` says what its return codes mean; what is not listed concerns the robot as a whole."""

    provider: ClassVar[str]
    code_field: ClassVar[str] = "errcode"
    message_field: ClassVar[str] = "errmsg"
    #: Bytes of UTF-8 that a text may have.
    max_bytes: ClassVar[int]
    per_minute: ClassVar[int]
    #: How long a robot that posted too much is refused, in seconds.
    penalty: ClassVar[int] = 60
    codes: ClassVar[Mapping[int, ErrorKind]]

    def __init__(self, address: str, secret: str = "") -> None:
        self.address = address
        self.secret = secret

    @abstractmethod
    def request(self, text: str, now: float) -> tuple[str, Json]:
        """The address to post to, and the body; `now` in Unix seconds, for the signature."""

    def post(self, text: str) -> None:
        """Post `text` (at most `max_bytes`) into the group. Raises OutwardError."""
        address, body = self.request(text, time.time())
        content = ("application/json; charset=utf-8", json.dumps(body, ensure_ascii=False).encode())
        answer = door.call(self.provider, "POST", address, content=content, headers={})
        code = (answer.json or {}).get(self.code_field)
        if code == 0:
            return
        if not isinstance(code, int):
            # Not the vendor's answer: a proxy's page, or another address than a robot's.
            kind = ErrorKind.ACCOUNT if answer.status in range(400, 500) else ErrorKind.TRANSIENT
            raise door.OutwardError(kind, f"HTTP {answer.status}", answer.status, self.provider)
        said = redact(str((answer.json or {}).get(self.message_field, "")), self.secret)[:80]
        raise door.OutwardError(self.codes.get(code, ErrorKind.ACCOUNT), said, code, self.provider)


class WeComRobot(Robot):
    """企业微信群机器人 (消息推送): the key stands in the address; texts of at most 2048 bytes, twenty posts a minute.

    https://developer.work.weixin.qq.com/document/path/91770; return codes: .../document/path/90313 (93000: the webhook
    does not exist any more, 45009: too often, 40058 and 44004: too long, or empty).
    """

    provider = "WeCom"
    max_bytes = 2048
    per_minute = 20
    codes: ClassVar[Mapping[int, ErrorKind]] = {
        -1: ErrorKind.TRANSIENT,
        45009: ErrorKind.QUOTA,
        40058: ErrorKind.PERMANENT,
        44004: ErrorKind.PERMANENT,
    }

    def request(self, text: str, now: float) -> tuple[str, Json]:
        return self.address, {"msgtype": "text", "text": {"content": text}}


class FeishuRobot(Robot):
    """飞书自定义机器人: bodies of at most 20 KB, a hundred posts a minute and five a second.

    Signed: base64 of HMAC-SHA256 with `timestamp + "\\n" + secret` as the key and nothing as the message; timestamp in
    seconds, not older than an hour. Return codes: 9499 body, 11232 too often, 19001 address, 19021 signature,
    19022 address of the sender, 19024 keyword. https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    """

    provider = "Feishu"
    code_field, message_field = "code", "msg"
    max_bytes = 8000
    per_minute = 60
    codes: ClassVar[Mapping[int, ErrorKind]] = {
        9499: ErrorKind.PERMANENT,
        11232: ErrorKind.QUOTA,
        11233: ErrorKind.TRANSIENT,
        99991400: ErrorKind.QUOTA,
    }

    def request(self, text: str, now: float) -> tuple[str, Json]:
        body: Json = {"msg_type": "text", "content": {"text": text}}
        if self.secret:
            timestamp = str(int(now))
            body |= {"timestamp": timestamp, "sign": _hmac(f"{timestamp}\n{self.secret}", "")}
        return self.address, body


class DingTalkRobot(Robot):
    """钉钉自定义机器人: twenty posts a minute, who posts more is refused for ten minutes.

    Signed: base64 of HMAC-SHA256 with the secret as the key and `timestamp + "\\n" + secret` as the message, both in
    the query; timestamp in milliseconds, not older than an hour. Return codes: 130101 and 410100 too often, 300001 and
    400101 token, 310000 keyword, signature or address of the sender, 400013 group gone, 400102 robot stopped, 430101 to
    430104 what the text says.
    https://open.dingtalk.com/document/robots/custom-robot-access, .../customize-robot-security-settings
    """

    provider = "DingTalk"
    max_bytes = 5000
    per_minute = 20
    penalty = 600
    codes: ClassVar[Mapping[int, ErrorKind]] = {
        -1: ErrorKind.TRANSIENT,
        130101: ErrorKind.QUOTA,
        410100: ErrorKind.QUOTA,
        **dict.fromkeys(range(430101, 430105), ErrorKind.PERMANENT),
    }

    def request(self, text: str, now: float) -> tuple[str, Json]:
        address = self.address
        if self.secret:
            timestamp = str(round(now * 1000))
            sign = quote_plus(_hmac(self.secret, f"{timestamp}\n{self.secret}"))
            address += f"{'&' if '?' in address else '?'}timestamp={timestamp}&sign={sign}"
        return address, {"msgtype": "text", "text": {"content": text}}


def _hmac(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


ROBOTS: Mapping[str, type[Robot]] = {"wecom": WeComRobot, "feishu": FeishuRobot, "dingtalk": DingTalkRobot}
