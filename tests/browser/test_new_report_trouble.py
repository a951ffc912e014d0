"""Filing a report when more than one thing goes wrong: two at a time, refusals, a WeChat that never answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from .asking import REPORT, Phone, ask, once_only
from .conftest import Demo
from .test_new_report import NEW, add, cut, filed, li, pictures, words

__all__ = ["li", "pictures", "words"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
#: A microphone that hums, and then goes away.
HUM = """() => {
    const context = new AudioContext();
    const end = context.createMediaStreamDestination();
    const hum = context.createOscillator();
    hum.connect(end);
    hum.start();
    window.microphone = end.stream;
    navigator.mediaDevices.getUserMedia = async () => {
        await context.resume(); // allowed by the tap
        return end.stream;
    };
}"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", {value: true, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.hidden;
}"""


def send(page: Page) -> None:
    page.get_by_role("button", name="提交").tap()


def answer(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"status": status, "content_type": "application/json", "body": json.dumps({"code": code, "detail": detail})}


def test_a_position_is_not_called_home(li: Page, words: str) -> None:
    li.context.grant_permissions(["geolocation"])
    li.context.set_geolocation({"latitude": 30.27, "longitude": 120.15})
    place = li.get_by_label("地点")
    home = place.input_value()
    li.get_by_role("button", name="改为当前位置").tap()
    expect(li.get_by_text("已附上当前位置")).to_be_visible()
    assert place.input_value() == ""
    li.get_by_label("说说情况").fill(words)
    li.reload()
    expect(li.get_by_text("已附上当前位置")).to_be_visible()
    assert place.input_value() == ""
    li.get_by_role("button", name="去掉").tap()
    assert place.input_value() == home != ""
    li.get_by_role("button", name="改为当前位置").tap()
    expect(li.get_by_text("已附上当前位置")).to_be_visible()
    li.get_by_role("button", name="我家").tap()
    assert place.input_value() == home
    expect(li.locator("#located")).to_be_hidden()
    place.fill("东门岗亭")
    li.get_by_role("button", name="改为当前位置").tap()
    expect(li.get_by_text("已附上当前位置")).to_be_visible()
    assert place.input_value() == "东门岗亭"
    place.fill("")
    send(li)
    li.wait_for_url(REPORT)
    report = ask(li, li.url.partition("/h5/")[2].partition("?")[0])
    assert (report["address"], report["location"] is not None) == ("", True)


def test_two_reports_wait_for_the_server_beside_each_other(li: Page, words: str) -> None:
    second, third = once_only("路灯不亮"), once_only("第三件事")
    li.context.route("**/api/v1/reports", lambda route: route.fulfill(**answer(500, "error", "出了点问题")))
    for said in (words, second):
        li.locator("label[for=category-hygiene]").tap()
        li.get_by_label("说说情况").fill(said)
        send(li)
        expect(li.get_by_label("说说情况")).to_have_value("")
    expect(li.locator("#waiting")).to_contain_text("2 条上报")
    li.locator("label[for=category-hygiene]").tap()
    li.get_by_label("说说情况").fill(third)
    li.context.unroute("**/api/v1/reports")
    li.evaluate("app.later.run()")
    expect(li.locator("#waiting")).to_be_hidden()
    assert li.get_by_label("说说情况").input_value() == third
    assert [filed(li, said) for said in (words, second, third)] == [1, 1, 0]


def test_what_is_refused_later_can_be_opened_and_put_right(demo: Demo, li: Page, words: str) -> None:
    cut(li, "**/api/v1/reports")
    li.get_by_label("说说情况").fill(words)
    send(li)
    expect(li.locator("#waiting")).to_be_visible()
    li.context.unroute("**/api/v1/reports")
    li.context.route("**/api/v1/reports", lambda route: route.fulfill(**answer(400, "invalid", "这里不能报")))
    li.goto(demo.page_of("li", "/h5/notices"))
    expect(li.get_by_role("alert").filter(has_text="没有提交成功：这里不能报")).to_be_visible()
    li.get_by_role("link", name="打开修改").tap()
    expect(li.get_by_text("这里不能报")).to_be_visible()
    assert li.get_by_label("说说情况").input_value() == words
    li.context.unroute("**/api/v1/reports")
    send(li)
    li.wait_for_url(REPORT)
    assert filed(li, words) == 1
    expect(li.locator("[data-refused]")).to_have_count(0)


def test_a_picture_that_is_refused_says_why_and_can_be_taken_away(li: Page, words: str, pictures: list[Path]) -> None:
    tried: list[str] = []

    def refuse(route: Route) -> None:
        tried.append("once")
        route.fulfill(**answer(413, "too_large", "文件太大了"))

    li.context.route("**/api/v1/uploads", refuse)
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    expect(li.locator("[data-picture-list] [data-state=failed]")).to_contain_text("文件太大了")
    send(li)
    expect(li.get_by_role("alert").filter(has_text="去掉后再提交")).to_be_visible()
    assert tried == ["once"]
    li.get_by_role("button", name="去掉这张图片").tap()
    li.get_by_role("button", name="撤销").tap()
    expect(li.locator("[data-picture-list] [data-state=failed]")).to_have_count(1)
    li.get_by_role("button", name="去掉这张图片").tap()
    send(li)
    li.wait_for_url(REPORT)
    assert filed(li, words) == 1


def test_a_chooser_that_never_says_that_it_was_cancelled_opens_again(li: Page, pictures: list[Path]) -> None:
    with li.expect_file_chooser():
        li.get_by_role("button", name="加照片").tap()
    li.wait_for_timeout(1100)
    add(li, pictures[0])
    expect(li.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)


def test_recording_ends_with_the_page_out_of_sight_and_with_the_microphone(li: Page) -> None:
    li.evaluate(HUM)
    record = li.locator("[data-record]")
    sent = li.locator("[data-voice-list] [data-state=sent]")
    record.tap()
    expect(record).to_contain_text("正在录音 1 秒")
    li.evaluate(HIDE)
    expect(record).to_contain_text("按一下说话")
    expect(sent).to_have_count(1)
    li.evaluate(HUM)
    li.wait_for_timeout(1000)  # a tap right after that is one that was about to stop
    record.tap()
    expect(record).to_contain_text("正在录音 1 秒")
    li.evaluate(
        "window.microphone.getTracks().forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })"
    )
    expect(record).to_contain_text("按一下说话")
    expect(sent).to_have_count(2)


def test_an_upload_that_never_ends_holds_up_nothing_once_it_is_taken_away(
    demo: Demo, li: Page, words: str, pictures: list[Path]
) -> None:
    li.context.route("**/api/v1/uploads", lambda route: None)  # no answer
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    send(li)
    expect(li.locator("#missing")).to_contain_text("正在上传附件")
    li.get_by_role("button", name="去掉这张图片").tap()
    li.wait_for_url(REPORT)
    assert filed(li, words) == 1


def test_staff_who_file_for_a_caller_open_what_is_the_same(demo: Demo, li: Page, words: str, phone: Phone) -> None:
    li.get_by_label("说说情况").fill(words)
    send(li)
    li.wait_for_url(REPORT)
    manager = phone("wang")
    manager.goto(demo.page_of("wang", NEW + "&for=caller"))
    manager.get_by_label("姓名").fill("张三")
    manager.get_by_label("说说情况").fill(words)
    expect(manager.locator("#missing")).to_have_text("请填写来电人手机")
    offered = manager.locator("#similar-list .cell").filter(has_text=words)
    offered.get_by_role("link", name="打开").tap()
    manager.wait_for_url(REPORT)
    expect(manager.get_by_role("heading", name=words)).to_be_visible()


def come_with(page: Page, text: str) -> None:
    """From here on the form comes with this text, before its script looks."""
    fill = "document.readyState === 'interactive' && (document.getElementById('description').value = TEXT)"
    page.add_init_script(f"document.onreadystatechange = () => {fill.replace('TEXT', json.dumps(text))}")


def test_a_draft_that_grew_in_the_chat_keeps_both(demo: Demo, li: Page, words: str) -> None:
    text = li.get_by_label("说说情况")
    come_with(li, words)
    li.goto(demo.page_of("li", NEW))
    li.get_by_label("地点").fill("北门")  # kept on the phone from here on
    come_with(li, f"{words}，又漏水了")
    li.goto(demo.page_of("li", NEW))
    expect(text).to_have_value(f"{words}，又漏水了")
    text.fill(f"快来：{words}，又漏水了")
    come_with(li, f"{words}，又漏水了，停电了")
    li.goto(demo.page_of("li", NEW))
    expect(text).to_have_value(f"快来：{words}，又漏水了，停电了")
    assert li.get_by_label("地点").input_value() == "北门"


def draft_from_the_chat(demo: Demo, host: str, text: str, pictures: int) -> str:
    """The form that the account's last reply leads to."""
    demo.sandbox.act(host, "text", text=text)
    for _ in range(pictures):
        demo.sandbox.act(host, "image")
    return re.findall(r"/h5/reports/new\?draft=[0-9a-f-]+", json.dumps(demo.sandbox.chat(host)))[-1]


