"""Reminding who has not read a notice: them alone, at most once a day."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from community_report.core.errors import Conflict, Forbidden
from dispatch.models import Delivery, Outbox
from notices.models import Notice
from notices.services import mark_read, publish_notice, remind_unread, withdraw_notice
from tests.conftest import ApiClient
from tests.dispatch.ledger import later, route_all, told
from tests.factories import Cast
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db

DAY = 24 * 3600 + 1


@pytest.fixture
def notice(cast: Cast) -> Notice:
    """Out, told to everybody, and read by the resident."""
    notice = publish_notice(actor=cast.manager, community=cast.community, title="停水通知", body="明早停水")
    route_all()
    mark_read(actor=cast.resident, notice=notice)
    Delivery.objects.update(status=Delivery.Status.SENT)
    return notice


def test_who_has_not_read_it_is_told_once_more(cast: Cast, notice: Notice) -> None:
    Outbox.objects.all().delete()
    with later(DAY):
        number = remind_unread(actor=cast.manager, notice_id=notice.pk)
        people = told()["notice"]
    assert people == {"王先生", "张师傅", "赵师傅", "孙师傅", "陈经理"}
    assert number == len(people)
    assert Outbox.objects.get().key == f"notice:{notice.pk}:remind:1"
    assert {row.text for row in Delivery.objects.all()} == {"您还没有看小区公告：停水通知"}


def test_at_most_once_a_day(cast: Cast, notice: Notice) -> None:
    for wait in (60, DAY, DAY + 60):
        with later(wait):
            if wait == DAY:
                assert remind_unread(actor=cast.manager, notice_id=notice.pk) == 5
                continue
            with pytest.raises(Conflict, match="一天只能提醒一次"):
                remind_unread(actor=cast.manager, notice_id=notice.pk)
    with later(2 * DAY + 60):
        remind_unread(actor=cast.manager, notice_id=notice.pk)
    assert Outbox.objects.filter(key__endswith=":remind:2").exists()


def test_nobody_left_to_remind_is_no_reminder(cast: Cast, notice: Notice) -> None:
    for person in (cast.neighbour, cast.cleaner, cast.cleaner2, cast.plumber, cast.manager):
        mark_read(actor=person, notice=notice)
    with later(DAY):
        assert remind_unread(actor=cast.manager, notice_id=notice.pk) == 0
    notice.refresh_from_db()
    assert (notice.reminders, notice.reminded_at) == (0, None)


def test_it_is_for_who_publishes_and_for_what_is_out(cast: Cast, notice: Notice) -> None:
    with pytest.raises(Forbidden):
        remind_unread(actor=cast.cleaner, notice_id=notice.pk)
    soon = timezone.now() + timedelta(hours=1)
    waiting = publish_notice(actor=cast.manager, community=cast.community, title="x", body="x", publish_at=soon)
    with pytest.raises(Conflict, match="还没有发布"):
        remind_unread(actor=cast.manager, notice_id=waiting.pk)


def test_a_notice_withdrawn_meanwhile_reminds_nobody(cast: Cast, notice: Notice) -> None:
    with later(DAY):
        remind_unread(actor=cast.manager, notice_id=notice.pk)
        Delivery.objects.all().delete()
        withdraw_notice(actor=cast.manager, notice_id=notice.pk)
        assert told() == {}


def test_a_reminder_of_a_group_message_goes_to_each_by_themselves(cast: Cast, notice: Notice) -> None:
    Notice.objects.update(by_group_message=True)
    Outbox.objects.all().delete()
    with later(DAY):
        remind_unread(actor=cast.manager, notice_id=notice.pk)
        route_all()
    assert {row.channel for row in Delivery.objects.all()} == {""}


def test_the_page_counts_and_offers_it_once_a_day(cast: Cast, notice: Notice) -> None:
    Delivery.objects.filter(user=cast.neighbour).update(status=Delivery.Status.DELIVERED)
    Delivery.objects.filter(user=cast.cleaner).update(status=Delivery.Status.SKIPPED, code="unfollowed")
    early = open_page(cast.manager, f"notices/{notice.pk}")
    assert "已推送 5 人，其中 1 人已送达" in early.words
    assert "1 人收不到推送" in early.words
    Delivery.objects.update(status=Delivery.Status.PENDING)
    begun = open_page(cast.manager, f"notices/{notice.pk}").words
    assert "正在推送，还有 6 人" in begun
    assert "收不到" not in begun
    assert "data-remind" not in early.html
    with time_machine.travel(timezone.now() + timedelta(seconds=DAY), tick=False):
        assert "data-remind" in open_page(cast.manager, f"notices/{notice.pk}").html
        assert ApiClient(cast.manager).post(f"notices/{notice.pk}/remind") == (200, {"reminded": 4})
        assert ApiClient(cast.manager).post(f"notices/{notice.pk}/remind")[0] == 409
        assert "上次提醒" in open_page(cast.manager, f"notices/{notice.pk}").words
    assert ApiClient(cast.cleaner).post(f"notices/{notice.pk}/remind")[0] == 403
    assert ApiClient(cast.other_manager).post(f"notices/{notice.pk}/remind")[0] == 404


def test_the_back_office_counts_in_the_list(cast: Cast, notice: Notice) -> None:
    Delivery.objects.filter(user=cast.neighbour).update(status="delivered")
    Delivery.objects.filter(user=cast.cleaner).update(status="dead")
    told = Delivery.objects.count()
    User.objects.filter(pk=cast.manager.pk).update(username=cast.manager.phone)  # as admin_login leaves it
    client = Client()
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    page = client.get("/admin/notices/notice/").content.decode()
    cells = re.findall(r"field-(reads_count|sent|delivered|unread)[^>]*>(?:<[^>]*>)*\s*(\d+)", page)
    assert dict(cells) == {"reads_count": "1", "sent": str(told - 1), "delivered": "1", "unread": str(told - 1)}


def test_the_back_office_reminds_too(cast: Cast, notice: Notice) -> None:
    client = Client()
    with later(DAY):
        client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
        chosen = {"action": "remind", "_selected_action": [str(notice.pk)]}
        answer = client.post("/admin/notices/notice/", chosen, follow=True).content.decode()
        assert "停水通知：已提醒 5 人" in answer
        assert "一天只能提醒一次" in client.post("/admin/notices/notice/", chosen, follow=True).content.decode()
