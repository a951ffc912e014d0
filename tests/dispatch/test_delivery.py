"""Sending: one message per delivery, and for every answer of WeChat the right thing happens next."""

import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from community_report.core import redis
from community_report.wechat.errors import ErrorKind, WeChatError
from dispatch.kinds import Kind
from dispatch.models import Contact, Delivery, MessageForm, Trouble
from dispatch.services import delivery, leasing, outcomes, sending
from dispatch.services.sweeping import pulse
from notices.services import publish_notice
from reports.models import Report
from reports.services import transitions as act
from tests.dispatch.ledger import (
    SEND_TEMPLATE,
    SEND_TEXT,
    WeChat,
    forget,
    later,
    only,
    retry,
    route_all,
    send_all,
    template,
)
from tests.factories import Cast
from tests.wechat.platform import Answer, error, ok

pytestmark = pytest.mark.django_db
PENDING, SENT, SKIPPED, DEAD = "pending", "sent", "skipped", "dead"


def test_the_text_has_the_form_of_the_paper(wechat: WeChat, cast: Cast, report: Report, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://xq.example.com"
    send_all()
    page = f"https://xq.example.com/h5/reports/{report.pk}"
    assert [call.json for call in wechat.to(SEND_TEXT)] == [
        {
            "touser": cast.cleaner.openid,
            "msgtype": "text",
            "text": {"content": f'<a href="{page}">您收到【卫生清理】消息，请及时查看</a>'},
        }
    ]
    row = only()
    assert (row.status, row.channel, row.code, row.attempts) == (SENT, "text", "", 1)
    assert row.sent_at is not None


def test_what_people_write_cannot_become_a_link(wechat: WeChat, cast: Cast) -> None:
    report = cast.report(title='</a><a href="http://evil.example">点我')
    forget()
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    send_all()
    content = wechat.texts[0][1]
    assert content.count("<a ") == content.count("</a>") == 1
    assert '<a href="http://evil' not in content


def test_a_second_run_sends_nothing(wechat: WeChat, report: Report) -> None:
    send_all()
    delivery.deliver([only().pk])
    retry()
    assert len(wechat.texts) == 1


def test_the_template_goes_before_the_text(wechat: WeChat, cast: Cast, report: Report, settings: Any) -> None:
    template(thing1="title", phrase2="status", character_string3="number", time4="created_at")
    send_all()
    sent = wechat.templates[0]
    assert sent["touser"] == cast.cleaner.openid
    assert sent["template_id"] == "TPL-1"
    assert sent["url"] == f"{settings.PUBLIC_BASE_URL}/h5/reports/{report.pk}"
    assert sent["client_msg_id"] == only().pk.hex
    assert sent["data"]["thing1"] == {"value": "垃圾未及时清理"}
    assert sent["data"]["phrase2"] == {"value": "待处理"}
    assert sent["data"]["character_string3"] == {"value": report.number}
    assert wechat.texts == []
    assert (only().channel, only().message_id) == ("template", "1001")


def test_a_phrase_is_in_chinese_for_everybody(wechat: WeChat, cast: Cast, report: Report) -> None:
    cast.cleaner.language = "en"
    cast.cleaner.save()
    template(thing1="status", phrase2="status", phrase3="news")
    send_all()
    data = wechat.templates[0]["data"]
    assert data["phrase2"] == {"value": "待处理"}
    assert data["phrase3"] == {"value": "有新报单"}
    assert data["thing1"] == {"value": "Open"}


def test_news_where_the_kind_is_set_to_it(wechat: WeChat, report: Report) -> None:
    MessageForm.objects.create(kind=Kind.NEW_REPORT, form="news", picture_url="https://x.example/a.jpg")
    send_all()
    article = wechat.to(SEND_TEXT)[0].json["news"]["articles"][0]
    assert article["title"] == "垃圾未及时清理"
    assert article["description"] == "您收到【卫生清理】消息，请及时查看"
    assert article["url"].endswith(f"/h5/reports/{report.pk}")
    assert article["picurl"] == "https://x.example/a.jpg"
    assert only().channel == "news"


@pytest.mark.parametrize("code", [43101, 45015, 45047, 40037, 47003, 48001, 40036])
def test_what_cannot_go_one_way_goes_the_next_at_once(wechat: WeChat, report: Report, code: int) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(code))
    send_all()
    assert len(wechat.templates) == len(wechat.texts) == 1
    assert (only().status, only().channel, only().tried) == (SENT, "text", ["template"])


