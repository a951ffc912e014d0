"""Right before sending: who should not get it any more does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Community, Membership, User
from dispatch.kinds import Kind
from dispatch.models import Delivery
from dispatch.services import delivery, routing
from notices.services import publish_notice, withdraw_notice
from reports.models import Report
from reports.services import transitions as act
from tests.dispatch.ledger import SEND_TEXT, WeChat, forget, only, retry, route_all, send_all, template
from tests.factories import Cast, bind, make_person, role_of
from tests.wechat.platform import error

pytestmark = pytest.mark.django_db
PENDING, SENT, SKIPPED = "pending", "sent", "skipped"


def test_who_was_removed_meanwhile_is_not_sent_it(wechat: WeChat, cast: Cast, report: Report) -> None:
    route_all()
    Membership.objects.filter(user=cast.cleaner).update(status=Membership.Status.REVOKED)
    delivery.deliver_due()
    assert wechat.texts == []
    assert (only().status, only().code) == (SKIPPED, "not_member")


def test_the_reporter_is_told_also_after_moving_out(wechat: WeChat, cast: Cast, report: Report) -> None:
    forget()
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    route_all()
    Membership.objects.filter(user=cast.resident).update(status=Membership.Status.REVOKED)
    delivery.deliver_due()
    assert only(cast.resident).status == SENT


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"muted_kinds": ["new_report"]}, "muted"), ({"openid": None}, "no_wechat"), ({"is_active": False}, "erased")],
)
def test_what_changed_between_routing_and_sending_counts(
    wechat: WeChat, cast: Cast, report: Report, fields: dict[str, Any], code: str
) -> None:
    route_all()
    User.objects.filter(pk=cast.cleaner.pk).update(**fields)
    delivery.deliver_due()
    assert (wechat.texts, only().status, only().code) == ([], SKIPPED, code)


def test_who_ignored_it_meanwhile_is_not_pushed(wechat: WeChat, cast: Cast, report: Report) -> None:
    route_all()
    act.ignore_report(actor=cast.cleaner, report_id=report.pk)
    delivery.deliver_due()
    assert only(cast.cleaner).code == "ignored"


def test_who_turns_out_to_be_out_of_reach_keeps_it_from_nobody(wechat: WeChat, cast: Cast) -> None:
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    report = cast.report()
    wechat.on(SEND_TEXT, error(43004))
    send_all()
    routing.ask_others(timezone.now())
    assert only(cast.cleaner2).status == PENDING
    delivery.deliver_due()
    for _ in range(2):
        routing.ask_others(timezone.now())
    assert {row.user: row.status for row in Delivery.objects.filter(report=report)} == {
        cast.cleaner: SKIPPED, cast.cleaner2: SKIPPED, cast.manager: PENDING
    }  # fmt: skip


def test_nobody_else_is_asked_of_a_report_that_was_taken(wechat: WeChat, cast: Cast) -> None:
    report = cast.report()
    wechat.on(SEND_TEXT, error(43004))
    send_all()
    act.assign_report(actor=cast.manager, report_id=report.pk, user_id=cast.cleaner.pk)
    routing.ask_others(timezone.now())
    assert not Delivery.objects.filter(user=cast.manager, kind=Kind.NEW_REPORT).exists()


def test_a_message_that_cannot_be_prepared_stops_no_other(wechat: WeChat, cast: Cast, report: Report) -> None:
    resident = bind(make_person("吴女士", ""), role_of(cast.other_community, "resident")).user
    broken = publish_notice(actor=cast.other_manager, community=cast.other_community, title="停水", body="明天")
    route_all()
    Delivery.objects.filter(notice=broken).update(due_at=timezone.now() - timedelta(hours=1))  # first in every lot
    Community.objects.filter(pk=cast.other_community.pk).update(timezone="Asia/Beijing")  # there is none of this name
    User.objects.filter(pk=resident.pk).update(quiet_hours=["22:00", "07:00"])
    delivery.deliver_due()
    assert (only(resident).status, only(resident).code) == ("dead", "fault")
    assert only(cast.cleaner).status == SENT


def test_a_report_claimed_meanwhile_is_told_all_the_same(wechat: WeChat, cast: Cast) -> None:
    report = cast.report()
    route_all()
    act.claim_report(actor=cast.cleaner2, report_id=report.pk)
    delivery.deliver_due()
    assert cast.cleaner.openid in dict(wechat.texts)
    assert only(cast.cleaner).status == SENT


def test_a_withdrawn_notice_is_not_sent(wechat: WeChat, cast: Cast) -> None:
    notice = publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明天")
    route_all()
    withdraw_notice(actor=cast.manager, notice_id=notice.pk)
    delivery.deliver_due()
    assert wechat.texts == []
    assert {row.code for row in Delivery.objects.all()} == {"withdrawn"}


def test_a_retry_that_falls_into_the_night_waits_for_the_morning(wechat: WeChat, cast: Cast, report: Report) -> None:
    route_all()
    now = timezone.now().astimezone(timezone.get_default_timezone())
    span = [(now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")]
    User.objects.filter(pk=cast.cleaner.pk).update(quiet_hours=span)
    delivery.deliver_due()
    assert (wechat.texts, only().status) == ([], PENDING)
    assert only().due_at > timezone.now() + timedelta(minutes=58)
    retry(3700)
    assert only().status == SENT


def test_followers_of_a_private_report_see_no_notes(wechat: WeChat, cast: Cast, report: Report) -> None:
    act.follow_report(actor=cast.neighbour, report_id=report.pk)
    forget()
    template(Kind.CLAIMED, thing1="address", thing2="staff", thing3="title")
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    send_all()
    data = {sent["touser"]: sent["data"] for sent in wechat.templates}
    full, glimpse = data[cast.resident.openid], data[cast.neighbour.openid]
    assert [full[f"thing{n}"]["value"] for n in (1, 2, 3)] == ["6幢4层", "张师傅", "垃圾未及时清理"]
    assert [glimpse[f"thing{n}"]["value"] for n in (1, 2, 3)] == ["无", "无", "垃圾未及时清理"]
