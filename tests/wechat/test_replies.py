"""Answers as a strict XML parser, WeChat's included, reads them."""

import re
from xml.etree import ElementTree

import pytest

from community_report.wechat.callback import news_reply, seal, success, text_reply
from community_report.wechat.inbound import Inbound, read
from tests.wechat import makers


@pytest.fixture
def inbound() -> Inbound:
    return read(makers.message())


def fields(xml: bytes) -> dict[str, str]:
    return {element.tag: element.text or "" for element in ElementTree.fromstring(xml)}


@pytest.mark.parametrize(
    ("content", "arrives"),
    [
        ('<a href="https://e.example/?a=1&b=2">请绑定</a>', '<a href="https://e.example/?a=1&b=2">请绑定</a>'),
        ("]]>", "]]>"),
        ("]]]]>><Content>x</Content><![CDATA[", "]]]]>><Content>x</Content><![CDATA["),
        ("bell\x07 null\x00 emoji😀", "bell null emoji😀"),
    ],
)
def test_text_arrives_as_it_was_said(inbound: Inbound, content: str, arrives: str) -> None:
    answer = fields(text_reply(inbound, content))
    assert answer["Content"] == arrives
    assert answer["MsgType"] == "text"
    assert (answer["ToUserName"], answer["FromUserName"]) == ("oResident", "gh_account")
    assert answer["CreateTime"].isdigit()


def test_news_has_one_article(inbound: Inbound) -> None:
    xml = news_reply(inbound, "标题]]>", "说明", "https://e.example/h5/", "https://e.example/p.png")
    root = ElementTree.fromstring(xml)
    assert root.findtext("MsgType") == "news"
    assert root.findtext("ArticleCount") == "1"
    assert root.findtext("Articles/item/Title") == "标题]]>"
    assert root.findtext("Articles/item/Url") == "https://e.example/h5/"
    assert root.findtext("Articles/item/PicUrl") == "https://e.example/p.png"


def test_success_stays_bare_in_every_mode(safe_mode) -> None:
    assert seal(success()) == b"success"
    assert seal(b"") == b""


def test_nothing_is_sealed_without_a_key(clear_mode, inbound: Inbound) -> None:
    reply = text_reply(inbound, "好")
    assert seal(reply) == reply


def test_sealed_reply_is_signed_and_holds_the_reply(safe_mode, inbound: Inbound) -> None:
    reply = text_reply(inbound, "好")
    answer = fields(seal(reply))
    expected = makers.sha1(makers.TOKEN, answer["TimeStamp"], answer["Nonce"], answer["Encrypt"])
    assert answer["MsgSignature"] == expected
    plain = makers.opened(answer["Encrypt"])
    assert plain[: -plain[-1]][20:] == reply + makers.APP_ID.encode()
    assert int.from_bytes(plain[16:20], "big") == len(reply)
    assert re.fullmatch(r"\d+", answer["Nonce"])


def test_every_seal_is_different(safe_mode, inbound: Inbound) -> None:
    reply = text_reply(inbound, "好")
    assert fields(seal(reply))["Encrypt"] != fields(seal(reply))["Encrypt"]
