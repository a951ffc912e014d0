"""A report's page that looks for news by itself, and leaves alone who is reading it."""

import pytest
from playwright.sync_api import Page, expect

from .asking import Phone, ask, file_report, once_only
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
#: The page looks at once when somebody comes back to it.
COME_BACK = """() => document.dispatchEvent(new Event("visibilitychange"))"""
#: A minute of silence, as a voice of the report.
VOICE = """() => {
    const sound = new DataView(new ArrayBuffer(44 + 480000));
    const word = (at, letters) => [...letters].forEach((letter, i) => sound.setUint8(at + i, letter.charCodeAt(0)));
    word(0, "RIFF"); sound.setUint32(4, 480036, true); word(8, "WAVEfmt "); sound.setUint32(16, 16, true);
    sound.setUint16(20, 1, true); sound.setUint16(22, 1, true); sound.setUint32(24, 8000, true);
    sound.setUint32(28, 8000, true); sound.setUint16(32, 1, true); sound.setUint16(34, 8, true);
    word(36, "data"); sound.setUint32(40, 480000, true);
    for (let at = 44; at < sound.byteLength; at += 1) sound.setUint8(at, 128);
    const address = URL.createObjectURL(new Blob([sound], {type: "audio/wav"}));
    const bubble = `<a class="voice" id="bubble" href="${address}" data-voice aria-pressed="false">60″</a>`;
    document.getElementById("main").insertAdjacentHTML("afterbegin", bubble);
}"""


@pytest.fixture
def sun(phone: Phone) -> Page:
    return phone("sun")


def add_news(page: Page, report: str, words: str) -> None:
    ask(page, f"{report.removeprefix('/h5/')}/comment", {"note": words, "media": []})


def test_news_come_to_the_place_that_is_read(demo: Demo, sun: Page) -> None:
    report = file_report(sun, "hygiene", once_only("楼道里有水") + "，请来看看。" * 150)
    sun.goto(demo.page_of("sun", f"{report}?sent=1"))
    expect(sun.get_by_role("status").first).to_contain_text("提交成功")
    sun.evaluate("scrollTo(0, 421)")
    place = sun.evaluate("scrollY")  # as far down as the page goes, where that is less
    assert place > 200
    add_news(sun, report, "水越来越多")
    sun.evaluate(COME_BACK)
    expect(sun.get_by_text("水越来越多")).to_have_count(1)
    expect(sun.get_by_role("status").first).to_contain_text("提交成功")
    sun.wait_for_function("place => Math.abs(scrollY - place) < 2", arg=place)


def test_news_wait_until_a_voice_was_heard(demo: Demo, sun: Page) -> None:
    report = file_report(sun, "hygiene", once_only("楼道里有水"))
    sun.goto(demo.page_of("sun", report))
    sun.evaluate(VOICE)
    bubble = sun.locator("#bubble")
    bubble.tap()
    expect(bubble).to_have_attribute("aria-pressed", "true")
    add_news(sun, report, "水越来越多")
    asked: list[str] = []
    sun.on("request", lambda request: asked.append(request.method))
    sun.evaluate(COME_BACK)
    sun.evaluate("fetch('/healthz')")  # what was to be asked has been asked before
    assert "HEAD" not in asked
    bubble.tap()
    sun.evaluate(COME_BACK)
    expect(sun.get_by_text("水越来越多")).to_have_count(1)
