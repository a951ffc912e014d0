"""Signatures for `wx.config` (https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html, appendix 1)."""

import secrets
import time

from wechatpy.client.api import WeChatJSAPI

from community_report.wechat.client import get_client


def config_for(url: str) -> dict[str, str | int]:
    """`{"appId", "timestamp", "nonceStr", "signature"}` for the page at `url` (its fragment does not count).

    Raises WeChatError when there is no ticket to sign with.
    """
    client = get_client()
    nonce, timestamp = secrets.token_hex(8), int(time.time())
    return {
        "appId": client.account.app_id,
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": sign(client.jsapi_ticket(), nonce, timestamp, url),
    }


def sign(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """The SHA-1 that WeChat compares, in hex."""
    return str(WeChatJSAPI().get_jsapi_signature(nonce, ticket, timestamp, url.split("#", 1)[0]))
