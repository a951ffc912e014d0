"""Where a pushed link to a report ends: always on a calm page with a way on."""

import uuid
from collections.abc import Callable

import pytest

from accounts.models import User
from community_report.site.erasure import erase_person
from reports.models import Report
from reports.services import transitions
from tests.factories import Cast

from .opening import Page, open_page

LATE = "您不用再处理，谢谢"


def link(report: Report, person: User | None) -> Page:
    return open_page(person, f"reports/{report.pk}")


def claimed(cast: Cast, report: Report) -> None:
    transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)


def resolved(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    transitions.resolve_report(actor=cast.cleaner2, report_id=report.pk, note="好了")


def closed(cast: Cast, report: Report) -> None:
    resolved(cast, report)
    transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5)


def dismissed(cast: Cast, report: Report) -> None:
    transitions.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不在范围内")


def withdrawn(cast: Cast, report: Report) -> None:
    transitions.withdraw_report(actor=cast.resident, report_id=report.pk)


@pytest.mark.parametrize(
    ("happened", "headline"),
    [
        (claimed, "这条已由赵师傅在"),
        (resolved, "赵师傅已处理，等待上报人确认"),
        (closed, "赵师傅已处理完成"),
        (dismissed, "这条上报被驳回了"),
        (withdrawn, "上报人已撤回"),
    ],
)
def test_staff_who_come_late_are_told_so_and_led_on(
    cast: Cast, happened: Callable[[Cast, Report], None], headline: str
) -> None:
    report = cast.report()
    cast.report(by=cast.neighbour, title="还有这一条")
    happened(cast, report)
    page = link(report, cast.cleaner)
    assert page.status == 200
    assert headline in page.words
    assert LATE in page.words
    assert "看待接的报单（1）" in page.words
    assert "data-act=" not in page.html.split('id="timeline-title"')[0]


def test_an_overdue_report_of_a_colleague_does_not_shout(cast: Cast) -> None:
    report = cast.report()
    claimed(cast, report)
    Report.objects.filter(pk=report.pk).update(due_at=report.created_at)
    assert f'<p class="secondary">{LATE}</p>' in link(report, cast.cleaner).html
    assert '<p class="danger">' in link(report, cast.cleaner2).html


def test_a_merged_one_leads_to_the_other(cast: Cast) -> None:
    into, report = cast.report(), cast.report(by=cast.neighbour)
    transitions.merge_report(actor=cast.manager, report_id=report.pk, into_id=into.pk)
    page = link(report, cast.cleaner)
    assert f"/h5/reports/{into.pk}" in page.links()
    assert "/h5/work" in page.links()


def test_the_reporter_who_was_erased_has_no_name_and_no_number(cast: Cast) -> None:
    report = cast.report(title="楼道灯不亮")
    claimed(cast, report)
    assert "tel:13900000001" in link(report, cast.cleaner2).links()
    erase_person(cast.resident)
    page = link(report, cast.cleaner2)
    assert page.status == 200
    assert "楼道灯不亮" in page.words
    assert "李阿姨" not in page.words
    assert not [found for found in page.links() if found.startswith("tel:")]


def test_the_number_is_there_for_who_holds_it_and_gone_after_closing(cast: Cast) -> None:
    report = cast.report()
    number = "tel:13900000001"
    assert number not in link(report, cast.cleaner).links()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    assert number in link(report, cast.cleaner).links()
    assert number not in link(report, cast.cleaner2).links()
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5)
    assert number not in link(report, cast.cleaner).links()


@pytest.mark.parametrize(
    ("person", "way"), [("plumber", "/h5/work"), ("other_manager", "/h5/manage"), ("neighbour", "/h5/reports")]
)
def test_another_role_or_community_is_led_to_what_is_theirs(cast: Cast, person: str, way: str) -> None:
    page = link(cast.report(), getattr(cast, person))
    nowhere = open_page(getattr(cast, person), f"reports/{uuid.uuid4()}")
    assert page.status == nowhere.status == 404
    assert "没有找到这条报单" in page.words
    assert f'class="btn btn-main" href="{way}"' in page.html
    assert page.words == nowhere.words  # it does not tell what exists


def test_logged_out_it_comes_back_to_the_very_page(cast: Cast) -> None:
    report = cast.report()
    page = link(report, None)
    assert (page.status, page.location) == (302, f"/wechat/oauth/start?next=%2Fh5%2Freports%2F{report.pk}")
