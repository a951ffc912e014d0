"""/h5/manage: what needs a manager first, the list of all reports and its filters; /h5/manage/unreached."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.models import Membership
from accounts.policies import standing_of
from community_report.site.needs import needs_of
from dispatch.models import Delivery, Outbox
from reports.models import Report
from reports.services import transitions
from tests.factories import Cast, bind, make_person, role_of

from .opening import browser_of, open_page

LONG_AGO = timedelta(days=3)


def needs(cast: Cast) -> dict[str, int]:
    return {need.name: need.count for need in needs_of(standing_of(cast.manager), cast.community)}


def dead_letter(cast: Cast, **fields: object) -> Delivery:
    key = f"test:{Outbox.objects.count()}"
    outbox = Outbox.objects.create(key=key, kind="resolved", community=cast.community)
    values = {"status": Delivery.Status.DEAD, "code": "43004", "text": "已处理好，请确认", "path": "/h5/", **fields}
    return Delivery.objects.create(
        outbox=outbox, user=cast.resident, kind="resolved", community=cast.community, due_at=timezone.now(), **values
    )


def test_nothing_waits_where_all_is_in_order(cast: Cast) -> None:
    cast.report()
    assert needs(cast) == {}
    assert "需要您处理" not in open_page(cast.manager, "manage").words


def test_unclaimed_and_overdue_reports_need_the_manager(cast: Cast) -> None:
    late, claimed = cast.report(title="没人接的"), cast.report(title="接了没做的")
    cast.report(title="刚报的")
    transitions.claim_report(actor=cast.cleaner, report_id=claimed.pk)
    past = timezone.now() - LONG_AGO
    Report.objects.filter(pk=late.pk).update(claim_due_at=past)
    Report.objects.filter(pk=claimed.pk).update(due_at=past)
    assert needs(cast) == {"unclaimed": 1, "overdue": 1}
    page = open_page(cast.manager, "manage")
    assert "/h5/manage?need=unclaimed&community=fuchen#list" in page.links()
    listed = open_page(cast.manager, "manage?need=unclaimed").words
    assert "没人接的" in listed
    assert "接了没做的" not in listed
    assert "刚报的" not in listed


def test_what_is_late_longest_stands_first(cast: Cast) -> None:
    now = timezone.now()
    for name, hours in (("两小时", 2), ("九小时", 9), ("五小时", 5)):
        report = cast.report(title=name)
        Report.objects.filter(pk=report.pk).update(due_at=now - timedelta(hours=hours))
    first = open_page(cast.manager, "manage?need=overdue&limit=2")
    assert first.words.index("九小时") < first.words.index("五小时")
    assert "两小时" not in first.words
    further = next(link for link in first.links() if "cursor=" in link)
    assert "两小时" in open_page(cast.manager, f"manage{further}").words


def test_a_reopened_report_needs_the_manager_until_it_is_resolved_again(cast: Cast) -> None:
    report = cast.report(title="又坏了")
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="没好")
    assert needs(cast) == {"reopened": 1}
    assert "又坏了" in open_page(cast.manager, "manage?need=reopened").words
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="真好了")
    assert needs(cast) == {}


def test_pending_bindings_and_dead_messages_need_the_manager(cast: Cast) -> None:
    resident = role_of(cast.community, "resident")
    Membership.objects.create(
        user=cast.stranger, community=cast.community, role=resident, status="pending", stated_home={"building": "9幢"}
    )
    dead_letter(cast)
    assert needs(cast) == {"bindings": 1, "unreached": 1}


def test_nobody_is_to_telephone_themselves(cast: Cast) -> None:
    row = dead_letter(cast)
    Delivery.objects.filter(pk=row.pk).update(user=cast.manager)
    assert needs(cast) == {}
    assert "消息都送到了" in open_page(cast.manager, "manage/unreached").words


def test_a_message_that_was_read_or_is_old_is_no_worry(cast: Cast) -> None:
    dead_letter(cast, read_at=timezone.now())
    old = dead_letter(cast)
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=15))
    assert needs(cast) == {}


def test_who_was_not_reached_is_listed_with_the_number_and_the_reason(cast: Cast) -> None:
    dead_letter(cast)
    page = open_page(cast.manager, "manage/unreached")
    assert "李阿姨" in page.words
    assert "没有关注公众号" in page.words
    assert "tel:13900000001" in page.links()
    assert "消息都送到了" in open_page(cast.other_manager, "manage/unreached").words


def test_what_is_on_the_board_waits_for_nobody(cast: Cast) -> None:
    cast.report(title="六楼垃圾")
    cast.report("lost", title="捡到一串钥匙")
    page = open_page(cast.manager, "manage?status=submitted")
    assert "待处理 1" in page.words
    assert ("六楼垃圾" in page.words, "捡到一串钥匙" in page.words) == (True, False)
    assert "捡到一串钥匙" in open_page(cast.manager, "manage").words
    words = open_page(cast.manager, "manage/stats").words
    assert "待处理 1" in words
    assert "展示中 1" in words


def test_a_card_says_for_what_time_is_left(cast: Cast) -> None:
    report = cast.report()
    for person, path in ((cast.manager, "manage"), (cast.resident, "reports")):
        assert "接单 还剩" in open_page(person, path).words
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    for person, path in ((cast.manager, "manage"), (cast.resident, "reports")):
        assert "解决 还剩" in open_page(person, path).words


def test_every_report_of_the_community_is_listed_and_no_other(cast: Cast) -> None:
    mine = cast.report(title="六楼垃圾")
    page = open_page(cast.manager, "manage")
    assert "六楼垃圾" in page.words
    assert mine.number in page.words
    assert "六楼垃圾" not in open_page(cast.other_manager, "manage").words


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("status=submitted", {"新的"}),
        ("status=claimed", {"接了的"}),
        ("category=repair", {"接了的"}),
        ("q=新的", {"新的"}),
        ("building=6幢", {"新的", "接了的"}),
        ("building=nowhere", set()),
        ("status=rubbish", set()),
        ("need=rubbish", set()),
        ("since=2999-01-01", set()),
        ("q=&building=", {"新的", "接了的"}),
    ],
)
def test_filters_live_in_the_address(cast: Cast, filters: str, found: set[str]) -> None:
    cast.report(title="新的", address="6幢1单元")
    held = cast.report("repair", title="接了的", address="6幢2单元")
    transitions.claim_report(actor=cast.plumber, report_id=held.pk)
    listed = open_page(cast.manager, f"manage?{filters}").html.split("list-reports")
    cards = listed[1] if len(listed) > 1 else ""
    assert {title for title in ("新的", "接了的") if title in cards} == found


def test_a_chip_keeps_the_other_filters_and_one_tap_takes_one_away(cast: Cast) -> None:
    cast.report()
    links = open_page(cast.manager, "manage?category=hygiene&building=6幢&cursor=").links()
    assert "?category=hygiene&building=6%E5%B9%A2&status=claimed" in links
    assert "?category=hygiene" in links
    assert "?building=6%E5%B9%A2" in links
    form = open_page(cast.manager, "manage?need=overdue").html.split('action="/h5/manage"')[1].split("</form>")[0]
    assert 'name="need" value="overdue"' in form
    assert 'name="community" value="fuchen"' in form


def test_more_than_a_page_goes_on_by_a_cursor(cast: Cast) -> None:
    for n in range(3):
        cast.report(title=f"第{n}条")
    first = open_page(cast.manager, "manage?limit=2")
    further = next(link for link in first.links() if "cursor=" in link)
    assert "第0条" not in first.words
    assert "第0条" in open_page(cast.manager, f"manage{further}").words
    assert open_page(cast.manager, "manage?cursor=rubbish").status == 404


def test_a_manager_of_two_communities_chooses_and_is_remembered(cast: Cast) -> None:
    bind(cast.manager, role_of(cast.other_community, "manager"))
    cast.report(title="府琛的事")
    client = browser_of(cast.manager)
    assert "?community=other" in open_page(None, "manage", client).links()
    assert "府琛的事" not in open_page(None, "manage?community=other", client).words
    assert "府琛的事" not in open_page(None, "manage", client).words
    assert "府琛的事" in open_page(None, "manage?community=fuchen", client).words


@pytest.mark.parametrize(
    "page", ["manage", "manage/stats", "manage/people", "manage/people/poster", "manage/unreached"]
)
@pytest.mark.parametrize("person", ["resident", "cleaner", "stranger"])
def test_managers_pages_are_managers_alone(cast: Cast, person: str, page: str) -> None:
    opened = open_page(getattr(cast, person), page)
    assert opened.status == 403
    assert "这是物业管理人员的页面" in opened.words
    assert "/h5/" in opened.links()


@pytest.mark.parametrize("page", ["manage", "manage/stats", "manage/people", "manage/unreached", "notices/new"])
def test_another_community_is_not_theirs(cast: Cast, page: str) -> None:
    assert open_page(cast.manager, f"{page}?community=other").status == 403
    assert open_page(cast.manager, f"{page}?community=nowhere").status == 403


def test_the_lists_cost_does_not_grow_with_it(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            open_page(None, "manage", client)
        return len(queries)

    client = browser_of(cast.manager)
    cast.report()
    open_page(None, "manage", client)
    one = cost()
    for n in range(6):
        cast.report(by=[cast.resident, cast.neighbour][n % 2])
    assert cost() == one


def test_a_person_with_one_permission_sees_one_page(cast: Cast) -> None:
    person = make_person("会计")
    bind(person, role_of(cast.community, "cleaner"))

    assign_perm("view_statistics", person, cast.community)
    assert open_page(person, "manage/stats").status == 200
    assert open_page(person, "manage").status == 403
    assign_perm("manage_reports", person, cast.community)
    home = open_page(person, "").links()
    assert ("/h5/manage/stats" in home, "/h5/manage/people" in home) == (True, False)


def test_a_post_that_nobody_has_to_work_on_does_not_wait(cast: Cast) -> None:
    cast.report("lost", title="捡到一串钥匙")
    for person, path in ((cast.manager, "manage"), (cast.resident, "reports"), (cast.resident, "")):
        page = open_page(person, path)
        assert "捡到一串钥匙" in page.words
        assert "status-submitted" not in page.html
    cast.report()
    assert "status-submitted" in open_page(cast.manager, "manage").html
