import hashlib
import time

import pytest

from community_report.wechat.errors import WeChatError
from community_report.wechat.jssdk import config_for
from tests.wechat.platform import Answer, Platform, ok

TICKET = "/cgi-bin/ticket/getticket"


def test_a_page_is_signed_without_its_fragment(platform: Platform, client) -> None:
    platform.on(TICKET, ok(ticket="TICKET-1", expires_in=7200))
    config = config_for("https://e.example/h5/reports/new?draft=1#top")
    signed = (
        f"jsapi_ticket=TICKET-1&noncestr={config['nonceStr']}&timestamp={config['timestamp']}"
        "&url=https://e.example/h5/reports/new?draft=1"
    )
    assert set(config) == {"appId", "timestamp", "nonceStr", "signature"}
    assert config["appId"] == client.account.app_id
    assert config["signature"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    assert abs(config["timestamp"] - time.time()) < 60


def test_pages_share_the_ticket_and_not_the_nonce(platform: Platform, client) -> None:
    platform.on(TICKET, ok(ticket="TICKET-1", expires_in=7200))
    nonces = {config_for("https://e.example/")["nonceStr"] for _ in range(5)}
    assert len(nonces) == 5
    assert len(platform.to(TICKET)) == 1


def test_no_ticket_no_signature(platform: Platform, client) -> None:
    platform.on(TICKET, Answer(b"<html>busy</html>"))
    with pytest.raises(WeChatError):
        config_for("https://e.example/")
