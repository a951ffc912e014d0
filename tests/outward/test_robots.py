"""The three formats as the vendors document them, their signatures, and what their codes mean."""

import base64
import hashlib
import hmac
import logging
from typing import Any

import pytest

from community_report.outward import door
from community_report.outward.robots import ROBOTS, DingTalkRobot, FeishuRobot, WeComRobot
from community_report.wechat.errors import ErrorKind
from tests.wechat.platform import Answer, Platform, error, plain_json

SECRET = "SEC-of-the-robot"
WECOM, FEISHU, DINGTALK = "/cgi-bin/webhook/send", "/open-apis/bot/v2/hook/token-1", "/robot/send"
NOW = 1_764_000_000.25


def test_wecom(vendor: Platform) -> None:
    vendor.on(WECOM, error(0, "ok"))
    WeComRobot(f"{vendor.url}{WECOM}?key=k-1").post("漏水")
    [call] = vendor.calls
    assert (call.method, call.query) == ("POST", {"key": "k-1"})
    assert call.json == {"msgtype": "text", "text": {"content": "漏水"}}


def test_feishu_without_a_signature(vendor: Platform) -> None:
    vendor.on(FEISHU, plain_json(code=0, msg="success", data={}))
    FeishuRobot(vendor.url + FEISHU).post("漏水")
    assert vendor.calls[0].json == {"msg_type": "text", "content": {"text": "漏水"}}


def test_feishu_signs_nothing_with_time_and_secret_as_the_key() -> None:
    _, body = FeishuRobot("https://open.feishu.cn/x", SECRET).request("漏水", NOW)
    digest = hmac.new(f"1764000000\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    assert (body["timestamp"], body["sign"]) == ("1764000000", base64.b64encode(digest).decode())


def test_dingtalk_signs_time_and_secret_with_the_secret_in_the_query(vendor: Platform) -> None:
    address, body = DingTalkRobot(f"{vendor.url}{DINGTALK}?access_token=t-1", SECRET).request("漏水", NOW)
    vendor.on(DINGTALK, error(0, "ok"))
    DingTalkRobot(address).post("漏水")
    digest = hmac.new(SECRET.encode(), f"1764000000250\n{SECRET}".encode(), hashlib.sha256).digest()
    sent = vendor.calls[0].query
    assert sent == {"access_token": "t-1", "timestamp": "1764000000250", "sign": base64.b64encode(digest).decode()}
    assert body == {"msgtype": "text", "text": {"content": "漏水"}}


@pytest.mark.parametrize(
    ("vendor_name", "path", "answer", "kind", "code"),
    [
        ("wecom", WECOM, error(93000, "invalid webhook url"), "account", 93000),
        ("wecom", WECOM, error(45009, "api freq out of limit"), "quota", 45009),
        ("wecom", WECOM, error(-1), "transient", -1),
        ("wecom", WECOM, error(40058), "permanent", 40058),
        ("feishu", FEISHU, plain_json(code=19021, msg="sign match fail"), "account", 19021),
        ("feishu", FEISHU, plain_json(code=11232, msg="frequency limited"), "quota", 11232),
        ("feishu", FEISHU, plain_json(code=9499, msg="Bad Request"), "permanent", 9499),
        ("dingtalk", DINGTALK, error(310000, "sign not match"), "account", 310000),
        ("dingtalk", DINGTALK, error(130101, "send too fast"), "quota", 130101),
        ("dingtalk", DINGTALK, error(430104), "permanent", 430104),
        ("dingtalk", DINGTALK, Answer(b"<html>", 502), "transient", 502),
        ("dingtalk", DINGTALK, Answer(b"<html>", 200), "transient", 200),
        ("dingtalk", DINGTALK, Answer(b"", 404), "account", 404),
        ("wecom", WECOM, Answer(b"", 302, {"Location": "http://127.0.0.1:1/"}), "transient", 302),
    ],
)
def test_what_an_answer_means(
    vendor: Platform, vendor_name: str, path: str, answer: Answer, kind: str, code: int
) -> None:
    vendor.on(path, answer)
    with pytest.raises(door.OutwardError) as caught:
        ROBOTS[vendor_name](vendor.url + path).post("漏水")
    assert (caught.value.kind, caught.value.code) == (ErrorKind(kind), code)
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
        "https://qyapi.weixin.qq.com.evil.example/x",
        "https://qyapi.weixin.qq.com@evil.example/x",
        "https://qyapi.weixin.qq.com:8443/x",
        "https://evil.example\\@qyapi.weixin.qq.com/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:6379/",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_nobody_else_is_written_to(address: str) -> None:
    assert not door.is_allowed(address)
    with pytest.raises(door.OutwardError) as caught:
        WeComRobot(address).post("漏水")
    assert caught.value.kind is ErrorKind.ACCOUNT


@pytest.mark.parametrize(
    "address",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
        "https://open.feishu.cn/open-apis/bot/v2/hook/t",
        "https://oapi.dingtalk.com/robot/send?access_token=t",
    ],
)
def test_the_vendors_are(address: str) -> None:
    assert door.is_allowed(address)


def test_an_origin_is_allowed_by_the_setting_alone(vendor: Platform, settings: Any) -> None:
    assert door.is_allowed(f"{vendor.url}/anything?x=1")
    settings.OUTWARD_ORIGINS = []
    assert not door.is_allowed(f"{vendor.url}/anything?x=1")


def test_no_key_is_told_to_anybody(vendor: Platform, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    vendor.on(FEISHU, Answer(b"", 503))
    vendor.on(WECOM, error(93000, "invalid webhook url key=KEY-77"))
    told = []
    for robot in (
        FeishuRobot(vendor.url + FEISHU, SECRET),
        WeComRobot(f"{vendor.url}{WECOM}?key=KEY-77"),
        WeComRobot("http://127.0.0.1:1/cgi-bin/webhook/send?key=KEY-77"),
    ):
        with pytest.raises(door.OutwardError) as caught:
            robot.post("漏水")
        told.append(f"{caught.value} {caught.value!r} {caught.value.__cause__} {caught.value.__context__}")
    for words in (*told, caplog.text):
        assert not any(secret in words for secret in ("KEY-77", "token-1", SECRET))
