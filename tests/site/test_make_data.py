"""A made-up community: whole, plausible, the same again by the same seed, and never mixed with a real one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Community, Home, Membership, Record, User
from accounts.services.communities import ensure_community_roles
from community_report.site.made.making import Making
from dispatch.models import Delivery
from notices.models import Notice
from reports.attention import ATTENTION
from reports.models import Claim, Rating, Report, ReportEvent
from reports.services.clock import fire_deadlines
from tests.factories import make_community

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.fixture
def made(db: None) -> Community:
    community = make_community("made", "样本花园")
    Making(community, seed=1, now=NOW).make(homes=60, reports=500)
    return community


def test_everything_hangs_together(made: Community) -> None:
    reports = Report.objects.filter(community=made)
    assert (Home.objects.count(), reports.count()) == (60, 500)
    statuses = Counter(reports.values_list("status", flat=True))
    assert statuses["closed"] > 200
    assert {"submitted", "resolved", "withdrawn"} <= set(statuses)
    for report in reports.prefetch_related("events", "claims"):
        events = list(report.events.all())
        assert events[0].kind == "submitted"
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[-1].at <= NOW
        moves = [event.to_status for event in events if event.to_status]
        assert moves[-1] == report.status
        assert sum(claim.ended_at is None for claim in report.claims.all()) == (
            report.status in ("claimed", "resolved")
        )
    assert not Rating.objects.exclude(staff=F("report__claimed_by")).exists()
    assert not Claim.objects.filter(ended_at__lt=F("claimed_at")).exists()


def test_a_few_of_the_last_weeks_are_left_lying(db: None) -> None:
    community = make_community("made", "样本花园")
    Making(community, seed=1, now=NOW).make(homes=60, reports=3000)
    reports = Report.objects.filter(community=community)
    lately = reports.filter(created_at__gte=NOW - timedelta(days=30)).count()
    waiting = {name: ATTENTION[name](reports, NOW) for name in ("unclaimed", "overdue", "reopened")}
    for name, few in (("unclaimed", 0.02), ("overdue", 0.03), ("reopened", 0.005)):
        found = waiting[name].count() / lately
        assert few / 3 < found < few * 3, (name, found)
    assert not waiting["overdue"].filter(due_at__lt=NOW - timedelta(days=60)).exists()


def test_the_planner_knows_of_the_rows(made: Community) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tablename FROM pg_stats")
        known = {name for (name,) in cursor.fetchall()}
    assert {"reports_report", "reports_report_tags", "accounts_membership", "dispatch_delivery"} <= known


def test_times_have_the_rhythm_of_a_day(made: Community) -> None:
    hours = Counter(timezone.localtime(at).hour for at in Report.objects.values_list("created_at", flat=True))
    assert sum(hours[hour] for hour in range(17, 21)) > 4 * sum(hours[hour] for hour in range(1, 5))
    assert Report.objects.filter(created_at__lt=NOW - timedelta(days=300)).exists()


def test_people_messages_and_records_go_with_it(made: Community) -> None:
    assert Membership.objects.active().filter(role__kind="staff").count() >= 4
    assert Delivery.objects.filter(status="delivered").count() > 600
    claims = ReportEvent.objects.filter(kind="claim").count()
    assert Record.objects.filter(action="report_claim", community=made).count() == claims
    assert not User.objects.filter(Q(openid=None) | Q(phone="")).exists()


def test_the_real_clock_repeats_no_alarm_of_the_past(made: Community) -> None:
    before = ReportEvent.objects.filter(kind__in=("unclaimed", "overdue")).count()
    fire_deadlines(NOW)
    assert ReportEvent.objects.filter(kind__in=("unclaimed", "overdue")).count() == before


#: Everything that is made but the keys and numbers that the database's sequences give.
TOLD: dict[Any, tuple[str, ...]] = {
    User: ("id", "openid", "display_name", "phone", "created_at"),
    Membership: ("user", "role__slug", "home__room", "status", "created_at"),
    Report: ("id", "title", "description", "address", "status", "reporter", "claimed_by", "created_at", "resolved_at"),
    ReportEvent: ("report", "kind", "at", "actor", "to_status", "note"),
    Claim: ("report", "staff", "claimed_at", "ended_at", "outcome"),
    Rating: ("report", "score", "comment"),
    Delivery: ("user", "kind", "report", "status", "channel", "code", "created_at", "sent_at", "read_at"),
    Notice: ("title", "body", "published_at"),
    Record: ("actor", "action", "path", "address", "at"),
}


def told(community: Community, seed: int) -> dict[Any, list[Any]]:
    """What a seed makes, as rows in an order of their own; afterwards nothing of it is there."""
    with transaction.atomic():
        Making(community, seed=seed, now=NOW).make(homes=10, reports=40)
        rows = {model: sorted(map(str, model.objects.values_list(*names))) for model, names in TOLD.items()}
        transaction.set_rollback(True)
    assert not Report.objects.exists()
    return rows


def test_a_seed_makes_the_same_every_time_and_another_seed_another_world(db: None) -> None:
    community = make_community("made", "样本花园")
    first, again, other = (told(community, seed) for seed in (7, 7, 8))
    for model in TOLD:
        assert first[model], model
        assert first[model] == again[model], model
        assert first[model] != other[model], model


def test_a_community_with_data_is_left_alone_unless_forced(made: Community) -> None:
    sizes = {"homes": 10, "reports": 5, "stdout": StringIO()}
    with pytest.raises(CommandError, match="--force"):
        call_command("make_data", community="made", **sizes)
    with pytest.raises(CommandError, match="no community"):
        call_command("make_data", community="nowhere", **sizes)
    call_command("make_data", community="made", force=True, **sizes)
    assert Report.objects.filter(community=made).count() == 505


def test_a_community_without_categories_is_named(db: None) -> None:
    ensure_community_roles(Community.objects.create(slug="bare", name="空"))
    with pytest.raises(CommandError, match="categories"):
        call_command("make_data", community="bare", homes=1, reports=1, stdout=StringIO())
    assert not Home.objects.exists()


LISTS = (
    "/admin/reports/report/",
    "/admin/reports/report/?q=漏水",
    "/admin/reports/reportevent/?q=漏水",
    "/admin/reports/claim/",
    "/admin/reports/rating/",
    "/admin/accounts/membership/",
    "/admin/accounts/rosterentry/",
    "/admin/accounts/record/",
    "/admin/accounts/user/",
    "/admin/dispatch/delivery/",
    "/admin/dispatch/delivery/?q=0001",
    "/admin/",
    "/api/v1/reports?scope=all",
    "/api/v1/stats?community=made",
)


def test_queries_do_not_grow_with_the_rows(made: Community) -> None:
    """So many for fifty rows on a page as for two hundred reports more; the first request warms what is kept."""
    manager = Membership.objects.filter(role__slug="manager").select_related("user")[0].user
    client = Client()
    client.force_login(manager, backend="accounts.auth.ManagerBackend")

    def queries() -> dict[str, int]:
        found = {}
        for address in LISTS:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found[address] = len(captured)
        return found

    before = queries()
    Making(made, seed=2, now=NOW).make(homes=30, reports=200)
    assert {address: number for address, number in queries().items() if number > before[address]} == {}
    assert max(before.values()) <= 60
