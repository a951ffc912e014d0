"""What residents do beside reporting: family, the board, their language, large type."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from .asking import Phone, file_report, once_only
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]


@pytest.fixture
def sun(phone: Phone) -> Page:
    return phone("sun")


def test_a_member_of_the_family_is_added(demo: Demo, sun: Page, phone: Phone) -> None:
    sun.goto(demo.page_of("sun", "/h5/me"))
    sun.get_by_role("link", name="家人").first.tap()
    sun.get_by_role("button", name="邀请一位家人").tap()
    link = sun.get_by_label("邀请链接，只能用一次").first.input_value()
    host = f"family{uuid4().hex[:6]}"
    demo.sandbox.new_phone(host, name="小孙", openid=f"o-demo-{host}-000000000")
    other = phone(host)
    other.goto(demo.page_of(host, "/h5/" + link.partition("/h5/")[2]))
    expect(other.get_by_role("heading", name="孙女士邀请您加入")).to_be_visible()
    other.get_by_label("姓名").fill("孙小")
    other.get_by_role("button", name="接受邀请").tap()
    expect(other.get_by_text("请填写正确的手机号码")).to_be_visible()
    other.get_by_label("手机").fill("13900010299")
    other.get_by_role("button", name="接受邀请").tap()
    expect(other.locator("#toast")).to_contain_text("欢迎加入")
    sun.reload()
    row = sun.locator("li").filter(has_text="孙小")
    row.get_by_role("button", name="移除").first.tap()
    expect(sun.get_by_text("孙小")).to_have_count(0)


def test_this_is_mine_on_the_board(demo: Demo, sun: Page, phone: Phone) -> None:
    zhao = phone("zhao")
    words = once_only("捡到一串钥匙")
    post = file_report(zhao, "lost", words)
    sun.goto(demo.page_of("sun", "/h5/board"))
    sun.get_by_label("搜索").or_(sun.get_by_role("searchbox")).first.fill(words)
    sun.keyboard.press("Enter")
    sun.get_by_role("link", name=words).tap()
    sun.get_by_role("button", name="联系发布的人").tap()
    sheet = sun.locator("#act-talk")
    sheet.get_by_role("button", name="这是我的").tap()
    field = sheet.get_by_label("写给发布的人")
    expect(field).to_have_value("这是我的。")
    field.fill("这是我的，上面有一把红色的。")
    sheet.get_by_role("button", name="发出").dblclick()
    expect(sun.locator("#talk").get_by_text("上面有一把红色的")).to_have_count(1)
    zhao.goto(demo.page_of("zhao", post))
    zhao.get_by_label("回复").fill("今晚七点，北门")
    zhao.get_by_role("button", name="回复").tap()
    expect(zhao.locator("#talk").get_by_text("今晚七点，北门")).to_be_visible()
    sun.reload()
    expect(sun.locator("#talk").get_by_text("今晚七点，北门")).to_be_visible()


def test_the_other_language_stays_chosen(demo: Demo, sun: Page) -> None:
    sun.goto(demo.page_of("sun", "/h5/me"))
    sun.get_by_text("English", exact=True).tap()
    expect(sun.locator("html")).to_have_attribute("lang", "en")
    sun.goto(demo.page_of("sun", "/h5/reports/new?category=hygiene"))
    expect(sun.get_by_role("button", name="Tap to speak").or_(sun.locator("[data-record]")).first).to_be_visible()
    words = sun.locator("body").inner_text()
    chinese = [line for line in words.splitlines() if any("\u4e00" <= letter <= "\u9fff" for letter in line)]
    assert set(chinese) <= {"治安巡防", "卫生保洁", "水电报修", "失物招领"}  # the community's own names
    sun.goto(demo.page_of("sun", "/h5/me"))
    sun.get_by_text("中文").tap()
    expect(sun.locator("html")).to_have_attribute("lang", "zh-hans")


def test_large_type_is_remembered(demo: Demo, sun: Page) -> None:
    sun.goto(demo.page_of("sun", "/h5/me"))
    with sun.expect_response("**/h5/me/comfort"):
        sun.get_by_label("大字").check()
    for path in ("/h5/", "/h5/reports/new"):
        sun.goto(demo.page_of("sun", path))
        expect(sun.locator("html")).to_have_attribute("data-type", "large")
        assert sun.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 22
    sun.goto(demo.page_of("sun", "/h5/me"))
    with sun.expect_response("**/h5/me/comfort"):
        sun.get_by_label("大字").uncheck()
    sun.goto(demo.page_of("sun", "/h5/"))
    assert sun.locator("html").get_attribute("data-type") is None
