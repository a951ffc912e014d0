"""Every figure against a second, slower way (`recount`), over histories that nobody worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from accounts.models import Community
from community_report.site.made.making import Making
from reports.models import Claim, Report, ReportEvent
from reports.statistics import courses, figures
from reports.statistics.company import company_figures
from reports.statistics.copies import mend
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast, make_community
from tests.reports import recount
from tests.reports.histories import History, settle

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def near(value: Any) -> Any:
    """The same, but for the last digits of a float."""
    if isinstance(value, dict):
        return {key: near(one) for key, one in value.items()}
    if isinstance(value, list):
        return [near(one) for one in value]
    return pytest.approx(value) if isinstance(value, float) else value


def by_key(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        row["user"]["id"] if "user" in row else row["name"]: {
            key: value for key, value in row.items() if key not in ("user", "name", "community")
        }
        for row in rows
    }


LISTS = ("by_category", "by_building", "by_community", "by_staff")


def agree_on_stats(community: Community, since: datetime | None, until: datetime | None, now: datetime) -> None:
    found = figures(community, since, until)
    found["by_staff"] = by_key(found["by_staff"])
    assert found == near(recount.stats(community, since, until, now))
    if since and until:
        assert courses(community, since, until, 7) == near(recount.courses(community, since, until, 7, now))


def agree_on_desk(communities: list[int], period: Period, now: datetime) -> None:
    found = desk_figures(communities, period)
    for name in LISTS:
        found[name] = by_key(found[name])
    slowly = near(recount.desk(communities, period, now))
    for name in slowly:
        assert (name, found[name]) == (name, slowly[name])


def agree_on_company(communities: list[int], now: datetime) -> None:
    """A community without reports need not be there."""
    assert company_figures(communities) == near(recount.company(communities, now))


@pytest.mark.parametrize("seed", [1, 2])
def test_lived_through_the_services(seed: int, cast: Cast) -> None:
    settle(cast)
    history = History(cast, Random(seed), START)
    history.live(reports=40, days=40)
    kinds = set(ReportEvent.objects.values_list("kind", flat=True))
    assert kinds >= {"assign", "release", "reopen", "recategorize", "merge", "restore", "expire", "overdue", "close"}
    assert "removed" in kinds
    assert Claim.objects.exclude(staff__erased_at=None).exists()
    assert Report.objects.filter(reopened=True, status="merged").exists()
    keys = [cast.community.pk, cast.other_community.pk]
    cast.other_community.refresh_from_db()
    with time_machine.travel(history.now, tick=False):
        for community in (cast.community, cast.other_community):
            agree_on_stats(community, None, None, history.now)
            agree_on_stats(community, START + timedelta(days=9), START + timedelta(days=30), history.now)
        agree_on_desk(keys, Period(date(2026, 3, 1), date(2026, 4, 30)), history.now)
        agree_on_desk(keys[:1], Period(date(2026, 3, 9), date(2026, 3, 20)), history.now)
        agree_on_desk(keys[1:], Period(date(2026, 3, 9), date(2026, 4, 10), "Europe/Berlin"), history.now)
        agree_on_company(keys, history.now)
        assert mend() == {"reports": 0, "claims": 0, "days": 0}


def test_made_by_make_data(db: None) -> None:
    made = make_community("made", "样本花园")
    Making(made, seed=1, now=NOW).make(homes=60, reports=300)
    assert Report.objects.filter(community=made).count() == 300
    with time_machine.travel(NOW, tick=False):
        agree_on_stats(made, None, None, NOW)
        agree_on_stats(made, NOW - timedelta(days=200), NOW - timedelta(days=20), NOW)
        agree_on_desk([made.pk], Period(date(2025, 11, 26), date(2026, 11, 25)), NOW)
        agree_on_desk([made.pk], Period(date(2026, 10, 27), date(2026, 11, 25)), NOW)
        agree_on_company([made.pk], NOW)
