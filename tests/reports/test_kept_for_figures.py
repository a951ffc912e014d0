"""What reports, claims and days keep for the figures: as events and ratings say, whoever looks, and mended if not."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dispatch.services.sweeping import sweep
from reports.models import Claim, DayCount, Report
from reports.services import transitions
from reports.statistics import courses, figures
from reports.statistics.copies import mend, wrong
from reports.statistics.days import count_finished, days_of
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast, bind, make_home, role_of

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NOTHING = {"reports": 0, "claims": 0, "days": 0}


def reopened_twice(cast: Cast) -> Report:
    """The same person holds it a second time; both of their results are found to be none."""
    report = cast.report()
    for _ in range(2):
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="没好")
        transitions.release_report(actor=cast.cleaner, report_id=report.pk, reason="太忙")
    return report


def test_a_claim_says_what_came_before_it(cast: Cast) -> None:
    report = reopened_twice(cast)
    transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)
    flags = Claim.objects.filter(report=report).values_list("first", "held_before", "resolved_before", "reopened")
    assert list(flags) == [(True, False, False, True), (False, True, True, True), (False, False, False, False)]
    assert mend() == NOTHING


def test_what_is_wrong_is_told_and_mended(cast: Cast) -> None:
    with time_machine.travel(NOON):
        report = reopened_twice(cast)
    days_of(None, NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert mend() == NOTHING
    Report.objects.filter(pk=report.pk).update(reopened=False, score=3)
    Claim.objects.filter(report=report).update(held_before=False, filed_at=NOON - timedelta(days=9))
    DayCount.objects.filter(community=cast.community, day="2026-03-02").update(resolved=7)
    with pytest.raises(CommandError, match="1 reports, 2 claims, 1 days"):
        call_command("check_figures")
    assert not Report.objects.get(pk=report.pk).reopened
    out = StringIO()
    call_command("check_figures", "--repair", stdout=out)
    assert "mended: 1 reports, 2 claims, 1 days" in out.getvalue()
    assert mend() == NOTHING
    assert Report.objects.get(pk=report.pk).reopened


def test_a_day_that_is_over_is_counted_once(cast: Cast) -> None:
    with time_machine.travel(NOON):
        cast.report()
    since, until = NOON - timedelta(days=2), NOON + timedelta(days=2)

    def look() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            found = days_of([cast.community.pk], since, until)
        return sum(sum(day.hours) for day in found.values()), sum("reports_reportevent" in q["sql"] for q in captured)

    with time_machine.travel(datetime(2026, 3, 2, 16, 30, tzinfo=UTC)):  # half an hour after its midnight
        assert look() == (1, 1)
        assert not DayCount.objects.exists()
    with time_machine.travel(datetime(2026, 3, 5, 12, 0, tzinfo=UTC)):
        first, second = look(), look()
    assert first[0] == second[0] == 1
    assert second[1] < first[1]
    assert {(row.day.isoformat(), row.hours[12]) for row in DayCount.objects.all()} >= {("2026-03-02", 1)}


def as_the_release_before_wrote(report: Report) -> None:
    """It knows no column that came later: a claim has none of them, a reopening and a score leave no trace."""
    Report.objects.filter(pk=report.pk).update(reopened=False, told_overdue=False, score=None)
    nothing = {"community": None, "filed_at": None, "first": None, "held_before": None, "resolved_before": None}
    Claim.objects.filter(report=report).update(reopened=False, **nothing)


def test_the_sweep_mends_what_the_release_before_wrote(cast: Cast) -> None:
    report = reopened_twice(cast)
    before = list(Claim.objects.values())
    as_the_release_before_wrote(report)
    assert figures(cast.community)["by_staff"] == []
    cache.clear()
    sweep(timezone.now(), queue_download=lambda pk: None)
    assert list(Claim.objects.values()) == before
    assert Report.objects.get(pk=report.pk).reopened
    as_the_release_before_wrote(report)
    sweep(timezone.now(), queue_download=lambda pk: None)  # it looked a moment ago
    assert wrong() == {"reports": 1, "claims": 2, "days": 0}


@pytest.mark.django_db(transaction=True)
def test_what_happens_while_it_is_mended_is_not_overwritten(cast: Cast) -> None:
    """The report is found wrong, then reopened by somebody else before it could be held."""
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    Report.objects.filter(pk=report.pk).update(told_overdue=True)
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="没好")
        mending = other.submit(in_own_connection, mend)
        wait_until_blocked()
    assert mending.result() == {"reports": 1, "claims": 0, "days": 0}
    assert Report.objects.get(pk=report.pk).reopened
    assert wrong() == NOTHING


def in_own_connection(do: Callable[[], Any]) -> Any:
    try:
        return do()
    finally:
        connection.close()


def wait_until_blocked() -> None:
    """Until somebody waits for what this transaction holds."""
    for _ in range(300):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_days_are_counted_from_each_communitys_first_report_on(cast: Cast) -> None:
    """Those of one community once it has begun, and nothing again for those that are counted."""
    with time_machine.travel(NOON):
        cast.report()
    with time_machine.travel(NOON + timedelta(days=20)):
        bind(cast.resident, role_of(cast.other_community, "resident"), make_home(cast.other_community))
        replace(cast, community=cast.other_community).report()
    with time_machine.travel(NOON + timedelta(days=22)):
        count_finished()
        rows = DayCount.objects.values_list("community", "day")
        days = {pk: sorted(day for key, day in rows if key == pk) for pk, _ in rows}
        assert {pk: (found[0], len(found)) for pk, found in days.items()} == {
            cast.community.pk: (date(2026, 3, 2), 22),
            cast.other_community.pk: (date(2026, 3, 22), 2),
        }
        DayCount.objects.filter(community=cast.other_community).delete()
        with CaptureQueriesContext(connection) as captured:
            days_of(None, NOON - timedelta(days=9), NOON + timedelta(days=22))
    (counting,) = [q["sql"] for q in captured if "date_trunc" in q["sql"] and "2026-03-22T00" in q["sql"]]
    assert f"IN ({cast.other_community.pk})" in counting


def test_a_long_time_is_counted_from_an_index_and_the_claims(cast: Cast) -> None:
    """What the figures look at in reports is all in one index, and no event is read for them."""
    reopened_twice(cast)
    since, until = NOON, NOON + timedelta(days=365)
    with CaptureQueriesContext(connection) as captured:
        figures(cast.community, since, until)
        courses(cast.community, since, until, 12)
        desk_figures([cast.community.pk], Period(date(2026, 3, 2), date(2026, 11, 1)))
    long = [query["sql"] for query in captured if '"reports_report"."created_at" <' in query["sql"]]
    assert len(long) >= 8
    assert not [sql for sql in long if "reports_reportevent" in sql]
    (index,) = [index for index in Report._meta.indexes if index.name == "report_figures"]
    names = [*(name.lstrip("-") for name in index.fields), *index.include]
    columns = {Report._meta.get_field(name).column for name in names}
    assert {name for sql in long for name in re.findall(r'"reports_report"\."(\w+)"', sql)} <= columns
