"""WeChat does not answer: one lane keeps asking, and when it answers again everything goes out soon."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dispatch.models import Delivery, Trouble
from dispatch.services import delivery
from dispatch.services.sweeping import pulse
from reports.models import Report
from tests.dispatch.ledger import SEND_TEXT, WeChat, only, route_all, send_all
from tests.factories import Cast
from tests.wechat.platform import Answer, ok

pytestmark = pytest.mark.django_db
PENDING, SENT = "pending", "sent"


def test_while_wechat_is_silent_only_the_lane_sends(wechat: WeChat, cast: Cast, report: Report) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    send_all()
    cast.report(title="又一条")
    route_all()
    asked = len(wechat.texts)
    delivery.deliver(list(Delivery.objects.values_list("pk", flat=True)))
    assert len(wechat.texts) == asked
    delivery.deliver_due()
    assert len(wechat.texts) > asked


def test_when_wechat_answers_again_nothing_waits_for_its_long_pause(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    for _ in range(5):
        cast.report()
    route_all()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(60):
            clock.move_to(start + timedelta(minutes=minute))
            delivery.deliver_due()
        over = start + timedelta(hours=1)
        wechat.on(SEND_TEXT, ok())
        for second in range(60):
            clock.move_to(over + timedelta(seconds=second))
            pulse(timezone.now())
    assert {row.status for row in Delivery.objects.all()} == {SENT}
    assert not Trouble.objects.exists()


def test_one_poisoned_message_is_not_hurried_by_the_others(wechat: WeChat, cast: Cast) -> None:
    def picky(call: Any) -> Answer:
        return Answer(b"", 503) if call.json["touser"] == cast.cleaner.openid else ok()

    wechat.on(SEND_TEXT, picky)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        cast.report()
        for second in range(120):
            clock.move_to(start + timedelta(seconds=second))
            if second % 2:
                Delivery.objects.filter(user=cast.cleaner2).update(status=PENDING, due_at=timezone.now())
            pulse(timezone.now())
    assert only(cast.cleaner).attempts < 20
