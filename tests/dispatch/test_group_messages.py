"""Notices as group messages: lists, at most once, four a month for each person, and the ordinary chain for the rest."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from celery import Task
from django.utils import timezone

from accounts.models import User
from community_report.wechat.inbound import read
from dispatch import tasks
from dispatch.kinds import Kind
from dispatch.models import Contact, Delivery, GroupMessage, InboundMessage, Outbox, Trouble
from dispatch.services import delivery, group_messages, inbound
from dispatch.services.group_messages import balanced
from dispatch.services.retrying import retry_deliveries
from notices.models import GroupMessageCount, Notice
from notices.services import publish_notice, withdraw_notice
from tests.dispatch.ledger import SEND_TEXT, WeChat, later, route_all
from tests.factories import Cast
from tests.wechat import makers
from tests.wechat.platform import Answer, error, ok

pytestmark = pytest.mark.django_db
SEND_MASS = "/cgi-bin/message/mass/send"
EVERYBODY = 6


@pytest.fixture
def wechat(wechat: WeChat) -> WeChat:
    wechat.on(SEND_MASS, lambda call: ok(msg_id=wechat.next_msgid()))
    return wechat


def publish(cast: Cast, **changes: Any) -> Notice:
    values = {"title": "停水通知", "body": "明早9点停水", "by_group_message": True, **changes}
    notice = publish_notice(actor=cast.manager, community=cast.community, **values)
    route_all()
    return notice


def work(seconds: float = 0) -> None:
    with later(seconds):
        group_messages.work(timezone.now())
        delivery.deliver_due()


def lists(wechat: WeChat) -> list[dict[str, Any]]:
    return [call.json for call in wechat.to(SEND_MASS)]


def states() -> set[tuple[str, str]]:
    return {(row.status, row.channel) for row in Delivery.objects.all()}


def had(person: User, number: int) -> None:
    GroupMessageCount.objects.create(user=person, month=group_messages_month(), sent=number)


def group_messages_month() -> date:
    """WeChat's month, by the clock of China, which keeps no summer time."""
    return datetime.fromtimestamp(timezone.now().timestamp() + 8 * 3600, UTC).date().replace(day=1)


def finished(message_id: str, **fields: str) -> None:
    body = makers.event("MASSSENDJOBFINISH", MsgID=message_id, FromUserName="mphelper", **fields)
    assert inbound.receive(read(body)) == b"success"


