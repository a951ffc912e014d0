"""A notice ends: it expires or is withdrawn. Then it is not listed, counted or sent, and its link says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Record
from accounts.policies import standing_of
from community_report.core.errors import Conflict, Invalid
from dispatch.models import Delivery, GroupMessage, GroupRobot, RobotPost
from dispatch.services import group_messages
from notices.models import Notice
from notices.services import edit_notice, mark_read, publish_due, publish_notice, remind_unread, withdraw_notice
from tests.conftest import ApiClient
from tests.dispatch.ledger import WeChat, later, route_all, send_all, told
from tests.factories import Cast, role_of
from tests.notices.test_notices import body
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db
HOUR = 3600


def notice(cast: Cast, *, hours: float | None = None, publish_in: float | None = None, **fields: Any) -> Notice:
    """`hours` until it is over, `publish_in` hours until it is out."""
    now = timezone.now()
    if hours is not None:
        fields["expires_at"] = now + timedelta(hours=hours)
    if publish_in is not None:
        fields["publish_at"] = now + timedelta(hours=publish_in)
    values = {"title": "停水通知", "body": "明早停水", **fields}
    return publish_notice(actor=cast.manager, community=cast.community, **values)


def test_what_is_over_is_not_listed_or_unread_and_its_link_says_so(cast: Cast) -> None:
    one = notice(cast, hours=2, pinned=True)
    resident = ApiClient(cast.resident)
    assert len(resident.get("notices")[1]["results"]) == 1
    assert "有效期至" in open_page(cast.neighbour, f"notices/{one.pk}").words
    with later(2 * HOUR + 1):
        assert Notice.objects.unread_count(standing_of(cast.resident)) == 0
        assert resident.get("me")[1]["unread_notices"] == 0
        assert resident.get("notices")[1]["results"] == []
        assert [row["id"] for row in resident.get("notices?over=true")[1]["results"]] == [str(one.pk)]
        assert "停水通知" not in (listed := open_page(cast.resident, "notices")).words
        assert "/h5/notices?show=over" in listed.links()
        assert "停水通知" in open_page(cast.resident, "notices?show=over").words
        page = open_page(cast.resident, f"notices/{one.pk}")
        assert (page.status, "明早停水" in page.words, "过期，仅供查阅" in page.words) == (200, True, True)
        assert resident.get(f"notices/{one.pk}")[0] == 200
    assert resident.get("notices?over=true")[1]["results"] == []


def test_it_must_end_after_it_is_out(cast: Cast) -> None:
    now = timezone.now()
    for changes in (
        {"expires_at": now - timedelta(minutes=1)},
        {"publish_at": now + timedelta(hours=2), "expires_at": now + timedelta(hours=1)},
    ):
        sent = body(**{name: at.isoformat() for name, at in changes.items()})
        status, answer = ApiClient(cast.manager).post("notices", sent)
        assert (status, list(answer["fields"])) == (400, ["expires_at"])
    waiting = notice(cast, publish_in=1, hours=2)
    with pytest.raises(Invalid):
        edit_notice(actor=cast.manager, notice_id=waiting.pk, changes={"publish_at": now + timedelta(hours=3)})
    out = notice(cast, hours=1)
    with later(2 * HOUR):  # over by now: other words do not ask for another end
        edit_notice(actor=cast.manager, notice_id=out.pk, changes={"title": "改了"})
        edit_notice(actor=cast.manager, notice_id=out.pk, changes={"expires_at": None})
        assert ApiClient(cast.resident).get("notices")[1]["results"][0]["title"] == "改了"


def test_what_was_over_before_it_was_out_does_not_go_out(cast: Cast) -> None:
    one = notice(cast, publish_in=1, hours=2)
    with later(3 * HOUR):  # the clock stood still
        assert publish_due(timezone.now()) == 0
        assert "到期前没有发布出去" in open_page(cast.manager, f"notices/{one.pk}").words
        end = timezone.now() + timedelta(hours=1)
        assert edit_notice(actor=cast.manager, notice_id=one.pk, changes={"expires_at": end}).published_at is not None


def test_nobody_is_pushed_or_reminded_of_what_is_over(wechat: WeChat, cast: Cast) -> None:
    notice(cast, hours=1)
    with later(HOUR + 1):
        assert told() == {}  # over before anybody was worked out
    one = notice(cast, hours=48)
    route_all()
    with later(48 * HOUR + 1):
        send_all()
        assert wechat.texts == []
        assert set(Delivery.objects.values_list("status", "code")) == {("skipped", "expired")}
        with pytest.raises(Conflict, match="过期"):
            remind_unread(actor=cast.manager, notice_id=one.pk)
        assert "data-remind" not in open_page(cast.manager, f"notices/{one.pk}").html


def test_a_group_message_of_what_is_over_is_not_sent(wechat: WeChat, cast: Cast) -> None:
    notice(cast, hours=1, by_group_message=True)
    route_all()
    group_messages.make_lists(Delivery.objects.values_list("outbox", flat=True)[0], timezone.now())
    with later(HOUR + 1):
        group_messages.work(timezone.now())
    assert wechat.calls == []
    assert GroupMessage.objects.get().status == "failed"
    assert set(Delivery.objects.values_list("status", "code")) == {("skipped", "expired")}


def test_withdrawing_cancels_at_once_what_waits(cast: Cast) -> None:
    robot = GroupRobot.objects.create(
        community=cast.community,
        kinds=["notice"],
        active=True,
        vendor="wecom",
        name="群",
        address="http://127.0.0.1:9/",
    )
    robot.roles.add(role_of(cast.community, "cleaner"))
    one, other = notice(cast), notice(cast, title="另一条")
    route_all()
    Delivery.objects.filter(notice=one, user=cast.resident).update(status="sent")
    Delivery.objects.filter(notice=one, user=cast.cleaner).update(leased_until=timezone.now() + timedelta(seconds=30))
    withdraw_notice(actor=cast.manager, notice_id=one.pk)
    rows = {row.user_id: (row.status, row.code) for row in Delivery.objects.filter(notice=one)}
    assert rows.pop(cast.resident.pk) == ("sent", "")
    assert rows.pop(cast.cleaner.pk) == ("pending", "")  # somebody is sending it, and asks again before
    assert set(rows.values()) == {("skipped", "withdrawn")}
    assert set(Delivery.objects.filter(notice=other).values_list("status", flat=True)) == {"pending"}
    posts = RobotPost.objects.order_by("outbox").values_list("status", "code")
    assert list(posts) == [("dead", "withdrawn"), ("pending", "")]


def test_its_link_says_that_it_was_withdrawn_and_no_more(cast: Cast) -> None:
    one = notice(cast)
    mark_read(actor=cast.resident, notice=one)
    assert ApiClient(cast.other_manager).delete(f"notices/{one.pk}")[0] == 404
    assert ApiClient(cast.cleaner).delete(f"notices/{one.pk}")[0] == 403
    assert ApiClient(cast.manager).delete(f"notices/{one.pk}") == (204, None)
    page = open_page(cast.resident, f"notices/{one.pk}")
    assert (page.status, "这条公告已撤回" in page.words) == (410, True)
    assert [word for word in ("停水通知", "明早停水", "陈经理") if word in page.html] == []
    assert "陈经理 在" in open_page(cast.manager, f"notices/{one.pk}").words
    assert open_page(cast.other_manager, f"notices/{one.pk}").status == 404
    assert open_page(cast.manager, f"notices/{one.pk}/edit").status == 404
    assert "停水通知" not in open_page(cast.resident, "notices?show=over").words
    assert "已撤回" in open_page(cast.manager, "notices?show=over").words
    assert ApiClient(cast.resident).get(f"notices/{one.pk}")[0] == 404
    assert Record.objects.get(action="notice_withdrawn").actor == cast.manager


def test_a_scheduled_one_that_was_withdrawn_is_nobodys(cast: Cast) -> None:
    one = notice(cast, publish_in=1)
    withdraw_notice(actor=cast.manager, notice_id=one.pk)
    with later(2 * HOUR):
        assert publish_due(timezone.now()) == 0
    assert open_page(cast.resident, f"notices/{one.pk}").status == 404
