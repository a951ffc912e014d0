"""What a manager does on the phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .asking import Phone, ask, events_of, file_report, once_only
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]


@pytest.fixture
def chen(phone: Phone) -> Page:
    return phone("chen")


@pytest.fixture
def sun(phone: Phone) -> Page:
    return phone("sun")


def more(page: Page, name: str) -> None:
    """An act that is not in the bar."""
    page.get_by_role("button", name="更多").tap()
    page.locator("#more").get_by_role("button", name=name).tap()


def test_filters_live_in_the_address(demo: Demo, chen: Page, sun: Page) -> None:
    words = once_only("草坪上的喷头坏了")
    file_report(sun, "repair", words)
    chen.goto(demo.page_of("chen", "/h5/manage"))
    chen.get_by_role("link", name="待处理").first.tap()
    chen.wait_for_url("**status=submitted*")
    chen.get_by_role("button", name="搜索和筛选").tap()
    chen.get_by_label("关键字").fill(words)
    chen.get_by_role("button", name="查找").tap()
    chen.wait_for_url("**q=*")
    assert "status=submitted" in chen.url
    expect(chen.locator(".card-report")).to_have_count(1)
    chen.reload()
    expect(chen.locator(".card-report")).to_contain_text(words)
    chen.get_by_role("link", name="去掉这个条件").tap()
    chen.wait_for_url(lambda url: "q=" not in url)
    chen.go_back()
    expect(chen.locator(".card-report")).to_have_count(1)


def test_a_report_is_recategorized_assigned_and_refused(demo: Demo, chen: Page, sun: Page) -> None:
    report = file_report(sun, "hygiene", once_only("水管在漏"))
    chen.goto(demo.page_of("chen", report))
    more(chen, "改分类")
    sheet = chen.locator("#act-recategorize")
    sheet.get_by_role("radio", name="水电报修").check()
    sheet.get_by_role("button", name="改分类").tap()
    expect(sheet.get_by_text("请说明改分类的原因")).to_be_visible()
    sheet.get_by_label("原因").fill("要水电工来")
    sheet.get_by_role("button", name="改分类").tap()
    expect(chen.locator(".category-mark").first).to_have_text("水电报修")
    chen.get_by_role("button", name="指派").first.tap()
    sheet = chen.locator("#act-assign")
    sheet.get_by_role("button", name="指派").tap()
    expect(sheet.get_by_text("请选一位同事")).to_be_visible()
    sheet.get_by_role("radio", name="刘师傅").check()
    sheet.get_by_role("button", name="指派").tap()
    expect(chen.get_by_role("heading", name="已交给刘师傅处理")).to_be_visible()
    more(chen, "驳回")
    chen.get_by_role("button", name="不归物业").tap()
    chen.get_by_role("button", name="驳回", exact=True).tap()
    expect(chen.get_by_role("heading", name="这条上报被驳回了")).to_be_visible()
    assert events_of(sun, report) == ["submitted", "recategorize", "assign", "dismiss"]


def test_the_same_thing_twice_is_merged(demo: Demo, chen: Page, sun: Page, phone: Phone) -> None:
    words = once_only("南门的路灯不亮")
    first, second = file_report(sun, "repair", words), file_report(phone("zhao"), "repair", words)
    chen.goto(demo.page_of("chen", second))
    more(chen, "合并")
    sheet = chen.locator("#act-merge")
    sheet.get_by_label("找别的报单").fill(words)
    sheet.locator("[data-merge-found]").get_by_role("radio").first.check()
    sheet.get_by_role("button", name="合并").tap()
    question = chen.get_by_role("dialog").filter(has_text="合并到这一条？")
    expect(question).to_contain_text(words)
    expect(question).to_be_focused()
    question.get_by_role("button", name="合并").tap()
    chen.get_by_role("link", name="看合并后的报单").tap()
    chen.wait_for_url(f"**{first}")
    assert events_of(chen, second) == ["submitted", "merge"]


def test_a_binding_is_decided(demo: Demo, chen: Page, phone: Phone) -> None:
    zhao = phone("zhao")
    home = {"building": "6幢", "unit": "1单元", "room": "401", "name": once_only("赵"), "phone": "13900010502"}
    assert ask(zhao, "bindings", {"community": "fuchen", **home})["status"] == "pending"
    chen.goto(demo.page_of("chen", "/h5/manage/people"))
    row = chen.locator("li").filter(has_text=home["name"])
    expect(row.get_by_role("heading", name="名册上的")).to_be_visible()
    row.get_by_role("button", name="通过", exact=True).tap()
    question = chen.get_by_role("dialog").filter(has_text="没有这个人")
    question.get_by_role("button", name="取消").tap()
    expect(question).to_have_count(0)
    row.get_by_role("button", name="不通过").tap()
    sheet = chen.locator("#reject")
    sheet.get_by_role("button", name="不通过").tap()
    expect(sheet.get_by_text("请填写原因")).to_be_visible()
    sheet.locator("[data-reason]").first.tap()
    sheet.get_by_role("button", name="不通过").tap()
    expect(chen.locator("#toast")).to_contain_text("已告诉申请人")
    expect(chen.get_by_text(home["name"])).to_have_count(0)
    expect(chen.locator(".tabs [aria-current]")).to_contain_text("审核")


def test_an_invitation_is_shown_and_withdrawn(demo: Demo, chen: Page, phone: Phone) -> None:
    chen.goto(demo.page_of("chen", "/h5/manage/people?tab=invitations"))
    chen.locator("label", has_text="水电工").tap()
    chen.get_by_role("button", name="生成邀请二维码").tap()
    made = chen.locator("details[open]")
    picture = made.get_by_role("img", name="邀请水电工的二维码")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    link = made.get_by_label("邀请链接").input_value()
    made.get_by_role("button", name="作废").tap()
    chen.get_by_role("dialog").get_by_role("button", name="作废").tap()
    expect(chen.locator("#toast")).to_contain_text("邀请已作废")
    sun = phone("sun")
    sun.goto(demo.page_of("sun", "/h5/" + link.partition("/h5/")[2]))
    expect(sun.get_by_text("这个邀请码已经过期或作废")).to_be_visible()


@pytest.fixture
def notice(chen: Page) -> Iterator[str]:
    """A title that is gone afterwards: the newest notice stands on everybody's home."""
    title = once_only("明天上午停水")
    yield title
    for found in ask(chen, "notices?limit=20")["results"]:
        if found["title"] == title:
            chen.evaluate("id => app.api.delete('notices/' + id)", found["id"])


def test_a_notice_is_sent_and_read(demo: Demo, chen: Page, notice: str, phone: Phone) -> None:
    chen.goto(demo.page_of("chen", "/h5/notices/new"))
    chen.get_by_role("button", name="预览").tap()
    expect(chen.get_by_text("请写一个标题")).to_be_visible()
    chen.get_by_label("标题").fill(notice)
    chen.get_by_label("正文").fill("九点到十一点，请提前储水。")
    chen.get_by_role("button", name="预览").tap()
    chen.get_by_role("dialog").get_by_role("button", name="马上发布").tap()
    expect(chen.get_by_role("heading", name=notice)).to_be_visible()
    before = int(chen.locator(".big-count").inner_text())
    zhao = phone("zhao")
    zhao.goto(demo.page_of("zhao", "/h5/notices"))
    line = zhao.get_by_role("link").filter(has_text=notice)
    expect(line.get_by_text("未读")).to_be_attached()
    line.tap()
    expect(zhao.get_by_text("九点到十一点")).to_be_visible()
    chen.reload()
    expect(chen.locator(".big-count")).to_have_text(str(before + 1))
