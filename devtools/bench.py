"""`make bench`: what docs/performance.md says, measured in one run against the simulated WeChat on this machine.

Milliseconds differ from machine to machine, so each figure stands beside a calibration taken in the same run and their
ratio. BENCH_PEOPLE chooses the sizes of the notice's audience ("100,1000"), BENCH_REPORTS how many reports are filed.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from devtools.demo import Demo, DemoError, two_ports
from devtools.servers import ServiceError
from devtools.sessions import signed_in
from devtools.waiting import until

if TYPE_CHECKING:  # models exist only after django.setup()
    from accounts.models import Community

LATENCY = 0.05
PER_SECOND = 5.0
FILES = Path(__file__).resolve().parent / "demo_files"
#: Messages that one worker sends at once (dispatch.services.delivery.WAVE), and lists go through one lane.
AT_ONCE = 16


@dataclass(frozen=True)
class Times:
    """Seconds of many runs of one thing."""

    name: str
    seconds: Sequence[float]

    def at(self, share: float) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    def line(self, unit: float) -> str:
        figures = [("p50", self.at(0.5)), ("p95", self.at(0.95)), ("p99", self.at(0.99)), ("max", max(self.seconds))]
        shown = "  ".join(f"{name} {value * 1000:8.1f} ms" for name, value in figures)
        return f"{self.name:<34} {shown}   p50 = {self.at(0.5) / unit:6.1f} × calibration  (n = {len(self.seconds)})"


class Bench(Demo):
    """The demo's processes with a community made for measuring, and no demonstration."""

    concurrency = 4

    def __init__(self, port: int, home: Path, sizes: Sequence[int], reports: int) -> None:
        super().__init__(port, home)
        self.sizes, self.reports = sizes, reports

    def environment(self, servers: dict[str, str]) -> dict[str, str]:
        return super().environment(servers) | {"THROTTLE_SCALE": "0", "PUSH_GATHER_PER_MINUTE": "0"}

    def _sandbox_options(self) -> list[str]:
        cast = self.home / "cast.toml"
        phones = [f'[[phones]]\nhost = "p{n}"\nopenid = "{openid(n)}"\nsubscribed = true\n' for n in self._everybody()]
        account = '[account]\nname = "bench"\nid = "gh_bench"\n[[templates]]\nid = "bench-template"\ntitle = "x"\n'
        cast.write_text(account + 'content = "{{thing1.DATA}}"\n' + "".join(phones), "utf-8")
        options = super()._sandbox_options()
        options[options.index("--cast") + 1] = str(cast)
        return options

    def _everybody(self) -> range:
        return range(max(self.sizes) + 10)

    def _start(self, environment: dict[str, str]) -> None:
        self._bring_up(environment)
        os.environ.update(environment | {"DJANGO_SETTINGS_MODULE": "community_report.settings"})
        import django

        django.setup()
        Measured(self).run()
        self.stopping.set()


def openid(number: int) -> str:
    return f"oBench{number:021d}"


