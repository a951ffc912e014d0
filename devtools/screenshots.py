"""Pictures of every page, to look at: `make screenshots` while `make demo` runs (both take PORT).

    python -m devtools.screenshots PORT [FOLDER] [WORD…]   (a WORD: only pictures with it in their name)

Writes FOLDER (var/screenshots)/SIZE-LANGUAGE-LOOK/PHONE-PAGE.png: 360 × 780 and 1280 × 800, Chinese and English, and
on the small screen also large type and dark.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from devtools import chromium
from devtools.walk import FLAGS, MANAGER, NOBODY, RESIDENT, STAFF, WECHAT, open_sheets, stops

FOLDER = Path("var/screenshots")
#: Waits until every picture that is shown has come, or failed. Those of lists are asked for when they are in sight.
PICTURES = """async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let n = 0; n < 3; n += 1) await frame();
    await Promise.race([
        Promise.all(Array.from(document.images, (image) => image.decode().catch(() => null))),
        new Promise((resolve) => setTimeout(resolve, 5000)),
    ]);
}"""
PHONE_SIZE, DESK_SIZE = (360, 780), (1280, 800)


@dataclass(frozen=True)
class Look:
    """How the pages are shown."""

    size: tuple[int, int]
    language: str
    large: bool = False
    dark: bool = False

    @property
    def name(self) -> str:
        look = "large" if self.large else "dark" if self.dark else "plain"
        return f"{self.size[0]}-{self.language}-{look}"


LOOKS = [
    Look(PHONE_SIZE, "zh"),
    Look(PHONE_SIZE, "en"),
    Look(PHONE_SIZE, "zh", large=True),
    Look(PHONE_SIZE, "en", large=True),
    Look(PHONE_SIZE, "zh", dark=True),
    Look(DESK_SIZE, "zh"),
    Look(DESK_SIZE, "en"),
]


def base_of(phone: str, port: int) -> str:
    """That phone's browser, as the sandbox lends it."""
    return f"http://{phone}.localhost:{port + 1}"


def logged_in(browser: Browser, phone: str, port: int, look: Look) -> Iterator[BrowserContext]:
    """A context of that phone in that look, closed when the caller goes on."""
    width, height = look.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if look.dark else "light",
        user_agent=WECHAT if look.size == PHONE_SIZE else None,
        reduced_motion="reduce",
        device_scale_factor=2 if look.size == PHONE_SIZE else 1,
    )
    base = base_of(phone, port)
    cookies = {"language": "en" if look.language == "en" else "zh-hans"} | ({"type": "large"} if look.large else {})
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
    page = context.new_page()
    page.goto(f"{base}/h5/")
    yield context
    context.close()


def take(page: Page, file: Path) -> None:
    """The whole page as one tall window would show it: what is fixed to the bottom is there, late pictures too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    window = page.viewport_size
    assert window is not None
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": window["width"], "height": max(window["height"], height)})
    page.evaluate(PICTURES)
    page.screenshot(path=file)
    page.set_viewport_size(window)


def main(arguments: Sequence[str]) -> int:
    if not arguments or not arguments[0].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    port, folder = int(arguments[0]), Path(arguments[1]) if len(arguments) > 1 else FOLDER
    words = arguments[2:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for look in LOOKS:
            for phone in (RESIDENT, STAFF, MANAGER, NOBODY):
                for context in logged_in(browser, phone, port, look):
                    page, seen = context.pages[0], set[str]()
                    for stop in list(stops(phone, page)):
                        name = f"{look.name}/{stop.phone}-{stop.name}"
                        if words and not any(word in name for word in words):
                            continue
                        page.goto(base_of(phone, port) + stop.path, wait_until="load")
                        take(page, folder / f"{name}.png")
                        for sheet, _element in open_sheets(page, seen):
                            page.screenshot(path=folder / f"{name}-{sheet}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
