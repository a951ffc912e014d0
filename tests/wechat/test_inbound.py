"""What was said, whatever its shape."""

import json
from datetime import UTC, datetime

import pytest

from community_report.wechat.inbound import Forbidden, Malformed, read
from tests.wechat.makers import event, message


def test_text() -> None:
    inbound = read(message(Content="<![CDATA[ 灯坏了 & <b>]]>"))
    assert inbound.kind == "text"
    assert inbound.content == " 灯坏了 & <b>"
    assert inbound.account == "gh_account"
    assert inbound.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert inbound.dedupe_key == "msg:24000000000000001"


def test_image() -> None:
    inbound = read(message(MsgType="image", PicUrl="http://p.example/1", MediaId="m1"))
    assert (inbound.kind, inbound.pic_url, inbound.media_id) == ("image", "http://p.example/1", "m1")


def test_voice() -> None:
    inbound = read(message(MsgType="voice", MediaId="m2", Format="AMR", Recognition="灯坏了"))
    assert (inbound.kind, inbound.media_id, inbound.format, inbound.recognition) == ("voice", "m2", "amr", "灯坏了")


def test_location() -> None:
    inbound = read(message(MsgType="location", Location_X="30.27", Location_Y="120.15", Scale="16", Label="6幢"))
    assert (inbound.kind, inbound.latitude, inbound.longitude, inbound.label) == ("location", 30.27, 120.15, "6幢")


@pytest.mark.parametrize("value", ["", "north", "nan", "inf", "91", "1e400"])
def test_a_latitude_that_is_none_is_left_out(value: str) -> None:
    assert read(message(MsgType="location", Location_X=value, Location_Y="1")).latitude is None


def test_location_event() -> None:
    inbound = read(event("LOCATION", Latitude="30.27", Longitude="120.15", Precision="65"))
    assert (inbound.event, inbound.latitude, inbound.longitude) == ("location", 30.27, 120.15)


def test_unknown_type_is_kept() -> None:
    inbound = read(message(MsgType="hologram", Depth="3"))
    assert (inbound.kind, inbound.raw["MsgType"], inbound.raw["Depth"]) == ("unknown", "hologram", "3")


@pytest.mark.parametrize(
    ("name", "key", "scene"),
    [
        ("subscribe", "qrscene_c_fuchen", "c_fuchen"),
        ("subscribe", "", ""),
        ("subscribe", "last_trade_no_42", ""),
        ("SCAN", "i_ABC", "i_ABC"),
        ("scan", "i_ABC", "i_ABC"),
        ("CLICK", "report", ""),
    ],
)
def test_scene_of_a_qr_code(name: str, key: str, scene: str) -> None:
    inbound = read(event(name, EventKey=key, Ticket="t"))
    assert (inbound.event, inbound.event_key, inbound.scene) == (name.lower(), key, scene)


def test_finish_event_of_a_template() -> None:
    inbound = read(event("TEMPLATESENDJOBFINISH", MsgID="200163836", Status="failed:user block"))
    assert inbound.event == "templatesendjobfinish"
    assert (inbound.job_msg_id, inbound.msg_id, inbound.status) == ("200163836", "", "failed:user block")


def test_lists_and_nesting_are_kept_in_raw() -> None:
    one = "<List><TemplateId>t1</TemplateId></List>"
    inbound = read(event("subscribe_msg_popup_event", SubscribeMsgPopupEvent=one * 2))
    assert inbound.raw["SubscribeMsgPopupEvent"] == {"List": [{"TemplateId": "t1"}, {"TemplateId": "t1"}]}
    assert json.loads(json.dumps(inbound.raw)) == inbound.raw


def test_copies_of_an_event_share_their_key_and_other_events_do_not() -> None:
    first = read(event("CLICK", EventKey="a")).dedupe_key
    assert read(event("CLICK", EventKey="a")).dedupe_key == first
    others = [
        event("CLICK", EventKey="b"),
        event("VIEW", EventKey="a"),
        event("CLICK", EventKey="a", CreateTime="1700000001"),
        event("CLICK", EventKey="a", FromUserName="oOther"),
        event("CLICK", EventKey="a", MsgID="1"),
    ]
    assert len({first, *(read(xml).dedupe_key for xml in others)}) == 6


def test_a_message_without_an_id_has_a_key_too() -> None:
    keys = {read(message(MsgId=None)).dedupe_key, read(message(MsgId=None, CreateTime="1700000001")).dedupe_key}
    assert len(keys) == 2


def test_keys_are_short() -> None:
    assert len(read(event("VIEW", EventKey="https://e.example/" + "x" * 1000)).dedupe_key) <= 140


BILLION_LAUGHS = b'<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Content>&b;</Content></xml>'
EXTERNAL = b'<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>'
DTD_ALONE = b"<!DOCTYPE xml>" + message()


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"   ",
        b"<xml/>",
        b"<xml>text</xml>",
        b"<html><body/></html>",
        message()[:-3],
        message() + b"<xml/>",
        message(Content="\x00"),
        message().replace("灯".encode(), b"\xff\xfe"),
        b"<a>" * 200_000,
        b"<xml>" + b"<a/>" * 100_000 + b"</xml>",
        b"<xml>" + b"<a>" * 9 + b"</a>" * 9 + b"</xml>",
        message(FromUserName=None),
        message(FromUserName=""),
        message(FromUserName="a</FromUserName><FromUserName>b"),
        message(FromUserName="<b>x</b>"),
        message(FromUserName="o" * 129),
        message(MsgType=None),
        message(CreateTime=None),
        message(CreateTime="yesterday"),
        message(CreateTime="-1"),
        message(CreateTime="9" * 30),
        message(CreateTime="١٢٣"),
        message(MsgId="1" * 129),
    ],
    ids=lambda xml: repr(xml[:40]),
)
def test_unreadable(xml: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read(xml)
    assert caught.value.payload == xml


@pytest.mark.parametrize("xml", [BILLION_LAUGHS, EXTERNAL, DTD_ALONE], ids=lambda xml: repr(xml[:40]))
def test_document_types_and_entities_are_forbidden(xml: bytes) -> None:
    with pytest.raises(Forbidden):
        read(xml)
