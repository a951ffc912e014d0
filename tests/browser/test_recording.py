"""Recording when the phone does not do what it should: it never answers, stops by itself, or refuses."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .asking import REPORT, Phone, ask, once_only
from .conftest import Demo
from .test_new_report import NEW
from .test_new_report_trouble import HUM
from .test_wechat import wechat

__all__ = ["wechat"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
Inside = Callable[[str, str], Page]
REST, RECORDING = "按一下说话", "正在录音"
#: Its stop is heard, and answered by nobody; `window.stopped` counts.
DEAF_STOP = "window.stopped = 0; wx.realStop = wx.stopRecord; wx.stopRecord = () => void (window.stopped += 1);"
KEEP_END = "wx.realEnd = wx.onVoiceRecordEnd; wx.onVoiceRecordEnd = (options) => (window.end = options);"
#: What WeChat does at 60 seconds: it has stopped, says so, and refuses to be stopped.
CUT = """() => new Promise((resolve) => wx.stopRecord({success: ({localId}) => {
    wx.stopRecord = (options) => options.fail({errMsg: "stopRecord:fail"});
    window.end.complete({localId, errMsg: "onVoiceRecordEnd:ok"});
    resolve();
}}))"""
ASKING = "() => void (navigator.mediaDevices.getUserMedia = () => new Promise((allow) => (window.allow = allow)))"
#: A recorder that refuses: always, or what it has just said that it can.
REFUSE = """([always]) => {
    const Real = window.MediaRecorder;
    window.MediaRecorder = function (stream, options) {
        if (always || options) throw new DOMException("no", "NotSupportedError");
        return new Real(stream);
    };
    window.MediaRecorder.isTypeSupported = () => true;
}"""


@pytest.fixture
def inside(demo: Demo, wechat: Inside) -> Page:
    """The form inside WeChat, ready, with a clock that can be put forward."""
    page = wechat("android", "/h5/notices")
    page.clock.install()
    page.goto(demo.page_of("sun", NEW))
    page.wait_for_function("() => app.wechat.ready().then((ready) => ready)")
    return page


@pytest.fixture
def outside(demo: Demo, phone: Phone) -> Page:
    """The form in an ordinary browser with a microphone that hums."""
    page = phone("li")
    page.context.route("**/jweixin*", lambda route: route.abort())
    page.clock.install()
    page.goto(demo.page_of("li", NEW))
    page.evaluate(HUM)
    return page


def button(page: Page) -> Locator:
    return page.locator("[data-record]")


def record(page: Page) -> None:
    """With a microphone of its own: the last one is turned off."""
    page.evaluate(HUM)
    button(page).tap()
    expect(button(page)).to_contain_text(RECORDING)


def voices(page: Page) -> Locator:
    return page.locator("[data-voice-list] [data-state=sent]")


def test_a_start_that_is_never_answered_ends_and_can_be_tried_again(inside: Page) -> None:
    inside.evaluate(f"{DEAF_STOP} wx.realStart = wx.startRecord; wx.startRecord = () => undefined")
    button(inside).tap()
    expect(button(inside)).to_have_attribute("aria-busy", "true")
    inside.clock.fast_forward(31_000)
    expect(inside.get_by_text("没有录上音。请允许使用麦克风，或用文字说明")).to_be_visible()
    assert inside.evaluate("window.stopped") == 1  # it may have begun all the same
    inside.evaluate("wx.startRecord = wx.realStart; wx.stopRecord = wx.realStop")
    button(inside).tap()
    expect(button(inside)).to_contain_text(RECORDING)
    button(inside).tap()
    expect(voices(inside)).to_have_count(1)


def test_a_report_waits_for_the_voice_that_is_being_stopped(inside: Page) -> None:
    inside.evaluate(DEAF_STOP)
    words = once_only("边说边写")
    inside.get_by_label("说说情况").fill(words)
    button(inside).tap()
    expect(button(inside)).to_contain_text(RECORDING)
    button(inside).tap()
    inside.get_by_role("button", name="提交").tap()
    expect(inside.locator("#missing")).to_have_text("正在提交…")
    inside.clock.fast_forward(11_000)
    expect(inside.get_by_text("这段语音没有录成，请再录一次").first).to_be_visible()
    expect(button(inside)).to_contain_text(REST)
    assert "/new" in inside.url
    inside.get_by_role("button", name="提交").tap()
    inside.wait_for_url(REPORT)
    assert ask(inside, inside.url.partition("/h5/")[2].partition("?")[0])["media"] == []


def test_wechat_stops_at_sixty_seconds_and_nothing_is_lost(inside: Page) -> None:
    inside.evaluate(KEEP_END)
    button(inside).tap()
    expect(button(inside)).to_contain_text(RECORDING)
    inside.evaluate(CUT)
    expect(button(inside)).to_contain_text(REST)
    expect(voices(inside)).to_have_count(1)
    expect(inside.locator("[data-collect-error]")).to_have_text("")


def test_a_voice_can_be_heard_again_after_the_page_was_closed(inside: Page, demo: Demo) -> None:
    button(inside).tap()
    expect(button(inside)).to_contain_text(RECORDING)
    button(inside).tap()
    expect(voices(inside)).to_have_count(1)
    before = demo.sandbox.state()["last"]
    inside.reload()
    inside.get_by_role("button", name="播放语音").tap()
    (entry,) = demo.sandbox.journal(after=before, wait=10, kind="jssdk", call="download-voice")
    assert entry["ok"]
    expect(inside.get_by_role("button", name="播放语音")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("always", [True, False])
def test_a_recorder_that_refuses(outside: Page, always: bool) -> None:
    outside.evaluate(REFUSE, [always])
    button(outside).tap()
    if not always:  # of its own choice it records
        expect(button(outside)).to_contain_text(RECORDING)
        button(outside).tap()
        expect(voices(outside)).to_have_count(1)
        return
    expect(outside.get_by_text("这台手机的浏览器不能录音，请用文字说明")).to_be_visible()
    expect(button(outside)).to_contain_text(REST)
    expect(button(outside)).not_to_have_attribute("aria-busy", "true")
    assert outside.evaluate("window.microphone.getTracks().map((track) => track.readyState)") == ["ended"]


def test_a_question_for_the_microphone_that_nobody_answers(outside: Page) -> None:
    outside.evaluate(ASKING)
    button(outside).tap()
    expect(button(outside)).to_have_attribute("aria-busy", "true")
    outside.clock.fast_forward(31_000)
    expect(outside.get_by_text("没有录上音。请允许使用麦克风，或用文字说明")).to_be_visible()
    outside.evaluate("window.allow(window.microphone)")  # too late: nobody listens
    outside.wait_for_function("() => window.microphone.getTracks().every((track) => track.readyState === 'ended')")
    expect(button(outside)).to_contain_text(REST)


def test_there_is_no_fourth_voice(outside: Page) -> None:
    """Neither while the third is still on its way, nor by taking one back while another is recorded."""
    outside.context.route("**/api/v1/uploads", lambda route: None)  # no answer
    taken = outside.locator("[data-voice-list] > *")
    for number in (1, 2, 3):
        record(outside)
        button(outside).tap()
        expect(taken).to_have_count(number)
    expect(button(outside)).to_be_hidden()
    outside.get_by_role("button", name="去掉这段语音").first.tap()
    record(outside)
    outside.get_by_role("button", name="撤销").tap()
    expect(outside.get_by_text("最多 3 段语音")).to_be_visible()
    button(outside).tap()
    expect(button(outside)).to_be_hidden()
    expect(taken).to_have_count(3)
