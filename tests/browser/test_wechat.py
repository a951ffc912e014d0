"""Inside WeChat, as an iPhone and an Android phone have it (wechat.md section 3), on the sandbox's JS-SDK."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from devtools.walk import WECHAT

from .asking import REPORT, ask, once_only
from .conftest import PHONE, Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN"
)
#: A page that was shared carries what WeChat appends.
SHARED = "/h5/reports/new?category=hygiene&from=singlemessage&isappinstalled=0#details"
ABSENT = "微信的拍照和录音暂时用不了，已改用手机浏览器的。"
PERMISSION_DENIED = "name => void (wx[name] = (options) => options.fail({errMsg: name + ':permission denied'}))"


@pytest.fixture
def wechat(demo: Demo, browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """孙女士's page inside WeChat on a phone of this platform, at this path."""
    contexts: list[BrowserContext] = []

    def open_page(platform: str, path: str) -> Page:
        demo.sandbox.phone("sun", platform=platform)
        agent = IPHONE if platform == "ios" else WECHAT
        context = browser.new_context(
            viewport=PHONE, user_agent=agent, has_touch=True, is_mobile=True, locale="zh-CN", reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(demo.page_of("sun", path))
        return page

    yield open_page
    demo.sandbox.phone("sun", platform="android")
    for context in contexts:
        context.close()


@pytest.mark.parametrize("platform", ["ios", "android"])
def test_picture_voice_and_place_by_wechats_means(wechat: Callable[[str, str], Page], platform: str) -> None:
    page = wechat(platform, SHARED)
    page.get_by_role("button", name="加照片").tap()
    picture = page.locator("[data-picture-list] img").first
    expect(picture).to_be_visible()
    if platform == "ios":  # WKWebView shows no localId
        assert str(picture.get_attribute("src")).startswith("data:image/jpeg;base64,")
    page.wait_for_function("() => document.querySelector('[data-picture-list] img').naturalWidth > 0")
    page.get_by_role("button", name="按一下说话").tap()
    record = page.locator("[data-record]")
    expect(record).to_contain_text("正在录音")
    expect(record).to_contain_text("1 秒")
    record.tap()
    expect(page.locator("[data-voice-list] [data-state=sent]")).to_have_count(1)
    page.get_by_role("button", name="改为当前位置").tap()
    expect(page.get_by_text("已附上当前位置")).to_be_visible()
    expect(page.get_by_text(ABSENT)).to_have_count(0)  # the live address was signed, with what sharing appended
    page.get_by_label("说说情况").fill(once_only("在微信里报的"))
    page.get_by_role("button", name="提交").tap()
    page.wait_for_url(REPORT)
    report = ask(page, page.url.partition("/h5/")[2].partition("?")[0])
    assert [item["kind"] for item in report["media"]] == ["image", "voice"]
    assert report["location"] is not None


def test_a_config_that_fails_leaves_the_browsers_means(wechat: Callable[[str, str], Page], tmp_path: Path) -> None:
    page = wechat("ios", "/h5/notices")
    bad = {"appId": "wx0", "timestamp": 1, "nonceStr": "x", "signature": "0" * 40}
    page.context.route("**/api/v1/jssdk-config*", lambda route: route.fulfill(json=bad))
    page.goto(page.url.replace("/h5/notices", SHARED))
    expect(page.get_by_text(ABSENT)).to_be_visible()
    choose_by_the_browser(page, tmp_path)


def test_what_wechat_does_not_allow_is_done_by_the_browser(wechat: Callable[[str, str], Page], tmp_path: Path) -> None:
    page = wechat("android", SHARED)
    page.wait_for_function("() => app.wechat.ready().then((ready) => ready)")
    page.evaluate(PERMISSION_DENIED, "chooseImage")
    choose_by_the_browser(page, tmp_path)
    expect(page.get_by_text(ABSENT)).to_have_count(1)


def test_a_wechat_that_never_answers_holds_up_nothing_for_ever(wechat: Callable[[str, str], Page]) -> None:
    page = wechat("android", "/h5/notices")
    page.clock.install()
    page.goto(page.url.replace("/h5/notices", SHARED))
    page.wait_for_function("() => app.wechat.ready().then((ready) => ready)")
    page.evaluate("wx.uploadImage = wx.getLocation = () => undefined")
    page.get_by_role("button", name="加照片").tap()
    expect(page.locator("[data-picture-list] [data-state=sending]")).to_have_count(1)
    page.get_by_role("button", name="改为当前位置").tap()
    page.clock.fast_forward(16_000)
    expect(page.get_by_text("没有取到位置，请直接写地点")).to_be_visible()
    page.clock.fast_forward(120_000)
    expect(page.get_by_role("button", name="没传上，点这里重传")).to_be_visible()


def choose_by_the_browser(page: Page, folder: Path) -> None:
    Image.new("RGB", (320, 240), "red").save(folder / "red.jpg")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="加照片").tap()
    chooser.value.set_files(folder / "red.jpg")
    expect(page.locator("[data-picture-list] [data-state=sent]")).to_have_count(1)
