"""Filing a report when things go wrong: the network, the page, the server, and an eager thumb."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from .asking import REPORT, Phone, ask, once_only
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
#: The report arrives, and the answer to it does not.
LOSE_ONE_ANSWER = """() => {
    const real = window.fetch;
    window.fetch = async (address, options) => {
        const answer = await real(address, options);
        if (options.method !== "POST") return answer;
        window.fetch = real;
        throw new TypeError("lost");
    };
}"""
NEW = "/h5/reports/new?category=hygiene"


@pytest.fixture
def li(demo: Demo, phone: Phone) -> Page:
    """The form in an ordinary browser: WeChat's script does not load."""
    page = phone("li")
    page.context.route("**/jweixin*", lambda route: route.abort())
    page.goto(demo.page_of("li", NEW))
    return page


@pytest.fixture
def words() -> str:
    """What is reported, once only in all tests."""
    return once_only("门口的垃圾桶满了")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{name}.jpg" for name in ("red", "blue")]
    for file in files:
        Image.new("RGB", (640, 480), file.stem).save(file)
    return files


def add(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="加照片").tap()
    chooser.value.set_files(files)


def filed(page: Page, words: str) -> int:
    """How many reports say this."""
    return len(ask(page, f"reports?scope=mine&q={quote(words)}")["results"])


def cut(page: Page, address: str) -> None:
    page.context.route(address, lambda route: route.abort("internetdisconnected"))


def test_an_upload_that_fails_is_sent_again_by_a_tap(li: Page, words: str, pictures: list[Path]) -> None:
    cut(li, "**/api/v1/uploads")
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    retry = li.get_by_role("button", name="没传上，点这里重传")
    expect(retry).to_be_visible()
    expect(li.locator("#missing")).to_contain_text("1 个附件没传上")
    li.get_by_role("button", name="提交").tap()
    expect(li.get_by_role("alert").filter(has_text="有附件没传上")).to_be_visible()
    assert li.get_by_label("说说情况").input_value() == words
    li.context.unroute("**/api/v1/uploads")
    retry.tap()
    expect(li.locator("#missing")).to_have_text("可以提交了")
    li.get_by_role("button", name="提交").tap()
    li.wait_for_url(REPORT)
    assert filed(li, words) == 1


def test_what_the_network_kept_back_is_sent_when_it_returns_and_once(demo: Demo, li: Page, words: str) -> None:
    li.get_by_label("说说情况").fill(words)
    cut(li, "**/api/v1/reports")
    li.get_by_role("button", name="提交").dblclick()
    expect(li.locator("#toast")).to_contain_text("已保存在手机上")
    # The page is closed, and another one of ours is opened later.
    li.goto("about:blank")
    li.context.unroute("**/api/v1/reports")
    li.goto(demo.page_of("li", "/h5/notices"))
    expect(li.locator("#toast")).to_contain_text("刚才保存的上报已提交")
    assert filed(li, words) == 1


def test_an_answer_that_got_lost_files_nothing_twice(li: Page, words: str) -> None:
    li.get_by_label("说说情况").fill(words)
    li.evaluate(LOSE_ONE_ANSWER)
    li.get_by_role("button", name="提交").tap()
    li.wait_for_url(REPORT)  # sent again by itself
    assert filed(li, words) == 1


def test_a_double_tap_files_one_report(li: Page, words: str) -> None:
    li.get_by_label("说说情况").fill(words)
    li.get_by_role("button", name="提交").dblclick()
    li.wait_for_url(REPORT)
    assert filed(li, words) == 1


