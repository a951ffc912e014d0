import hashlib
import threading
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import requests
from wechatpy.crypto import WeChatCrypto

from sandbox.client import SandboxClient
from sandbox.config import Config
from sandbox.server import ThreadedServer
from tests.sandbox.conftest import AES_KEY, APP_ID, TOKEN
from tests.sandbox.stub import Reply, Seen, StubApplication

PATH = "/wechat/callback"


def fields(seen: Seen) -> dict[str, str]:
    return {item.tag: item.text or "" for item in ElementTree.fromstring(seen.body)}


def text_reply(seen: Seen, content: str) -> str:
    given = fields(seen)
    return (
        f"<xml><ToUserName>{given['FromUserName']}</ToUserName><FromUserName>{given['ToUserName']}</FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>{content}</Content></xml>"
    )


@pytest.fixture
def sealed(config: Config) -> Iterator[SandboxClient]:
    config.encoding_aes_key = AES_KEY
    with ThreadedServer(config) as server:
        yield SandboxClient(server.url)


def test_text_is_pushed_with_a_signature(sandbox: SandboxClient, stub: StubApplication, li: str) -> None:
    sandbox.act("li", "text", text="水管漏了 ]]> & <b>")
    (seen,) = stub.callbacks()
    joined = "".join(sorted([TOKEN, seen.query["timestamp"], seen.query["nonce"]]))
    assert seen.query["signature"] == hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()
    assert seen.query["openid"] == li
    assert "encrypt_type" not in seen.query
    given = fields(seen)
    assert (given["MsgType"], given["Content"], given["FromUserName"]) == ("text", "水管漏了 ]]> & <b>", li)
    assert int(given["MsgId"]) > 10**13
    assert abs(int(given["CreateTime"]) - time.time()) < 5


def test_every_kind_of_message_has_its_elements(sandbox: SandboxClient, stub: StubApplication) -> None:
    sandbox.act("li", "image", photo="lamp")
    sandbox.act("li", "voice", seconds=2)
    sandbox.act("li", "location", latitude=30.25, longitude=120.125, label="6幢")
    image, voice, location = map(fields, stub.callbacks())
    assert requests.get(image["PicUrl"], timeout=10).content.startswith(b"\xff\xd8")
    assert (voice["MsgType"], voice["Format"], voice["Recognition"]) == ("voice", "amr", "")
    assert voice["MediaId"] != voice["MediaId16K"]
    assert (location["Location_X"], location["Location_Y"], location["Label"]) == ("30.25", "120.125", "6幢")


def test_following_scanning_and_leaving(sandbox: SandboxClient, stub: StubApplication) -> None:
    sandbox.new_phone("zhou")
    sandbox.act("zhou", "scan", scene="i_CODE")
    sandbox.act("zhou", "scan", scene="c_fuchen")
    sandbox.act("zhou", "unfollow")
    sandbox.act("zhou", "follow")
    events = [(given["Event"], given["EventKey"]) for given in map(fields, stub.callbacks())]
    assert events == [("subscribe", "qrscene_i_CODE"), ("SCAN", "c_fuchen"), ("unsubscribe", ""), ("subscribe", "")]


def test_who_does_not_follow_cannot_write(sandbox: SandboxClient, stub: StubApplication) -> None:
    sandbox.new_phone("zhou")
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.act("zhou", "text", text="?")
    assert refused.value.response.status_code == 409
    assert stub.callbacks() == []


def test_reply_stands_in_the_chat(sandbox: SandboxClient, stub: StubApplication) -> None:
    stub.answers[PATH] = lambda seen: Reply(text_reply(seen, "收到"))
    result = sandbox.act("li", "text", text="你好")
    assert result["reply"] == {"msgtype": "text", "text": "收到"}
    assert [(item["from"], item["text"]) for item in sandbox.chat("li")] == [("me", "你好"), ("account", "收到")]


