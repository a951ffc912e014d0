"""The paper's loop in a real browser, on real servers: report, push, claim, result, rating."""

import re

import pytest
from playwright.sync_api import Page, expect

from .asking import REPORT, Phone, link_of
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]


def speak_and_send(page: Page, demo: Demo) -> str:
    """李阿姨 speaks, takes a picture and sends; gives the report's page."""
    page.goto(demo.page_of("li", "/h5/reports/new"))
    page.get_by_text("卫生保洁", exact=True).tap()
    page.get_by_role("button", name="按一下说话").tap()
    expect(page.locator("[data-record]")).to_contain_text(re.compile(r"[1-9] ?秒|0?:0[1-9]|说完"))
    page.wait_for_timeout(1200)  # what is recorded is as long as this
    page.locator("[data-record]").tap()
    expect(page.locator("[data-voice-list] > *")).to_have_count(1)
    page.get_by_role("button", name="加照片").tap()
    expect(page.locator("[data-picture-list] img")).to_have_count(1)
    page.get_by_label("说说情况").fill("六幢电梯口的垃圾没有人清理，味道很大")
    page.get_by_role("button", name="提交").tap()
    page.wait_for_url(re.compile(r"/h5/reports/[0-9a-f-]{36}"))
    found = REPORT.search(page.url)
    assert found is not None
    return found.group()


def test_the_whole_loop(demo: Demo, phone: Phone) -> None:
    began = demo.sandbox.last()
    li = phone("li")
    path = speak_and_send(li, demo)
    expect(li.get_by_role("status").first).to_contain_text("2")
    # The open page shows picture and voice by itself as soon as they have arrived.
    expect(li.locator("main img").first).to_be_visible(timeout=30_000)
    expect(li.get_by_text("接收中")).to_have_count(0, timeout=30_000)

    # Both are told, and open the link.
    staff = {host: phone(host) for host in ("zhang", "wang")}
    for host, page in staff.items():
        assert link_of(demo, host, began) == path
        page.goto(demo.page_of(host, path))
        expect(page.get_by_role("button", name="我来处理")).to_be_visible()
        expect(page.locator("main img").first).to_be_visible()

    # One wins; the other, who has not seen it yet, is told who.
    staff["zhang"].get_by_role("button", name="我来处理").tap()
    expect(staff["zhang"].get_by_role("button", name="提交结果").first).to_be_visible()
    staff["wang"].get_by_role("button", name="我来处理").tap()
    expect(staff["wang"].get_by_text(re.compile("张师傅.*接单")).first).to_be_visible()
    expect(staff["wang"].get_by_role("button", name="我来处理")).to_have_count(0)

    # The result, with a picture.
    claimed = demo.sandbox.last()
    page = staff["zhang"]
    page.get_by_role("button", name="提交结果").first.tap()
    sheet = page.locator("#act-resolve")
    sheet.get_by_label("怎么处理的？").fill("已清理干净，并消毒")
    sheet.get_by_role("button", name="加照片").tap()
    expect(sheet.locator("[data-picture-list] img")).to_have_count(1)
    sheet.get_by_role("button", name="提交结果").tap()
    expect(page.get_by_text("待确认").first).to_be_visible()

    # The resident is told, confirms and rates.
    assert link_of(demo, "li", claimed) == path
    li.goto(demo.page_of("li", path))
    expect(li.get_by_text("已清理干净，并消毒").first).to_be_visible()
    li.get_by_text("非常满意").tap()
    li.get_by_role("button", name="确认完成").first.tap()
    expect(li.get_by_text("已完成").first).to_be_visible()

    # What was said can be heard, and the picture seen.
    voice = li.locator("a[data-voice]").first.evaluate(
        """async (bubble) => {
            const answer = await fetch(bubble.href, {headers: {Range: "bytes=0-99"}});
            return [answer.status, answer.headers.get("content-type")];
        }"""
    )
    assert voice == [206, "audio/mp4"]
