"""Logging in through WeChat's web OAuth (https://developers.weixin.qq.com/doc/service/guide/h5/auth.html)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from community_report.wechat.api import field
from community_report.wechat.client import get_client
from community_report.wechat.config import account
from community_report.wechat.errors import WeChatError

#: invalid, used, missing, expired
_SPENT = frozenset({40029, 40163, 41008, 42003})


class CodeSpent(WeChatError):
    """The code was used, has expired or never was one: start the login again, once."""


@dataclass(frozen=True)
class OAuthIdentity:
    """Who logged in. With `snapshot` the OpenID is a virtual one (快照页): never bind it to anybody."""

    openid: str
    snapshot: bool


def authorize_url(redirect_uri: str, state: str) -> str:
    """Where to send the phone. WeChat insists on this order of parameters; `state` has at most 128 of a-zA-Z0-9."""
    settings = account()
    query = urlencode(
        [
            ("appid", settings.app_id),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", "snsapi_base"),
            ("state", state),
        ]
    )
    return f"{settings.oauth_base_url}/connect/oauth2/authorize?{query}#wechat_redirect"


def exchange_code(code: str) -> OAuthIdentity:
    """Who holds this code (valid once, five minutes). Raises CodeSpent, or WeChatError when WeChat cannot say."""
    api = get_client().api
    params = {
        "appid": api.account.app_id,
        "secret": api.account.app_secret,
        "code": code,
        "grant_type": "authorization_code",
    }
    try:
        answer = api.transport.json("GET", "/sns/oauth2/access_token", deadline=api.quick_deadline(), params=params)
    except WeChatError as error:
        if error.code not in _SPENT:
            raise
        raise CodeSpent(error.kind, error.message, error.code) from None
    return OAuthIdentity(openid=str(field(answer, "openid")), snapshot=str(answer.get("is_snapshotuser", 0)) == "1")
