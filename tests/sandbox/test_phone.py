"""The phone's side of the JS-SDK, over HTTP; the script itself is driven in test_script.py."""

import base64
import hashlib
import json
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.jssdk import to_gcj02
from tests.sandbox.conftest import APP_ID, Platform
from tests.sandbox.stub import StubApplication


def ask(sandbox: SandboxClient, name: str, host: str = "li", **body: Any) -> dict[str, Any]:
    return sandbox.browse(host, f"/__phone__/jssdk/{name}", "POST", json=body).json()


def signed(ticket: str, url: str) -> dict[str, Any]:
    text = f"jsapi_ticket={ticket}&noncestr=n0nce&timestamp=123&url={url}"
    return {
        "appId": APP_ID,
        "nonceStr": "n0nce",
        "timestamp": 123,
        "signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
    }


def test_config_checks_the_signature_of_the_live_address(
    sandbox: SandboxClient, platform: Platform, stub: StubApplication
) -> None:
    ticket = platform.get("/cgi-bin/ticket/getticket", type="jsapi")["ticket"]
    live = f"{sandbox.phone('li')['url']}/h5/reports/new?x=1"
    good = signed(ticket, f"{stub.url}/h5/reports/new?x=1")
    assert ask(sandbox, "config", url=live, **good)["ok"] is True
    assert ask(sandbox, "config", url=live + "&shared=1", **good)["error"] == "invalid signature"
    assert ask(sandbox, "config", url="http://elsewhere.test/", **good)["error"] == "invalid url domain"
    sandbox.tokens("revoke", "jsapi")
    assert ask(sandbox, "config", url=live, **good)["error"] == "invalid signature"


def test_a_snapshot_page_has_no_sdk(sandbox: SandboxClient, platform: Platform, stub: StubApplication) -> None:
    ticket = platform.get("/cgi-bin/ticket/getticket", type="jsapi")["ticket"]
    sandbox.phone("li", snapshot=True)
    live = f"{sandbox.phone('li')['url']}/h5/"
    assert ask(sandbox, "config", url=live, **signed(ticket, f"{stub.url}/h5/"))["error"] == "invalid url domain"


@pytest.mark.parametrize("host", ["li", "zhang"])
def test_a_picture_goes_from_the_album_to_the_platform(sandbox: SandboxClient, platform: Platform, host: str) -> None:
    (local,) = ask(sandbox, "choose", host, count=9, names=["keys"])["localIds"]
    data = ask(sandbox, "image-data", host, localId=local)["localData"]
    if host == "zhang":
        assert local.startswith("wxLocalResource://")
        assert data.startswith("data:image/jgp;base64,")
    else:
        assert local.startswith("weixin://resourceid/")
        assert "\n" in data
    picture = base64.b64decode(data.split(",")[-1])
    server_id = ask(sandbox, "upload-image", host, localId=local)["serverId"]
    got = platform.response("GET", "/cgi-bin/media/get", params={"media_id": server_id})
    assert got.content == picture


def test_a_recording_goes_to_the_platform(sandbox: SandboxClient, platform: Platform) -> None:
    assert ask(sandbox, "record-stop")["error"] == "fail, not recording"
    ask(sandbox, "record-start")
    assert ask(sandbox, "record-start")["error"] == "fail, recording"
    stopped = ask(sandbox, "record-stop", seconds=2)
    assert stopped["seconds"] == pytest.approx(2, abs=0.1)
    server_id = ask(sandbox, "upload-voice", localId=stopped["localId"])["serverId"]
    got = platform.response("GET", "/cgi-bin/media/get", params={"media_id": server_id})
    assert got.content.startswith(b"#!AMR\n")
    heard = sandbox.browse("li", "/__phone__/local", params={"id": stopped["localId"]})
    assert heard.content.startswith(b"RIFF")


def test_unknown_local_ids_fail(sandbox: SandboxClient) -> None:
    assert ask(sandbox, "upload-image", localId="none")["ok"] is False
    assert ask(sandbox, "no-such-function")["error"] == "function not exist"


def test_the_place_is_the_phones_own(sandbox: SandboxClient) -> None:
    sandbox.phone("li", latitude=31.2304, longitude=121.4737)
    assert ask(sandbox, "location", type="wgs84")["latitude"] == 31.2304
    shifted = ask(sandbox, "location", type="gcj02")
    assert (shifted["latitude"], shifted["longitude"]) == to_gcj02(31.2304, 121.4737)


def test_the_map_shift_is_that_of_the_published_example() -> None:
    """People's Square, Shanghai, is shifted by about 215 m north-west to south-east on Chinese maps."""
    latitude, longitude = to_gcj02(31.2304, 121.4737)
    assert latitude == pytest.approx(31.22846, abs=0.0002)
    assert longitude == pytest.approx(121.47822, abs=0.0002)


def test_the_scanner_sees_what_it_is_shown(sandbox: SandboxClient) -> None:
    assert ask(sandbox, "scan")["error"] == "cancel"
    sandbox.phone("li", next_scan="http://x.test/h5/bind?invite=CODE")
    assert ask(sandbox, "scan")["resultStr"] == "http://x.test/h5/bind?invite=CODE"


def test_a_subscription_is_allowed_or_not_and_the_account_is_told(
    sandbox: SandboxClient, stub: StubApplication
) -> None:
    sandbox.call(
        "POST", "templates", json={"id": "SUB", "title": "t", "content": "{{thing1.DATA}}", "kind": "subscription"}
    )
    assert ask(sandbox, "subscribe", templates=["OTHER"], allow=True)["error"] == "no such template"
    for allow, status, left in ((False, "reject", 0), (True, "accept", 1)):
        began = sandbox.last()
        details = json.loads(ask(sandbox, "subscribe", templates=["SUB", "OTHER"], allow=allow)["subscribeDetails"])
        assert {key: json.loads(value) for key, value in details.items()} == {"SUB": {"status": status}}
        (pushed,) = sandbox.journal(after=began, wait=5, kind="callback")
        assert pushed["event"] == "subscribe_msg_popup_event"
        assert f"<SubscribeStatusString><![CDATA[{status}]]></SubscribeStatusString>" in pushed["xml"]
        assert sandbox.phone("li")["subscriptions"].get("SUB", 0) == left
