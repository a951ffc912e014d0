"""TEMPLATESENDJOBFINISH: WeChat took the message, and what became of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Membership
from dispatch.kinds import Kind
from dispatch.models import Delivery, InboundMessage, Template
from dispatch.services import delivery
from dispatch.services.finishing import MAX_RESENDS
from tests.dispatch.ledger import SEND_TEMPLATE, WeChat, only, route_all, send_all
from tests.factories import Cast
from tests.wechat.platform import Answer, Call, ok

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(wechat: WeChat, cast: Cast) -> Delivery:
    """A template message that WeChat has taken as 1001."""
    Membership.objects.filter(user=cast.cleaner2).delete()
    Template.objects.create(kind=Kind.NEW_REPORT, template_id="T", fields={"thing1": "title"})
    cast.report()
    send_all()
    return only()


def pulse_after(seconds: float) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        delivery.deliver_due()


def test_success_is_delivered(sent: Delivery) -> None:
    delivery.finish_template("1001", "success")
    sent.refresh_from_db()
    assert sent.status == "delivered"
    assert sent.delivered_at is not None


def test_repeated_it_changes_nothing(sent: Delivery) -> None:
    delivery.finish_template("1001", "success")
    first = only().delivered_at
    delivery.finish_template("1001", "success")
    delivery.finish_template("1001", "failed:user block")
    assert (only().status, only().delivered_at) == ("delivered", first)


@pytest.mark.parametrize("message_id", ["", "9999"])
def test_of_an_unknown_message_it_changes_nothing(sent: Delivery, message_id: str) -> None:
    delivery.finish_template(message_id, "success")
    assert only().status == "sent"


def test_who_blocks_templates_gets_the_text(wechat: WeChat, sent: Delivery) -> None:
    delivery.finish_template("1001", "failed:user block")
    assert (only().status, only().sent_at, only().message_id) == ("pending", None, "")
    delivery.deliver_due()
    assert (only().status, only().channel, only().tried) == ("sent", "text", ["template"])
    assert len(wechat.texts) == 1


def test_what_wechat_lost_goes_out_again_as_a_new_message(wechat: WeChat, sent: Delivery) -> None:
    delivery.finish_template("1001", "failed: system failed")
    assert (only().status, only().code) == ("pending", "system failed")
    pulse_after(10)
    first, second = wechat.templates
    # The same id again would be dropped by WeChat for ten minutes.
    assert first["client_msg_id"] != second["client_msg_id"]
    assert (only().status, only().message_id) == ("sent", "1002")


def test_what_wechat_loses_every_time_goes_another_way(wechat: WeChat, sent: Delivery) -> None:
    for attempt in range(MAX_RESENDS + 1):
        delivery.finish_template(str(1001 + attempt), "failed: system failed")
        pulse_after(60)
    assert (only().status, only().channel) == ("sent", "text")


def test_an_event_that_comes_before_the_answer_is_not_lost(wechat: WeChat, cast: Cast) -> None:
    Membership.objects.filter(user=cast.cleaner2).delete()
    Template.objects.create(kind=Kind.NEW_REPORT, template_id="T", fields={"thing1": "title"})
    cast.report()
    route_all()
    InboundMessage.objects.create(
        key="early",
        openid=cast.cleaner.openid,
        kind="event",
        event="templatesendjobfinish",
        payload={"MsgID": "777", "Status": "success"},
    )
    wechat.on(SEND_TEMPLATE, ok(msgid=777))
    delivery.finish_template("777", "success")
    delivery.deliver_due()
    assert only().status == "delivered"


def test_an_event_while_the_answer_is_written_down_is_looked_for_again(
    wechat: WeChat, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    Membership.objects.filter(user=cast.cleaner2).delete()
    Template.objects.create(kind=Kind.NEW_REPORT, template_id="T", fields={"thing1": "title"})
    cast.report()
    route_all()
    with django_capture_on_commit_callbacks(execute=True):
        delivery.finish_template("1001", "success")  # in the callback's transaction, not committed yet
        delivery.deliver_due()
    assert only().status == "delivered"


def test_the_end_of_a_gathered_message_is_the_end_of_all_its_rows(sent: Delivery, cast: Cast) -> None:
    cast.report()
    route_all()
    Delivery.objects.exclude(pk=sent.pk).update(status="sent", message_id="1001", leader=sent)
    delivery.finish_template("1001", "success")
    assert {row.status for row in Delivery.objects.all()} == {"delivered"}


def test_the_id_of_an_answer_without_one_matches_nothing(wechat: WeChat, sent: Delivery, cast: Cast) -> None:
    def without_id(_call: Call) -> Answer:
        return ok()

    wechat.on(SEND_TEMPLATE, without_id)
    cast.report()
    send_all()
    delivery.finish_template("", "failed:user block")
    assert {row.status for row in Delivery.objects.all()} == {"sent"}
