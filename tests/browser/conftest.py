"""The whole system as `make demo` starts it, and phones in a real browser."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from devtools import chromium
from devtools.running import running_demo
from sandbox.client import SandboxClient

expect.set_options(timeout=20_000)  # milliseconds; a busy machine is late, what is wrong stays wrong
PHONE = {"width": 360, "height": 780}
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Demo:
    """Where the running demonstration is."""

    port: int
    sandbox: SandboxClient

    def page_of(self, phone: str, path: str = "/h5/") -> str:
        """An address in that phone's browser."""
        return f"http://{phone}.localhost:{self.port + 1}{path}"


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """`python -m devtools.demo` on a folder of its own, up and with its data; or the one that runs on DEMO_PORT."""
    if running := os.environ.get("DEMO_PORT"):
        yield Demo(int(running), SandboxClient(f"http://127.0.0.1:{int(running) + 1}"))
        return
    with running_demo() as own:
        yield Demo(own.port, SandboxClient(f"http://127.0.0.1:{own.port + 1}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def phone(demo: Demo, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A page on somebody's phone: 360 × 780, touch, in Chinese. A script error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_phone(host: str) -> Page:
        context = browser.new_context(
            viewport=PHONE,
            has_touch=True,
            is_mobile=True,
            locale="zh-CN",
            device_scale_factor=2,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(f"{host}: {error}"))
        page.on(
            "console", lambda said: errors.append(f"{host}: {said.text}") if "Content Security" in said.text else None
        )
        page.goto(demo.page_of(host))
        return page

    yield open_phone
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def open_desk(demo: Demo, browser: Browser, phone: Callable[[str], Page]) -> Iterator[Callable[[str], Page]]:
    """A page of the back office at 1280 × 800, as the manager sees it. A script error fails the test."""
    errors: list[str] = []
    session = next(one["value"] for one in phone("chen").context.cookies() if one["name"] == "sessionid")
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
    web = f"http://127.0.0.1:{demo.port}"
    context.add_cookies([{"name": "sessionid", "value": session, "url": web}])

    def open_page(path: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
        page.goto(f"{web}{path}")
        return page

    yield open_page
    context.close()
    assert errors == []
