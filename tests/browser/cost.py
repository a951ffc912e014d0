"""What the first view of a page costs a phone: requests, weight, and time on 4G with a slow processor."""

import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

#: 4G as Chromium's own tools have it ("Slow 4G" is 1.6 Mbit/s and 150 ms; this is the ordinary one), processor ÷ 4.
NETWORK = {"offline": False, "latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 3e6 / 8}
SLOWER = 4
#: The sandbox's page listens there for as long as it is open.
ENDLESS = "/__sandbox__/events"
#: A page with nothing on it, and how soon an idle machine shows it under these conditions.
NOTHING, NOTHING_MS = "/healthz", 250
PATIENCE = 5  # seconds for what is asked for after the page has loaded
#: WeChat's script, and what the sandbox's stand-in for it asks.
WECHATS = ("jweixin", "/__phone__/")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9"
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
#: Two frames after the page has loaded: what loads lazily has been asked for then.
DRAWN = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


@dataclass
class Cost:
    """Of one view: `bytes` without the pictures that people sent, `requests` with them; `paint` and `ready` in ms."""

    requests: int = 0
    bytes: int = 0
    paint: float = 0
    ready: float = 0

    def __str__(self) -> str:
        weight = f"{self.requests} requests, {self.bytes / 1024:.0f} KB"
        return f"{weight}, paint {self.paint:.0f} ms, ready {self.ready:.0f} ms"


class Meter:
    """Watches a page from now on: its network and processor are slow, and nothing is kept of the view before."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._cost, self._asked = Cost(), dict[str, str]()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.send("Network.emulateNetworkConditions", NETWORK)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        wire.on("Network.requestWillBeSent", self._ask)
        wire.on("Network.loadingFinished", self._arrive)
        wire.on("Network.loadingFailed", lambda event: self._asked.pop(event["requestId"], None))

    def view(self, address: str, shown: str = "body") -> Cost:
        """Goes there; the cost counts what has come once this is shown and the page asks for nothing more."""
        self._cost, self._asked = Cost(), {}
        self.page.goto(address, wait_until="load")
        self.page.wait_for_function(f"() => ({PAINT}) < 1e9")
        self.page.locator(shown).wait_for()
        self.page.evaluate(DRAWN)
        end = time.monotonic() + PATIENCE
        while self._asked and time.monotonic() < end:
            self.page.wait_for_timeout(20)  # while which events arrive
        self._cost.paint, self._cost.ready = self.page.evaluate(PAINT), self.page.evaluate(READY)
        return self._cost

    def _ask(self, event: dict[str, Any]) -> None:
        address = event["request"]["url"]
        if address.endswith(ENDLESS):
            self._cost.requests += 1
        elif address.startswith("http") and not any(part in address for part in WECHATS):
            self._asked[event["requestId"]] = address

    def _arrive(self, event: dict[str, Any]) -> None:
        address = self._asked.pop(event["requestId"], None)
        if address is None:
            return
        self._cost.requests += 1
        if "/media/" not in address:
            self._cost.bytes += int(event["encodedDataLength"])
