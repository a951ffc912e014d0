"""/h5/work: the staff's lists, with what can be done on the card."""

import pytest

from accounts.models import Membership
from reports.services import transitions
from tests.factories import Cast

from .opening import open_page

CLAIM = 'data-claim="'


def test_open_reports_can_be_claimed_on_the_card(cast: Cast) -> None:
    report = cast.report(title="电梯里有呕吐物")
    page = open_page(cast.cleaner, "work")
    assert page.status == 200
    assert "电梯里有呕吐物" in page.words
    assert f'{CLAIM}{report.pk}"' in page.html
    assert f"/h5/reports/{report.pk}" in page.links()
    assert "还剩" in page.words


def test_another_roles_reports_are_not_listed(cast: Cast) -> None:
    cast.report(title="电梯里有呕吐物")
    page = open_page(cast.plumber, "work")
    assert "电梯里有呕吐物" not in page.words
    assert "暂时没有要接的报单" in page.words


def test_the_tabs_count_open_mine_and_done(cast: Cast) -> None:
    cast.report()
    mine, done, others = cast.report(), cast.report(), cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=mine.pk)
    transitions.claim_report(actor=cast.cleaner, report_id=done.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=done.pk, note="好了")
    transitions.claim_report(actor=cast.cleaner2, report_id=others.pk)
    assert "待接单 1 我的 1 已完成 1" in open_page(cast.cleaner, "work").words


def test_what_is_held_is_not_claimed_again_and_leads_to_its_page(cast: Cast) -> None:
    report = cast.report(title="楼道灯不亮")
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    page = open_page(cast.cleaner, "work?tab=mine")
    assert "楼道灯不亮" in page.words
    assert "更新进展、提交结果" in page.words
    assert CLAIM not in page.html


def test_the_most_urgent_report_stands_first(cast: Cast) -> None:
    first, second = cast.report(title="先报的"), cast.report(title="后报的")
    type(first).objects.filter(pk=second.pk).update(due_at=first.created_at)
    words = open_page(cast.cleaner, "work").words
    assert words.index("后报的") < words.index("先报的")


def test_it_says_who_is_on_duty(cast: Cast) -> None:
    on = open_page(cast.cleaner, "work")
    assert "我在岗" in on.words
    assert "也在岗：赵师傅" in on.words
    assert "孙师傅" not in on.words
    Membership.objects.filter(user__in=[cast.cleaner, cast.cleaner2]).update(on_duty=False)
    off = open_page(cast.cleaner, "work")
    assert "我不在岗" in off.words
    assert "现在没有其他同事在岗" in off.words


@pytest.mark.parametrize("tab", ["", "?tab=open", "?tab=mine", "?tab=done", "?tab=rubbish"])
def test_an_empty_tab_says_so(cast: Cast, tab: str) -> None:
    page = open_page(cast.cleaner, f"work{tab}")
    assert page.status == 200
    assert 'class="empty"' in page.html


@pytest.mark.parametrize("person", ["resident", "manager", "stranger"])
def test_who_is_no_staff_is_told_calmly(cast: Cast, person: str) -> None:
    page = open_page(getattr(cast, person), "work")
    assert page.status == 403
    assert "这是工作人员的页面" in page.words
    assert "/h5/" in page.links()


def test_a_manager_is_shown_where_the_reports_are(cast: Cast) -> None:
    assert 'class="btn btn-main" href="/h5/manage"' in open_page(cast.manager, "work").html
    assert 'class="btn btn-main" href="/h5/"' in open_page(cast.resident, "work").html


def test_without_a_session_it_goes_to_the_login(db: None) -> None:
    page = open_page(None, "work?tab=mine")
    assert (page.status, page.location) == (302, "/wechat/oauth/start?next=%2Fh5%2Fwork%3Ftab%3Dmine")
