import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.config import Config
from sandbox.server import ThreadedServer
from tests.sandbox.conftest import Platform
from tests.sandbox.stub import StubApplication

Check = Callable[[requests.Response], bool]


def test_state_has_the_cast(sandbox: SandboxClient, stub: StubApplication) -> None:
    state = sandbox.state()
    shown = [phone["host"] for phone in state["phones"] if phone["show"]]
    assert shown == ["li", "zhang", "wang", "chen"]
    assert state["public_base_url"] == stub.url
    assert len(state["tour"]) == 5


def test_phones_can_be_made_and_changed(sandbox: SandboxClient) -> None:
    made = sandbox.new_phone("test-1", name="测试", openid="oTEST", subscribed=True)
    assert (made["openid"], made["subscribed"]) == ("oTEST", True)
    assert sandbox.phone("test-1", platform="ios")["platform"] == "ios"
    for wrong in ({"host": "Not Good"}, {"host": "x", "unknown": 1}):
        with pytest.raises(requests.HTTPError) as refused:
            sandbox.call("POST", "phones", json=wrong)
        assert refused.value.response.status_code == 400
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.phone("nobody")
    assert refused.value.response.status_code == 404


def test_the_journal_can_be_waited_for(sandbox: SandboxClient, li: str) -> None:
    last = sandbox.last()
    threading.Timer(0.2, lambda: SandboxClient(sandbox.url).act("li", "text", text="晚一点")).start()
    started = time.monotonic()
    (entry,) = sandbox.journal(after=last, wait=20, kind="callback")
    assert entry["id"] > last
    assert 0.1 < time.monotonic() - started < 15
    assert sandbox.journal(after=entry["id"], wait=0.1, kind="callback") == []


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"kind": "json", "errcode": -1}, lambda answer: answer.json()["errcode"] == -1),
        ({"kind": "http", "status": 502}, lambda answer: answer.status_code == 502),
        ({"kind": "html"}, lambda answer: answer.status_code == 200 and answer.text.startswith("<html>")),
        ({"kind": "slow", "seconds": 0.2}, lambda answer: answer.json()["errcode"] == 45015),
    ],
)
def test_faults_answer_and_run_out(
    sandbox: SandboxClient, platform: Platform, li: str, fault: dict[str, Any], check: Check
) -> None:
    platform.token = platform.stable_token()["access_token"]
    sandbox.fault(match="custom/send", times=1, **fault)
    body = {"touser": li, "msgtype": "text", "text": {"content": "x"}}
    path = "/cgi-bin/message/custom/send"
    assert check(platform.response("POST", path, json=body))
    assert platform.post(path, body)["errcode"] == 45015


@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_connections_break(sandbox: SandboxClient, platform: Platform, kind: str) -> None:
    platform.token = platform.stable_token()["access_token"]
    sandbox.fault(kind, "getcallbackip")
    with pytest.raises(requests.RequestException):
        platform.get("/cgi-bin/getcallbackip")
    sandbox.clear_faults()
    assert "ip_list" in platform.get("/cgi-bin/getcallbackip")


@pytest.mark.parametrize("kind", ["nothing", "drip"])
def test_answers_stall(sandbox: SandboxClient, platform: Platform, kind: str) -> None:
    token = platform.stable_token()["access_token"]
    sandbox.fault(kind, "getcallbackip", seconds=5)
    with pytest.raises(requests.RequestException, match="timed out"):
        requests.get(f"{platform.url}/cgi-bin/getcallbackip", params={"access_token": token}, timeout=0.3)


def test_an_answer_may_be_lost_after_the_message_was_taken(sandbox: SandboxClient, platform: Platform, li: str) -> None:
    sandbox.act("li", "allowance", kind="message")
    platform.token = platform.stable_token()["access_token"]
    sandbox.fault("drop", "custom/send", times=1, after=True, body=li)
    with pytest.raises(requests.RequestException):
        platform.custom(li)
    assert len(sandbox.messages(phone="li")) == 1


def test_reset_forgets_chats_and_trouble(sandbox: SandboxClient) -> None:
    sandbox.act("li", "text", text="x")
    sandbox.fault("drop")
    sandbox.call("POST", "reset")
    assert sandbox.chat("li") == []
    assert sandbox.state()["faults"] == []


def test_people_chats_and_media_outlive_a_restart(config: Config, tmp_path: Path) -> None:
    config.state_dir = tmp_path
    with ThreadedServer(config) as server:
        first = SandboxClient(server.url)
        first.new_phone("late", name="后来", subscribed=True)
        first.act("late", "image", photo="tidy")
        token = Platform(server.url).stable_token()["access_token"]
    config.port = 0
    with ThreadedServer(config) as server:
        second, platform = SandboxClient(server.url), Platform(server.url)
        assert second.phone("late")["name"] == "后来"
        (message,) = second.chat("late")
        platform.token = token
        answer = platform.response("GET", "/cgi-bin/media/get", params={"media_id": message["media_id"]})
        assert answer.content.startswith(b"\xff\xd8")


def test_links_follow_the_application_to_another_port(config: Config, tmp_path: Path) -> None:
    config.state_dir = tmp_path
    config.public_base_url = "http://127.0.0.1:9300"
    with ThreadedServer(config) as server:
        first = SandboxClient(server.url)
        first.new_phone("late", name="后来", subscribed=True)
        first.act("late", "text", text="看 http://127.0.0.1:9300/h5/reports/1 和 http://127.0.0.1:9301/")
    config.port, config.public_base_url = 0, "http://127.0.0.1:9400"
    with ThreadedServer(config) as server:
        said = SandboxClient(server.url).chat("late")[0]["text"]
    assert said == "看 http://127.0.0.1:9400/h5/reports/1 和 http://127.0.0.1:9301/"


def test_command_prints_its_address_and_ends_on_a_signal(tmp_path: Path) -> None:
    cast = tmp_path / "cast.toml"
    cast.write_text('[[phones]]\nhost = "solo"\nname = "独"\nopenid = "oSOLO"\n', "utf-8")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--cast", str(cast), "--state-dir", str(tmp_path)]
    environment = os.environ | {"WECHAT_APP_ID": "wxenv"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert [phone["openid"] for phone in SandboxClient(url).state()["phones"]] == ["oSOLO"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (tmp_path / "state.json").exists()


def test_events_are_streamed(sandbox: SandboxClient) -> None:
    with requests.get(f"{sandbox.url}/__sandbox__/events", stream=True, timeout=5) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(lines) == ": hello"
        sandbox.act("li", "text", text="看得见")
        chat = next(following for line, following in itertools.pairwise(lines) if line == "event: chat")
    assert "看得见" in chat
