"""Every page of every role against WCAG 2.2 AA (axe-core) and sideways scrolling, plain, in large type and dark."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from devtools.walk import MANAGER, NEWCOMER, NOBODY, RESIDENT, STAFF, WECHAT, open_sheets, stops

from .asking import ask, file_report
from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
LOOKS = ("plain", "large", "dark")
#: What would stick out to the right, if anything did.
WIDER = """(within) => {
    const part = within ? document.querySelector(within) : document.scrollingElement;
    const width = document.documentElement.clientWidth;
    if (part.scrollWidth <= part.clientWidth) return [];
    const all = Array.from(part.querySelectorAll("*"));
    const out = all.filter((element) => element.getBoundingClientRect().right > width + 1);
    return out.slice(0, 5).map((e) => e.tagName + "." + e.className);
}"""
#: As a browser's own setting of text to 200 % of what is usual.
TWICE = "document.documentElement.style.fontSize = '212.5%'"


@pytest.fixture(scope="module")
def nobody(demo: Demo) -> None:
    """A phone whose owner has not bound to anything."""
    demo.sandbox.new_phone(NOBODY, **NEWCOMER)


@pytest.fixture(scope="module")
def resolved(demo: Demo, browser: Browser) -> None:
    """A report of the resident that waits for their answer; a neighbour's post; an invitation for the family; a notice
    that was withdrawn."""
    context = browser.new_context()
    pages = {phone: context.new_page() for phone in (RESIDENT, STAFF, MANAGER, "li")}
    for phone, page in pages.items():
        page.goto(demo.page_of(phone))
    report = file_report(pages[RESIDENT], "repair", "路灯一闪一闪").removeprefix("/h5/")
    ask(pages[STAFF], f"{report}/claim", {})
    assert ask(pages[STAFF], f"{report}/resolve", {"note": "换了灯泡", "media": []})["status"] == "resolved"
    file_report(pages["li"], "lost", "在北门捡到一把伞")
    words = {
        "community": "fuchen",
        "title": "写错的公告",
        "body": "撤回",
        "audience": {"roles": ["manager"], "buildings": []},
    }
    pages[MANAGER].evaluate("id => app.api.delete('notices/' + id)", ask(pages[MANAGER], "notices", words)["id"])
    home = pages[RESIDENT]
    home.goto(demo.page_of(RESIDENT, "/h5/me"))
    home.get_by_role("link", name="家人").first.click()
    home.get_by_role("button", name="邀请一位家人").click()
    home.get_by_role("button", name="作废").first.wait_for()
    context.close()


@pytest.fixture
def inside(demo: Demo, browser: Browser, nobody: None, resolved: None) -> Iterator[Callable[[str], Page]]:
    """A logged-in browser on this phone, 360 pixels wide, inside WeChat."""
    context: BrowserContext = browser.new_context(
        viewport={"width": 360, "height": 740}, user_agent=WECHAT, locale="zh-CN", reduced_motion="reduce"
    )

    def open_phone(phone: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(demo.page_of(phone))
        return page

    yield open_phone
    context.close()


def show(page: Page, look: str) -> None:
    page.emulate_media(color_scheme="dark" if look == "dark" else "light", reduced_motion="reduce")
    page.evaluate("type => document.documentElement.setAttribute('data-type', type)", look)


def violations(axe: Axe, page: Page, within: str | None = None) -> list[str]:
    """What is wrong on the page, or `within` a part of it."""
    found: list[dict[str, Any]] = axe.run(page, context=within, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def problems_of(axe: Axe, page: Page, name: str, within: str | None = None) -> list[str]:
    found = []
    for look in LOOKS:
        show(page, look)
        found += [f"{name} {look}: {problem}" for problem in violations(axe, page, within)]
        found += [f"{name} {look}: scrolls sideways: {out}" for out in wider(page, within)]
    show(page, "plain")
    page.evaluate(TWICE)
    found += [f"{name} at 200 %: scrolls sideways: {out}" for out in wider(page, within)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found


def wider(page: Page, within: str | None) -> list[str]:
    sticking_out: list[str] = page.evaluate(WIDER, within)
    return sticking_out


@pytest.mark.parametrize("phone", [RESIDENT, STAFF, MANAGER, NOBODY])
def test_every_page_is_accessible(demo: Demo, inside: Callable[[str], Page], phone: str) -> None:
    """Its sheets as well, each open; a sheet that several pages have is looked at once."""
    page = inside(phone)
    axe, seen = Axe(), set[str]()
    found: list[str] = []
    for stop in list(stops(phone, page)):
        page.goto(demo.page_of(phone, stop.path), wait_until="load")
        found += problems_of(axe, page, stop.path)
        for name, _sheet in open_sheets(page, seen):
            found += problems_of(axe, page, f"{stop.path} #{name}", f"#{name}")
    assert not found, "\n".join(found)


def test_what_opens_over_a_page_is_accessible(demo: Demo, inside: Callable[[str], Page]) -> None:
    """A question before what cannot be undone, and a picture in full."""
    page, axe = inside(RESIDENT), Axe()
    report = ask(page, "reports?scope=mine&status=closed")["results"][0]
    page.goto(demo.page_of(RESIDENT, f"/h5/reports/{report['id']}"))
    page.locator("[data-picture]").first.click()
    found = problems_of(axe, page, "picture", ".lightbox")
    page.keyboard.press("Escape")
    page.evaluate("void app.confirm({title: '作废这个邀请？', text: '马上不能再用。', yes: '作废', danger: true})")
    page.locator(".modal.show").wait_for()
    found += problems_of(axe, page, "question", ".modal")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_of_the_phones_is_accessible(demo: Demo, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page.set_default_timeout(20_000)
    page.goto(demo.sandbox.url)
    page.locator("html[data-live]").wait_for()
    found = problems_of(Axe(), page, f"phones {width}")
    page.close()
    assert not found, "\n".join(found)
