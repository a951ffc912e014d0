"""The faults by name, and what each of them is given."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import requests

from devtools.demo import DemoError
from devtools.faults.ledger import Answer, Ledger, Person
from devtools.faults.stage import Stage
from devtools.faults.town import STAFF, Town
from devtools.sessions import signed_in
from devtools.waiting import until
from sandbox.client import SandboxClient

TEMPLATE, TEXT, MEDIA = "^/cgi-bin/message/template/send", "^/cgi-bin/message/custom/send", "^/cgi-bin/media/get"
MESSAGES = "^/cgi-bin/message/"


@dataclass
class Scene:
    """The stage during one fault, the people on it, and what the fault says may be seen afterwards."""

    stage: Stage
    town: Town
    sandbox: SandboxClient
    journal_from: int
    since: datetime
    ledger: Ledger = field(default_factory=Ledger)
    notes: list[str] = field(default_factory=list)
    #: Texts and posts into groups whose answer was lost on purpose may be shown again.
    texts_may_repeat: bool = False
    #: WeChat's codes with which a delivery may end without being sent.
    may_end_with: set[str] = field(default_factory=set)
    #: Nobody listens for a while: connections may be refused or cut.
    web_is_killed: bool = False
    #: Who has to be told of every report.
    staff: tuple[str, ...] = STAFF
    #: How long after the fault everything has to be settled: two sweeps.
    settled_within: float = 60.0
    #: Pictures and voice that cannot be had may fail.
    media_may_fail: bool = False
    _people: dict[str, Person] = field(default_factory=dict)

    def person(self, host: str) -> Person:
        if host not in self._people:
            self._people[host] = self.another(host)
        return self._people[host]

    def another(self, host: str) -> Person:
        """One more browser of the same person, for a thread of its own."""
        return Person(signed_in(self.town.people[host], self.stage.web_url), self.stage.web_url, self.ledger)

    def file(self, **more: Any) -> str:
        """File a report that has to be taken; its id."""
        answer = self.person("li").file(**more)
        expect(answer.took_it, f"the report was answered {answer.status} {answer.body}")
        return str(answer.body["id"])

    def say(self, text: str = "", host: str = "zhao") -> dict[str, Any]:
        """A text in the chat; the journal's entry of its callback."""
        return self.sandbox.act(host, "text", text=text or word())

    def note(self, text: str) -> None:
        self.notes.append(text)

    def hits(self) -> int:
        """How often the faults of the simulated WeChat have been met."""
        return sum(int(fault["hits"]) for fault in self.sandbox.call("GET", "faults"))

    def wait_for_hits(self, number: int, seconds: float = 20) -> None:
        until(lambda: self.hits() >= number, seconds, f"WeChat was not asked {number} times")

    def shown(self, host: str, report: str = "") -> int:
        """Messages about a report that a phone shows."""
        entries = self.sandbox.messages(after=self.journal_from, limit=100_000, openid=self.town.openid(host))
        return sum(1 for entry in entries if report in str(entry) and entry["channel"] != "reply")

    def wait_shown(self, report: str, seconds: float = 60) -> float:
        """Wait until all staff have it; the seconds that it took."""
        return until(lambda: all(self.shown(host, report) for host in self.staff), seconds, "the report was not pushed")

    @contextlib.contextmanager
    def texts(self) -> Iterator[None]:
        """New reports are told by text instead of by template."""
        from dispatch.models import Template

        kept = list(Template.objects.filter(kind="new_report"))
        self.sandbox.settings(enforce=False)
        Template.objects.filter(kind="new_report").delete()
        try:
            yield
        finally:
            Template.objects.bulk_create(kept, ignore_conflicts=True)

    @contextlib.contextmanager
    def traffic(self, every: float = 0.7) -> Iterator[None]:
        """People who file, read and write to the account all the time."""
        filer, reader = self.another("li"), self.another("zhang")
        acts: list[Callable[[], object]] = [
            filer.file, lambda: reader.ask("GET", "/h5/work"), lambda: self._callback()
        ]  # fmt: skip
        end = threading.Event()
        threads = [threading.Thread(target=_again_and_again, args=(act, every, end)) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            end.set()
            for thread in threads:
                thread.join(60)

    def _callback(self) -> None:
        with contextlib.suppress(requests.RequestException):
            self.say()

    def pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)


def _again_and_again(act: Callable[[], object], every: float, end: threading.Event) -> None:
    while not end.wait(every):
        act()


def word() -> str:
    """A text that nobody else sends."""
    return f"话{uuid4().hex[:10]}"


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """All calls start in the same instant; their answers, in order."""
    barrier = threading.Barrier(len(calls))
    results: dict[int, Answer] = {}

    def run(index: int) -> None:
        barrier.wait(20)
        results[index] = calls[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [results[index] for index in sorted(results)]


Act = Callable[[Scene], None]


@dataclass(frozen=True)
class Fault:
    """`numbers` are those of the catalogue in docs/reliability.md; `quick` ones are part of `make faults`."""

    name: str
    numbers: tuple[int, ...]
    says: str
    act: Act
    quick: bool = False


FAULTS: dict[str, Fault] = {}


def fault(name: str, *numbers: int, quick: bool = False) -> Callable[[Act], Act]:
    """Register a function as a fault. It returns when the fault is over; the checker begins then."""

    def register(act: Act) -> Act:
        FAULTS[name] = Fault(name, numbers, (act.__doc__ or name).strip().splitlines()[0], act, quick)
        return act

    return register


def expect(holds: bool, otherwise: str) -> None:
    """What a fault promises besides what the checker looks at; raises DemoError."""
    if not holds:
        raise DemoError(otherwise)


def clock() -> float:
    return time.monotonic()