def test_a_wrong_picture_from_the_chat_is_taken_away(demo: Demo, words: str, phone: Phone) -> None:
    zhao = phone("zhao")
    zhao.goto(demo.page_of("zhao", draft_from_the_chat(demo, "zhao", words, pictures=2)))
    pictures = zhao.locator("#draft-media .pictures > li")
    expect(pictures).to_have_count(2)
    pictures.first.get_by_role("button", name="去掉这张图片").tap()
    zhao.get_by_role("dialog").get_by_role("button", name="去掉").tap()
    expect(pictures).to_have_count(1)
    zhao.get_by_text("卫生保洁").tap()
    send(zhao)
    zhao.wait_for_url(REPORT)
    assert len(ask(zhao, zhao.url.partition("/h5/")[2].partition("?")[0])["media"]) == 1


def test_two_pages_of_one_form_file_two_reports(demo: Demo, li: Page, words: str) -> None:
    li.get_by_label("说说情况").fill(words)
    other = li.context.new_page()
    other.goto(demo.page_of("li", NEW))
    expect(other.get_by_label("说说情况")).to_have_value(words)
    send(li)
    li.wait_for_url(REPORT)
    second = once_only("另一件事")
    other.get_by_label("说说情况").fill(second)
    send(other)
    other.wait_for_url(REPORT)
    assert [filed(other, words), filed(other, second)] == [1, 1]
