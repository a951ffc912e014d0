"""The robots and the gateway that the sandbox plays take what the application's classes send, and refuse the rest."""

from typing import Any

import pytest
import requests

from community_report.outward import door, sms
from community_report.outward.robots import DingTalkRobot, FeishuRobot, Robot, WeComRobot
from community_report.outward.sms import Gateway
from sandbox.client import SandboxClient

SECRET = "SEC-sandbox"


@pytest.fixture
def allowed(url: str, settings: Any) -> str:
    settings.OUTWARD_ORIGINS = [url]
    return url


def robots(url: str, secret: str = SECRET) -> list[Robot]:
    return [
        WeComRobot(f"{url}/cgi-bin/webhook/send?key=k"),
        FeishuRobot(f"{url}/open-apis/bot/v2/hook/t-signed", secret),
        DingTalkRobot(f"{url}/robot/send?access_token=t-signed", secret),
    ]


def test_each_robot_posts(allowed: str, sandbox: SandboxClient) -> None:
    for robot in robots(allowed):
        robot.post("府琛花园\n新报单")
    seen = sandbox.call("GET", "messages?channel=robot")["entries"]
    assert [(one["vendor"], one["text"]) for one in seen] == [
        ("wecom", "府琛花园\n新报单"),
        ("feishu", "府琛花园\n新报单"),
        ("dingtalk", "府琛花园\n新报单"),
    ]


def test_a_wrong_secret_is_refused(allowed: str) -> None:
    codes = []
    for robot in robots(allowed, "SEC-other")[1:]:
        with pytest.raises(door.OutwardError) as caught:
            robot.post("新报单")
        codes.append(caught.value.code)
    assert codes == [19021, 310000]


def test_a_robot_that_is_gone_and_one_that_posts_too_often(allowed: str) -> None:
    gone = WeComRobot(f"{allowed}/cgi-bin/webhook/send?key=gone")
    with pytest.raises(door.OutwardError, match="93000"):
        gone.post("新报单")
    robot = robots(allowed)[2]
    for _ in range(20):
        robot.post("新报单")
    with pytest.raises(door.OutwardError, match="130101"):
        robot.post("新报单")


def test_the_gateway_takes_a_short_message(allowed: str, sandbox: SandboxClient) -> None:
    body = '{"phone": "{phone}", "text": "{text}"}'
    gateway = Gateway(f"{allowed}/sms/send", body=body, success_field="code", success_value="0")
    assert sms.send(gateway, "13900000001", "新报单", url="", params={})
    [seen] = sandbox.call("GET", "messages?channel=sms")["entries"]
    assert (seen["number"], seen["text"]) == ("13900000001", "新报单")
    assert requests.post(f"{allowed}/sms/send", json={}, timeout=10).json()["code"] == 400


def test_faults_reach_them_and_the_journal_shows_no_key(allowed: str, sandbox: SandboxClient) -> None:
    sandbox.call("POST", "faults", json={"kind": "http", "match": "/robot/send", "status": 502})
    with pytest.raises(door.OutwardError, match="502"):
        robots(allowed)[2].post("新报单")
    robots(allowed)[1].post("新报单")
    calls = sandbox.call("GET", "journal?kind=api")["entries"]
    assert [call["status"] for call in calls][-2:] == [502, 200]
    assert "t-signed" not in str(calls)
