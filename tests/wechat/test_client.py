"""What goes over the wire, and what an answer means."""

import pytest

from community_report.wechat.client import Client, get_client
from community_report.wechat.errors import ErrorKind, WeChatError
from tests.wechat.platform import Answer, Platform, error, ok, plain_json

SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
MASS = "/cgi-bin/message/mass/send"


def test_text_has_the_papers_shape(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("oStaff", '<a href="https://e.example/h5/">您收到【卫生清理】消息，请及时查看</a>')
    (call,) = platform.to(SEND)
    assert (call.method, call.query) == ("POST", {"access_token": "TOKEN-1"})
    assert call.json == {
        "touser": "oStaff",
        "msgtype": "text",
        "text": {"content": '<a href="https://e.example/h5/">您收到【卫生清理】消息，请及时查看</a>'},
    }
    # WeChat shows \uXXXX escapes as they are.
    assert "卫生清理".encode() in call.body


def test_news(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_news("oStaff", title="t", description="d", url="https://e.example/")
    article = {"title": "t", "description": "d", "url": "https://e.example/", "picurl": ""}
    assert platform.to(SEND)[0].json == {"touser": "oStaff", "msgtype": "news", "news": {"articles": [article]}}


def test_template_returns_its_msgid(platform: Platform, client: Client) -> None:
    platform.on(TEMPLATE, ok(msgid=3000000000000000001))
    data = {"thing1": "灯坏了"}
    msgid = client.send_template("oStaff", template_id="T1", url="https://e.example/", data=data, client_msg_id="d-7")
    assert msgid == "3000000000000000001"
    assert platform.to(TEMPLATE)[0].json == {
        "touser": "oStaff",
        "template_id": "T1",
        "url": "https://e.example/",
        "client_msg_id": "d-7",
        "data": {"thing1": {"value": "灯坏了"}},
    }


def test_mass(platform: Platform, client: Client) -> None:
    platform.on(MASS, ok(msg_id=34182, msg_data_id=206227730))
    assert client.mass_send_text(["o1", "o2"], "停水通知", clientmsgid="n-1") == "34182"
    assert platform.to(MASS)[0].json == {
        "touser": ["o1", "o2"],
        "msgtype": "text",
        "text": {"content": "停水通知"},
        "clientmsgid": "n-1",
    }


def test_mass_that_was_accepted_before_is_no_error(platform: Platform, client: Client) -> None:
    platform.on(MASS, error(45065, "clientmsgid exist", msg_id=34182))
    assert client.mass_send_text(["o1", "o2"], "停水通知", clientmsgid="n-1") == "34182"


@pytest.mark.parametrize("count", [0, 1, 10_001])
def test_mass_refuses_a_number_that_wechat_refuses(platform: Platform, client: Client, count: int) -> None:
    with pytest.raises(ValueError, match="2 to 10,000"):
        client.mass_send_text(["o"] * count, "x", clientmsgid="n")
    assert platform.calls == []


def test_bizsend(platform: Platform, client: Client) -> None:
    path = "/cgi-bin/message/subscribe/bizsend"
    platform.on(path, ok())
    client.bizsend("oStaff", template_id="T2", url="https://e.example/", data={"thing1": "x"})
    assert platform.to(path)[0].json == {
        "touser": "oStaff",
        "template_id": "T2",
        "page": "https://e.example/",
        "data": {"thing1": {"value": "x"}},
    }


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(-1), "transient", -1),
        (error(45009, "reach max api daily quota limit rid: 6098"), "quota", 45009),
        (error(45015), "not_this_way", 45015),
        (error(43004), "unfollowed", 43004),
        (error(40003), "person", 40003),
        (error(48001), "account", 48001),
        (error(45002), "permanent", 45002),
        (error(45015, label="text/plain"), "not_this_way", 45015),
        (Answer(b'{"errcode":"45015"}'), "not_this_way", 45015),
        (Answer(b'{"errcode":45015}', status=500), "not_this_way", 45015),
        (Answer(b'{"errcode":"soon"}'), "transient", None),
        (Answer(b'{"errcode":0}', status=500), "transient", None),
        (Answer(b"", status=502), "transient", None),
        (Answer(b"<html>busy</html>", headers={"Content-Type": "text/html"}), "transient", None),
        (Answer(b""), "transient", None),
        (Answer(b"{}"), "transient", None),
        (Answer(b'{"errcode":null}'), "transient", None),
        (Answer(b"[]"), "transient", None),
        (Answer(b"0"), "transient", None),
        (Answer(b'{"errcode":0'), "transient", None),
        (Answer(b"[" * 100_000), "transient", None),
        (Answer(b"x" * (2 * 1024 * 1024 + 1)), "transient", None),
        (Answer(b"", status=302, headers={"Location": "/cgi-bin/elsewhere"}), "transient", None),
        (Answer(b'{"errcode":0}', headers={"Content-Encoding": "gzip"}), "transient", None),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_only_wechats_own_yes_is_success(
    platform: Platform, client: Client, answer: Answer, kind: str, code: int | None
) -> None:
    platform.on(SEND, answer)
    with pytest.raises(WeChatError) as caught:
        client.send_text("oStaff", "x")
    assert (caught.value.kind, caught.value.code) == (ErrorKind(kind), code)
    assert platform.paths == ["/cgi-bin/stable_token", SEND]


def test_wechats_words_and_request_id_are_kept(platform: Platform, client: Client) -> None:
    platform.on(SEND, error(45047, "out of response count limit rid: 64a774ce-020c072d"))
    with pytest.raises(WeChatError, match=r"45047: .*custom/send: out of response count limit rid: 64a774ce-020c072d"):
        client.send_text("oStaff", "x")


def test_user_who_follows(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/user/info", plain_json(subscribe=1, openid="o1", language="zh_CN"))
    info = client.user_info("o1")
    assert (info.subscribed, info.language) == (True, "zh_CN")
    assert platform.to("/cgi-bin/user/info")[0].query["openid"] == "o1"


def test_user_who_does_not_follow(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/user/info", plain_json(subscribe=0, openid="o1"))
    info = client.user_info("o1")
    assert (info.subscribed, info.language) == (False, None)


@pytest.mark.parametrize(
    ("seconds", "name", "sent"),
    [
        (None, "QR_LIMIT_STR_SCENE", None),
        (3600, "QR_STR_SCENE", 3600),
        (99_999_999, "QR_STR_SCENE", 2_592_000),
    ],
)
def test_qrcode(platform: Platform, client: Client, seconds: int | None, name: str, sent: int | None) -> None:
    platform.on("/cgi-bin/qrcode/create", plain_json(ticket="gQ+/=", url="http://weixin.qq.com/q/1"))
    code = client.create_qrcode("c_fuchen", expire_seconds=seconds)
    asked = platform.to("/cgi-bin/qrcode/create")[0].json
    assert asked["action_name"] == name
    assert asked["action_info"] == {"scene": {"scene_str": "c_fuchen"}}
    assert asked.get("expire_seconds") == sent
    assert code.url == "http://weixin.qq.com/q/1"
    assert code.image_url == f"{platform.url}/cgi-bin/showqrcode?ticket=gQ%2B%2F%3D"


def test_qrcode_pictures_have_their_own_host_at_wechat(account) -> None:
    account.WECHAT_API_BASE_URL = "https://api.weixin.qq.com"
    assert get_client()._image_of("a/b") == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=a%2Fb"


@pytest.mark.parametrize("scene", ["", "x" * 65])
def test_qrcode_refuses_a_scene_that_wechat_refuses(client: Client, scene: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        client.create_qrcode(scene, expire_seconds=None)


def test_menu(platform: Platform, client: Client) -> None:
    menu = {"button": [{"type": "view", "name": "报单", "url": "https://e.example/h5/"}]}
    platform.on("/cgi-bin/menu/create", ok())
    platform.on("/cgi-bin/menu/delete", ok())
    platform.on("/cgi-bin/menu/get", plain_json(menu=menu))
    client.menu_create(menu)
    assert platform.to("/cgi-bin/menu/create")[0].json == menu
    assert client.menu_get() == menu
    client.menu_delete()
    assert platform.to("/cgi-bin/menu/delete")[0].method == "GET"


def test_no_menu_is_none(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/menu/get", error(46003, "menu no exist"))
    assert client.menu_get() is None


def test_templates(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/template/get_all_private_template", plain_json(template_list=[{"template_id": "T1"}]))
    assert client.list_templates() == [{"template_id": "T1"}]


def test_no_templates(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/template/get_all_private_template", plain_json(template_list=[]))
    assert client.list_templates() == []


def test_callback_addresses(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/getcallbackip", plain_json(ip_list=["192.0.2.1"]))
    assert client.callback_ips() == ["192.0.2.1"]


def test_callback_check(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/callback/check", plain_json(dns=[], ping=[{"ip": "192.0.2.1", "package_loss": "0%"}]))
    assert client.check_callback()["ping"][0]["package_loss"] == "0%"
    assert platform.to("/cgi-bin/callback/check")[0].json == {"action": "all", "check_operator": "DEFAULT"}


def test_upload(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/media/upload", plain_json(type="image", media_id="m9", created_at=1))
    assert client.upload_media("image", "a.png", b"\x89PNG-bytes", "image/png") == "m9"
    (call,) = platform.to("/cgi-bin/media/upload")
    assert call.query["type"] == "image"
    assert b'name="media"; filename="a.png"' in call.body
    assert b"\x89PNG-bytes" in call.body


def test_upload_after_a_renewal_sends_the_whole_file_again(platform: Platform, client: Client) -> None:
    answers = iter([error(42001), plain_json(media_id="m9")])
    platform.on("/cgi-bin/media/upload", lambda call: next(answers))
    assert client.upload_media("image", "a.png", b"\x89PNG-bytes", "image/png") == "m9"
    assert all(b"\x89PNG-bytes" in call.body for call in platform.to("/cgi-bin/media/upload"))


def test_an_answer_without_what_was_asked_for_is_no_answer(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/user/info", plain_json(openid="o1"))
    with pytest.raises(WeChatError, match="without subscribe"):
        client.user_info("o1")


def test_one_client_per_account(client: Client, account) -> None:
    assert get_client() is client
    account.WECHAT_APP_SECRET = "another"
    assert get_client() is not client
