"""Home: what each person can do, first what waits for them."""

import re
from typing import Any

from django.utils import timezone

from accounts.policies import standing_of
from community_report.site.context import unread_counts
from dispatch.models import Delivery, Outbox
from notices.models import Notice
from reports.models import Report
from reports.services import transitions as act
from tests.factories import Cast, bind, make_home, role_of

from .opening import open_page


def test_nobody_yet_is_invited_to_bind(cast: Cast) -> None:
    page = open_page(cast.stranger, "")
    assert "欢迎使用小区上报" in page.words
    assert "/h5/bind" in page.links()


def test_a_resident_reports_and_sees_what_is_open(cast: Cast) -> None:
    report = cast.report()
    page = open_page(cast.resident, "")
    assert {"/h5/reports/new", "/h5/board", f"/h5/reports/{report.pk}"} <= page.links()
    assert "李阿姨，您好" in page.words


def test_a_result_waits_at_the_top(cast: Cast) -> None:
    report = cast.report(title="碎玻璃")
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="扫干净了")
    words = open_page(cast.resident, "").words
    assert "碎玻璃 已处理，请您确认结果" in words
    assert "已处理，请您确认结果" not in open_page(cast.neighbour, "").words


def test_staff_see_how_much_waits(cast: Cast) -> None:
    cast.report()
    cast.report()
    page = open_page(cast.cleaner, "")
    assert "待接单 2" in page.words
    assert "待接单 2" not in open_page(cast.plumber, "").words
    assert "/h5/reports/new" not in page.links()
    cast.cleaner.memberships.update(on_duty=False)
    assert "您现在不在岗" in open_page(cast.cleaner, "").words


def test_a_manager_sees_what_needs_them(cast: Cast) -> None:
    assert "没有需要您处理的事" in open_page(cast.manager, "").words
    report = cast.report()
    Report.objects.filter(pk=report.pk).update(claim_due_at=timezone.now(), due_at=timezone.now())
    page = open_page(cast.manager, "")
    assert "没有需要您处理的事" not in page.words
    assert {"/h5/manage", "/h5/manage/stats", "/h5/manage/people"} <= page.links()
    assert "没有需要您处理的事" in open_page(cast.other_manager, "").words


def test_unread_notices_are_counted(cast: Cast) -> None:
    Notice.objects.create(community=cast.community, title="停水", body="明天", published_at=timezone.now())
    assert "公告 1" in open_page(cast.resident, "").words


def test_who_is_several_has_all_of_it(cast: Cast) -> None:
    bind(cast.manager, role_of(cast.community, "resident"), make_home(cast.community, room="601"))
    bind(cast.manager, role_of(cast.community, "cleaner"))
    page = open_page(cast.manager, "")
    assert {"/h5/manage", "/h5/work", "/h5/reports/new", "/h5/me"} <= page.links()


def test_every_page_with_the_bar_says_what_is_unread(cast: Cast, django_assert_num_queries: Any) -> None:
    for title in ("停水通知", "停电通知"):
        Notice.objects.create(
            community=cast.community, author=cast.manager, title=title, body="-", published_at=timezone.now()
        )
    box = Outbox.objects.create(key="x", kind="new_report", community=cast.community)
    Delivery.objects.create(outbox=box, user=cast.cleaner, kind="new_report", text="x", due_at=timezone.now())
    for path in ("", "work", "inbox", "board", "me"):
        bar = open_page(cast.cleaner, path).html.partition('class="nav-bottom"')[2].partition("</nav>")[0]
        assert re.findall(r'badge-count">(\d+)', bar) == ["2", "1"], path
    standing = standing_of(cast.cleaner)
    with django_assert_num_queries(1):
        assert unread_counts(standing) == {"notices": 2, "inbox": 1}
