"""One report's page: who sees what, where it stands in words, and the buttons."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from reports.models import Report
from reports.services import transitions as act
from reports.services.attachments import MediaItem, mark_failed
from reports.services.notes import write_note
from tests.factories import Cast

from .opening import Page, browser_of, open_page


def page_of(report: Report, user: User) -> Page:
    return open_page(user, f"reports/{report.pk}")


def resolved(cast: Cast) -> Report:
    report = cast.report()
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    return act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="已清理干净")


def offers(page: Page, action: str) -> bool:
    return f'data-act="{action}"' in page.html or f'data-sheet="act-{action}"' in page.html


@pytest.mark.parametrize("person", ["neighbour", "plumber", "stranger", "other_manager"])
def test_who_may_not_know_of_it_gets_the_calm_404(cast: Cast, person: str) -> None:
    page = page_of(cast.report(), getattr(cast, person))
    assert page.status == 404
    assert "没有找到" in page.words
    assert "/h5/" in page.links()
    assert "垃圾未及时清理" not in page.html


@pytest.mark.parametrize("bad", ["nonsense", "00000000-0000-0000-0000-000000000000", "%00"])
def test_a_report_that_is_none_is_a_404(cast: Cast, bad: str) -> None:
    assert open_page(cast.resident, f"reports/{bad}").status == 404


def test_the_reporter_reads_where_it_stands(cast: Cast) -> None:
    page = page_of(cast.report(), cast.resident)
    assert "已提交，等待保洁员接单" in page.words
    assert "昨晚开始就没有清理" in page.words
    assert offers(page, "urge")
    assert offers(page, "withdraw")
    assert not offers(page, "claim")


def test_after_sending_it_says_who_was_told(cast: Cast) -> None:
    report = cast.report()
    assert "提交成功，正在通知 2 位保洁员" in open_page(cast.resident, f"reports/{report.pk}?sent=1").words
    cast.cleaner2.memberships.update(on_duty=False)
    assert "提交成功，正在通知 1 位保洁员" in open_page(cast.resident, f"reports/{report.pk}?sent=1").words
    assert "提交成功" not in open_page(cast.manager, f"reports/{report.pk}?sent=1").words
    act.withdraw_report(actor=cast.resident, report_id=report.pk)
    assert "提交成功" not in open_page(cast.resident, f"reports/{report.pk}?sent=1").words


def test_staff_take_it_with_one_tap(cast: Cast) -> None:
    page = page_of(cast.report(), cast.cleaner)
    assert 'class="btn btn-main" data-act="claim"' in page.html
    assert offers(page, "ignore")
    assert cast.resident.phone not in page.html


def test_who_came_too_late_reads_who_has_it(cast: Cast) -> None:
    report = cast.report()
    with time_machine.travel("2026-11-23T01:12:00Z", tick=False):
        act.claim_report(actor=cast.cleaner, report_id=report.pk)
        page = page_of(report, cast.cleaner2)
    assert page.status == 200
    assert "这条已由张师傅在 09:12 接单" in page.words
    assert not offers(page, "claim")


def test_the_claimant_may_call_and_needs_no_claim_button(cast: Cast) -> None:
    report = cast.report()
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    page = page_of(report, cast.cleaner)
    assert f"tel:{cast.resident.phone}" in page.links()
    assert not offers(page, "claim")
    assert 'class="btn btn-main" data-sheet="act-resolve"' in page.html
    assert f"tel:{cast.resident.phone}" not in page_of(report, cast.resident).links()


def test_the_reporter_confirms_on_the_page(cast: Cast) -> None:
    report = resolved(cast)
    page = page_of(report, cast.resident)
    assert "请确认处理结果" in page.words
    assert "已清理干净" in page.words
    assert 'data-act="confirm"' in page.html
    assert offers(page, "reopen")
    until = timezone.localtime(report.status_since + timedelta(days=7))
    assert f"请在 {until.month}月{until.day}日 前确认" in page.words
    assert "很不满意" in page.words
    assert 'data-act="confirm"' not in page_of(report, cast.cleaner).html


def test_the_end_shows_the_stars(cast: Cast) -> None:
    report = resolved(cast)
    act.confirm_report(actor=cast.resident, report_id=report.pk, score=4, comment="很快")
    page = page_of(report, cast.resident)
    assert "已完成" in page.words
    assert 'aria-label="4 星，满分 5 星"' in page.html
    assert "很快" in page.words
    assert offers(page, "reopen")


def test_who_said_that_it_is_not_solved_is_answered(cast: Cast) -> None:
    report = resolved(cast)
    act.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏的")
    assert "您反映没有解决，张师傅会继续处理" in page_of(report, cast.resident).words
    assert "上报人反映没有解决，张师傅会继续处理" in page_of(report, cast.manager).words
    assert "上报人反映没有解决，请继续处理" in page_of(report, cast.cleaner).words
    act.add_progress(actor=cast.cleaner, report_id=report.pk, note="在路上")
    assert "张师傅已接单，正在处理" in page_of(report, cast.resident).words


def test_what_was_urged_for_has_come(cast: Cast) -> None:
    report = cast.report()
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False) as clock:
        act.urge_report(actor=cast.resident, report_id=report.pk)
        clock.shift(60)
        assert "催过" in page_of(report, cast.resident).words
        act.claim_report(actor=cast.cleaner, report_id=report.pk)
        assert "催过" not in page_of(report, cast.resident).words


def test_who_was_given_a_report_has_not_begun(cast: Cast) -> None:
    report = cast.report()
    act.assign_report(actor=cast.manager, report_id=report.pk, user_id=cast.cleaner.pk)
    assert "已交给张师傅处理" in page_of(report, cast.resident).words
    assert "已交给您，处理好后请提交结果" in page_of(report, cast.cleaner).words
    act.add_progress(actor=cast.cleaner, report_id=report.pk, note="在路上")
    assert "张师傅已接单，正在处理" in page_of(report, cast.resident).words


def test_the_manager_is_asked_for_what_waits_too_long(cast: Cast) -> None:
    report = cast.report()
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert "超时没人接单，请您指派" in page_of(report, cast.manager).words
        assert "等得有点久了，已提醒物业管理人员" in page_of(report, cast.resident).words


def test_a_refused_report_says_why(cast: Cast) -> None:
    report = cast.report()
    act.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不在物业管理范围")
    page = page_of(report, cast.resident)
    assert "物业驳回了这条上报" in page.words
    assert "不在物业管理范围" in page.words


def test_a_merged_report_leads_to_the_other(cast: Cast) -> None:
    other, report = cast.report(by=cast.neighbour), cast.report()
    act.merge_report(actor=cast.manager, report_id=report.pk, into_id=other.pk)
    page = page_of(report, cast.resident)
    assert "和另一条相同的报单合并处理" in page.words
    assert f"/h5/reports/{other.pk}" in page.links()
    assert page_of(other, cast.resident).status == 200


def test_who_follows_sees_the_steps_and_nothing_of_the_person(cast: Cast) -> None:
    report = cast.report()
    act.follow_report(actor=cast.neighbour, report_id=report.pk)
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    act.comment_report(actor=cast.resident, report_id=report.pk, note="又脏了")
    page = page_of(report, cast.neighbour)
    assert page.status == 200
    assert "已有师傅接单，正在处理" in page.words
    assert "已接单" in page.words
    for hidden in ("昨晚开始就没有清理", "李阿姨", "张师傅", "又脏了", "6幢4层"):
        assert hidden not in page.html
    assert offers(page, "unfollow")


def test_a_public_post_does_not_say_who_wrote_it(cast: Cast) -> None:
    post = cast.report("lost", title="捡到一串钥匙", address="")
    page = page_of(post, cast.neighbour)
    assert "捡到一串钥匙" in page.words
    assert "邻居上报" in page.words
    assert "李阿姨" not in page.html
    assert "401" not in page.words


def test_a_neighbour_reading_a_post_reaches_it_from_the_board(cast: Cast) -> None:
    post = cast.report("lost", title="捡到一串钥匙")
    assert f"/h5/reports/{post.pk}" in open_page(cast.neighbour, "board?q=钥匙").links()
    searched = open_page(cast.neighbour, "board?q=a%26b").links()
    assert f"/h5/reports/{post.pk}" not in searched
    assert {"/h5/board?q=a%26b", "/h5/board?show=done&q=a%26b"} <= searched
    act.confirm_report(actor=cast.resident, report_id=post.pk)
    assert f"/h5/reports/{post.pk}" not in open_page(cast.neighbour, "board").links()
    assert f"/h5/reports/{post.pk}" in open_page(cast.neighbour, "board?show=done").links()


def test_the_board_does_not_search_hidden_addresses(cast: Cast) -> None:
    post = cast.report("lost", title="捡到一串钥匙", address="")
    assert post.address
    assert f"/h5/reports/{post.pk}" not in open_page(cast.neighbour, "board?q=401").links()


def test_managers_get_the_sheets_of_what_they_may_do(cast: Cast) -> None:
    report, other = cast.report(), cast.report(title="另一条")
    page = page_of(report, cast.manager)
    for action in ("assign", "dismiss", "recategorize", "merge"):
        assert offers(page, action)
        assert f'data-act="{action}"' in page.html
    assert f'value="{cast.cleaner.pk}"' in page.html
    assert f'value="{other.pk}"' in page.html
    assert 'value="repair"' in page.html
    assert 'value="hygiene"' not in page.html


@pytest.mark.parametrize("person", ["manager", "resident", "cleaner2"])
def test_the_timeline_says_whom_a_manager_gave_it_to(cast: Cast, person: str) -> None:
    report = cast.report()
    for staff in (cast.cleaner2, cast.cleaner):
        act.assign_report(actor=cast.manager, report_id=report.pk, user_id=staff.pk)
    page = page_of(report, getattr(cast, person))
    assert "陈经理交给赵师傅处理" in page.words
    assert "陈经理交给张师傅处理" in page.words


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("门口的灯坏了。", 0),
        ("门口的灯坏了！！", 0),
        ("门口的灯坏了", 0),
        ("门口的灯坏了。已经三天了。", 1),
    ],
)
def test_the_description_is_read_where_it_says_more_than_the_title(cast: Cast, description: str, shown: int) -> None:
    page = page_of(cast.report("repair", title="", description=description), cast.resident)
    assert page.html.count('<p class="pre mb-0">门口的灯坏了') == shown
    assert "<h2>门口的灯坏了</h2>" in page.html


def test_media_on_their_way_and_lost_ones_are_told(cast: Cast) -> None:
    report = cast.report(media=(MediaItem("image", "m1"), MediaItem("voice", "m2", None, 5.0)))
    page = page_of(report, cast.resident)
    assert "图片接收中" in page.words
    assert "语音接收中" in page.words
    picture = report.attachments.get(kind="image")
    mark_failed(picture.pk, "40007")
    assert "图片没有收到，请重发" in page_of(report, cast.resident).words


def test_an_open_page_learns_cheaply_that_there_is_news(cast: Cast) -> None:
    report = cast.report(media=(MediaItem("image", "m1"),))
    browser = browser_of(cast.resident)
    first = browser.head(f"/h5/reports/{report.pk}")
    assert f"data-version={first['ETag']}" in open_page(None, f"reports/{report.pk}", browser).html
    same = browser.head(f"/h5/reports/{report.pk}", headers={"if-none-match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    mark_failed(report.attachments.get().pk, "40007")
    second = browser.head(f"/h5/reports/{report.pk}")["ETag"]
    assert second != first["ETag"]
    act.urge_report(actor=cast.resident, report_id=report.pk)
    third = browser.head(f"/h5/reports/{report.pk}")["ETag"]
    assert third != second
    seen_by_staff = browser_of(cast.cleaner).head(f"/h5/reports/{report.pk}")["ETag"]
    write_note(actor=cast.cleaner, report_id=report.pk, note="下午去")
    assert browser.head(f"/h5/reports/{report.pk}")["ETag"] == third  # no resident can tell
    assert browser_of(cast.cleaner).head(f"/h5/reports/{report.pk}")["ETag"] != seen_by_staff
    assert browser_of(cast.neighbour).head(f"/h5/reports/{report.pk}").status_code == 404


def test_lists_cost_the_same_however_long(cast: Cast) -> None:
    def queries() -> int:
        browser = browser_of(cast.resident)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/h5/reports").status_code == 200
        return len(captured)

    cast.report()
    before = queries()
    for _ in range(5):
        cast.report()
    assert queries() == before


def test_the_list_goes_on_page_by_page(cast: Cast) -> None:
    reports = [cast.report(title=f"第{n}条") for n in range(22)]
    first = open_page(cast.resident, "reports")
    following = next(link for link in first.links() if link.startswith("?cursor="))
    second = open_page(cast.resident, f"reports{following}")
    shown = {f"/h5/reports/{report.pk}" for report in reports}
    assert len(first.links() & shown) == 20
    assert (first.links() | second.links()) & shown == shown
    assert open_page(cast.resident, "reports?cursor=rubbish").status == 404


def test_the_lists_of_ones_own(cast: Cast) -> None:
    mine, done, neighbours = cast.report(title="未完"), resolved(cast), cast.report(by=cast.neighbour, title="邻居的")
    act.confirm_report(actor=cast.resident, report_id=done.pk, score=5)
    act.follow_report(actor=cast.resident, report_id=neighbours.pk)

    def shown(show: str) -> set[str]:
        links = open_page(cast.resident, f"reports?show={show}").links()
        return {str(report.title) for report in (mine, done, neighbours) if f"/h5/reports/{report.pk}" in links}

    assert shown("") == {"未完", "垃圾未及时清理"}
    assert shown("open") == {"未完"}
    assert shown("done") == {"垃圾未及时清理"}
    assert shown("followed") == {"邻居的"}
    assert "您还没有关注邻居的报单" in open_page(cast.neighbour, "reports?show=followed").words


def test_a_category_that_nobody_has_to_work_on_says_so(cast: Cast) -> None:
    post = cast.report("lost", title="猫走丢了")
    assert "已发布，邻居们都能看到" in page_of(post, cast.resident).words
