"""WeChat does not answer: one lane keeps asking, and when it answers again everything goes out soon."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dispatch.models import Delivery, Outbox, Trouble
from dispatch.services import delivery
from dispatch.services.sweeping import pulse
from notices.services import publish_notice, withdraw_notice
from reports.models import Report
from reports.services import transitions as act
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


def test_what_died_in_a_silence_of_days_goes_again_as_far_as_it_is_still_true(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    friday = timezone.now()
    with time_machine.travel(friday, tick=False) as clock:
        waiting, claimed, withdrawn = (cast.report(title=title) for title in ("还在", "已接单", "已撤回"))
        notice = publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明早")
        gone = publish_notice(actor=cast.manager, community=cast.community, title="有误", body="明早")
        for hours in (0, 25):
            clock.move_to(friday + timedelta(hours=hours))
            send_all()
            delivery.deliver_due()
        Delivery.objects.update(status="dead", failed_at=timezone.now())  # what the lane had no time for
        clock.move_to(friday + timedelta(hours=62))
        act.claim_report(actor=cast.cleaner, report_id=claimed.pk)
        act.withdraw_report(actor=cast.resident, report_id=withdrawn.pk)
        withdraw_notice(actor=cast.manager, notice_id=gone.pk)
        Outbox.objects.filter(routed_at=None).update(routed_at=timezone.now())
        late = cast.report(title="星期一")
        wechat.on(SEND_TEXT, ok())
        send_all()
        clock.move_to(friday + timedelta(hours=62, seconds=21))
        delivery.deliver_due()
    states = {report.title: set() for report in (waiting, claimed, withdrawn, late)} | {"停水": set(), "有误": set()}
    for row in Delivery.objects.select_related("report", "notice"):
        states[str(row.report.title if row.report else row.notice and row.notice.title)].add(row.status)
    assert states == {
        "还在": {SENT},
        "已接单": {"dead"},
        "已撤回": {"dead"},
        "星期一": {SENT},
        "停水": {SENT},
        "有误": {"dead"},
    }
    assert notice.deliveries.count() > 1


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
