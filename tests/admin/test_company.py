"""All communities side by side: the dashboard's figures, one's own communities, and queries that do not grow."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Community, Record, User
from dispatch.models import Delivery, Outbox
from reports.models import Report
from reports.services import transitions
from reports.statistics import figures
from reports.statistics.company import company_figures
from reports.statistics.desk import Period, desk_figures
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_community, make_home, role_of

PAGE = "/admin/company"
#: In Shanghai it is the first of December already, in Berlin still the last of November.
TURN = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)


@pytest.fixture
def headquarters(cast: Cast) -> User:
    """Manages both."""
    bind(cast.manager, role_of(cast.other_community, "manager"))
    return cast.manager


def rated(cast: Cast, score: int) -> Report:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    return transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=score)


def busy(cast: Cast) -> None:
    """府琛花园: five rated, one late, one disputed, one that nobody could be told of, one withdrawn."""
    for score in (5, 5, 4, 4, 3):
        rated(cast, score)
    late, disputed, gone = cast.report(), cast.report(), cast.report()
    Report.objects.filter(pk=late.pk).update(claim_due_at="2026-01-01T00:00Z", due_at="2026-01-01T00:00Z")
    transitions.claim_report(actor=cast.cleaner, report_id=disputed.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=disputed.pk, note="好了")
    transitions.reopen_report(actor=cast.resident, report_id=disputed.pk, reason="没好")
    transitions.withdraw_report(actor=cast.resident, report_id=gone.pk)
    box = Outbox.objects.filter(report=late).first()
    assert box is not None
    Delivery.objects.create(
        outbox=box, user=cast.resident, kind="new_report", report=late, community=cast.community, status="dead",
        due_at=timezone.now(),
    )  # fmt: skip


def table(client: Any) -> list[list[str]]:
    """The rows as the page shows them."""
    rows = client.get(PAGE).context["rows"]
    return [[community.name, *(cell.words for cell in cells)] for community, cells in rows]


def test_what_needs_somebody_stands_first_with_its_figures(cast: Cast, headquarters: User) -> None:
    busy(cast)
    first, second = table(client_of(headquarters))
    assert first[:8] == ["府琛花园", "2", "1", "1", "1", "1", "8", "6"]
    assert first[-1] == "4.2"
    assert second == ["留香苑", "0", "0", "0", "0", "0", "0", "0", "—", "—", "—"]


def test_the_figures_are_those_of_the_dashboard(cast: Cast, headquarters: User) -> None:
    busy(cast)
    mine = company_figures([cast.community.pk, cast.other_community.pk])[cast.community.pk]
    today = timezone.localdate()
    month = Period(today.replace(day=1), today)
    desk = desk_figures([cast.community.pk], month)
    page = figures(cast.community, month.since, month.until)
    assert {word: mine[word] for word in desk["now"]} == desk["now"]
    assert (mine["filed"], mine["ratings"], mine["score"]) == (
        desk["totals"]["filed"], desk["totals"]["ratings"], desk["totals"]["mean_score"]
    )  # fmt: skip
    assert mine["resolved"] == sum(day["resolved"] for day in desk["trend"])
    assert mine["claim_minutes"] == page["claim_minutes"]["p50"] > 0
    assert mine["resolve_minutes"] == page["resolve_minutes"]["p50"] > 0


def test_every_figure_leads_to_the_reports_that_it_counts(cast: Cast, headquarters: User) -> None:
    busy(cast)
    client = client_of(headquarters)
    _community, cells = client.get(PAGE).context["rows"][0]
    for cell in cells[:7]:
        answer = client.get(cell.href)
        if "unreached" in cell.href:
            assert "李阿姨" in answer.content.decode()
        else:
            assert (cell.href, len(answer.context["cl"].result_list)) == (cell.href, int(cell.words))


def test_a_month_begins_on_the_communitys_own_clock(cast: Cast) -> None:
    Community.objects.filter(pk=cast.other_community.pk).update(timezone="Europe/Berlin")
    bind(cast.resident, role_of(cast.other_community, "resident"), make_home(cast.other_community))
    with time_machine.travel(TURN, tick=False):
        for community in (cast.community, cast.other_community):
            report = cast.report()
            Report.objects.filter(pk=report.pk).update(community=community, created_at="2026-11-30T08:00Z")
        found = company_figures(None)
    assert [found[one.pk]["filed"] for one in (cast.community, cast.other_community)] == [0, 1]


def test_fewer_than_five_ratings_are_no_score(cast: Cast, headquarters: User) -> None:
    rated(cast, 1)
    assert table(client_of(headquarters))[0][-1] == "—"


def test_one_sees_ones_own_communities_only(cast: Cast, headquarters: User) -> None:
    assert [row[0] for row in table(client_of(cast.other_manager))] == ["留香苑"]
    assert PAGE not in client_of(cast.other_manager).get("/admin/").content.decode()
    assert PAGE in client_of(headquarters).get("/admin/").content.decode()
    root = User.objects.create_superuser("root", "long enough a password")
    assert len(table(client_of(root))) == 2
    cast.other_manager.groups.clear()
    assert client_of(cast.other_manager).get(PAGE).status_code == 403


def test_the_table_as_a_file_is_recorded(cast: Cast, headquarters: User) -> None:
    busy(cast)
    answer: Any = client_of(headquarters).get(f"{PAGE}?form=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, first, _second = csv.reader(io.StringIO(text, newline=""))
    assert heading[:3] == ["小区", "未完成", "超时没人接单"]
    assert (first[:8], first[-1]) == (["府琛花园", "2", "1", "1", "1", "1", "8", "6"], "4.2")
    assert client_of(headquarters).get(f"{PAGE}?form=xlsx").status_code == 200
    seen = Record.objects.filter(action="export", actor=headquarters).values_list("community__slug", flat=True)
    assert sorted(seen) == ["fuchen", "fuchen", "other", "other"]  # the managers of each see both files


def test_queries_do_not_depend_on_the_communities(cast: Cast) -> None:
    client = client_of(User.objects.create_superuser("root", "long enough a password"))

    def queries() -> int:
        client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    few = queries()
    for n in range(4):
        bind(cast.resident, role_of(make_community(f"more{n}", f"又一{n}"), "resident"))
    assert queries() == few
