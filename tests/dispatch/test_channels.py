"""What goes into a text and into each kind of template field."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.channels import Message, chain
from dispatch.channels.base import TemplateChoice
from dispatch.channels.template import FIELDS, clean, prefix_of
from dispatch.channels.text import MAX_BYTES, linked
from dispatch.kinds import Kind
from dispatch.values import VALUES, Value
from sandbox.template_rules import check

NOON = datetime(2026, 11, 3, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("thing1", "楼道灯坏了", "楼道灯坏了"),
        ("thing1", "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
        ("thing1", "一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五六七八九十"),
        ("thing2", "漏水\n了\t😀❤️快来", "漏水 了 快来"),
        ("thing2", " \n ", "无"),
        ("thing2", "电梯1️⃣号‼️停了↔️🧑‍🔧修⁉", "电梯1号停了修"),
        ("thing2", "60℃ 80㎡ → №3 ①", "60℃ 80㎡ → №3 ①"),
        ("thing3", NOON, "2026年11月3日 09:05"),
        ("thing3", 3, "3"),
        ("phrase1", "待处理", "待处理"),
        ("phrase1", "Waiting", "无"),
        ("phrase1", "已经全部处理完成", "已经全部处"),
        ("character_string1", "261123-0001", "261123-0001"),
        ("character_string1", "六幢", "-"),
        ("character_string1", "x" * 40, "x" * 32),
        ("name1", "欧阳一二三四五六七八九十", "欧阳一二三四五六七八"),
        ("name1", "Li Lei", "Li Lei"),
        ("name1", "张**", "张"),
        ("name1", "", "无"),
        ("number1", 5, "5"),
        ("number1", "", "0"),
        ("number1", "第12.5号", "12.5"),
        ("letter1", "6幢 B 座 a", "Ba"),
        ("letter1", "六幢", "N"),
        ("symbol1", "（急）！！！！", "（）！！！"),
        ("symbol1", "急", "-"),
        ("phone_number1", "电话 +86 138-0000-0001 转 2", "+86 138-0000-0001"),
        ("phone_number1", "１３８０００００００１", "13800000001"),
        ("phone_number1", "无", "-"),
        ("car_number1", "车牌：粤a8z888挂，请挪车", "粤A8Z888挂"),
        ("car_number1", "沪A·12345", "沪A·12345"),
        ("car_number1", "没有车牌", "无"),
        ("amount1", "共 ¥1,280.50 元", "¥1280.50"),
        ("amount1", 5, "5"),
        ("amount1", "98元", "98元"),
        ("amount1", "没有", "0"),
        ("amount1", "9" * 20, "0"),
        ("time1", NOON, "2026年11月3日 09:05"),
        ("date1", NOON, "2026年11月3日 09:05"),
    ],
)
def test_fields(field: str, value: Value, expected: str) -> None:
    assert clean(field, value) == expected


NASTY = [
    "",
    " ",
    "😀",
    "a\x00b",
    "中" * 500,
    "x" * 500,
    "\u202eevil",
    "１２３",
    "é" * 50,
    "%s {0}",
    "\n\n",
    "·",
    "12.5",
]


@pytest.mark.parametrize("field", [f"{prefix}1" for prefix in FIELDS])
@pytest.mark.parametrize("value", NASTY)
def test_whatever_people_write_fits(field: str, value: str) -> None:
    """By the rules of the simulated WeChat, which were written down independently."""
    given: Value = NOON if prefix_of(field) in ("time", "date") else value
    content = f"{{{{{field}.DATA}}}}"
    assert check(content, {field: {"value": clean(field, given)}})


@pytest.mark.parametrize("field", ["thing", "first", "1", "", "keyword1", "thing1x"])
def test_unknown_fields(field: str) -> None:
    with pytest.raises(KeyError):
        prefix_of(field)


def test_a_text_is_never_too_long_and_never_cut_inside_a_character() -> None:
    url = "https://xq.example.com/h5/reports/0"
    content = linked("楼" * 3000, url)
    assert len(content.encode()) <= MAX_BYTES
    assert content == f'<a href="{url}">{"楼" * (content.count("楼"))}</a>'


def test_tags_in_a_text_are_made_harmless() -> None:
    assert linked('<b>&"', "u") == '<a href="u">＜b＞&"</a>'


def test_the_order_of_the_channels() -> None:
    message = Message("o", "claimed", "t", "u", "c", template=TemplateChoice("T", {}))
    assert [channel.name for channel in chain(message, [])] == ["template", "text"]
    assert [channel.name for channel in chain(message, ["template"])] == ["text"]
    assert [channel.name for channel in chain(message, ["template", "text"])] == []
    plain = Message("o", "claimed", "t", "u", "c")
    assert [channel.name for channel in chain(plain, [])] == ["text"]
    news = Message("o", "claimed", "t", "u", "c", form="news")
    assert [channel.name for channel in chain(news, [])] == ["news", "text"]


def test_every_kind_offers_values() -> None:
    assert set(VALUES) == set(Kind.values)
    assert all("title" in VALUES[kind] for kind in Kind.values)