def test_a_closed_page_comes_back_as_it_was(demo: Demo, li: Page, words: str, pictures: list[Path]) -> None:
    li.get_by_label("说说情况").fill(words)
    li.get_by_label("地点").fill("北门")
    add(li, pictures[0])
    expect(li.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
    li.goto("about:blank")
    li.goto(demo.page_of("li", "/h5/reports/new"))
    assert li.get_by_label("说说情况").input_value() == words
    assert li.get_by_label("地点").input_value() == "北门"
    expect(li.get_by_label("卫生保洁")).to_be_checked()
    expect(li.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
    li.get_by_role("button", name="提交").tap()
    li.wait_for_url(REPORT)
    li.goto(demo.page_of("li", "/h5/reports/new"))
    assert li.get_by_label("说说情况").input_value() == ""


def kept_on_the_phone(page: Page) -> int:
    """Files in the browser's own database."""
    return page.evaluate("""() => new Promise((resolve) => {
        const asked = indexedDB.open("drafts");
        asked.onsuccess = () => {
            const count = asked.result.transaction("files").objectStore("files").count();
            count.onsuccess = () => { asked.result.close(); resolve(count.result); };
        };
    })""")


def test_a_picture_that_had_not_arrived_comes_back_with_the_page(
    demo: Demo, li: Page, words: str, pictures: list[Path]
) -> None:
    cut(li, "**/api/v1/uploads")
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    expect(li.locator("#missing")).to_contain_text("1 个附件没传上")
    li.goto("about:blank")
    li.context.unroute("**/api/v1/uploads")
    li.goto(demo.page_of("li", "/h5/reports/new"))
    expect(li.get_by_text("上次没发出的内容还在。")).to_be_visible()
    expect(li.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
    assert (
        li.locator("[data-picture-list] img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    )
    assert kept_on_the_phone(li) == 1
    li.get_by_role("button", name="提交").tap()
    li.wait_for_url(REPORT)
    expect(li.locator("main .pictures img, main .pictures .media-wait")).to_have_count(1)
    assert kept_on_the_phone(li) == 0


def test_what_is_not_wanted_any_more_is_forgotten(demo: Demo, li: Page, words: str, pictures: list[Path]) -> None:
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    expect(li.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
    li.goto(demo.page_of("li", "/h5/reports/new"))
    li.get_by_role("button", name="清空重写").tap()
    li.get_by_role("dialog").get_by_role("button", name="取消").tap()
    expect(li.get_by_label("说说情况")).to_have_value(words)
    li.get_by_role("button", name="清空重写").tap()
    li.get_by_role("dialog").get_by_role("button", name="清空").tap()
    expect(li.locator("#recalled")).to_be_hidden()
    assert li.get_by_label("说说情况").input_value() == ""
    expect(li.locator("[data-picture-list] img")).to_have_count(0)
    assert kept_on_the_phone(li) == 0


def test_a_phone_that_keeps_nothing_says_so(demo: Demo, li: Page, words: str, pictures: list[Path]) -> None:
    li.add_init_script("indexedDB.open = () => { throw new Error('refused'); }")
    cut(li, "**/api/v1/uploads")
    li.goto(demo.page_of("li", NEW))
    li.get_by_label("说说情况").fill(words)
    add(li, pictures[0])
    expect(li.get_by_text("手机存不下照片或语音，传完之前请不要关闭这一页")).to_be_visible()
    li.goto("about:blank")
    li.goto(demo.page_of("li", NEW))
    expect(li.get_by_text("上次有 1 个照片或语音没传完就关了页面，请重新添加")).to_be_visible()
    assert li.get_by_label("说说情况").input_value() == words


def test_a_refusal_keeps_what_was_typed(li: Page, words: str) -> None:
    refusal = {"code": "invalid", "detail": "内容有误", "fields": {"description": ["请再写清楚一点"]}}
    answer = {"status": 400, "content_type": "application/json", "body": json.dumps(refusal)}
    li.context.route("**/api/v1/reports", lambda route: route.fulfill(**answer))
    li.get_by_label("说说情况").fill(words)
    li.get_by_role("button", name="提交").tap()
    expect(li.get_by_text("请再写清楚一点")).to_be_visible()
    assert li.get_by_label("说说情况").input_value() == words


def test_pictures_are_put_in_order_and_taken_away(li: Page, pictures: list[Path]) -> None:
    add(li, *pictures)
    tiles = li.locator("[data-picture-list] [data-state=sent]")
    expect(tiles).to_have_count(2)
    names = li.locator("[data-picture-list] img")
    assert [names.nth(n).get_attribute("alt") for n in (0, 1)] == ["图片 1", "图片 2"]
    li.get_by_role("button", name="把这张图片往前移").locator("visible=true").tap()
    assert [names.nth(n).get_attribute("alt") for n in (0, 1)] == ["图片 2", "图片 1"]
    li.get_by_role("button", name="去掉这张图片").first.tap()
    expect(tiles).to_have_count(1)
    assert names.first.get_attribute("alt") == "图片 1"


def test_without_wechats_means_the_page_says_so_in_a_line(demo: Demo, li: Page) -> None:
    li.add_init_script("Object.defineProperty(navigator, 'userAgent', {get: () => 'MicroMessenger/8.0.49'})")
    li.goto(demo.page_of("li", NEW))
    expect(li.get_by_text("微信的拍照和录音暂时用不了，已改用手机浏览器的。")).to_be_visible()


def test_the_same_thing_already_reported_is_offered(demo: Demo, li: Page, words: str, phone: Phone) -> None:
    li.get_by_label("说说情况").fill(words)
    li.get_by_role("button", name="提交").tap()
    li.wait_for_url(REPORT)
    zhao = phone("zhao")
    zhao.goto(demo.page_of("zhao", NEW))
    zhao.get_by_label("说说情况").fill(words)
    offered = zhao.locator("#similar-list .cell").filter(has_text=words)
    expect(offered).to_contain_text("今天已有人上报")
    expect(offered).to_be_in_viewport()
    zhao.reload()
    expect(offered).to_be_in_viewport()  # what is kept on the phone is looked up as well
    offered.get_by_role("button", name="关注").tap()
    zhao.get_by_role("dialog").get_by_role("button", name="清掉").tap()
    zhao.wait_for_url(REPORT)
    expect(zhao.get_by_text("您在关注这条报单")).to_be_visible()
    zhao.goto(demo.page_of("zhao", NEW))
    expect(zhao.get_by_label("说说情况")).to_have_value("")


def test_what_was_lost_was_not_lost_at_home(li: Page) -> None:
    home = li.get_by_label("地点").input_value()
    li.get_by_text("失物招领").tap()
    place = li.get_by_label("在哪里丢的或捡到的")
    expect(place).to_have_value("")
    li.get_by_text("卫生保洁").tap()
    expect(li.get_by_label("地点")).to_have_value(home)
    assert home
