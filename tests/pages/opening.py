"""Opening a page as one person, and reading what it says."""

import re
from dataclasses import dataclass
from html import unescape

from django.test import Client

from accounts.models import User


@dataclass(frozen=True)
class Page:
    """`html` as served; `words`: what a person reads, with single spaces."""

    status: int
    html: str
    location: str

    @property
    def words(self) -> str:
        body = self.html.partition("<body")[2]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def links(self) -> set[str]:
        return {unescape(link) for link in re.findall(r'href="([^"]+)"', self.html)}


def browser_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def open_page(user: User | None, path: str, client: Client | None = None) -> Page:
    """`path` below /h5/."""
    response = (client or browser_of(user)).get(f"/h5/{path}")
    return Page(response.status_code, response.content.decode(), response.headers.get("Location", ""))
