import pytest

from sandbox.client import SandboxClient
from sandbox.errors import WeChatError
from sandbox.template_rules import check
from tests.sandbox.conftest import Platform
from tests.sandbox.stub import StubApplication

TEMPLATE = {"id": "tpl-report", "title": "新工单", "content": "标题:{{thing1.DATA}}\n时间:{{time2.DATA}}"}
DATA = {"thing1": {"value": "楼道漏水"}, "time2": {"value": "2026-11-23 09:12"}}
TEMPLATE_SEND = "/cgi-bin/message/template/send"


def test_without_a_window_nothing_free_is_sent(platform: Platform, li: str) -> None:
    assert platform.custom(li)["errcode"] == 45015


def test_a_message_allows_five_within_two_days(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.act("li", "text", text="有人吗")
    assert [platform.custom(li)["errcode"] for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    sandbox.act("li", "text", text="还在吗")
    sandbox.call("POST", "clock", json={"skew": 48 * 3600 + 1})
    platform.token = ""
    assert platform.custom(li)["errcode"] == 45015


def test_a_scan_allows_three_within_a_minute(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.act("li", "scan", scene="c_fuchen")
    assert [platform.custom(li)["errcode"] for _ in range(4)] == [0, 0, 0, 45047]
    sandbox.act("li", "scan", scene="c_fuchen")
    sandbox.call("POST", "clock", json={"skew": 61})
    assert platform.custom(li)["errcode"] == 45015


def test_a_tap_on_a_link_of_the_menu_allows_nothing(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    platform.post("/cgi-bin/menu/create", {"button": [{"type": "view", "name": "首页", "url": "http://x.test/h5/"}]})
    assert sandbox.act("li", "menu", button="0")["open"] == "http://x.test/h5/"
    assert platform.custom(li)["errcode"] == 45015


def test_custom_send_refuses_what_wechat_refuses(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.act("li", "allowance", kind="message")

    def send(**body: object) -> int:
        return int(platform.post("/cgi-bin/message/custom/send", {"touser": li} | body)["errcode"])

    assert send(msgtype="text", text={"content": ""}) == 44004
    assert send(msgtype="text", text={"content": "字" * 683}) == 45002
    assert send(msgtype="carrier pigeon") == 40008
    assert send(msgtype="image", image={"media_id": "unknown"}) == 40007
    assert send(msgtype="news", news={"articles": [{"title": "1"}, {"title": "2"}]}) == 45008
    assert send(touser="nobody", msgtype="text", text={"content": "x"}) == 40003
    assert sandbox.messages() == []


def test_what_is_sent_stands_in_the_chat_and_the_journal(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.act("li", "allowance", kind="message")
    article = {"title": "公告", "description": "停水", "url": "http://x.test/h5/notices/1", "picurl": ""}
    body = {"touser": li, "msgtype": "news", "news": {"articles": [article]}}
    assert platform.post("/cgi-bin/message/custom/send", body)["errcode"] == 0
    (message,) = sandbox.messages(phone="li")
    assert (message["channel"], message["msgtype"], message["articles"]) == ("custom", "news", [article])
    assert sandbox.chat("li")[-1]["articles"] == [article]


def test_enforcement_can_be_switched_off(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.settings(enforce=False)
    assert platform.custom(li)["errcode"] == 0


def test_template_is_sent_without_a_window_and_finishes(
    platform: Platform, sandbox: SandboxClient, stub: StubApplication, li: str
) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE)
    answer = platform.post(TEMPLATE_SEND, {"touser": li, "template_id": "tpl-report", "url": "http://x", "data": DATA})
    assert answer["errcode"] == 0
    (finish,) = sandbox.journal(wait=5, kind="callback", event="TEMPLATESENDJOBFINISH")
    assert f"<MsgID>{answer['msgid']}</MsgID>" in finish["xml"]
    assert "<Status><![CDATA[success]]></Status>" in finish["xml"]
    assert sandbox.chat("li")[-1]["lines"] == [
        {"label": "标题", "value": "楼道漏水"},
        {"label": "时间", "value": "2026-11-23 09:12"},
    ]
    assert len(stub.callbacks()) == 1


def test_muted_template_fails_in_its_finish_event(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE)
    sandbox.phone("li", mutes_templates=True)
    assert platform.post(TEMPLATE_SEND, {"touser": li, "template_id": "tpl-report", "data": DATA})["errcode"] == 0
    (finish,) = sandbox.journal(wait=5, kind="callback", event="TEMPLATESENDJOBFINISH")
    assert "failed:user block" in finish["xml"]
    assert sandbox.messages() == []


def test_template_refusals(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE)
    body = {"touser": li, "template_id": "tpl-report", "data": DATA}
    assert platform.post(TEMPLATE_SEND, body | {"template_id": "none"})["errcode"] == 40037
    assert platform.post(TEMPLATE_SEND, body | {"touser": "nobody"})["errcode"] == 40003
    bad = platform.post(TEMPLATE_SEND, body | {"data": DATA | {"thing1": {"value": "长" * 21}}})
    assert bad["errcode"] == 47003
    assert "data.thing1.value" in bad["errmsg"]
    sandbox.act("li", "unfollow")
    assert platform.post(TEMPLATE_SEND, body)["errcode"] == 43004


def test_the_same_client_message_is_shown_once_in_ten_minutes(
    platform: Platform, sandbox: SandboxClient, li: str
) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE)
    body = {"touser": li, "template_id": "tpl-report", "data": DATA, "client_msg_id": "delivery-1"}
    first, second = (platform.post(TEMPLATE_SEND, body) for _ in range(2))
    assert first["msgid"] == second["msgid"]
    assert len(sandbox.messages()) == 1
    sandbox.call("POST", "clock", json={"skew": 601})
    assert platform.post(TEMPLATE_SEND, body)["msgid"] != first["msgid"]


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", "字" * 20, "字" * 21),
        ("thing2", "a", "two\nlines"),
        ("character_string1", "R-2026/01", "编号1"),
        ("number1", "12.5", "twelve"),
        ("letter1", "ABC", "A1"),
        ("symbol1", "***", "******"),
        ("phrase1", "待处理", "待处理了没有"),
        ("phrase2", "已完成", "done"),
        ("name1", "李师傅", "一二三四五六七八九十十一"),
        ("time1", "09:12", "25:00"),
        ("time2", "2026年11月23日 09:12", "yesterday"),
        ("date1", "2026-11-23~2026-11-30", "11/23"),
        ("phone_number1", "+86-571-88888888", "1" * 18),
        ("car_number1", "浙A12345", "浙A12345678"),
        ("amount1", "¥12.50", "a lot"),
    ],
)
def test_field_rules(key: str, good: str, bad: str) -> None:
    content = f"x:{{{{{key}.DATA}}}}"
    assert check(content, {key: {"value": good}}) == {key: good}
    with pytest.raises(WeChatError) as refused:
        check(content, {key: {"value": bad}})
    assert refused.value.code == 47003


def test_mass_wants_two_and_reaches_each_four_times_a_month(
    platform: Platform, sandbox: SandboxClient, li: str
) -> None:
    zhang = sandbox.phone("zhang")["openid"]
    body = {"touser": [li, zhang], "msgtype": "text", "text": {"content": "停水通知"}}
    path = "/cgi-bin/message/mass/send"
    assert platform.post(path, body | {"touser": [li]})["errcode"] == 40130
    assert platform.post(path, body | {"touser": li})["errcode"] == 40003
    for number in range(5):
        assert platform.post(path, body | {"clientmsgid": f"notice-{number}"})["errcode"] == 0
    repeated = platform.post(path, body | {"clientmsgid": "notice-0"})
    assert repeated["errcode"] == 45065
    assert len(sandbox.messages(phone="li", channel="mass")) == 4
    finished = sandbox.journal(wait=5, kind="callback", event="MASSSENDJOBFINISH")
    assert "<SentCount>2</SentCount>" in finished[0]["xml"]


def test_subscription_message_needs_a_grant(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE | {"id": "sub-1", "kind": "subscription"})
    body = {"touser": li, "template_id": "sub-1", "data": DATA}
    path = "/cgi-bin/message/subscribe/bizsend"
    assert platform.post(path, body)["errcode"] == 43101
    sandbox.phone("li", subscriptions={"sub-1": 1})
    assert [platform.post(path, body)["errcode"] for _ in range(2)] == [0, 43101]
    assert platform.post(TEMPLATE_SEND, body)["errcode"] == 40037
