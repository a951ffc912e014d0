"""HTTP to addresses that somebody typed into the back office: only to named origins, bounded, never redirected."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from community_report.wechat.deadline import Deadline
from community_report.wechat.errors import ErrorKind, WeChatError
from community_report.wechat.transport import NOT_CONNECTED, Transport, chunks, gather, parse_object

#: Where the three vendors' robots are; what else may be written to is the setting OUTWARD_ORIGINS.
VENDORS = frozenset(
    {
        "https://qyapi.weixin.qq.com",
        "https://open.feishu.cn",
        "https://open.larksuite.com",
        "https://oapi.dingtalk.com",
    }
)
MAX_ANSWER_BYTES = 64 * 1024
TOO_MANY_REQUESTS, UNAVAILABLE = 429, 503


class OutwardError(WeChatError):
    """A call that somebody else did not carry out; `code` is theirs, or the HTTP status.

    `maybe_done`: or they did, and the answer was lost.
    """

    def __init__(
        self, kind: ErrorKind, message: str, code: int | None = None, provider: str = "", maybe_done: bool = False
    ) -> None:
        super().__init__(kind, message, code)
        self.args = (kind, message, code, provider, maybe_done)
        self.provider = provider
        self.maybe_done = maybe_done


@dataclass(frozen=True)
class Answer:
    """`json` is the object in the body, or None."""

    status: int
    json: dict[str, Any] | None


def is_allowed(address: str) -> bool:
    """May we write to this address? By its origin alone, exactly as it is listed."""
    return origin_of(address) in VENDORS | set(settings.OUTWARD_ORIGINS)


def origin_of(address: str) -> str:
    """scheme://host[:port]; "" for what is no http(s) address, or hides another host behind a user name."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port is not None else "")


def call(
    provider: str, method: str, address: str, *, content: tuple[str, bytes] | None, headers: Mapping[str, str]
) -> Answer:
    """One exchange; `content` is (content type, body). Raises OutwardError: ACCOUNT for an address that is not allowed,
    TRANSIENT when nobody answers, for 5xx and 429; its text holds neither the address nor the headers.
    """
    if not is_allowed(address):
        raise OutwardError(ErrorKind.ACCOUNT, "its address is not in OUTWARD_ORIGINS", provider=provider)
    origin = origin_of(address)
    problem = ""
    try:
        return _exchange(provider, _transport(origin, os.getpid()), method, address, content, headers)
    except OutwardError:
        raise
    except WeChatError as error:
        # Its text ends in what went wrong; before that stands the path, which may hold a key.
        problem = error.message.rpartition(": ")[2]
    raise OutwardError(ErrorKind.TRANSIENT, problem, provider=provider, maybe_done=problem not in NOT_CONNECTED)


def _exchange(
    provider: str,
    transport: Transport,
    method: str,
    address: str,
    content: tuple[str, bytes] | None,
    headers: Mapping[str, str],
) -> Answer:
    deadline = Deadline(2 * transport.timeout)
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with transport.open(method, path, deadline=deadline, content=content, headers=headers) as response:
        body = gather(chunks(response, where=provider), MAX_ANSWER_BYTES)
        status = response.status_code
    if status >= 500 or status == TOO_MANY_REQUESTS:
        maybe_done = status not in (UNAVAILABLE, TOO_MANY_REQUESTS)
        raise OutwardError(ErrorKind.TRANSIENT, f"HTTP {status}", status, provider, maybe_done)
    return Answer(status, parse_object(body))


@lru_cache(maxsize=32)
def _transport(origin: str, _pid: int) -> Transport:
    # The process id: a forked worker must not share its parent's connections.
    return Transport(origin, float(settings.WECHAT_TIMEOUT_SECONDS))
