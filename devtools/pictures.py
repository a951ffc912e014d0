"""The pictures of the README and of docs/pages.md: `make pictures`, on a demonstration of its own.

    python -m devtools.pictures [FOLDER]

Writes FOLDER (docs/screenshots)/*.webp, small enough for git: `make screenshots` shows the pages that are not here.
"""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from devtools import chromium, contact_sheets
from devtools.running import Running, running_demo
from devtools.screenshots import DESK_SIZE, PHONE_SIZE, PICTURES, Look, base_of, logged_in
from devtools.walk import FLAGS, MANAGER, RESIDENT, STAFF

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
MOST_BYTES, MOST_BYTES_IN_ALL = 60_000, 1_000_000
PHONE = Look(PHONE_SIZE, "zh")
#: The first report of a list, as who is logged in there sees it.
FIRST = "async (query) => (await (await fetch('/api/v1/reports?' + query)).json()).results[0].id"
#: Who reads the README sees a report on its way: filed, with both staff told.
FILE = """async () => {
    const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    const report = {hashed_id: crypto.randomUUID(), community: "fuchen", category: "hygiene",
                    description: "六幢电梯口的垃圾没有人清理，味道很大", address: "6幢1单元电梯口", media: []};
    await fetch("/api/v1/reports", {method: "POST", headers, body: JSON.stringify(report)});
}"""


def save(page: Page, name: str, folder: Path) -> None:
    """The window as it is, in the best quality that is small enough."""
    page.evaluate(PICTURES)
    contact_sheets.save(page.screenshot(), folder / f"{name}.webp", MOST_BYTES)


def new_report(page: Page, base: str) -> None:
    page.goto(f"{base}/h5/reports/new?category=repair")
    page.get_by_role("button", name="加照片").click()
    page.locator("[data-picture-list] [data-state=sent]").wait_for()
    page.get_by_label("说说情况").fill("厨房的水管一直在漏水，地上都湿了")
    page.evaluate("document.activeElement.blur()")


def status(page: Page, base: str) -> None:
    page.goto(f"{base}/h5/reports/{page.evaluate(FIRST, 'scope=mine&status=closed')}")


def open_at(path: str) -> Callable[[Page, str], None]:
    def show(page: Page, base: str) -> None:
        page.goto(base + path)

    return show


#: Name → whose phone, and how the page comes to be shown there.
PHONES: dict[str, tuple[str, Callable[[Page, str], None]]] = {
    "new-report": (RESIDENT, new_report),
    "status": (RESIDENT, status),
    "work": (STAFF, open_at("/h5/work")),
    "manage": (MANAGER, open_at("/h5/manage")),
}


def phones_page(browser: Browser, port: int, folder: Path) -> None:
    """The page of the phones, while both staff have just been told of a report and one has opened it."""
    for context in logged_in(browser, "li", port, PHONE):
        context.pages[0].evaluate(FILE)
    page = browser.new_page(viewport={"width": 1280, "height": 760}, reduced_motion="reduce", locale="zh-CN")
    page.goto(f"http://127.0.0.1:{port + 1}/")
    page.locator(".tour li.now .go").filter(has_text="张师傅").wait_for()
    page.locator(".tour li.now .go").click()
    page.frame_locator("iframe").get_by_role("button", name="我来处理").wait_for()
    save(page, "phones", folder)
    page.close()


def dashboard(browser: Browser, running: Running, folder: Path) -> None:
    """The back office's first page, by the link that the demonstration prints."""
    width, height = DESK_SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", locale="zh-CN")
    link = re.search(r"http\S+/admin-login\S+", running.said)
    assert link is not None, running.said
    page.goto(link[0])
    username = page.locator("[name=username]").input_value()
    for label in ("#password", "#again"):
        page.locator(label).fill("only-for-this-picture")
    page.get_by_role("button", name="保存").click()
    page.goto(f"http://127.0.0.1:{running.port}/admin/")
    if page.locator("#id_password").count():
        page.locator("#id_username").fill(username)
        page.locator("#id_password").fill("only-for-this-picture")
        page.locator("#id_password").press("Enter")
        page.wait_for_url("**/admin/")
    save(page, "dashboard", folder)
    page.close()


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else FOLDER
    with running_demo() as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for name, (phone, show) in PHONES.items():
            for context in logged_in(browser, phone, running.port, PHONE):
                show(context.pages[0], base_of(phone, running.port))
                save(context.pages[0], name, folder)
        dashboard(browser, running, folder)
        phones_page(browser, running.port, folder)
        contact_sheets.make(browser, running.port, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
