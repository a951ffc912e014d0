"""Subscription messages: what people agreed to, what it is spent on, and its place in the chain."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.erasure import erase_identity
from dispatch.kinds import Kind
from dispatch.models import Contact, Delivery, Grant, Outbox, SubscriptionTemplate
from dispatch.services import windows
from dispatch.subscribing import offer_to
from reports.models import Report
from tests.dispatch.ledger import SEND_TEMPLATE, SEND_TEXT, WeChat, only, retry, send_all, template
from tests.dispatch.pushing import happen
from tests.factories import Cast
from tests.pages.opening import open_page
from tests.wechat.platform import error, ok

pytestmark = pytest.mark.django_db
BIZSEND = "/cgi-bin/message/subscribe/bizsend"
SUB = "SUB-1"


@pytest.fixture
def wechat(wechat: WeChat) -> WeChat:
    wechat.on(BIZSEND, ok())
    SubscriptionTemplate.objects.create(kind=Kind.NEW_REPORT, template_id=SUB, fields={"thing1": "title"})
    return wechat


@pytest.fixture(autouse=True)
def _plain_callback(settings: Any) -> None:
    settings.WECHAT_TOKEN, settings.WECHAT_ENCODING_AES_KEY = "callbacktoken", ""


def grant(user: User, left: int = 1) -> None:
    Grant.objects.create(user=user, template_id=SUB, left=left)


def left_of(user: User) -> int:
    return Grant.objects.get(user=user, template_id=SUB).left


def entry(status: str, template_id: str = SUB) -> str:
    return f"<List><TemplateId>{template_id}</TemplateId><SubscribeStatusString>{status}</SubscribeStatusString></List>"


def test_a_pop_up_gives_one_for_each_template_accepted(cast: Cast) -> None:
    lists = entry("accept") + entry("reject", "SUB-2") + entry("accept", "SUB-3")
    assert happen(cast.resident, "subscribe_msg_popup_event", SubscribeMsgPopupEvent=lists) == ""
    rows = Grant.objects.filter(user=cast.resident).values_list("template_id", "left")
    assert set(rows) == {(SUB, 1), ("SUB-3", 1)}


def test_a_second_pop_up_adds_and_a_copy_does_not(cast: Cast) -> None:
    fields = {"SubscribeMsgPopupEvent": entry("accept"), "CreateTime": "1700000000"}
    happen(cast.resident, "subscribe_msg_popup_event", **fields)
    happen(cast.resident, "subscribe_msg_popup_event", **fields)
    assert left_of(cast.resident) == 1
    happen(cast.resident, "subscribe_msg_popup_event", **fields | {"CreateTime": "1700000009"})
    assert left_of(cast.resident) == 2


@pytest.mark.parametrize("wrapper", ["SubscribeMsgChangeEvent", "SubscribeMsgPopupEvent"])
def test_a_refusal_in_the_settings_ends_them(cast: Cast, wrapper: str) -> None:
    grant(cast.resident, 3)
    happen(cast.resident, "subscribe_msg_change_event", **{wrapper: entry("reject")})
    assert left_of(cast.resident) == 0


@pytest.mark.parametrize(("code", "left"), [("0", 3), ("43101", 0), ("1", 3)])
def test_the_end_of_a_message(cast: Cast, code: str, left: int) -> None:
    grant(cast.resident, 3)
    told = f"<List><TemplateId>{SUB}</TemplateId><MsgID>1</MsgID><ErrorCode>{code}</ErrorCode></List>"
    happen(cast.resident, "subscribe_msg_sent_event", SubscribeMsgSentEvent=told)
    assert left_of(cast.resident) == left


@pytest.mark.parametrize("rubbish", ["", "<List></List>", "text", entry("accept", "x" * 65), "<List><List/></List>"])
def test_rubbish_in_an_event_is_no_grant(cast: Cast, rubbish: str) -> None:
    assert happen(cast.resident, "subscribe_msg_popup_event", SubscribeMsgPopupEvent=rubbish) == ""
    assert not Grant.objects.exists()


def test_with_a_grant_it_goes_before_a_text_that_no_window_is_open_for(
    wechat: WeChat, cast: Cast, report: Report, settings: Any
) -> None:
    grant(cast.cleaner)
    send_all()
    (call,) = wechat.to(BIZSEND)
    assert call.json["touser"] == cast.cleaner.openid
    assert call.json["template_id"] == SUB
    assert call.json["page"] == f"{settings.PUBLIC_BASE_URL}/h5/reports/{report.pk}"
    assert call.json["data"] == {"thing1": {"value": "垃圾未及时清理"}}
    assert (only().status, only().channel) == ("sent", "bizsend")
    assert (wechat.texts, left_of(cast.cleaner)) == ([], 0)


def test_a_text_goes_first_inside_the_window(wechat: WeChat, cast: Cast, report: Report) -> None:
    grant(cast.cleaner)
    Contact.objects.create(user=cast.cleaner, last_message_at=timezone.now() - timedelta(hours=47))
    send_all()
    assert (only().channel, left_of(cast.cleaner)) == ("text", 1)


def test_a_template_goes_before_everything(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    grant(cast.cleaner)
    send_all()
    assert (only().channel, left_of(cast.cleaner)) == ("template", 1)


def test_without_a_grant_the_text_is_tried_all_the_same(wechat: WeChat, cast: Cast, report: Report) -> None:
    grant(cast.cleaner, 0)
    send_all()
    assert wechat.to(BIZSEND) == []
    assert (only().status, only().channel) == ("sent", "text")


def test_the_whole_chain_in_its_order(wechat: WeChat, cast: Cast, report: Report) -> None:
    template()
    grant(cast.cleaner)
    wechat.on(SEND_TEMPLATE, error(40037))
    wechat.on(BIZSEND, error(43101))
    wechat.on(SEND_TEXT, error(45015))
    send_all()
    retry()
    assert (only().status, only().tried, only().code) == ("dead", ["template", "bizsend", "text"], "45015")


def test_a_refusal_at_sending_ends_them(wechat: WeChat, cast: Cast, report: Report) -> None:
    grant(cast.cleaner, 2)
    wechat.on(BIZSEND, error(43101))
    send_all()
    assert (only().channel, only().tried, left_of(cast.cleaner)) == ("text", ["bizsend"], 0)


def test_a_busy_wechat_costs_none(wechat: WeChat, cast: Cast, report: Report) -> None:
    grant(cast.cleaner)
    wechat.on(BIZSEND, error(-1))
    send_all()
    assert (only().status, left_of(cast.cleaner)) == ("pending", 1)


def test_erasure_takes_them_along(cast: Cast) -> None:
    grant(cast.resident)
    erase_identity(actor=cast.resident)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("message_hours", "action_seconds", "sent_hours", "is_open"),
    [
        (None, None, [], False),
        (47, None, [], True),
        (49, None, [], False),
        (2, None, [1, 1, 1, 1], True),
        (2, None, [1, 1, 1, 1, 1], False),
        (2, None, [3, 3, 3, 3, 3], True),  # before the person wrote
        (None, 30, [], True),
        (None, 90, [], False),
        (None, 30, [0, 0, 0], False),
        (2, 30, [1, 1, 1, 1, 1], True),  # the tap opened its own
    ],
)
def test_the_window_by_what_we_know(
    cast: Cast,
    report: Report,
    message_hours: int | None,
    action_seconds: int | None,
    sent_hours: list[int],
    is_open: bool,
) -> None:
    now = timezone.now()
    Contact.objects.create(
        user=cast.cleaner,
        last_message_at=None if message_hours is None else now - timedelta(hours=message_hours),
        last_action_at=None if action_seconds is None else now - timedelta(seconds=action_seconds),
    )
    for number, hours in enumerate(sent_hours):
        box = Outbox.objects.create(key=f"test:{number}", kind=Kind.CLAIMED, report=report)
        Delivery.objects.create(
            outbox=box, user=cast.cleaner, kind=Kind.CLAIMED, text="x", path="/", due_at=now, status="sent",
            channel="text", sent_at=now - timedelta(hours=hours),
        )  # fmt: skip
    assert windows.open_for([cast.cleaner.pk, cast.resident.pk], now) == ({cast.cleaner.pk} if is_open else set())


def test_pages_offer_what_somebody_gets_and_a_template_is_chosen_for(cast: Cast) -> None:
    SubscriptionTemplate.objects.create(kind=Kind.NEW_REPORT, template_id="STAFF", fields={"thing1": "title"})
    assert "wx-open-subscribe" not in open_page(cast.resident, "me").html
    for kind in (Kind.RESOLVED, Kind.CLAIMED):
        SubscriptionTemplate.objects.create(kind=kind, template_id="SUB-1", fields={"thing1": "title"})
    Grant.objects.create(user=cast.resident, template_id="SUB-1", left=2)
    page = open_page(cast.resident, "me")
    assert '<wx-open-subscribe template="SUB-1" data-label="通知我">' in page.html
    assert "还会提醒 2 次" in page.words
    assert '<wx-open-subscribe template="STAFF" data-label="通知我">' in open_page(cast.cleaner, "me").html
    report = cast.report()
    assert "问题有进展时通知我" in open_page(cast.resident, f"reports/{report.pk}?sent=1").words
    assert "wx-open-subscribe" not in open_page(cast.resident, f"reports/{report.pk}").html
    User.objects.filter(pk=cast.resident.pk).update(openid=None)
    assert offer_to(User.objects.get(pk=cast.resident.pk)) is None
