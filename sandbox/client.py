"""A small client of the control interface, for tests and tools."""

from typing import Any

import requests

TIMEOUT = 30
Json = dict[str, Any]


class SandboxClient:
    """Every method returns the JSON of README.md's table and raises requests.HTTPError for an error answer."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, **more: Any) -> Any:
        answer = self.session.request(
            method, f"{self.url}/__sandbox__/{path}", timeout=more.pop("timeout", TIMEOUT), **more
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _object(self, method: str, path: str, **more: Any) -> Json:
        return dict(self.call(method, path, **more))

    def state(self) -> Json:
        return self._object("GET", "state")

    def settings(self, **values: Any) -> Json:
        return self._object("PATCH", "settings", json=values)

    def new_phone(self, host: str, **values: Any) -> Json:
        return self._object("POST", "phones", json={"host": host} | values)

    def phone(self, host: str, **changes: Any) -> Json:
        """The phone as it is, or as it is after `changes`."""
        return self._object("PATCH" if changes else "GET", f"phones/{host}", **({"json": changes} if changes else {}))

    def act(self, host: str, act: str, **values: Any) -> Json:
        """text, image, voice, location, follow, unfollow, scan, menu, event, allowance, oauth-code, local-image."""
        return self._object("POST", f"phones/{host}/{act}", json=values)

    def chat(self, host: str, after: int = 0) -> list[Json]:
        return list(self.call("GET", f"phones/{host}/chat", params={"after": after}))

    def last(self) -> int:
        """The newest id of the journal: what comes later is `after` it."""
        return int(self.state()["last"])

    def journal(self, after: int = 0, wait: float = 0, **wanted: Any) -> list[Json]:
        """Entries after an id; with `wait`, at least one or none when so many seconds are over."""
        query = {"after": after, "wait": wait} | wanted
        return list(self.call("GET", "journal", params=query, timeout=wait + TIMEOUT)["entries"])

    def messages(self, after: int = 0, wait: float = 0, **wanted: Any) -> list[Json]:
        return self.journal(after, wait, kind="message", **wanted)

    def media(self, **values: Any) -> str:
        """A media id: `photo="leak"` or `seconds=3`."""
        return str(self.call("POST", "media", json=values)["media_id"])

    def fault(self, kind: str, match: str = "", **values: Any) -> Json:
        return self._object("POST", "faults", json={"kind": kind, "match": match} | values)

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def tokens(self, action: str, *families: str) -> int:
        """`revoke` or `expire`; returns how many."""
        given: dict[str, Any] = {"action": action} | ({"families": families} if families else {})
        return int(self.call("POST", "tokens", json=given)["count"])

    def browse(self, host: str, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """A request of that phone's browser (no cookies kept, no redirects followed)."""
        headers = {"Host": f"{host}.localhost:{self.url.rsplit(':', 1)[1]}"} | more.pop("headers", {})
        values = {"headers": headers, "allow_redirects": False} | more
        return requests.request(method, self.url + path, timeout=TIMEOUT, **values)
