"""What browser tests do beside tapping: ask the API as who is logged in, and read what was pushed."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page

from .conftest import Demo

Phone = Callable[[str], Page]
REPORT = re.compile(r"/h5/reports/[0-9a-f-]{36}")
ASK = """async ([method, path, body]) => {
    const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    const options = method === "GET" ? {} : {method, headers, body: JSON.stringify(body)};
    return (await fetch("/api/v1/" + path, options)).json();
}"""


def ask(page: Page, path: str, body: dict[str, Any] | None = None) -> Any:
    """GET, or POST `body`, as who is logged in there; `path` below /api/v1/."""
    return page.evaluate(ASK, ["GET" if body is None else "POST", path, body])


def file_report(page: Page, category: str, description: str, **more: Any) -> str:
    """Files it as who is logged in there; gives the path of its page."""
    words = {"hashed_id": str(uuid4()), "community": "fuchen", "category": category, "description": description}
    return f"/h5/reports/{ask(page, 'reports', words | more)['id']}"


def events_of(page: Page, report: str) -> list[str]:
    """What happened to the report of this page, oldest first."""
    return [event["kind"] for event in ask(page, report.removeprefix("/h5/"))["events"]]


def link_of(demo: Demo, host: str, after: int) -> str:
    """The page that the newest message to this phone leads to."""
    openid = demo.sandbox.phone(host)["openid"]
    for message in demo.sandbox.messages(after=after, wait=20, openid=openid):
        if found := REPORT.search(str(message)):
            return found.group()
    raise AssertionError(f"{host} was not told")


def once_only(words: str) -> str:
    """The words with something that no other test says."""
    return f"{words} {uuid4().hex[:8]}"
