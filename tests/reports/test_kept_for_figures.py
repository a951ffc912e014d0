"""What reports, claims and days keep for the figures: as events and ratings say, whoever looks, and mended if not."""

import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reports.models import Claim, DayCount, Report
from reports.services import transitions
from reports.statistics import courses, figures
from reports.statistics.copies import mend
from reports.statistics.days import days_of
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast

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
