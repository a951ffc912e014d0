"""Short messages: the last way, for chosen kinds, within the day's allowance."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from dispatch.kinds import Kind
from dispatch.models import Contact, Delivery, SmsGateway, Trouble
from dispatch.models_outward import sms_kinds
from dispatch.services import sweeping, texting
from reports.models import Report
from tests.dispatch.ledger import SEND_TEMPLATE, SEND_TEXT, WeChat, later, only, retry, send_all, template
from tests.factories import Cast
from tests.wechat.platform import Answer, Platform, Raw, error, plain_json, serve

pytestmark = pytest.mark.django_db
PHONE = "13800000001"  # the cleaner's


@pytest.fixture
def sms(settings: Any) -> Iterator[Platform]:
    with serve(Platform()) as platform:
        settings.OUTWARD_ORIGINS = [platform.url]
        platform.on("/sms", plain_json(code=0, msgid="m-1"))
        yield platform


@pytest.fixture
def gateway(sms: Platform) -> SmsGateway:
    return SmsGateway.objects.create(
        name="短信",
        address=f"{sms.url}/sms",
        body='{"to": "{phone}", "text": "{text}", "params": {params}, "sign": "{sign}"}',
        sign="府琛花园",
        params={"title": "title", "number": "number"},
        success_field="code",
        success_value="0",
        active=True,
    )


def texted(sms: Platform) -> list[str]:
    return [call.json["to"] for call in sms.calls]


def test_it_is_the_last_way(wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report) -> None:
    wechat.on(SEND_TEXT, error(45015))
    send_all()
    row = only()
    assert (row.status, row.channel, row.tried, row.message_id) == ("sent", "sms", ["text"], "m-1")
    sent = sms.calls[0].json
    assert (sent["to"], sent["sign"]) == (PHONE, "府琛花园")
    assert sent["text"].startswith("您收到【卫生清理】消息，请及时查看 http")
    assert sent["params"] == {"title": "垃圾未及时清理", "number": report.number}


def test_who_is_reached_by_wechat_gets_none(wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report) -> None:
    send_all()
    assert only().channel == "text"
    assert sms.calls == []


@pytest.mark.parametrize("how", ["unfollowed", "no_wechat"])
def test_who_has_no_wechat_is_reached_by_it(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report, how: str
) -> None:
    if how == "unfollowed":
        Contact.objects.create(user=cast.cleaner, subscribed=False)
    else:
        User.objects.filter(pk=cast.cleaner.pk).update(openid=None)
    send_all()
    assert (only().status, only().channel) == ("sent", "sms")
    assert (texted(sms), wechat.texts) == ([PHONE], [])


def test_who_turns_out_to_have_left_is_marked_and_reached_by_it(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(43004))
    send_all()
    assert (only().status, only().channel, only().code) == ("sent", "sms", "")
    assert not Contact.objects.get(user=cast.cleaner).subscribed


@pytest.mark.parametrize("code", [40003, 43019])
def test_who_is_no_person_of_the_account_is_reached_by_it(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report, code: int
) -> None:
    template()
    wechat.on(SEND_TEMPLATE, error(code))
    send_all()
    assert (only().status, only().channel, only().code) == ("sent", "sms", "")
    assert (len(wechat.templates), len(wechat.texts), texted(sms)) == (1, 0, [PHONE])


def test_what_wechat_said_of_a_person_stays_readable(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(40003))
    sms.on("/sms", plain_json(code=7))
    send_all()
    assert (only().status, only().channel, only().code) == ("dead", "sms", "40003")


@pytest.mark.parametrize("why", ["off", "kind", "phone", "muted"])
def test_who_gets_none(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report, why: str
) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    if why == "off":
        SmsGateway.objects.update(active=False)
    elif why == "kind":
        SmsGateway.objects.update(kinds=[Kind.OVERDUE])
    elif why == "phone":
        Membership.objects.filter(user=cast.cleaner).update(phone="")
        User.objects.filter(pk=cast.cleaner.pk).update(phone="010-62345678")
    else:
        User.objects.filter(pk=cast.cleaner.pk).update(muted_kinds=["new_report"])
    send_all()
    row = only(cast.cleaner)
    assert (row.status, row.code) == ("skipped", "muted" if why == "muted" else "unfollowed")
    assert sms.calls == []


def test_notices_and_the_board_are_never_chosen_by_themselves() -> None:
    assert SmsGateway().kinds == sms_kinds()
    assert not {Kind.NOTICE, Kind.BOARD_POST} & set(sms_kinds())


def test_no_more_than_a_day_allows(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report
) -> None:
    SmsGateway.objects.update(per_person=2)
    wechat.on(SEND_TEXT, error(45015))
    for _ in range(3):
        cast.report()
    send_all()
    assert texted(sms) == [PHONE] * 2
    assert sorted(Delivery.objects.values_list("status", "code")) == [("dead", "sms_cap")] * 2 + [("sent", "")] * 2
    with later(86_400):
        cast.report()
        send_all()
    assert len(sms.calls) == 3


def test_no_more_than_the_installation_allows(wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast) -> None:
    SmsGateway.objects.update(per_day=1)
    wechat.on(SEND_TEXT, error(45015))
    cast.report()
    send_all()
    assert len(sms.calls) == 1
    assert sorted(Delivery.objects.values_list("code", flat=True)) == ["", "sms_cap"]


def test_a_silent_gateway_is_asked_again_and_says_nothing_of_wechat(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(45015))
    sms.on("/sms", Answer(b"", 503))
    send_all()
    assert (only().status, only().code) == ("pending", "503")
    assert only().due_at - timezone.now() < timedelta(seconds=2)
    assert not Trouble.objects.exists()
    sms.on("/sms", plain_json(code=0))
    retry(2)
    assert only().status == "sent"


@pytest.mark.parametrize("answer", [Answer(b"", 504), Raw(lambda handler: None)])
def test_a_gateway_whose_answers_are_lost_sends_three_at_most(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report, answer: Any
) -> None:
    wechat.on(SEND_TEXT, error(45015))
    sms.on("/sms", answer)
    send_all()
    for seconds in (2, 10, 30, 70, 80, 300, 380, 600, 3600):
        with later(seconds):
            Trouble.objects.create(key="silent", since=timezone.now(), last_at=timezone.now() - timedelta(minutes=1))
            sweeping.pulse(timezone.now())  # who asks whether WeChat is back is not who waits for the gateway
            Trouble.objects.all().delete()
    assert texted(sms) == [PHONE] * 3
    assert (only().status, only().code, only().channel) == ("dead", "answer_lost", "sms")
    assert texting.sent_today(timezone.now()) == 3


def test_what_may_have_arrived_counts(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report
) -> None:
    SmsGateway.objects.update(per_person=2)
    wechat.on(SEND_TEXT, error(45015))
    sms.on("/sms", Answer(b"", 504))
    send_all()
    retry(70)
    assert (only().status, only().lost_answers) == ("pending", 2)
    retry(400)
    assert (only().status, only().code) == ("dead", "answer_lost")
    other = cast.report()
    send_all()
    assert Delivery.objects.get(report=other, user=cast.cleaner).code == "sms_cap"
    assert len(sms.calls) == 2


def test_an_answer_of_the_gateway_does_not_end_wechats_silence(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast
) -> None:
    Contact.objects.create(user=cast.cleaner2, subscribed=False)
    wechat.on(SEND_TEXT, Answer(b"", 503))
    cast.report()
    send_all()
    assert len(sms.calls) == 1
    assert Trouble.objects.get().key == "silent"


def test_what_the_gateway_refuses_is_dead(wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report) -> None:
    wechat.on(SEND_TEXT, error(45015))
    sms.on("/sms", plain_json(code=7))
    send_all()
    assert (only().status, only().code) == ("dead", "refused")


def test_a_gateway_that_knows_us_not_is_stopped_until_it_does(
    wechat: WeChat, sms: Platform, gateway: SmsGateway, cast: Cast, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(45015))
    sms.on("/sms", Answer(b"", 401))
    send_all()
    assert Trouble.objects.get().key == "401:sms"
    cast.report()
    send_all()
    assert len(sms.calls) == 1
    sms.on("/sms", plain_json(code=0))
    with later(11):
        cast.report()
        send_all()
    assert not Trouble.objects.exists()
    retry(60)
    assert set(Delivery.objects.filter(kind=Kind.NEW_REPORT).values_list("status", flat=True)) == {"sent"}


def form(**changes: Any) -> dict[str, Any]:
    values = {
        "name": "短信",
        "address": "https://sms.example.com/send?key={secret}",
        "method": "POST",
        "content_type": "application/json",
        "headers": "{}",
        "body": '{"to": "{phone}"}',
        "secret": "SEC-77",
        "params": '{"title": "title"}',
        "kinds": ["new_report"],
        "per_person": 5,
        "per_day": 200,
        "active": "on",
    }
    return values | changes


def test_it_is_set_up_in_the_back_office_by_whom_the_installation_belongs_to(cast: Cast, settings: Any) -> None:
    settings.OUTWARD_ORIGINS = ["https://sms.example.com"]
    owner = User.objects.create_superuser("root", "x")
    client = Client()
    client.force_login(owner, backend="accounts.auth.ManagerBackend")
    for wrong in (
        {"address": "https://elsewhere.example.com/"},
        {"address": "https://{phone}.example.com/"},
        {"body": "{telephone}"},
        {"params": '{"title": "nothing"}'},
        {"headers": '["x"]'},
    ):
        assert client.post("/admin/dispatch/smsgateway/add/", form(**wrong)).status_code == 200, wrong
    assert client.post("/admin/dispatch/smsgateway/add/", form()).status_code == 302
    gateway = SmsGateway.objects.get()
    page = f"/admin/dispatch/smsgateway/{gateway.pk}/change/"
    words = client.get(page).content.decode()
    assert "SEC-77" not in words
    assert "0 / 200" in words
    client.post(page, form(secret="", per_day=3))
    gateway.refresh_from_db()
    assert (gateway.secret, gateway.per_day) == ("SEC-77", 3)
    manager = Client()
    manager.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    assert manager.get(page).status_code in (302, 403)


def test_the_back_office_shows_how_reliable_the_gateway_was(
    client: Client, wechat: WeChat, sms: Platform, gateway: SmsGateway, report: Report
) -> None:
    wechat.on(SEND_TEXT, error(45015))
    send_all()
    row = only()
    root = User.objects.create_superuser("root", "long enough a password")
    client.force_login(root, backend="accounts.auth.ManagerBackend")
    page = client.get("/admin/dispatch/smsgateway/").content.decode()
    assert "发出 1，失败 0，等待重发 0" in page
    Delivery.objects.filter(pk=row.pk).update(status="dead", code="401", sent_at=None)
    page = client.get(f"/admin/dispatch/smsgateway/{gateway.pk}/change/").content.decode()
    assert "发出 0，失败 1，等待重发 0" in page
    assert "发送失败 · 短信网关出错（HTTP 401）" in page
