"""wechatpy's client with the parts replaced that would hang, recurse, race or send elsewhere.

Pinned to wechatpy 1.8.18. Its API classes (message, menu, user …) know the shapes; everything below them is ours:
the stable token shared through Redis, one base address for every call, time-outs, one retry, errors that are.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from wechatpy.client import WeChatClient

from community_report.wechat.config import Account
from community_report.wechat.deadline import Deadline
from community_report.wechat.errors import ErrorKind, WeChatError, transient
from community_report.wechat.tokens import Issued, SharedValue
from community_report.wechat.transport import Json, Transport

T = TypeVar("T")

#: The longest a whole operation may take (waiting for a token, the call, a renewal, the call again), in time-outs.
OPERATION_TIMEOUTS = 4
DEFAULT_LIFETIME = 7200


class Api(WeChatClient):
    """Calls with the account's token. Thread-safe: nothing in it changes between calls."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.transport = Transport(account.api_base_url, account.timeout, secrets=(account.app_secret,))
        hold = 3 * account.timeout + 1
        self.token = SharedValue(f"wechat:{account.app_id}:access_token", self._issue_token, hold_seconds=hold)
        self.ticket = SharedValue(f"wechat:{account.app_id}:jsapi_ticket", self._issue_ticket, hold_seconds=2 * hold)
        super().__init__(account.app_id, account.app_secret, timeout=account.timeout, auto_retry=False)

    @property
    def access_token(self) -> str:
        # wechatpy reads every property before __init__ and bears an AttributeError alone, which `token` then raises.
        return self.token.get(self.deadline())

    def fetch_access_token(self) -> Json:
        raise NotImplementedError("the token comes from SharedValue alone")

    def deadline(self) -> Deadline:
        """The deadline of an operation that starts now."""
        return Deadline(OPERATION_TIMEOUTS * self.account.timeout)

    def quick_deadline(self) -> Deadline:
        """The deadline of an operation for which a page is waiting."""
        return Deadline(self.account.timeout)

    def with_token(self, call: Callable[[str], T], deadline: Deadline) -> T:
        """Run `call` with the token; when WeChat refuses the token, renew it and run `call` once more."""
        token = self.token.get(deadline)
        try:
            return call(token)
        except WeChatError as error:
            if error.kind is not ErrorKind.TOKEN:
                raise
        return call(self.token.get(deadline, rejected=token))

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """wechatpy's one way out; its API classes call it with these keywords."""
        path = _path(url_or_endpoint, kwargs.get("api_base_url"))
        process = kwargs.get("result_processor")
        deadline = kwargs.get("deadline") or self.deadline()

        def call(token: str) -> Json:
            return self.transport.json(
                method.upper(),
                path,
                deadline=deadline,
                accept=kwargs.get("accept", ()),
                params={**kwargs.get("params", {}), "access_token": token},
                body=kwargs.get("data"),
                files=kwargs.get("files"),
            )

        answer = self.with_token(call, deadline)
        return process(answer) if process else answer

    def _issue_token(self, deadline: Deadline) -> Issued:
        """https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken

        `force_refresh` stays false: true is allowed 20 times a day, and false already gives a token that works.
        """
        body = {
            "grant_type": "client_credential",
            "appid": self.account.app_id,
            "secret": self.account.app_secret,
            "force_refresh": False,
        }
        try:
            answer = self.transport.json("POST", "/cgi-bin/stable_token", deadline=deadline, body=body)
        except WeChatError as error:
            if error.kind is not ErrorKind.TOKEN:
                raise
            # Here 40001 means the secret.
            raise WeChatError(ErrorKind.ACCOUNT, error.message, error.code) from None
        return _issued(answer, "access_token")

    def _issue_ticket(self, deadline: Deadline) -> Issued:
        return _issued(self.get("ticket/getticket", params={"type": "jsapi"}, deadline=deadline), "ticket")


def field(answer: Mapping[str, Any], name: str) -> Any:
    """A value that a good answer has; raises a transient WeChatError when it is missing."""
    if answer.get(name) in (None, ""):
        raise transient(f"answer without {name}")
    return answer[name]


def _issued(answer: Json, name: str) -> Issued:
    expires_in = answer.get("expires_in")
    return Issued(str(field(answer, name)), expires_in if isinstance(expires_in, int) else DEFAULT_LIFETIME)


def _path(url_or_endpoint: str, base: str | None) -> str:
    """The path below the configured base address, whatever host wechatpy has in mind."""
    url = url_or_endpoint if "://" in url_or_endpoint else (base or WeChatClient.API_BASE_URL) + url_or_endpoint
    return urlsplit(url).path
