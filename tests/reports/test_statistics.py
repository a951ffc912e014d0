"""The managers' figures, against numbers worked out by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from reports.models import Claim, Report, ReportEvent
from reports.services import transitions
from reports.statistics import courses, figures
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, refile, role_of

Api = Callable[[User | None], ApiClient]
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def claimed(cast: Cast, *, filed: float, after: float, by: User | None = None, **fields: Any) -> Report:
    """A report filed `filed` minutes after START and claimed `after` minutes later."""
    report = cast.report(**fields)
    transitions.claim_report(actor=by or cast.cleaner, report_id=report.pk)
    Claim.objects.filter(report=report).update(claimed_at=at(filed + after))
    refile(report, at(filed), claimed_at=at(filed + after), due_at=None)
    return report


def resolved(report: Report, *, after: float, by: User) -> Report:
    """…and resolved `after` minutes after the filing; events cannot be moved, so the filing is."""
    transitions.resolve_report(actor=by, report_id=report.pk, note="好了")
    event = ReportEvent.objects.filter(report=report, kind="resolve").latest("id")
    refile(report, event.at - timedelta(minutes=after))
    return report


def test_without_reports_everything_is_nothing(cast: Cast) -> None:
    nothing = {"p50": None, "p90": None}
    assert figures(cast.community) == {
        "total": 0,
        "by_status": dict.fromkeys(
            ("submitted", "claimed", "resolved", "closed", "dismissed", "withdrawn", "merged"), 0
        ),
        "by_category": {"hygiene": 0, "repair": 0, "lost": 0},
        "by_building": {},
        "by_staff": [],
        "claim_minutes": nothing,
        "resolve_minutes": nothing,
        "overdue_share": None,
        "reopened_share": None,
        "mean_score": None,
    }


def test_counts_by_what_they_are_now(cast: Cast) -> None:
    make_home(cast.community, "9幢")
    cast.report(address="9幢大厅")
    cast.report("repair")
    gone = cast.report("lost")
    transitions.withdraw_report(actor=cast.resident, report_id=gone.pk)
    found = figures(cast.community)
    assert found["total"] == 3
    assert (found["by_status"]["submitted"], found["by_status"]["withdrawn"]) == (2, 1)
    assert found["by_category"] == {"hygiene": 1, "repair": 1, "lost": 1}
    assert found["by_building"] == {"6幢": 2, "9幢": 1}


def test_period_is_when_they_were_filed(cast: Cast) -> None:
    for minutes in (0, 10, 20):
        refile(cast.report(), at(minutes))
    assert figures(cast.community, at(0), at(20))["total"] == 2
    assert figures(cast.community, at(1), None)["total"] == 2
    assert figures(cast.community, None, at(0))["total"] == 0


def test_minutes_to_the_first_claim(cast: Cast) -> None:
    for after in (10, 20, 30, 40, 50):
        claimed(cast, filed=0, after=after)
    cast.report()
    spread = figures(cast.community)["claim_minutes"]
    assert spread["p50"] == pytest.approx(30)
    assert spread["p90"] == pytest.approx(46)


def test_second_claim_does_not_count_as_the_first(cast: Cast) -> None:
    report = claimed(cast, filed=0, after=10)
    transitions.release_report(actor=cast.cleaner, report_id=report.pk, reason="太忙")
    transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)
    assert figures(cast.community)["claim_minutes"]["p50"] == pytest.approx(10)


def test_minutes_to_the_last_result(cast: Cast) -> None:
    for after in (60, 120):
        resolved(claimed(cast, filed=0, after=5), after=after, by=cast.cleaner)
    spread = figures(cast.community)["resolve_minutes"]
    assert spread["p50"] == pytest.approx(90)
    assert spread["p90"] == pytest.approx(114)


def test_what_is_reopened_is_not_resolved(cast: Cast) -> None:
    report = resolved(claimed(cast, filed=0, after=5), after=60, by=cast.cleaner)
    transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    found = figures(cast.community)
    assert found["resolve_minutes"] == {"p50": None, "p90": None}
    assert found["reopened_share"] == 1


def test_reopened_share_is_of_what_was_ever_resolved(cast: Cast) -> None:
    reports = [resolved(claimed(cast, filed=0, after=5), after=60, by=cast.cleaner) for _ in range(4)]
    transitions.reopen_report(actor=cast.resident, report_id=reports[0].pk, reason="还是脏")
    claimed(cast, filed=0, after=5)
    assert figures(cast.community)["reopened_share"] == pytest.approx(0.25)


def test_overdue_share_is_of_what_has_a_deadline(cast: Cast) -> None:
    late, in_time, done_late, dismissed, without = (cast.report() for _ in range(5))
    transitions.claim_report(actor=cast.cleaner, report_id=done_late.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=done_late.pk, note="好了")
    transitions.dismiss_report(actor=cast.manager, report_id=dismissed.pk, reason="不属实")
    Report.objects.filter(pk__in=(late.pk, done_late.pk, dismissed.pk)).update(due_at=START)
    Report.objects.filter(pk=without.pk).update(due_at=None)
    assert Report.objects.get(pk=in_time.pk).due_at is not None
    assert figures(cast.community)["overdue_share"] == pytest.approx(2 / 3)


def test_staff_are_counted_by_what_they_held_and_resolved(cast: Cast) -> None:
    for score in (5, 2):
        report = claimed(cast, filed=0, after=5)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=score)
    given_back = claimed(cast, filed=0, after=5)
    transitions.release_report(actor=cast.cleaner, report_id=given_back.pk, reason="太忙")
    transitions.claim_report(actor=cast.cleaner, report_id=given_back.pk)
    transitions.assign_report(actor=cast.manager, report_id=given_back.pk, user_id=cast.plumber.pk)
    found = figures(cast.community)
    assert found["mean_score"] == pytest.approx(3.5)
    assert found["by_staff"] == [
        {
            "user": {"id": str(cast.cleaner.pk), "display_name": "张师傅"},
            "claimed": 3,
            "resolved": 2,
            "mean_score": 3.5,
            "ratings": 2,
        },
        {
            "user": {"id": str(cast.plumber.pk), "display_name": "孙师傅"},
            "claimed": 1,
            "resolved": 0,
            "mean_score": None,
            "ratings": 0,
        },
    ]


def test_resolving_twice_counts_once(cast: Cast) -> None:
    report = claimed(cast, filed=0, after=5)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="真的好了")
    (row,) = figures(cast.community)["by_staff"]
    assert (row["claimed"], row["resolved"]) == (1, 1)


def test_courses_follow_each_figure_through_the_time(cast: Cast) -> None:
    """Four hours in four pieces: two reports claimed after 10 and 20 minutes, nothing, one done and rated, one late."""
    claimed(cast, filed=5, after=10)
    claimed(cast, filed=50, after=20)
    done = resolved(claimed(cast, filed=150, after=4), after=30, by=cast.cleaner)
    transitions.confirm_report(actor=cast.resident, report_id=done.pk, score=4)
    refile(done, at(150), due_at=None)
    late = cast.report()
    refile(late, at(239), due_at=at(240))
    went = courses(cast.community, at(0), at(240), 4)
    assert went["total"] == [2, 0, 1, 1]
    assert went["claim_minutes"] == [15, None, 4, None]
    assert went["mean_score"] == [None, None, 4, None]
    assert went["overdue_share"] == [None, None, None, 1]
    assert went["reopened_share"] == [None, None, 0, None]
    assert went["resolve_minutes"][:2] == [None, None]
    assert went["resolve_minutes"][2] is not None


def test_courses_take_two_queries(cast: Cast) -> None:
    claimed(cast, filed=5, after=10)
    with CaptureQueriesContext(connection) as captured:
        courses(cast.community, at(0), at(240), 12)
    assert len(captured) == 2


def test_queries_do_not_grow(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            figures(cast.community)
        return len(captured)

    claimed(cast, filed=0, after=5)
    few = queries()
    for _ in range(10):
        claimed(cast, filed=0, after=5)
    assert queries() == few <= 16


class TestCall:
    def test_answers_the_figures(self, cast: Cast, api: Api) -> None:
        cast.report()
        status, body = api(cast.manager).get("stats?community=fuchen")
        assert (status, body["total"], body["by_category"]["hygiene"]) == (200, 1, 1)
        assert set(body) == {
            "total", "by_status", "by_category", "by_building", "by_staff", "claim_minutes", "resolve_minutes",
            "overdue_share", "reopened_share", "mean_score",
        }  # fmt: skip

    def test_period(self, cast: Cast, api: Api) -> None:
        refile(cast.report(), datetime.fromisoformat("2026-03-05T23:30:00+08:00"))
        manager = api(cast.manager)
        assert manager.get("stats?since=2026-03-05&until=2026-03-05")[1]["total"] == 1
        assert manager.get("stats?since=2026-03-06")[1]["total"] == 0

    @pytest.mark.parametrize(
        "query", ["since=x", "until=2026-13-01", "since=2026-03-06&until=2026-03-05", "group=reporter__phone"]
    )
    def test_rubbish_is_400(self, query: str, cast: Cast, api: Api) -> None:
        assert api(cast.manager).get(f"stats?{query}")[0] == 400

    def test_is_the_managers(self, cast: Cast, api: Api) -> None:
        for person in (cast.resident, cast.cleaner):
            for path in ("stats", "stats?community=fuchen"):
                status, body = api(person).get(path)
                assert (status, body["code"]) == (403, "permission_denied")
        assert api(None).get("stats")[0] == 401
        assert api(cast.stranger).get("stats")[1]["code"] == "not_bound"

    @pytest.mark.parametrize("community", ["fuchen", "nowhere"])
    def test_of_another_community_is_not_bound(self, community: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.other_manager).get(f"stats?community={community}")
        assert (status, body["code"]) == (403, "not_bound")

    def test_who_manages_two_names_one(self, cast: Cast, api: Api) -> None:
        bind(cast.manager, role_of(cast.other_community, "manager"))
        status, body = api(cast.manager).get("stats")
        assert (status, list(body["fields"])) == (400, ["community"])
        assert api(cast.manager).get("stats?community=other")[0] == 200
