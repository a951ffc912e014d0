"""The desk's figures by hand; `test_figures_twice` holds all of them against the events, counted in Python."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports.models import Claim, Report
from reports.services import transitions
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast

ZONE = ZoneInfo("Asia/Shanghai")


def period() -> Period:
    today = timezone.now().astimezone(ZONE).date()
    return Period(today - timedelta(days=7), today)


def handled(cast: Cast) -> Report:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    return transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=4)


def test_a_score_needs_five_ratings(cast: Cast) -> None:
    for number in range(1, 6):
        handled(cast)
        (row,) = desk_figures(None, period())["by_staff"]
        assert (row["ratings"], row["score"]) == (number, 4 if number == 5 else None)


def test_another_communitys_reports_do_not_count(cast: Cast) -> None:
    handled(cast)
    found = desk_figures([cast.other_community.pk], period())
    assert (found["totals"]["filed"], found["now"]["open"], found["by_staff"]) == (0, 0, [])
    assert found["lately"]["seven_days"] == {"filed": 0, "resolved": 0, "closed": 0}
    assert sum(row["resolved"] for row in found["trend"]) == 0


def test_queries_do_not_grow(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk_figures([cast.community.pk], period())
        return len(captured)

    handled(cast)
    few = queries()
    for _ in range(5):
        handled(cast)
    assert queries() == few <= 30
    assert Claim.objects.exists()
