"""A channel that the account may not use is stopped, said so once, and goes on by itself."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dispatch.kinds import Kind
from dispatch.models import Delivery, MessageForm, Outbox, Trouble
from dispatch.services import delivery, templates
from dispatch.services.sweeping import pulse
from dispatch.wording import sentence
from reports.models import Report
from tests.dispatch.ledger import SEND_TEMPLATE, SEND_TEXT, WeChat, later, only, retry, route_all, send_all, template
from tests.factories import Cast
from tests.wechat.platform import Answer, error, ok

pytestmark = pytest.mark.django_db


def pulse_after(seconds: float) -> None:
    with later(seconds):
        pulse(timezone.now())


def told_managers() -> list[str]:
    """What the installation has told its managers, oldest first, each once."""
    route_all()
    rows = Delivery.objects.filter(kind=Kind.NOTICE).order_by("outbox").values_list("text", flat=True)
    return list(dict.fromkeys(rows))


def test_the_next_messages_go_round_a_template_that_the_account_has_not(
    wechat: WeChat, cast: Cast, report: Report
) -> None:
    template()
    template("urged")
    wechat.on(SEND_TEMPLATE, error(40037))
    send_all()
    cast.report()
    send_all()
    assert (len(wechat.templates), len(wechat.texts)) == (1, 2)
    assert {row.channel for row in Delivery.objects.all()} == {"text"}


def test_a_fault_of_one_template_leaves_the_others_alone(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    template(Kind.NOTICE)
    wechat.on(SEND_TEMPLATE, error(47003))
    send_all()
    wechat.on(SEND_TEMPLATE, ok(msgid=1))
    pulse(timezone.now())
    pulse_after(3)  # the managers are told of it by another template
    row = Delivery.objects.get(kind=Kind.NOTICE, user=cast.manager)
    assert (row.status, row.channel) == ("sent", "template")


def test_one_message_at_a_time_asks_whether_it_works(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(48001))
    send_all()
    for _ in range(4):
        cast.report()
    route_all()
    with later(11):
        delivery.deliver_due()
    assert len(wechat.templates) == 2
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


def test_a_corrected_template_is_asked_at_once(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(40037))
    send_all()
    wechat.on(SEND_TEMPLATE, ok(msgid=1))
    templates.set_templates([templates.Entry(Kind.NEW_REPORT, "TPL-2", {"thing1": "title"})])
    cast.report()
    send_all()
    assert [sent["template_id"] for sent in wechat.templates] == ["TPL-1", "TPL-2"]
    assert not Trouble.objects.exists()


def test_with_no_other_way_left_it_is_dead_and_comes_back_when_the_channel_works(
    wechat: WeChat, cast: Cast, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(48001))
    send_all()
    later_one = cast.report()
    send_all()
    assert len(wechat.texts) == 1
    assert {(row.status, row.code) for row in Delivery.objects.all()} == {("dead", "48001")}
    wechat.on(SEND_TEXT, ok())
    pulse_after(11)  # one that was given up asks
    pulse_after(13)
    pulse_after(40)
    assert set(Delivery.objects.filter(kind=Kind.NEW_REPORT).values_list("status", flat=True)) == {"sent"}
    assert Delivery.objects.get(report=later_one).code == ""
    assert not Trouble.objects.exists()


@pytest.mark.parametrize("waited", ["held by quiet hours", "a retry"])
def test_what_waited_since_before_the_stop_comes_back_too(
    wechat: WeChat, cast: Cast, report: Report, waited: str
) -> None:
    route_all()
    now = timezone.now()
    if waited == "a retry":
        wechat.on(SEND_TEXT, Answer(b"", 503))
        delivery.deliver_due()
    long_ago = now - timezone.timedelta(hours=3)
    Delivery.objects.update(created_at=long_ago, due_at=now + timezone.timedelta(minutes=5))
    Trouble.objects.all().delete()
    Trouble.objects.create(key="48001:text", since=now - timezone.timedelta(hours=1), last_at=now)
    wechat.on(SEND_TEXT, error(48001))
    retry(301)  # the longer it lasts the longer nobody asks
    assert (only(cast.cleaner).status, only(cast.cleaner).code) == ("dead", "48001")
    wechat.on(SEND_TEXT, ok())
    pulse_after(800)
    pulse_after(830)
    assert only(cast.cleaner).status == "sent"


def test_what_died_hours_before_the_template_was_corrected_comes_back(
    wechat: WeChat, cast: Cast, report: Report
) -> None:
    template()
    cast.report()
    route_all()
    now = timezone.now()
    Delivery.objects.update(status="dead", code="40037", due_at=now - timezone.timedelta(hours=5))
    Trouble.objects.create(
        key="40037:template:new_report", since=now - timezone.timedelta(hours=6), last_at=now, told_at=now
    )
    wechat.on(SEND_TEMPLATE, ok(msgid=1))
    templates.set_templates([templates.Entry(Kind.NEW_REPORT, "TPL-2", {"thing1": "title"})])
    pulse_after(0)
    pulse_after(21)
    reports = Delivery.objects.filter(kind=Kind.NEW_REPORT)
    assert set(reports.values_list("status", flat=True)) == {"sent"}


def test_what_died_long_ago_stays_dead(wechat: WeChat, cast: Cast, report: Report) -> None:
    wechat.on(SEND_TEXT, error(48001))
    send_all()
    Delivery.objects.update(due_at=timezone.now() - timezone.timedelta(days=2))
    cast.report()
    wechat.on(SEND_TEXT, ok())
    with later(11):
        send_all()
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["dead", "sent"]


def test_the_managers_are_told_once_and_once_more_when_it_is_over(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(40037))
    send_all()
    for seconds in (1, 2, 3):
        pulse_after(seconds)
    stopped = "消息推送故障：模板消息「新报单」发不出去：公众号的设置、模板或权限有误（40037）。请联系系统管理员"
    assert told_managers() == [stopped]
    row = Delivery.objects.get(kind=Kind.NOTICE, user=cast.manager)
    assert (row.path, row.status, row.channel) == ("/h5/manage/unreached", "sent", "text")
    wechat.on(SEND_TEMPLATE, ok(msgid=1))
    with later(12):
        cast.report()
        send_all()
    assert told_managers() == [stopped, "消息推送恢复：模板消息「新报单」又可以发送了"]


def test_every_community_hears_of_it_by_its_own_managers(wechat: WeChat, cast: Cast, report: Report) -> None:
    wechat.on(SEND_TEXT, error(48001))
    send_all()
    pulse(timezone.now())
    route_all()
    assert {row.user for row in Delivery.objects.filter(kind=Kind.NOTICE)} == {cast.manager, cast.other_manager}


def test_one_that_comes_and_goes_is_told_once_an_hour(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    stopped = "消息推送故障：模板消息「新报单」发不出去：公众号的设置、模板或权限有误（40037）。请联系系统管理员"
    works = "消息推送恢复：模板消息「新报单」又可以发送了"
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) + timezone.timedelta(hours=1)

    def happens(minute: int, answer: Any) -> list[str]:
        """What the managers hear of one more answer at this minute."""
        with time_machine.travel(hour + timezone.timedelta(minutes=minute), tick=False):
            Outbox.objects.filter(key__startswith="trouble:").update(routed_at=timezone.now())
            wechat.on(SEND_TEMPLATE, answer)
            Trouble.objects.update(last_at=timezone.now() - timezone.timedelta(hours=1))
            cast.report()
            send_all()
            pulse(timezone.now())
            told = Outbox.objects.filter(routed_at=None, community=cast.community).order_by("pk")
            return [sentence(box) for box in told]

    missing, there = error(40037), ok(msgid=1)
    assert [happens(5, missing), happens(10, there)] == [[stopped], [works]]
    assert [happens(20, missing), happens(30, there), happens(40, missing)] == [[], [], []]
    assert [happens(60, missing), happens(65, there), happens(70, missing)] == [[stopped], [works], []]
    assert [happens(122, missing), happens(181, there), happens(182, missing)] == [[stopped], [works], [stopped]]
    assert happens(183, there) == [works]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b"", 503), "消息推送故障：微信发不出去：没有应答。请联系系统管理员"),
        (error(45009), "消息推送故障：客服消息发不出去：额度用完。请联系系统管理员"),
    ],
)
def test_what_may_pass_by_itself_is_told_when_it_lasts(
    wechat: WeChat, cast: Cast, report: Report, answer: Any, said: str
) -> None:
    wechat.on(SEND_TEXT, answer)
    send_all()
    pulse_after(60)
    assert told_managers() == []
    pulse_after(130)
    assert told_managers() == [said]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(40164, "请把服务器的 IP 地址加入公众号的 IP 白名单"), (40125, "请核对公众号的 AppSecret")],
)
def test_what_keeps_the_account_out_is_told_at_once_with_what_to_do(
    wechat: WeChat, cast: Cast, report: Report, code: int, remedy: str
) -> None:
    wechat.on(SEND_TEXT, error(code))
    send_all()
    pulse(timezone.now())
    stopped = f"消息推送故障：微信发不出去：公众号的设置、模板或权限有误（{code}），{remedy}。请联系系统管理员"
    assert told_managers() == [stopped]
    wechat.on(SEND_TEXT, ok())
    pulse_after(30)
    pulse_after(60)
    assert told_managers() == [stopped, "消息推送恢复：微信又可以发送了"]


def test_a_silence_that_turns_out_to_be_a_refusal_is_told_anew(wechat: WeChat, cast: Cast, report: Report) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    send_all()
    pulse_after(130)
    wechat.on(SEND_TEXT, error(40164))
    for seconds in (160, 190, 220):
        pulse_after(seconds)
    wechat.on(SEND_TEXT, Answer(b"", 503))
    pulse_after(250)
    silent, refused = told_managers()
    assert "没有应答" in silent
    assert "40164" in refused


def test_a_short_silence_is_told_to_nobody(wechat: WeChat, report: Report) -> None:
    wechat.on(SEND_TEXT, Answer(b"", 503))
    send_all()
    pulse(timezone.now())
    wechat.on(SEND_TEXT, ok())
    pulse_after(3)
    assert only().status == "sent"
    assert told_managers() == []


def test_a_template_of_notices_can_say_it_too(wechat: WeChat, cast: Cast, report: Report) -> None:
    template(Kind.NOTICE, thing1="title", time2="created_at", thing3="message")
    MessageForm.objects.create(kind=Kind.NEW_REPORT, form="news")
    wechat.on(SEND_TEXT, error(48001))
    send_all()
    pulse(timezone.now())
    pulse_after(2)
    sent = [one for one in wechat.templates if one["touser"] == cast.manager.openid]
    assert sent[0]["data"]["thing1"]["value"].startswith("消息推送故障：图文消息")
