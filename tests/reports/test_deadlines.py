"""Reminders before a deadline and after it: each once, whoever sweeps and however late."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import SpecialDay
from reports.models import Alarm, Category, Report, ReportEvent
from reports.services import clock
from reports.services import transitions as act
from reports.services.clock import fire_deadlines
from tests.dispatch.ledger import forget, only, told
from tests.factories import Cast
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db

#: A Thursday; claiming is due at 09:30, resolving on Friday at 09:00.
START = datetime(2026, 3, 5, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
CLAIM_DUE, DUE = START + timedelta(minutes=30), START + timedelta(days=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (DUE + timedelta(days=days) for days in (3, 4, 5, 6))


@pytest.fixture
def report(cast: Cast) -> Iterator[Report]:
    with time_machine.travel(START, tick=False):
        report = cast.report()
        forget()
        yield report


def fire(*moments: datetime) -> list[str]:
    """The events that sweeping twice at each of these moments writes."""
    before = set(ReportEvent.objects.values_list("pk", flat=True))
    for now in moments:
        fire_deadlines(now)
        fire_deadlines(now)
    return list(ReportEvent.objects.exclude(pk__in=before).order_by("pk").values_list("kind", flat=True))


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def claimed(cast: Cast, report: Report) -> None:
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    forget()


def test_the_role_is_reminded_when_four_fifths_of_the_time_to_claim_are_over(report: Report) -> None:
    assert fire(minutes(23.9)) == []
    assert fire(minutes(24)) == ["claim_soon"]
    assert told() == {"urged": {"张师傅", "赵师傅"}}
    assert fire(minutes(29), CLAIM_DUE) == ["unclaimed"]


def test_the_claimant_is_reminded_of_the_deadline(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    assert fire(minutes(1440 * 0.8 - 1)) == []
    assert fire(minutes(1440 * 0.8)) == ["due_soon"]
    assert told() == {"urged": {"张师傅"}}
    assert "快到解决时限" in only().text


def test_a_claimed_report_has_no_reminder_to_claim_it(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    assert fire(minutes(24), CLAIM_DUE, minutes(60)) == []


def test_a_very_short_deadline_has_no_reminder(cast: Cast) -> None:
    Category.objects.filter(slug="hygiene").update(claim_minutes=4)
    with time_machine.travel(START, tick=False):
        report = cast.report()
    assert report.claim_remind_at is None
    assert fire(minutes(3.9), minutes(4)) == ["unclaimed"]


def test_a_category_without_deadlines_has_no_alarms(cast: Cast) -> None:
    Category.objects.filter(slug="hygiene").update(claim_minutes=0, resolve_minutes=0)
    with time_machine.travel(START, tick=False):
        cast.report()
    assert fire(CLAIM_DUE, DUE, MONDAY) == []


def test_the_managers_hear_of_an_overdue_report_once_a_working_day_three_times(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    assert fire(DUE) == ["overdue"]
    forget()
    weekend = DUE + timedelta(days=1), DUE + timedelta(days=2), MONDAY - timedelta(seconds=1)
    assert fire(*weekend) == []
    assert fire(MONDAY, MONDAY + timedelta(hours=8)) == ["overdue_again"]
    assert told() == {"overdue": {"陈经理"}}
    assert "仍然没有解决" in only().text
    assert fire(TUESDAY, WEDNESDAY) == ["overdue_again"] * 2
    assert fire(THURSDAY, THURSDAY + timedelta(days=30)) == []


def test_the_managers_hear_of_an_unclaimed_report_again(cast: Cast) -> None:
    Category.objects.filter(slug="hygiene").update(resolve_minutes=0)
    with time_machine.travel(START, tick=False):
        cast.report()
        forget()
        assert fire(CLAIM_DUE) == ["unclaimed"]
        forget()
        friday = CLAIM_DUE + timedelta(days=1)
        assert fire(friday) == ["unclaimed_again"]
        assert told() == {"unclaimed": {"陈经理"}}


def test_what_is_overdue_is_not_said_to_be_unclaimed_as_well(report: Report) -> None:
    friday = CLAIM_DUE + timedelta(days=1)
    assert fire(CLAIM_DUE, DUE, friday) == ["unclaimed", "overdue"]
    assert fire(MONDAY, MONDAY + timedelta(hours=1)) == ["overdue_again"]


def test_a_special_day_is_no_working_day(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    SpecialDay.objects.create(community=cast.community, day=date(2026, 3, 9), working=False)
    assert fire(DUE, MONDAY) == ["overdue"]
    assert fire(TUESDAY) == ["overdue_again"]


def test_a_clock_that_stood_still_tells_the_last_of_what_it_missed(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    assert fire(TUESDAY + timedelta(hours=1)) == ["overdue"]
    assert fire(WEDNESDAY) == ["overdue_again"]
    assert fire(WEDNESDAY + timedelta(days=30)) == []


def test_a_clock_that_stood_still_between_two_repetitions_tells_one(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    fire(DUE)
    assert fire(WEDNESDAY + timedelta(days=30)) == ["overdue_again"]


def test_what_is_done_is_not_told_again(cast: Cast, report: Report) -> None:
    claimed(cast, report)
    fire(DUE)
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    assert fire(MONDAY, TUESDAY) == []
    assert not Alarm.objects.exclude(repeat_at=None).exists()


def test_a_report_given_back_has_its_own_time_to_be_claimed(cast: Cast, report: Report) -> None:
    fire(CLAIM_DUE)
    claimed(cast, report)
    with time_machine.travel(minutes(60), tick=False):
        act.release_report(actor=cast.cleaner, report_id=report.pk, reason="缺工具")
    assert fire(minutes(83)) == []
    assert fire(minutes(84), minutes(90)) == ["claim_soon", "unclaimed"]


def test_another_category_counts_anew_what_has_not_passed(cast: Cast, report: Report) -> None:
    Category.objects.filter(slug="repair").update(claim_minutes=60, resolve_minutes=600)
    with time_machine.travel(minutes(10), tick=False):
        act.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    report.refresh_from_db()
    assert (report.claim_due_at, report.claim_remind_at) == (minutes(70), minutes(58))
    assert (report.due_at, report.remind_at) == (minutes(600), minutes(480))


def test_a_deadline_to_claim_that_has_passed_is_not_moved(cast: Cast, report: Report) -> None:
    fire(CLAIM_DUE)
    Category.objects.filter(slug="repair").update(claim_minutes=60)
    with time_machine.travel(minutes(40), tick=False):
        act.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    report.refresh_from_db()
    assert report.claim_due_at == CLAIM_DUE


def test_another_category_counts_a_reopened_report_from_its_reopening(cast: Cast, report: Report) -> None:
    Category.objects.filter(slug="repair").update(resolve_minutes=600)
    claimed(cast, report)
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    later = START + timedelta(days=3)
    with time_machine.travel(later, tick=False):
        act.reopen_report(actor=cast.resident, report_id=report.pk, reason="又漏了")
        act.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    report.refresh_from_db()
    assert report.due_at == later + timedelta(minutes=600)


def test_into_a_category_without_work_ends_every_deadline(cast: Cast, report: Report) -> None:
    fire(DUE)
    with time_machine.travel(DUE + timedelta(minutes=5), tick=False):
        act.recategorize_report(actor=cast.manager, report_id=report.pk, category="lost", reason="是捡到的")
    report.refresh_from_db()
    assert (report.claim_due_at, report.due_at) == (None, None)
    assert not Report.objects.overdue(DUE + timedelta(days=1)).exists()


def test_the_oldest_claim_is_not_behind_two_hundred_younger_ones(
    cast: Cast, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    Category.objects.filter(slug="hygiene").update(lease_minutes=60)
    claimed(cast, report)
    with time_machine.travel(minutes(30), tick=False):
        act.claim_report(actor=cast.cleaner2, report_id=cast.report().pk)
    monkeypatch.setattr(clock, "BATCH", 1)
    assert fire(minutes(61)) == ["lease"]
    assert fire(minutes(91)) == ["lease"]  # the other one, though the first is still in hand
    assert fire(minutes(121)) == ["expire"]


def test_another_category_does_not_make_an_overdue_report_timely(cast: Cast, report: Report) -> None:
    Category.objects.filter(slug="repair").update(claim_minutes=0, resolve_minutes=14400)
    with time_machine.travel(DUE + timedelta(minutes=5), tick=False):
        fire(DUE)
        act.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    report.refresh_from_db()
    assert report.due_at == DUE
    assert fire(DUE + timedelta(minutes=6)) == []
    assert fire(MONDAY) == ["overdue_again"]


def test_each_is_an_event_that_the_page_puts_into_words(cast: Cast, report: Report) -> None:
    fire(minutes(24), CLAIM_DUE, minutes(1440 * 0.8), DUE, MONDAY)
    words = open_page(cast.manager, f"reports/{report.pk}").words
    for said in ("快到接单时限", "超过时限无人接单", "快到解决时限", "超过解决时限", "已再次提醒管理人员"):
        assert said in words
