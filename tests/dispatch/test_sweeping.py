"""The sweep finds what was left behind, and one failing part stops no other."""

import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from dispatch import tasks
from dispatch.models import Delivery, Outbox
from dispatch.services import alarms, sweeping
from notices.models import Notice
from notices.services import publish_notice
from reports.models import Report
from reports.services.attachments import MediaItem, add_attachments
from tests.dispatch.ledger import SEND_TEXT, WeChat, route_all
from tests.factories import Cast
from tests.wechat.platform import Answer


def sweep(after: float = 2.0) -> list[Any]:
    """A sweep some seconds from now; the attachments that it asked to be downloaded."""
    queued: list[Any] = []
    with time_machine.travel(timezone.now() + timedelta(seconds=after), tick=False):
        sweeping.sweep(timezone.now(), queue_download=queued.append)
    return queued


@pytest.mark.django_db
def test_what_the_queue_lost_is_routed_and_sent(wechat: WeChat, cast: Cast) -> None:
    cast.report()
    sweep()
    assert len(wechat.texts) == 2
    assert {row.status for row in Delivery.objects.all()} == {"sent"}


@pytest.mark.django_db
def test_a_second_sweep_does_nothing(wechat: WeChat, cast: Cast) -> None:
    cast.report()
    sweep()
    sweep()
    assert len(wechat.texts) == 2


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_do_no_harm(wechat: WeChat, cast: Cast) -> None:
    for _ in range(5):
        cast.report()
    Outbox.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        sweeping.sweep(timezone.now(), queue_download=lambda _: None)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep()
    assert len(wechat.texts) == 10
    assert Delivery.objects.filter(status="sent", attempts=1).count() == 10


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["fire_deadlines", "publish_due", "remove_old_uploads", "remove_old_messages"])
def test_a_failing_part_stops_no_other(wechat: WeChat, cast: Cast, broken: str) -> None:
    cast.report()
    with patch.object(sweeping, broken, side_effect=RuntimeError("broken")):
        sweep()
    assert len(wechat.texts) == 2


@pytest.mark.django_db
def test_two_of_three_failing_parts(wechat: WeChat, cast: Cast) -> None:
    publish_notice(
        actor=cast.manager,
        community=cast.community,
        title="停水",
        body="明天",
        publish_at=timezone.now() + timedelta(seconds=1),
    )
    failing = RuntimeError("broken")
    with (
        patch.object(sweeping, "fire_deadlines", side_effect=failing),
        patch.object(sweeping.delivery, "deliver_due", side_effect=failing),
    ):
        sweep()
    assert Notice.objects.get().published_at is not None
    assert wechat.texts == []
    sweep(5)
    assert len(wechat.texts) == 6


@pytest.mark.django_db
def test_deadlines_fire(wechat: WeChat, cast: Cast) -> None:
    cast.report()
    sweep()
    wechat.calls.clear()
    sweep(31 * 60)
    sweep(31 * 60)
    sweep(32 * 60)
    assert len(wechat.texts) == 3  # both cleaners and the manager, once
    assert "超过时限还没有人接单" in wechat.texts[0][1]


@pytest.mark.django_db
def test_pending_media_are_asked_for(cast: Cast) -> None:
    report = cast.report()
    item = MediaItem(kind="image", media_id="M1")
    attachment = add_attachments(uploader=cast.resident, items=[item], report=report)[0]
    assert sweep() == [attachment.pk]


@pytest.mark.django_db
def test_a_row_that_cannot_be_routed_stops_no_other(wechat: WeChat, cast: Cast) -> None:
    cast.report()
    Outbox.objects.create(key="poison", kind="claimed", data={"occasion": "claim"})  # a report's, without a report
    cast.report()
    sweep()
    assert len(wechat.texts) == 4
    poison = Outbox.objects.get(key="poison")
    assert (poison.routed_at, poison.attempts) == (None, 1)
    assert poison.error.startswith("AssertionError")
    sweeping.pulse(timezone.now() + timedelta(seconds=5))
    poison.refresh_from_db()
    assert poison.attempts == 1  # not every second


@pytest.mark.django_db
def test_a_pulse_without_work_is_cheap(cast: Cast, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(4):
        sweeping.pulse(timezone.now())


@pytest.mark.django_db
def test_while_all_pauses_are_long_the_pulse_asks_now_and_then(
    wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "tell_of_troubles", lambda now: None)  # the managers' messages would ask as well
    wechat.on(SEND_TEXT, Answer(b"", 503))
    cast.report()
    route_all()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(120):
            clock.move_to(start + timedelta(minutes=minute))
            sweeping.pulse(timezone.now())
        asked = len(wechat.texts)
        for second in range(1, 61):
            clock.move_to(start + timedelta(minutes=119, seconds=second))
            sweeping.pulse(timezone.now())
    assert 2 <= len(wechat.texts) - asked <= 8


@pytest.mark.django_db
def test_tasks_hand_over_in_batches(wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks, "enqueue_now", lambda task, *args: queued.append((task.name, *args)))
    cast.report()
    tasks.route(Outbox.objects.get().pk)
    name, ids = queued[0]
    assert name == "dispatch.tasks.deliver"
    assert set(ids) == {str(pk) for pk in Delivery.objects.values_list("pk", flat=True)}
    tasks.deliver(ids)
    tasks.deliver(ids)
    tasks.route(Outbox.objects.get().pk)
    assert len(queued) == 1
    assert len(wechat.texts) == 2
    assert Report.objects.count() == 1