@pytest.mark.parametrize(
    "body",
    [
        '{"not": "xml"}',
        "<xml><MsgType>text</MsgType></xml>",
        "<html/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
    ],
)
def test_malformed_reply_shows_the_fault_line_and_is_not_repeated(
    sandbox: SandboxClient, stub: StubApplication, body: str
) -> None:
    stub.answers[PATH] = lambda _: Reply(body)
    assert sandbox.act("li", "text", text="你好")["fault"]
    assert len(stub.callbacks()) == 1
    assert sandbox.chat("li")[-1]["type"] == "fault"


def test_no_answer_is_tried_three_times(sandbox: SandboxClient, stub: StubApplication) -> None:
    gone = threading.Event()

    def silent(_: Seen) -> Reply:
        gone.wait(10)
        return Reply()

    stub.answers[PATH] = silent
    sandbox.settings(push_timeout=0.2)
    result = sandbox.act("li", "text", text="你好")
    assert [entry["error"] for entry in result["tries"]] == ["TimeoutError"] * 3
    gone.set()
    bodies = {seen.body for seen in stub.callbacks()}
    assert (len(stub.callbacks()), len(bodies)) == (3, 1)
    assert sandbox.chat("li")[-1]["type"] == "fault"


def test_an_error_is_tried_again_until_it_is_taken(sandbox: SandboxClient, stub: StubApplication) -> None:
    stub.answers[PATH] = lambda _: Reply(status=500 if len(stub.callbacks()) < 2 else 200)
    result = sandbox.act("li", "text", text="你好")
    assert [entry["status"] for entry in result["tries"]] == [500, 200]
    assert result["fault"] == ""


def test_safe_mode_seals_and_wants_sealed_replies(sealed: SandboxClient, stub: StubApplication, config: Config) -> None:
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

    def answer(seen: Seen) -> Reply:
        query = seen.query
        plain = crypto.decrypt_message(seen.body.decode(), query["msg_signature"], query["timestamp"], query["nonce"])
        opened = Seen("POST", PATH, {}, {}, plain.encode())
        return Reply(crypto.encrypt_message(text_reply(opened, "已收到：" + fields(opened)["Content"]), "n0nce", "123"))

    stub.answers[PATH] = answer
    result = sealed.act("li", "text", text="保密")
    assert result["reply"] == {"msgtype": "text", "text": "已收到：保密"}
    assert set(fields(stub.callbacks()[0])) == {"ToUserName", "Encrypt"}
    assert stub.callbacks()[0].query["encrypt_type"] == "aes"


def test_safe_mode_refuses_a_reply_in_clear(sealed: SandboxClient, stub: StubApplication) -> None:
    clear = "<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><MsgType>text</MsgType></xml>"
    stub.answers[PATH] = lambda _: Reply(clear)
    assert "clear" in sealed.act("li", "text", text="?")["fault"]
    stub.answers[PATH] = lambda _: Reply("success")
    assert sealed.act("li", "text", text="?")["fault"] == ""


def test_compat_mode_sends_both_forms(config: Config, stub: StubApplication) -> None:
    config.encoding_aes_key, config.callback_mode = AES_KEY, "compat"
    with ThreadedServer(config) as server:
        SandboxClient(server.url).act("li", "text", text="两样")
    given = fields(stub.callbacks()[0])
    assert given["Content"] == "两样"
    assert given["Encrypt"]


def test_redelivery_is_the_same_message(sandbox: SandboxClient, stub: StubApplication) -> None:
    sandbox.act("li", "text", text="一次")
    (entry,) = sandbox.journal(kind="callback")
    sandbox.call("POST", f"callbacks/{entry['id']}/redeliver")
    first, second = stub.callbacks()
    assert first.body == second.body


def test_address_check_wants_the_echo(sandbox: SandboxClient, stub: StubApplication) -> None:
    stub.answers[PATH] = lambda seen: Reply(seen.query["echostr"])
    assert sandbox.call("POST", "callbacks/verify")["ok"] is True
    stub.answers[PATH] = lambda seen: Reply("no")
    assert sandbox.call("POST", "callbacks/verify")["ok"] is False
