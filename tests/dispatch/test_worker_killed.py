"""A real worker on a real broker, killed in the middle of a send: the message arrives all the same."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from kombu import Connection

from accounts.models import Membership
from devtools.environment import environment_for_tests
from devtools.services import temporary_services
from dispatch.models import Delivery, Outbox, Template
from dispatch.tasks import route
from tests.dispatch.ledger import SEND_TEMPLATE, WeChat, only
from tests.factories import Cast
from tests.wechat.platform import Answer, Call, ok

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def broker() -> Iterator[str]:
    """A Redis of this test's own: nobody else's tasks are in it."""
    with temporary_services(["REDIS_URL"]) as environment:
        yield environment["REDIS_URL"]


@dataclass
class Fleet:
    """Workers on this test's database and broker."""

    environment: dict[str, str]
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "community_report", "worker", "-c", "1", "-l", "INFO"),
                *("--without-gossip", "--without-mingle", "-n", f"w{len(self.workers)}@%h", *arguments),
            ],
            cwd=PROJECT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.workers.append(worker)
        return worker

    def start_with_clock(self) -> subprocess.Popen[bytes]:
        return self.start("-B", "-s", str(self.folder / "schedule"))

    @staticmethod
    def kill(worker: subprocess.Popen[bytes]) -> None:
        """kill -9, children and all."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


@pytest.fixture
def fleet(wechat: WeChat, broker: str, settings: Any, tmp_path: Path) -> Iterator[Fleet]:
    database = connection.settings_dict
    where = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    own = {
        "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{where}/{database['NAME']}",
        "REDIS_URL": broker,
        "WECHAT_API_BASE_URL": wechat.url,
        "WECHAT_APP_ID": settings.WECHAT_APP_ID,
        "WECHAT_TIMEOUT_SECONDS": "8",
    }
    environment = environment_for_tests(os.environ | own, media_root=str(tmp_path / "media"))
    fleet = Fleet(environment, tmp_path)
    yield fleet
    for worker in fleet.workers:
        fleet.kill(worker)


@pytest.fixture
def report(cast: Cast) -> None:
    Membership.objects.filter(user=cast.cleaner2).delete()
    Template.objects.create(kind="new_report", template_id="T", fields={"thing1": "title"})
    cast.report()


def eventually(holds: Callable[[], bool], what: str, seconds: float = 25) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def queue_route(broker: str) -> None:
    with Connection(f"{broker}/{django_settings.REDIS_BROKER_DB}") as queue:
        route.apply_async(args=[Outbox.objects.get().pk], connection=queue)


def lease_is_over() -> None:
    """What half a minute does."""
    Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_killed_while_wechat_is_asked(wechat: WeChat, fleet: Fleet, broker: str, report: None) -> None:
    asked = threading.Event()

    def hang(_call: Call) -> Answer:
        asked.set()
        wechat.released.wait(20)
        return ok(msgid=1)

    wechat.on(SEND_TEMPLATE, hang)
    first = fleet.start()
    queue_route(broker)
    assert asked.wait(25), "the worker did not send"
    fleet.kill(first)
    assert only().status == "pending"
    wechat.on(SEND_TEMPLATE, ok(msgid=2))
    lease_is_over()
    fleet.start_with_clock()
    eventually(lambda: only().status == "sent", "sent by the second worker")
    sent = wechat.templates
    assert len({message["client_msg_id"] for message in sent}) == 1  # WeChat shows it once
    assert (only().message_id, only().attempts, len(sent)) == ("2", 2, 2)


def test_the_child_killed_alone_does_not_take_the_message_along(
    wechat: WeChat, fleet: Fleet, broker: str, report: None
) -> None:
    pids = []

    def kill_the_child(_call: Call) -> Answer:
        if not pids:
            children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
            pids.extend(int(pid) for pid in children)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        return ok(msgid=7)

    wechat.on(SEND_TEMPLATE, kill_the_child)
    worker = fleet.start_with_clock()
    queue_route(broker)
    eventually(lambda: bool(pids), "a send")
    eventually(lambda: only().leased_until is not None, "a lease")
    lease_is_over()
    # The clock was a child of this worker as well; in production it is a process of its own.
    fleet.kill(worker)
    fleet.start_with_clock()
    eventually(lambda: only().status == "sent", "sent by another child")
    assert len({message["client_msg_id"] for message in wechat.templates}) == 1


def test_work_that_no_queue_knows_of_is_found(wechat: WeChat, fleet: Fleet, report: None) -> None:
    """As after FLUSHALL: the outbox row is all that is left."""
    fleet.start_with_clock()
    eventually(lambda: Delivery.objects.filter(status="sent").exists(), "sent without a task in the queue")
    assert len(wechat.templates) == 1
