"""Every page at a glance, for docs/pages.md: a sheet for each role, and one for the desk (part of `make pictures`)."""

import base64
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from devtools.screenshots import DESK_SIZE, PHONE_SIZE, PICTURES, Look, base_of, logged_in
from devtools.walk import MANAGER, NEWCOMER, NOBODY, RESIDENT, STAFF, stops
from sandbox.client import SandboxClient

MOST_BYTES = 150_000
QUALITIES = (85, 75, 65, 55, 45, 35, 25)
#: Sheet → whose phones. Who has bound to nothing is on the residents'.
SHEETS = {"pages-resident": (RESIDENT, NOBODY), "pages-staff": (STAFF,), "pages-manager": (MANAGER,)}
DESK_SHEET = "pages-desk"
#: The back office's own pages, and some of its lists.
DESK = (
    "/admin/",
    "/admin/phone",
    "/admin/routing/",
    "/admin/monthly",
    "/admin/qr-sheets",
    "/admin/reports/report/",
    "/admin/notices/notice/",
    "/admin/accounts/membership/",
)
PHONE_TILE, PHONE_COLUMNS = 216, 6  # pixels
DESK_TILE, DESK_COLUMNS = 430, 3
#: Drawn by the browser, which has the letters.
SHEET = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #dde4e0; font: 13px/1.4 sans-serif; color: #1d2a26; }}
main {{ display: grid; grid-template-columns: repeat({columns}, {width}px); gap: 14px; padding: 14px;
  width: max-content; }}
figure {{ margin: 0; }}
img {{ display: block; width: 100%; border-radius: 6px; }}
figcaption {{ padding: 4px 2px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
</style><main>{figures}</main>"""


@dataclass(frozen=True)
class Tile:
    """One page: the picture of its first view, and what is written below."""

    label: str
    picture: bytes


def make(browser: Browser, port: int, folder: Path) -> None:
    """Writes FOLDER/pages-*.webp from a demonstration that runs at this port."""
    draw(browser, DESK_SHEET, desk_tiles(browser, port), (DESK_TILE, DESK_COLUMNS), folder)
    SandboxClient(f"http://127.0.0.1:{port + 1}").new_phone(NOBODY, **NEWCOMER)
    for name, phones in SHEETS.items():
        tiles = [tile for phone in phones for tile in phone_tiles(browser, port, phone)]
        draw(browser, name, tiles, (PHONE_TILE, PHONE_COLUMNS), folder)


def phone_tiles(browser: Browser, port: int, phone: str) -> Iterator[Tile]:
    """The pages of the walk, each once."""
    for context in logged_in(browser, phone, port, Look(PHONE_SIZE, "zh")):
        page = context.pages[0]
        for stop in {stop.name: stop for stop in stops(phone, page)}.values():
            page.goto(base_of(phone, port) + stop.path, wait_until="load")
            yield tile_of(page, stop.name)


def desk_tiles(browser: Browser, port: int) -> Iterator[Tile]:
    """The page of the phones, and the back office as the manager sees it."""
    width, height = DESK_SIZE
    for phone in logged_in(browser, MANAGER, port, Look(PHONE_SIZE, "zh")):
        session = next(cookie["value"] for cookie in phone.cookies() if cookie["name"] == "sessionid")
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": session, "url": f"http://127.0.0.1:{port}"}])
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port + 1}/")
    page.locator("html[data-live]").wait_for()
    yield tile_of(page, "/")
    for path in DESK:
        page.goto(f"http://127.0.0.1:{port}{path}", wait_until="networkidle")
        yield tile_of(page, path)
    context.close()


def tile_of(page: Page, name: str) -> Tile:
    page.evaluate(PICTURES)
    return Tile(f"{page.title()} · {name}", page.screenshot())


def draw(browser: Browser, name: str, tiles: Iterable[Tile], shape: tuple[int, int], folder: Path) -> None:
    width, columns = shape
    page = browser.new_page()
    page.set_content(SHEET.format(width=width, columns=columns, figures="".join(map(figure, tiles))))
    save(page.locator("main").screenshot(), folder / f"{name}.webp", MOST_BYTES)
    page.close()


def figure(tile: Tile) -> str:
    address = f"data:image/png;base64,{base64.b64encode(tile.picture).decode()}"
    return f'<figure><img alt="" src="{address}"><figcaption>{escape(tile.label)}</figcaption></figure>'


def save(picture: bytes, file: Path, most: int) -> None:
    """In the best quality that is small enough."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for quality in QUALITIES:
        packed = io.BytesIO()
        image.save(packed, "webp", quality=quality, method=6)
        if packed.tell() <= most:
            break
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed.getvalue())
