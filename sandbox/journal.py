"""Everything that passes the platform, with ids that only grow, for tests to read and for the page to follow."""

import asyncio
import time
from collections import deque
from typing import Any

LENGTH = 20_000


class Journal:
    """Entries are dicts with `id`, `at` (Unix seconds) and `kind`: `api`, `message`, `callback`, `h5`, `oauth`,
    `jssdk` or `control`."""

    def __init__(self, hub: "Hub") -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=LENGTH)
        self.last = 0
        self._hub = hub
        self._news = asyncio.Event()

    def add(self, kind: str, **values: Any) -> dict[str, Any]:
        self.last += 1
        entry = {"id": self.last, "at": time.time(), "kind": kind, **values}
        self.entries.append(entry)
        self._news.set()
        self._news = asyncio.Event()
        self._hub.publish("journal", entry)
        return entry

    def after(self, after: int, **wanted: str) -> list[dict[str, Any]]:
        """Entries with an id above `after` whose values equal `wanted` (`path` is a prefix)."""
        newer = (entry for entry in self.entries if entry["id"] > after)
        return [entry for entry in newer if _matches(entry, wanted)]

    async def wait(self, after: int, seconds: float, **wanted: str) -> list[dict[str, Any]]:
        """As `after`, waiting up to `seconds` for the first match."""
        deadline = time.monotonic() + seconds
        while True:
            news, found = self._news, self.after(after, **wanted)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(news.wait(), left)
            except TimeoutError:
                continue


def _matches(entry: dict[str, Any], wanted: dict[str, str]) -> bool:
    for name, value in wanted.items():
        actual = str(entry.get(name, ""))
        if not (actual.startswith(value) if name == "path" else actual == value):
            return False
    return True


class Hub:
    """Passes events to the open pages. A page that does not read is dropped rather than waited for."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[tuple[str, Any]]] = set()

    def publish(self, name: str, data: Any) -> None:
        for queue in list(self._queues):
            try:
                queue.put_nowait((name, data))
            except asyncio.QueueFull:
                self._queues.discard(queue)

    def open(self) -> "asyncio.Queue[tuple[str, Any]]":
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=2000)
        self._queues.add(queue)
        return queue

    def close(self, queue: "asyncio.Queue[tuple[str, Any]]") -> None:
        self._queues.discard(queue)

    def is_open(self, queue: "asyncio.Queue[tuple[str, Any]]") -> bool:
        return queue in self._queues
