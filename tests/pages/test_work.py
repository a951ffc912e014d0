"""/h5/work: the staff's lists, with what can be done on the card."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from reports.models import Report
from reports.services import transitions
from tests.factories import Cast

from .opening import browser_of, open_page

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
    assert "tel:13900000001" in page.links()
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


def test_the_card_says_both_deadlines_and_colours_what_has_passed(cast: Cast) -> None:
    report = cast.report()
    now = timezone.now()
    Report.objects.filter(pk=report.pk).update(
        claim_due_at=now - timedelta(hours=2, minutes=5), due_at=now + timedelta(hours=1, minutes=5)
    )
    page = open_page(cast.cleaner, "work")
    assert "接单 已超时 2 小时" in page.words
    assert "解决 还剩 1 小时" in page.words
    deadlines = page.html.split('class="deadlines')[1].split("</p>")[0]
    assert deadlines.index('class="danger"') < deadlines.index('class="warn"')


def test_the_card_shows_the_first_words_beyond_the_title(cast: Cast) -> None:
    cast.report(title="六楼垃圾", description="从昨晚起堆在消防门后面")
    assert "从昨晚起堆在消防门后面" in open_page(cast.cleaner, "work").words


def test_the_card_says_why_a_colleague_gave_it_back(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)
    transitions.release_report(actor=cast.cleaner2, report_id=report.pk, reason="请张师傅接手")
    assert "赵师傅退回：请张师傅接手" in open_page(cast.cleaner, "work").words


def test_the_card_says_that_the_resident_is_not_content(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="角落里还有")
    assert "业主说没解决：角落里还有" in open_page(cast.cleaner, "work?tab=mine").words


def test_a_long_list_goes_on_by_a_cursor_in_the_order_of_urgency(cast: Cast) -> None:
    now = timezone.now()
    for n in (2, 0, 3, 1):
        report = cast.report(title=f"第{n}急", by=[cast.resident, cast.neighbour][n % 2])
        due = None if n == 3 else now + timedelta(minutes=n)
        Report.objects.filter(pk=report.pk).update(claim_due_at=None, due_at=due)
    first = open_page(cast.cleaner, "work?limit=2")
    further = next(link for link in first.links() if "cursor=" in link)
    second = open_page(cast.cleaner, f"work{further}")
    assert [n for n in range(4) if f"第{n}急" in first.words] == [0, 1]
    assert [n for n in range(4) if f"第{n}急" in second.words] == [2, 3]
    assert first.words.index("第0急") < first.words.index("第1急")
    assert second.words.index("第2急") < second.words.index("第3急")


def test_the_lists_cost_does_not_grow_with_it(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            open_page(None, "work", client)
        return len(queries)

    client = browser_of(cast.cleaner)
    cast.report()
    open_page(None, "work", client)
    one = cost()
    for n in range(4):
        cast.report(by=[cast.resident, cast.neighbour][n % 2])
    assert cost() == one


def test_without_scripts_a_tap_claims_and_leads_to_the_report(cast: Cast) -> None:
    report = cast.report()
    answer = browser_of(cast.cleaner).post(f"/h5/reports/{report.pk}/do", {"do": "claim"})
    assert (answer.status_code, answer["Location"]) == (302, f"/h5/reports/{report.pk}?did=claim")
    report.refresh_from_db()
    assert report.claimed_by == cast.cleaner


def test_without_scripts_too_who_comes_too_late_is_told_calmly(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)
    client = browser_of(cast.cleaner)
    answer = client.post(f"/h5/reports/{report.pk}/do", {"do": "claim"})
    assert answer.status_code == 302
    page = open_page(None, f"reports/{report.pk}", client)
    assert page.status == 200
    assert "这条已由赵师傅在" in page.words
    assert "您不用再处理，谢谢" in page.words
    assert "/h5/work" in page.links()


@pytest.mark.parametrize("verb", ["resolve", "dismiss", "rubbish", ""])
def test_what_asks_something_first_does_not_happen_at_a_tap(cast: Cast, verb: str) -> None:
    report = cast.report()
    assert browser_of(cast.manager).post(f"/h5/reports/{report.pk}/do", {"do": verb}).status_code == 302
    report.refresh_from_db()
    assert report.status == "submitted"


def test_without_scripts_the_duty_can_be_switched(cast: Cast) -> None:
    client = browser_of(cast.cleaner)
    assert client.post("/h5/work", {"on_duty": "0"})["Location"] == "/h5/work"
    assert "我不在岗" in open_page(None, "work", client).words
    client.post("/h5/work", {"on_duty": "1"})
    assert "我在岗" in open_page(None, "work", client).words