class Measured:
    """The measurements, one after another."""

    def __init__(self, bench: Bench) -> None:
        from sandbox.client import SandboxClient

        self.bench = bench
        self.sandbox = SandboxClient(bench.sandbox_url)

    def run(self) -> None:
        community = self._community()
        calibration = self._calibrate()
        unit = statistics.median(calibration.seconds)
        print(calibration.line(unit))
        print(self._submit_to_push(community).line(unit))
        print(self._list(community).line(unit))
        self.sandbox.fault("slow", "^/cgi-bin/message/", seconds=LATENCY)
        for size in self.bench.sizes:
            self._fan_out(community, size)

    def _community(self) -> "Community":
        """The demo's community with as many people as the largest audience wants, templates for everything."""
        from django.core.management import call_command

        from accounts.models import Community, Membership, Role, User
        from dispatch.kinds import Kind
        from dispatch.models import Template

        call_command("setup_community", str(FILES / "fuchen.toml"), stdout=sys.stderr)
        community = Community.objects.get(slug="fuchen")
        Template.objects.bulk_create(
            Template(kind=kind, template_id="bench-template", fields={"thing1": "message"}) for kind in Kind.values
        )
        people = User.objects.bulk_create(
            User(openid=openid(n), display_name=f"业主{n}") for n in self.bench._everybody()
        )
        roles = {role.slug: role for role in Role.objects.filter(community=community)}
        slugs = ["resident", "cleaner", "cleaner", "manager", *["guard"] * 6, *["resident"] * max(self.bench.sizes)]
        Membership.objects.bulk_create(
            Membership(user=person, community=community, role=roles[slug], status="active")
            for person, slug in zip(people, slugs, strict=True)
        )
        for person, slug in zip(people[:4], slugs[:4], strict=True):
            person.groups.add(roles[slug].group)
        self.resident, self.manager, self.people = people[0], people[3], people[10:]
        self.staff = {openid(1), openid(2)}
        return community

    def _calibrate(self) -> Times:
        """One bare exchange with the simulated WeChat: what the machine and the loopback cost today."""
        session = requests.Session()
        session.trust_env = False
        address = f"{self.bench.sandbox_url}/cgi-bin/getcallbackip"
        seconds = [timed(lambda: session.get(address, timeout=10)) for _ in range(100)]
        return Times("calibration (one call of WeChat)", seconds)

    def _submit_to_push(self, community: "Community") -> Times:
        """From the moment a report was due to be sent until WeChat has the push to the last of two staff members."""
        session, began, due = signed_in(self.resident, self.bench.web_url), self.sandbox.last(), dict[str, float]()
        first = time.time() + 0.2
        for number in range(self.bench.reports):
            at = first + number / PER_SECOND  # an open model: a slow answer delays nobody's clock
            threading.Event().wait(max(0.0, at - time.time()))
            report = {"hashed_id": str(uuid.uuid4()), "community": community.slug, "category": "hygiene", "title": "测"}
            answer = session.post(f"{self.bench.web_url}/api/v1/reports", json=report, timeout=20)
            answer.raise_for_status()
            due[answer.json()["id"]] = at
        return Times("submit → WeChat has both pushes", self._arrivals(began, due))

    def _arrivals(self, began: int, due: dict[str, float]) -> list[float]:
        reached: dict[str, dict[str, float]] = {pk: {} for pk in due}

        def collect() -> bool:
            for message in self.sandbox.messages(after=began, limit=100_000):
                for pk in due:
                    if pk in str(message) and message.get("openid") in self.staff:
                        reached[pk].setdefault(message["openid"], message["at"])
            return all(len(got) == len(self.staff) for got in reached.values())

        until(collect, 60, "not every report was pushed")
        return [max(reached[pk].values()) - at for pk, at in due.items()]

    def _list(self, community: "Community") -> Times:
        session = signed_in(self.manager, self.bench.web_url)
        address = f"{self.bench.web_url}/api/v1/reports?scope=all&community={community.slug}"
        seconds = [timed(lambda: session.get(address, timeout=20).raise_for_status()) for _ in range(100)]
        return Times("GET reports (20 of them)", seconds)

    def _fan_out(self, community: "Community", size: int) -> None:
        """A notice to `size` people, with a WeChat that takes 50 ms a message."""
        from accounts.models import Membership
        from dispatch.models import Delivery
        from notices.services import Audience, publish_notice

        chosen = [person.pk for person in self.people[:size]]
        Membership.objects.filter(role__slug="resident", community=community).exclude(user__in=chosen).update(
            status="revoked"
        )
        Membership.objects.filter(role__slug="resident", community=community, user__in=chosen).update(status="active")
        began = time.monotonic()
        notice = publish_notice(
            actor=self.manager, community=community, title="停水通知", body="x", audience=Audience(["resident"])
        )
        told = Delivery.objects.filter(notice=notice, status__in=("sent", "delivered"))
        until(lambda: told.count() == size, 60 + size * LATENCY, f"not all of {size} were told")
        took = time.monotonic() - began
        limit = size * LATENCY / AT_ONCE
        print(f"notice to {size:>6} people at 50 ms     {took:8.1f} s   {size / took:6.0f}/s   "
              f"{took / limit:5.1f} × the limit of {limit:.1f} s   worker {memory_of(self.bench):.0f} MB")  # fmt: skip


def memory_of(bench: Demo) -> float:
    """The largest resident size of the worker's processes, in MB."""
    worker = next(child for child in bench.children if child.name == "worker").process
    assert worker is not None
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (str(worker.pid), *children)]
    return max(sizes) * os.sysconf("SC_PAGE_SIZE") / 1e6


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> None:
    sizes = sorted(int(size) for size in os.environ.get("BENCH_PEOPLE", "100,1000").split(","))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "bench"
        try:
            Bench(two_ports(), home, sizes, int(os.environ.get("BENCH_REPORTS", "100"))).run()
        except (DemoError, ServiceError) as error:
            sys.exit(f"make bench: {error}")


if __name__ == "__main__":
    main()