@pytest.mark.parametrize("code", [40037, 47003, 48001])
def test_a_fault_of_the_account_is_an_alarm_until_it_works(
    wechat: WeChat, report: Report, cast: Cast, code: int
) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(code))
    send_all()
    trouble = Trouble.objects.get()
    assert trouble.key == (f"{code}:template" if code == 48001 else f"{code}:template:new_report")
    wechat.on(SEND_TEMPLATE, ok(msgid=1))
    with later(11):
        cast.report()
        send_all()
    assert not Trouble.objects.exists()


@pytest.mark.parametrize("code", [45015, 45047, 48001, 45002])
def test_the_last_way_closed_is_dead_with_the_code(wechat: WeChat, report: Report, code: int) -> None:
    wechat.on(SEND_TEXT, error(code))
    send_all()
    retry()
    assert len(wechat.texts) == 1
    assert (only().status, only().code) == (DEAD, str(code))


def test_who_left_is_marked_and_skipped(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(43004))
    send_all()
    assert (only().status, only().code) == (SKIPPED, "43004")
    assert wechat.texts == []
    assert not Contact.objects.get(user=cast.cleaner).subscribed
    again = cast.report()
    wechat.on(SEND_TEMPLATE, lambda call: ok(msgid=wechat.next_msgid()))
    send_all()
    told = Delivery.objects.filter(report=again, status="sent").values_list("user__display_name", flat=True)
    assert list(told) == ["陈经理"]  # who left is not asked about the second one; the managers are told instead


def test_who_came_back_meanwhile_is_not_marked(wechat: WeChat, cast: Cast, report: Report) -> None:
    contact = Contact.objects.create(user=cast.cleaner)

    def follow_and_refuse(_call: Any) -> Answer:
        return error(43004)

    wechat.on(SEND_TEXT, follow_and_refuse)
    Contact.objects.filter(pk=contact.pk).update(subscription_changed_at=timezone.now() + timedelta(seconds=5))
    send_all()
    contact.refresh_from_db()
    assert contact.subscribed


@pytest.mark.parametrize("code", [40003, 43019])
def test_a_person_who_cannot_be_reached_is_dead_at_once(wechat: WeChat, report: Report, code: int) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(code))
    send_all()
    assert (only().status, only().code) == (DEAD, str(code))
    assert wechat.texts == []


TRANSIENT = [
    error(-1),
    error(50002),
    Answer(b"", 502),
    Answer(b"<html>Bad gateway</html>", 200),
    Answer(b'{"errcode":0', 200),
]


@pytest.mark.parametrize("answer", TRANSIENT)
def test_what_may_pass_is_tried_again_soon(wechat: WeChat, report: Report, answer: Answer) -> None:
    wechat.on(SEND_TEXT, answer)
    before = timezone.now()
    send_all()
    row = only()
    assert (row.status, row.attempts, row.leased_until) == (PENDING, 1, None)
    assert timedelta(0) < row.due_at - before < timedelta(seconds=1.6)  # the pulse comes within another second
    wechat.on(SEND_TEXT, ok())
    with later(2):
        pulse(timezone.now())
    assert (only().status, only().attempts, only().code) == (SENT, 2, "")


def test_pauses_grow_and_stay_short_for_ten_minutes(wechat: WeChat, report: Report) -> None:
    wechat.on(SEND_TEXT, error(-1))
    route_all()
    start = timezone.now()
    moments = []
    with time_machine.travel(start, tick=False) as clock:
        while (now := timezone.now()) < start + timedelta(hours=2):
            delivery.deliver_due()
            moments.append((now - start).total_seconds())
            clock.move_to(only().due_at + timedelta(seconds=1))
    pauses = [(at, then - at) for at, then in pairwise(moments)]
    assert pauses[0][1] <= 2
    assert all(pause <= 30 for at, pause in pauses if at < 600)
    assert all(pause <= 601 for _, pause in pauses)
    assert pauses[-1][1] > 120
    assert len(moments) < 100


def test_after_a_day_it_is_given_up(wechat: WeChat, report: Report) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    send_all()
    retry(86_000)
    assert only().status == PENDING
    retry(87_000)
    assert (only().status, only().code) == (DEAD, "unreachable")


def test_a_refused_token_is_renewed_once_and_else_waits(wechat: WeChat, report: Report) -> None:
    wechat.on(SEND_TEXT, error(40001))
    send_all()
    assert len(wechat.texts) == 2
    assert (only().status, only().code, only().attempts) == (PENDING, "40001", 1)
    wechat.on(SEND_TEXT, ok())
    retry(2)
    assert only().status == SENT


@pytest.mark.parametrize("code", [40125, 40164])
def test_wrong_credentials_keep_the_message_for_the_same_channel(wechat: WeChat, report: Report, code: int) -> None:
    template()
    wechat.on("/cgi-bin/stable_token", error(code))
    send_all()
    assert (only().status, only().code, only().tried) == (PENDING, str(code), [])
    assert Trouble.objects.get().key == "silent"
    assert str(code) in Trouble.objects.get().detail


