"""What staff do on their phone, from the pushed link on."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from .asking import Phone, ask, events_of, file_report, link_of, once_only
from .conftest import PHONE, Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]


@pytest.fixture
def sun(phone: Phone) -> Page:
    """A resident who reports."""
    return phone("sun")


def card_of(page: Page, words: str) -> Locator:
    """The card that says this, on whichever page of the list it is."""
    card = page.locator(".card-report").filter(has_text=words)
    while not card.count():
        with page.expect_navigation():
            page.get_by_role("link", name="看后面的报单").tap()
    return card


def test_from_the_pushed_link_to_the_result(demo: Demo, phone: Phone, sun: Page) -> None:
    began = demo.sandbox.last()
    report = file_report(sun, "hygiene", once_only("楼道里有人丢了旧沙发"))
    zhang, wang = phone("zhang"), phone("wang")
    assert link_of(demo, "zhang", began) == report
    zhang.goto(demo.page_of("zhang", report))
    zhang.get_by_role("button", name="我来处理").dblclick()  # an eager thumb claims once
    expect(zhang.get_by_text("您已接单，处理好后请提交结果")).to_be_visible()

    # The colleague, whom the same link leads here later, reads who has it and goes on.
    wang.goto(demo.page_of("wang", report))
    expect(wang.get_by_role("heading", name="这条已由张师傅在")).to_be_visible()
    expect(wang.get_by_text("您不用再处理，谢谢")).to_be_visible()
    expect(wang.get_by_role("button", name="我来处理")).to_have_count(0)

    zhang.get_by_role("button", name="更新进展").tap()
    sheet = zhang.locator("#act-progress")
    sheet.get_by_role("button", name="发出").tap()
    expect(sheet.get_by_text("请写几个字，或附上图片、语音")).to_be_visible()
    sheet.get_by_role("button", name="已到现场").tap()
    sheet.get_by_role("button", name="发出").tap()
    expect(zhang.locator(".timeline").get_by_text("已到现场")).to_be_visible()

    zhang.get_by_role("button", name="提交结果").tap()
    sheet = zhang.locator("#act-resolve")
    sheet.get_by_role("button", name="加照片").tap()
    expect(sheet.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
    sheet.get_by_role("button", name="提交结果").tap()
    expect(zhang.get_by_role("heading", name="已处理，等待上报人确认")).to_be_visible()
    assert events_of(sun, report) == ["submitted", "claim", "progress", "resolve"]


def test_giving_back_with_a_name_for_who_takes_over(demo: Demo, phone: Phone, sun: Page) -> None:
    words = once_only("单元门关不上")
    report = file_report(sun, "hygiene", words)
    wang, zhang = phone("wang"), phone("zhang")
    ask(wang, f"{report.removeprefix('/h5/')}/claim", {})
    wang.goto(demo.page_of("wang", report))
    wang.get_by_role("button", name="更多").tap()
    wang.get_by_role("button", name="退回，请同事接手").tap()
    wang.get_by_role("button", name="请张师傅接手").tap()
    wang.get_by_role("button", name="退回", exact=True).tap()
    expect(wang.locator("#toast")).to_contain_text("已退回，会通知能接的同事")
    zhang.goto(demo.page_of("zhang", "/h5/work"))
    card = card_of(zhang, words)
    expect(card.get_by_text("王师傅退回：请张师傅接手")).to_be_visible()
    zhang.wait_for_load_state("networkidle")
    card.get_by_role("button", name="我来处理").dblclick()
    zhang.wait_for_url(f"**{report}")
    assert events_of(zhang, report) == ["submitted", "claim", "release", "claim"]


def test_an_upload_that_the_network_cuts_keeps_everything_in_the_sheet(
    demo: Demo, phone: Phone, sun: Page, tmp_path: Path
) -> None:
    report = file_report(sun, "hygiene", once_only("电梯里有积水"))
    Image.new("RGB", (320, 240), "green").save(tmp_path / "dry.jpg")
    zhang = phone("zhang")
    ask(zhang, f"{report.removeprefix('/h5/')}/claim", {})
    zhang.context.route("**/jweixin*", lambda route: route.abort())
    zhang.context.route("**/api/v1/uploads", lambda route: route.abort("internetdisconnected"))
    zhang.goto(demo.page_of("zhang", report))
    zhang.get_by_role("button", name="提交结果").tap()
    sheet = zhang.locator("#act-resolve")
    sheet.get_by_label("怎么处理的？").fill("已拖干")
    with zhang.expect_file_chooser() as chooser:
        sheet.get_by_role("button", name="加照片").tap()
    chooser.value.set_files(tmp_path / "dry.jpg")
    expect(sheet.get_by_role("button", name="没传上，点这里重传")).to_be_visible()
    sheet.get_by_role("button", name="提交结果").tap()
    expect(sheet.get_by_text("有附件没传上：点它重传，或去掉后再提交")).to_be_visible()
    assert sheet.get_by_label("怎么处理的？").input_value() == "已拖干"
    zhang.context.unroute("**/api/v1/uploads")
    sheet.get_by_role("button", name="提交结果").tap()
    expect(zhang.get_by_role("heading", name="已处理，等待上报人确认")).to_be_visible()
    assert events_of(sun, report) == ["submitted", "claim", "resolve"]


def test_all_of_it_works_without_scripts(demo: Demo, browser: Browser, sun: Page) -> None:
    report = file_report(sun, "hygiene", once_only("信箱旁边有一堆传单"))
    context = browser.new_context(viewport=PHONE, has_touch=True, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(demo.page_of("zhang", report))
    page.get_by_role("button", name="我来处理").tap()
    expect(page.get_by_role("status").filter(has_text="已接单，业主会收到通知")).to_be_visible()
    expect(page.get_by_role("button", name="更多")).to_be_hidden()
    page.get_by_role("button", name="提交结果").tap()
    expect(page.get_by_role("heading", name="提交处理结果")).to_be_visible()
    expect(page.get_by_role("button", name="按一下说话")).to_be_hidden()
    page.get_by_role("button", name="提交结果").tap()
    expect(page.get_by_text("请写一句处理结果，或附上图片")).to_be_visible()
    page.get_by_label("怎么处理的？").fill("都收走了")
    page.get_by_role("button", name="提交结果").tap()
    expect(page.get_by_text("结果已提交，等待上报人确认")).to_be_visible()
    context.close()
    assert events_of(sun, report) == ["submitted", "claim", "resolve"]