def test_one_call_tells_everybody(wechat: WeChat, cast: Cast, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://xq.example.com"
    notice = publish(cast)
    work()
    (sent,) = lists(wechat)
    assert len(sent["touser"]) == EVERYBODY
    assert cast.resident.openid in sent["touser"]
    page = f"https://xq.example.com/h5/notices/{notice.pk}"
    assert (sent["msgtype"], sent["text"]) == ("text", {"content": f'<a href="{page}">小区公告：停水通知</a>'})
    assert sent["clientmsgid"] == GroupMessage.objects.get().pk.hex
    assert states() == {("sent", "mass")}
    assert wechat.texts == []


def test_only_where_the_manager_chose_it(wechat: WeChat, cast: Cast) -> None:
    publish(cast, by_group_message=False)
    work()
    assert lists(wechat) == []
    assert len(wechat.texts) == EVERYBODY


def test_a_second_run_sends_nothing(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    work(60)
    assert len(wechat.to(SEND_MASS)) == 1
    assert not group_messages.waiting(timezone.now())


def test_the_pulse_finds_what_no_task_sent(wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(cast)
    asked: list[Task] = []
    monkeypatch.setattr(tasks, "enqueue_now", lambda task, *args: asked.append(task))
    tasks.pulse()
    assert asked == [tasks.send_group_messages]
    tasks.send_group_messages()
    assert states() == {("sent", "mass")}


def test_what_was_sent_is_counted_for_each_person(wechat: WeChat, cast: Cast) -> None:
    had(cast.resident, 2)
    publish(cast)
    work()
    counts = dict(GroupMessageCount.objects.values_list("user__display_name", "sent"))
    assert len(counts) == EVERYBODY
    assert counts.pop("李阿姨") == 3
    assert set(counts.values()) == {1}


def test_who_has_had_four_is_told_by_the_ordinary_chain(wechat: WeChat, cast: Cast) -> None:
    had(cast.resident, 4)
    publish(cast)
    work()
    assert cast.resident.openid not in lists(wechat)[0]["touser"]
    assert [openid for openid, _ in wechat.texts] == [cast.resident.openid]
    assert Delivery.objects.get(user=cast.resident).tried == ["mass"]


def test_the_month_is_chinas(wechat: WeChat, cast: Cast) -> None:
    GroupMessageCount.objects.create(user=cast.resident, month=date(2026, 10, 1), sent=4)
    # 16:30 in London on the last day of October is half past midnight in November there.
    with time_machine.travel(datetime(2026, 10, 31, 16, 30, tzinfo=UTC), tick=False):
        publish(cast)
        group_messages.work(timezone.now())
    assert cast.resident.openid in lists(wechat)[0]["touser"]
    assert GroupMessageCount.objects.filter(month=date(2026, 11, 1)).count() == EVERYBODY


def test_what_is_on_its_way_counts_as_well(wechat: WeChat, cast: Cast) -> None:
    had(cast.resident, 3)
    wechat.on(SEND_MASS, error(-1))
    publish(cast)
    work()
    publish(cast, title="又一条")
    work()
    assert [row.tried for row in Delivery.objects.filter(user=cast.resident).order_by("created_at")] == [[], ["mass"]]


def test_nobody_is_alone_in_a_list(wechat: WeChat, cast: Cast) -> None:
    User.objects.filter(pk=cast.resident.pk).update(language="en")  # other words: a list of their own
    publish(cast)
    work()
    assert [len(sent["touser"]) for sent in lists(wechat)] == [EVERYBODY - 1]
    assert [openid for openid, _ in wechat.texts] == [cast.resident.openid]
    assert Delivery.objects.get(user=cast.resident).status == "sent"


@pytest.mark.parametrize(
    ("people", "sizes"),
    [(2, [2]), (10_000, [10_000]), (10_001, [5001, 5000]), (20_000, [10_000] * 2), (20_001, [6667] * 3)],
)
def test_lists_are_balanced(people: int, sizes: list[int]) -> None:
    pieces = list(balanced(list(range(people)), 10_000))
    assert [len(piece) for piece in pieces] == sizes
    assert [one for piece in pieces for one in piece] == list(range(people))


def test_a_list_too_long_for_one_call_goes_in_two(wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_messages, "MASS_RECIPIENTS", range(2, 6))
    publish(cast)
    work()
    assert sorted(len(sent["touser"]) for sent in lists(wechat)) == [3, 3]
    assert len({sent["clientmsgid"] for sent in lists(wechat)}) == 2


def test_quiet_hours_and_the_unfollowed(wechat: WeChat, cast: Cast) -> None:
    Contact.objects.create(user=cast.neighbour, subscribed=False)
    User.objects.filter(pk=cast.resident.pk).update(quiet_hours=["00:00", "23:59"])
    publish(cast)
    work()
    assert len(lists(wechat)[0]["touser"]) == EVERYBODY - 2
    skipped, held = (Delivery.objects.get(user=person) for person in (cast.neighbour, cast.resident))
    assert (skipped.status, skipped.channel, skipped.code) == ("skipped", "", "unfollowed")
    assert (held.status, held.channel) == ("pending", "mass")


@pytest.mark.parametrize("answer", [error(-1), error(45066), Answer(b"<html>", status=502), error(40164)])
def test_no_answer_and_the_same_list_goes_again(wechat: WeChat, cast: Cast, answer: Answer) -> None:
    wechat.on(SEND_MASS, answer)
    publish(cast)
    work()
    assert states() == {("pending", "mass")}
    wechat.on(SEND_MASS, ok(msg_id=7))
    work(30)
    first, second = lists(wechat)
    assert first == second
    assert states() == {("sent", "mass")}


def test_a_list_that_waited_is_looked_through_before_it_is_asked_for(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    had(cast.resident, 3)  # this list is the fourth, not a fifth
    group_messages.make_lists(Outbox.objects.get(kind=Kind.NOTICE).pk, timezone.now())
    Contact.objects.update_or_create(user=cast.cleaner, defaults={"subscribed": False})
    User.objects.filter(pk=cast.cleaner2.pk).update(quiet_hours=["00:00", "23:59"])
    work(seconds=120)
    (sent,) = lists(wechat)
    assert {cast.cleaner.openid, cast.cleaner2.openid}.isdisjoint(sent["touser"])
    assert cast.resident.openid in sent["touser"]
    assert GroupMessage.objects.get().people == EVERYBODY - 2
    waits = Delivery.objects.get(user=cast.cleaner2)
    assert (waits.status, waits.group_message) == ("pending", None)


def test_a_list_that_wechat_may_have_taken_stays_what_it_is(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_MASS, Answer(status=502))
    publish(cast)
    work()
    Contact.objects.update_or_create(user=cast.cleaner, defaults={"subscribed": False})
    work(seconds=120)
    first, second = lists(wechat)
    assert first == second


def test_a_list_that_wechat_had_already_counts_once(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_MASS, error(45065, msg_id=42))
    publish(cast)
    work()
    assert states() == {("sent", "mass")}
    assert GroupMessage.objects.get().message_id == "42"
    assert set(GroupMessageCount.objects.values_list("sent", flat=True)) == {1}


@pytest.mark.parametrize("code", [45028, 45009, 48003, 40003, 40130, 43004, 99999])
def test_a_list_that_wechat_refuses_goes_by_the_ordinary_chain(wechat: WeChat, cast: Cast, code: int) -> None:
    wechat.on(SEND_MASS, error(code))
    publish(cast)
    work()
    assert states() == {("sent", "text")}
    assert len(wechat.texts) == EVERYBODY
    assert (GroupMessage.objects.get().status, GroupMessage.objects.get().code) == ("failed", str(code))
    assert not GroupMessageCount.objects.exists()


@pytest.mark.parametrize("code", [48003, 45028])
def test_what_wrongs_the_account_is_a_trouble_until_it_works(wechat: WeChat, cast: Cast, code: int) -> None:
    wechat.on(SEND_MASS, error(code))
    publish(cast)
    work()
    assert list(Trouble.objects.values_list("key", flat=True)) == [f"{code}:mass:notice"]
    wechat.on(SEND_MASS, ok(msg_id=7))
    publish(cast, title="又一条")
    work()
    assert not Trouble.objects.exists()


def test_a_day_of_silence_is_enough(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_MASS, error(-1))
    publish(cast)
    work()
    work(25 * 3600)
    assert states() == {("sent", "text")}


def test_a_withdrawn_notice_is_not_sent(wechat: WeChat, cast: Cast) -> None:
    notice = publish(cast)
    withdraw_notice(actor=cast.manager, notice_id=notice.pk)
    work()
    assert wechat.to(SEND_MASS) == wechat.to(SEND_TEXT) == []
    assert {(row.status, row.code) for row in Delivery.objects.all()} == {("skipped", "withdrawn")}


def test_withdrawn_between_two_attempts(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_MASS, error(-1))
    notice = publish(cast)
    work()
    withdraw_notice(actor=cast.manager, notice_id=notice.pk)
    work(30)
    assert len(wechat.to(SEND_MASS)) == 1
    assert {(row.status, row.code) for row in Delivery.objects.all()} == {("skipped", "withdrawn")}


def test_a_lease_that_ran_out_changes_nothing(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    message = GroupMessage.objects.get()
    group_messages.record(message, group_messages.Accepted("9"))
    assert GroupMessage.objects.get().message_id == "1001"
    assert set(GroupMessageCount.objects.values_list("sent", flat=True)) == {1}


def test_all_reached_is_delivered(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    counts = {"TotalCount": "6", "FilterCount": "6", "SentCount": "6", "ErrorCount": "0"}
    finished("1001", Status="send success", **counts)
    work()
    assert states() == {("delivered", "mass")}
    assert GroupMessage.objects.get().result == {"Status": "send success", **counts}
    assert not group_messages.waiting(timezone.now())


def test_nobody_reached_goes_by_the_next_channel(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    finished("1001", Status="err(20001)", TotalCount="6", FilterCount="6", SentCount="0", ErrorCount="6")
    work()
    delivery.deliver_due()
    assert states() == {("sent", "text")}
    assert GroupMessage.objects.get().code == "err(20001)"


def test_of_some_reached_nobody_knows_whom(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    finished("1001", Status="send success", TotalCount="6", FilterCount="6", SentCount="4", ErrorCount="2")
    work()
    assert states() == {("sent", "mass")}
    assert wechat.texts == []


@pytest.mark.parametrize(("status", "state"), [("sendsuccess", "delivered"), ("send fail", "sent")])
def test_an_event_without_numbers(wechat: WeChat, cast: Cast, status: str, state: str) -> None:
    publish(cast)
    work()
    finished("1001", Status=status)
    work()
    delivery.deliver_due()
    assert {row.status for row in Delivery.objects.all()} == {state}


def test_an_event_that_comes_before_the_answer_is_not_lost(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    group_messages.make_lists(Outbox.objects.get(kind=Kind.NOTICE).pk, timezone.now())
    finished("1001", Status="send success", SentCount="6")
    assert InboundMessage.objects.get().handled_at is not None
    work()
    assert states() == {("delivered", "mass")}


def test_an_unknown_event_changes_nothing(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    work()
    finished("4711", Status="send fail")
    work()
    assert states() == {("sent", "mass")}


def test_sent_again_by_hand_it_goes_by_the_chain(wechat: WeChat, cast: Cast) -> None:
    publish(cast)
    Delivery.objects.filter(kind=Kind.NOTICE).update(status="dead", code="x")
    assert retry_deliveries(Delivery.objects.all(), status="dead") == EVERYBODY
    work()
    assert lists(wechat) == []
    assert len(wechat.texts) == EVERYBODY
