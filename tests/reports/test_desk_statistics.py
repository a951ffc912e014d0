"""The desk's figures, each against a second, slower way: the reports and their events, counted in Python."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Building, User
from reports.models import Claim, Rating, Report, ReportEvent
from reports.services import transitions
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast, make_home

ZONE = ZoneInfo("Asia/Shanghai")
Row = dict[str, Any]


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """Some sixty reports of all kinds of fates over ten days, on a seed of their own."""
    chance = random.Random(5)
    make_home(cast.community, "9幢")
    for _ in range(60):
        _fate(cast, cast.report(chance.choice(["hygiene", "repair", "lost"])), chance)
    for report in Report.objects.all():
        back = timedelta(minutes=chance.randrange(10 * 24 * 60))
        building = chance.choice([*Building.objects.all(), None])
        Report.objects.filter(pk=report.pk).update(created_at=report.created_at - back, building=building)
    return cast


def _fate(cast: Cast, report: Report, chance: random.Random) -> None:
    staff = cast.plumber if report.category.slug == "repair" else chance.choice([cast.cleaner, cast.cleaner2])
    if report.category.slug == "lost" or chance.random() < 0.2:
        return
    if chance.random() < 0.1:
        transitions.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不属实")
        return
    transitions.claim_report(actor=staff, report_id=report.pk)
    if chance.random() < 0.2:
        transitions.release_report(actor=staff, report_id=report.pk, reason="太忙")
        transitions.assign_report(actor=cast.manager, report_id=report.pk, user_id=cast.cleaner.pk)
        staff = cast.cleaner
    if chance.random() < 0.2:
        return
    transitions.resolve_report(actor=staff, report_id=report.pk, note="好了")
    if chance.random() < 0.3:
        transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    elif chance.random() < 0.8:
        transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=chance.randint(1, 5))


def period() -> Period:
    today = timezone.now().astimezone(ZONE).date()
    return Period(today - timedelta(days=7), today)


def day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def within(moment: datetime) -> bool:
    return period().first <= day(moment) <= period().last


def filed() -> list[Report]:
    rows = Report.objects.select_related("category", "building", "community").prefetch_related("events", "claims")
    return [report for report in rows if within(report.created_at)]


def minutes(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 60


def middle(values: Iterable[float]) -> Any:
    found = list(values)
    return pytest.approx(median(found)) if found else None


def is_open(report: Report) -> bool:
    return report.status in ("submitted", "claimed", "resolved")


def group(reports: list[Report]) -> Row:
    results = [
        minutes(report.created_at, max(e.at for e in report.events.all() if e.kind == "resolve"))
        for report in reports
        if report.status in ("resolved", "closed") and any(e.kind == "resolve" for e in report.events.all())
    ]
    return {"filed": len(reports), "open": sum(map(is_open, reports)), "resolve_minutes": middle(results)}


@pytest.mark.parametrize("by", ["category", "building", "community"])
def test_groups(busy: Cast, by: str) -> None:
    found = {row["name"]: row for row in desk_figures([busy.community.pk], period())[f"by_{by}"]}
    wanted = defaultdict(list)
    for report in filed():
        if getattr(report, by) is not None:
            wanted[getattr(report, by).name].append(report)
    assert len(wanted) == {"category": 3, "building": 2, "community": 1}[by]
    assert found.keys() == wanted.keys()
    for name, reports in wanted.items():
        assert {key: found[name][key] for key in ("filed", "open", "resolve_minutes")} == group(reports)


def test_totals(busy: Cast) -> None:
    reports = filed()
    scores = [rating.score for rating in Rating.objects.select_related("report") if within(rating.report.created_at)]
    assert desk_figures(None, period())["totals"] == {
        "filed": len(reports),
        "open": sum(map(is_open, reports)),
        "closed": sum(report.status == "closed" for report in reports),
        "reopened": sum(any(e.kind == "reopen" for e in report.events.all()) for report in reports),
        "ratings": len(scores),
        "mean_score": pytest.approx(mean(scores)),
    }


def test_hours_of_the_week(busy: Cast) -> None:
    moments = [report.created_at.astimezone(ZONE) for report in filed()]
    wanted = Counter((moment.isoweekday(), moment.hour) for moment in moments)
    found = desk_figures([busy.community.pk], period())["by_hour"]
    assert found == [[wanted[weekday, hour] for hour in range(24)] for weekday in range(1, 8)]


def test_the_course_of_the_days(busy: Cast) -> None:
    came = Counter(day(report.created_at) for report in filed())
    results = {(e.report_id, day(e.at)) for e in ReportEvent.objects.filter(kind="resolve") if within(e.at)}
    done = Counter(when for _report, when in results)
    assert desk_figures([busy.community.pk], period())["trend"] == [
        {"day": when.isoformat(), "filed": came[when], "resolved": done[when]} for when in period().days
    ]


def test_now_and_lately(busy: Cast) -> None:
    late = Report.objects.filter(status="submitted", category__claimable=True).first()
    assert late is not None
    past = timezone.now() - timedelta(hours=1)
    Report.objects.filter(pk=late.pk).update(claim_due_at=past, due_at=past)
    reports = Report.objects.prefetch_related("events")
    reopened = [r for r in reports if r.status in ("submitted", "claimed") and "reopen" in kinds(r)]
    found = desk_figures([busy.community.pk], period())
    assert found["now"] == {
        "open": sum(map(is_open, reports)),
        "unclaimed": 1,
        "overdue": 1,
        "reopened": len(reopened),
    }
    today = timezone.now().astimezone(ZONE).date()
    for name, days in (("today", 1), ("seven_days", 7)):
        since = today - timedelta(days=days - 1)
        events = [event for event in ReportEvent.objects.all() if since <= day(event.at) <= today]
        assert found["lately"][name] == {
            "filed": sum(since <= day(report.created_at) <= today for report in reports),
            "resolved": len({event.report_id for event in events if event.kind == "resolve"}),
            "closed": len({event.report_id for event in events if event.to_status == "closed"}),
        }


def kinds(report: Report) -> set[str]:
    return {event.kind for event in report.events.all()}


def test_staff(busy: Cast) -> None:
    found = {row["user"]["id"]: row for row in desk_figures([busy.community.pk], period())["by_staff"]}
    reports = filed()
    assert found.keys() == {str(c.staff_id) for report in reports for c in report.claims.all()}
    for user in (busy.cleaner, busy.cleaner2, busy.plumber):
        row = dict(found[str(user.pk)])
        row.pop("user")
        assert row == staff_row(user, reports)


def staff_row(user: User, reports: list[Report]) -> Row:
    held = [(report, claim) for report in reports for claim in report.claims.all() if claim.staff_id == user.pk]
    first = [min(report.claims.all(), key=lambda claim: claim.claimed_at) for report in reports if report.claims.all()]
    results = [e for report in reports for e in report.events.all() if e.kind == "resolve" and e.actor_id == user.pk]
    again = {
        result.report_id
        for result in results
        for e in result.report.events.all()
        if e.kind == "reopen" and e.pk > result.pk
    }
    scores = list(Rating.objects.filter(report__in=reports, staff=user).values_list("score", flat=True))
    return {
        "claimed": len({report.pk for report, _claim in held}),
        "resolved": len({result.report_id for result in results}),
        "claim_minutes": middle(minutes(c.report.created_at, c.claimed_at) for c in first if c.staff_id == user.pk),
        "resolve_minutes": middle(minutes(c.claimed_at, c.resolved_at) for _r, c in held if c.resolved_at),
        "reopened": len(again),
        "ratings": len(scores),
        "score": pytest.approx(mean(scores)) if len(scores) >= 5 else None,
    }


def test_a_score_needs_five_ratings(cast: Cast) -> None:
    for number in range(1, 6):
        report = cast.report()
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=4)
        (row,) = desk_figures(None, period())["by_staff"]
        assert (row["ratings"], row["score"]) == (number, 4 if number == 5 else None)


def test_another_communitys_reports_do_not_count(busy: Cast) -> None:
    found = desk_figures([busy.other_community.pk], period())
    assert (found["totals"]["filed"], found["now"]["open"], found["by_staff"]) == (0, 0, [])
    assert found["lately"]["seven_days"] == {"filed": 0, "resolved": 0, "closed": 0}
    assert sum(row["resolved"] for row in found["trend"]) == 0


def test_queries_do_not_grow(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk_figures([cast.community.pk], period())
        return len(captured)

    _fate(cast, cast.report(), random.Random(1))
    few = queries()
    for _ in range(5):
        _fate(cast, cast.report(), random.Random(1))
    assert queries() == few <= 30
    assert Claim.objects.exists()