def test_without_quota_the_channel_is_left_alone_for_a_while(wechat: WeChat, cast: Cast, report: Report) -> None:
    wechat.on(SEND_TEXT, error(45009))
    send_all()
    assert (only().status, only().code) == (PENDING, "45009")
    cast.report()
    send_all()
    assert len(wechat.texts) == 1
    wechat.on(SEND_TEXT, ok())
    retry(11 * 60)
    assert {row.status for row in Delivery.objects.all()} == {SENT}
    assert not Trouble.objects.exists()


def test_a_broken_channel_hands_over(wechat: WeChat, report: Report) -> None:
    template(thing1="title")
    with patch("dispatch.channels.template.clean", side_effect=ZeroDivisionError):
        send_all()
    assert (only().status, only().channel) == (SENT, "text")


@pytest.mark.django_db(transaction=True)
def test_no_network_inside_a_transaction(wechat: WeChat, report: Report) -> None:
    inside = []
    original = sending.Crew.hand_over

    def watched(crew: sending.Crew, shipments: list[leasing.Shipment]) -> None:
        if shipments:
            inside.append(connection.in_atomic_block)
        original(crew, shipments)

    with patch.object(sending.Crew, "hand_over", watched):
        send_all()
    assert inside == [False]
    assert only().status == SENT


def test_a_slow_answer_counts_as_none(wechat: WeChat, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BEGIN_WITHIN", 0.05)
    monkeypatch.setattr(delivery, "END_WITHIN", 0.1)

    def slow(_call: Any) -> Answer:
        wechat.released.wait(0.5)
        return ok()

    wechat.on(SEND_TEXT, slow)
    began = time.monotonic()
    send_all()
    assert time.monotonic() - began < 0.5
    assert (only().status, only().code) == (PENDING, "unreachable")


# --- Leases and crashes -----------------------------------------------------------------------------------------


def test_a_leased_row_is_left_alone_until_the_lease_ends(wechat: WeChat, report: Report) -> None:
    route_all()
    looked_at, shipments = leasing.take(Delivery.objects.all(), 10)
    assert (looked_at, len(shipments)) == (1, 1)
    assert only().leased_until is not None
    delivery.deliver_due()
    retry(29)
    assert wechat.texts == []
    retry(31)
    assert len(wechat.texts) == 1
    assert (only().status, only().attempts) == (SENT, 2)


def test_killed_between_send_and_record_it_is_sent_again_as_the_same(wechat: WeChat, report: Report) -> None:
    template()
    route_all()
    with patch.object(delivery, "record", side_effect=SystemExit), pytest.raises(SystemExit):
        delivery.deliver_due()
    assert only().status == PENDING
    redis.store().flushdb()
    retry(31)
    first, second = wechat.templates
    assert first["client_msg_id"] == second["client_msg_id"]
    assert only().status == SENT


def test_an_answer_after_the_lease_is_left_to_who_has_it_now(wechat: WeChat, report: Report) -> None:
    route_all()
    _, shipments = leasing.take(Delivery.objects.all(), 10)
    with later(31):
        _, again = leasing.take(Delivery.objects.all(), 10)
        outcomes.record([(shipments[0], WeChatError(ErrorKind.PERSON, "late", 40003))])
        assert only().status == PENDING
        outcomes.record([(again[0], outcomes.Accepted())])
        assert only().status == SENT


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_message_once(wechat: WeChat, cast: Cast) -> None:
    for _ in range(10):
        cast.report()
    route_all()
    ids = list(Delivery.objects.values_list("pk", flat=True))
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        delivery.deliver(ids)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wechat.texts) == 20
    assert Delivery.objects.filter(status=SENT, attempts=1).count() == 20


def test_only_one_worker_has_the_lane(wechat: WeChat, report: Report) -> None:
    route_all()
    redis.store().set("dispatch:lane", "somebody else")
    assert not delivery.deliver_due()
    assert wechat.texts == []
    redis.store().delete("dispatch:lane")
    delivery.deliver_due()
    assert len(wechat.texts) == 1
    assert redis.store().get("dispatch:lane") is None


def test_a_notice_to_everybody_does_not_stand_before_a_report(wechat: WeChat, cast: Cast, report: Report) -> None:
    publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明天")
    route_all()
    Delivery.objects.filter(kind=Kind.NOTICE).update(due_at=timezone.now() - timedelta(minutes=1))
    with patch.object(delivery, "AT_ONCE", 1), patch.object(delivery, "AHEAD", 1):
        delivery.deliver_due()
    assert "卫生清理" in wechat.texts[0][1]
    assert len(wechat.texts) == 6
