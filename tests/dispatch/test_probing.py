"""Asking whether a way works again: now and then, by what it stopped, and whatever comes of it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from dispatch.kinds import Kind
from dispatch.models import Delivery, GroupRobot, Outbox, SmsGateway, SubscriptionTemplate, Trouble
from dispatch.services import templates
from dispatch.services.sweeping import pulse
from reports.models import Report
from tests.dispatch.ledger import SEND_TEMPLATE, SEND_TEXT, WeChat, only, route_all, send_all, template
from tests.factories import Cast
from tests.wechat.platform import Answer, error, ok

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def pulses(seconds: Iterable[int]) -> None:
    """The pulse of each of these seconds from now; managers have been told before."""
    Trouble.objects.update(told_at=timezone.now())
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for second in seconds:
            clock.move_to(start + timedelta(seconds=second))
            pulse(timezone.now())


@pytest.mark.parametrize("stopped", ["48003:mass:notice", "401:sms", "40037:template:overdue"])
def test_nobody_asks_who_died_of_something_else(wechat: WeChat, report: Report, stopped: str) -> None:
    template(Kind.OVERDUE)
    SmsGateway.objects.create(name="短信", address="https://sms.example.com/", kinds=[Kind.OVERDUE], active=True)
    wechat.on(SEND_TEXT, error(45015))
    send_all()
    assert (only().status, only().code) == ("dead", "45015")
    Delivery.objects.update(kind=Kind.NOTICE if "mass" in stopped else Kind.OVERDUE)
    Trouble.objects.create(key=stopped, since=timezone.now() - HOUR, last_at=timezone.now() - HOUR)
    pulses([0, 1, 2, 15])
    assert len(wechat.texts) == 1


def test_an_answer_about_the_person_shows_that_the_channel_works(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, error(48001))
    for _ in range(3):
        cast.report()
    send_all()
    assert {(row.status, row.code) for row in Delivery.objects.all()} == {("dead", "48001")}

    def mended(call: Any) -> Answer:
        return error(45015) if call.json["touser"] == cast.cleaner.openid else ok()

    wechat.on(SEND_TEXT, mended)
    Delivery.objects.filter(user=cast.cleaner).update(created_at=timezone.now() + HOUR)  # the newest asks
    pulses([11, 12, 13, 33])
    assert not Trouble.objects.exists()
    assert {(row.user, row.status, row.code) for row in Delivery.objects.filter(kind=Kind.NEW_REPORT)} == {
        (cast.cleaner, "dead", "45015"),
        (cast.cleaner2, "sent", ""),
    }


@pytest.mark.parametrize("code", [43004, 45015, 45002])
def test_one_template_is_not_asked_every_second_whatever_comes(wechat: WeChat, cast: Cast, code: int) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(40037))
    wechat.on(SEND_TEXT, error(40037))  # no other way for anybody
    for _ in range(10):
        cast.report()
    send_all()
    Trouble.objects.exclude(key="40037:template:new_report").delete()
    asked = len(wechat.templates)
    wechat.on(SEND_TEMPLATE, error(code))
    wechat.on(SEND_TEXT, error(45015))
    pulses(range(0, 60, 3))
    assert 1 <= len(wechat.templates) - asked <= 6
    assert Trouble.objects.exists()


def test_who_goes_another_way_now_is_not_followed_by_the_next_each_second(wechat: WeChat, cast: Cast) -> None:
    for _ in range(5):
        cast.report()
    route_all()
    now = timezone.now()
    Delivery.objects.update(status="dead", code="48001", due_at=now)
    Trouble.objects.create(key="48001:text", since=now - HOUR, last_at=now)
    template()
    pulses([355, 361, 362, 363, 500])
    assert Trouble.objects.get().probed_at is not None
    assert len(wechat.templates) == 1
    assert wechat.texts == []


def test_what_was_removed_or_switched_off_troubles_nobody(cast: Cast) -> None:
    robots = [GroupRobot.objects.create(community=cast.community, name=name, active=True) for name in "ab"]
    gateway = SmsGateway.objects.create(name="短信", kinds=[Kind.OVERDUE], active=True)
    template(Kind.OVERDUE)
    SubscriptionTemplate.objects.create(kind=Kind.OVERDUE, template_id="SUB-1")
    stopped = ["40037:template:overdue", "47003:bizsend:overdue", "401:sms", "48003:mass:notice", "48001:text"]
    stopped += [f"93000:robot:{robot.pk}" for robot in robots]
    now = timezone.now()
    Trouble.objects.bulk_create(Trouble(key=key, since=now, last_at=now, told_at=now) for key in [*stopped, "silent"])
    pulse(now)
    assert {trouble.key for trouble in Trouble.objects.all()} == {*stopped, "silent"}
    templates.set_templates([])
    SubscriptionTemplate.objects.all().delete()
    SmsGateway.objects.filter(pk=gateway.pk).update(active=False)
    GroupRobot.objects.filter(pk=robots[0].pk).update(active=False)
    robots[1].delete()
    pulse(now)
    assert {trouble.key for trouble in Trouble.objects.all()} == {"48003:mass:notice", "48001:text", "silent"}
    assert not Outbox.objects.exists()  # nothing works again


def test_who_sleeps_does_not_ask_for_all_others(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    cast.report()
    send_all()
    now = timezone.now()
    Delivery.objects.update(failed_at=now, due_at=now + timedelta(minutes=9))
    Delivery.objects.filter(user=cast.cleaner).update(failed_at=now - HOUR, due_at=now + 8 * HOUR)
    User.objects.filter(pk=cast.cleaner.pk).update(quiet_hours=_now_until_later())
    wechat.on(SEND_TEXT, ok())
    pulses([0, 5, 21, 22])
    assert not Trouble.objects.exists()
    assert (only(cast.cleaner).status, only(cast.cleaner2).status) == ("pending", "sent")


def _now_until_later() -> list[str]:
    here = timezone.localtime()
    return [(here - HOUR).strftime("%H:%M"), (here + 8 * HOUR).strftime("%H:%M")]
