"""What people did during a fault and what they were answered: the side of the story that the checker starts from."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from devtools.faults.town import CATEGORY

#: Longer than anything that the web promises; a request that takes longer is a finding.
PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """One request and what became of it: `status` is 0 where no answer came (the outcome is a "maybe")."""

    what: str
    at: float
    seconds: float
    status: int
    body: Any = None
    #: A 503 that says what it is and when to come again, or any other status.
    clear: bool = True
    #: Of a report: the id that the client made.
    hashed_id: str = ""

    @property
    def took_it(self) -> bool:
        return self.status in (200, 201)


@dataclass
class Ledger:
    """Every answer of one fault, by whoever asked."""

    answers: list[Answer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answer: Answer) -> Answer:
        with self._lock:
            self.answers.append(answer)
        return answer

    def reports(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.hashed_id]


class Person:
    """A browser of somebody, whose every answer is written into the ledger."""

    def __init__(self, session: requests.Session, web_url: str, ledger: Ledger) -> None:
        self.session, self.web_url, self.ledger = session, web_url, ledger

    def ask(self, method: str, path: str, what: str = "", hashed_id: str = "", **more: Any) -> Answer:
        """One request; nothing is raised, whatever becomes of it."""
        began, at = time.monotonic(), time.time()
        status, body, clear = 0, None, True
        try:
            got = self.session.request(method, self.web_url + path, timeout=PATIENCE, allow_redirects=False, **more)
            status, clear = got.status_code, _is_clear(got)
            body = got.json() if "json" in got.headers.get("Content-Type", "") else None
        except (requests.RequestException, ValueError) as error:
            body = type(error).__name__
        seconds = time.monotonic() - began
        return self.ledger.add(Answer(what or path, at, seconds, status, body, clear, hashed_id))

    def file(self, hashed_id: str = "", **more: Any) -> Answer:
        """File a report; the same `hashed_id` is the same report once more."""
        hashed_id = hashed_id or str(uuid4())
        report = {"hashed_id": hashed_id, "community": "fuchen", "category": CATEGORY, "title": f"测 {hashed_id[:8]}"}
        return self.ask("POST", "/api/v1/reports", "report", hashed_id, json=report | more)

    def act(self, report: str, verb: str, **given: Any) -> Answer:
        return self.ask("POST", f"/api/v1/reports/{report}/{verb}", verb, json=given)


def _is_clear(got: requests.Response) -> bool:
    """503 with Retry-After is an answer that a person and a program understand; every other 5xx is a fault of ours."""
    return got.status_code < 500 or (got.status_code == 503 and "Retry-After" in got.headers)
