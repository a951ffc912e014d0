"""The desk's figures: what waits now, the last days, and a period by category, building, hour, person and day.

Every list is in the order in which it is shown. Minutes and shares are not rounded; a figure without data is null.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Building, Community
from reports.attention import ATTENTION
from reports.models import Report, ReportEvent
from reports.states import OPEN, Status

from .days import Brought, Days, days_of
from .parts import Communities, Median, MedianInOrder, claims_in, filed_in, of_communities
from .staff import by_staff

Row = dict[str, Any]


@dataclass(frozen=True)
class Period:
    """Whole days, both included, on the clock of `zone`."""

    first: date
    last: date
    zone: str = settings.TIME_ZONE

    @property
    def since(self) -> datetime:
        return self._midnight(self.first)

    @property
    def until(self) -> datetime:
        """The midnight after the last day."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone))


def desk_figures(communities: Communities, period: Period) -> Row:
    """Everything that the first page of the back office shows, for these communities."""
    span = communities, period.since, period.until
    filed, days = filed_in(*span), days_of(*span)
    summed = _summed(filed)
    return {
        "since": period.first.isoformat(),
        "until": period.last.isoformat(),
        "now": standing_now(communities),
        "lately": _lately(communities, period.zone),
        "totals": _totals(summed),
        "by_category": _grouped(filed, "category__name"),
        "by_building": _by_building(filed.exclude(building=None)),
        "by_community": _by_community(summed),
        "by_hour": _by_hour(days),
        "by_staff": by_staff(filed, claims_in(*span)),
        "trend": _trend(period, days),
    }


def standing_now(communities: Communities) -> dict[str, int]:
    """What waits at this moment, whenever it was filed: `open`, and of these `unclaimed`, `overdue`, `reopened`."""
    now, reports = timezone.now(), of_communities(communities)
    waiting = {word: ATTENTION[word](reports, now).count() for word in ("unclaimed", "overdue", "reopened")}
    return {"open": reports.open().count(), **waiting}


def _lately(communities: Communities, zone: str) -> dict[str, dict[str, int]]:
    """What happened today and in the last seven days (today is one of them)."""
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    spans = {"today": Period(today, today, zone), "seven_days": Period(today - timedelta(days=6), today, zone)}
    return {name: _happened(communities, span) for name, span in spans.items()}


def _happened(communities: Communities, span: Period) -> dict[str, int]:
    events = _events(communities, span)
    return {
        "filed": filed_in(communities, span.since, span.until).count(),
        "resolved": events.filter(kind="resolve").values("report").distinct().count(),
        "closed": events.filter(to_status=Status.CLOSED).values("report").distinct().count(),
    }


def _events(communities: Communities, span: Period) -> "QuerySet[ReportEvent]":
    events = ReportEvent.objects.order_by().filter(at__gte=span.since, at__lt=span.until)
    return events if communities is None else events.filter(report__community__in=communities)


def _summed(filed: "QuerySet[Report]") -> list[Row]:
    """One row for each community, in whose order an index has the reports."""
    rows = filed.values("community").annotate(
        filed=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        closed=Count("pk", filter=Q(status=Status.CLOSED)),
        again=Count("pk", filter=Q(reopened=True)),
        ratings=Count("score"),
        scores=Sum("score"),
        resolve_minutes=MedianInOrder("result_minutes"),
    )
    return [dict(row) for row in rows]


def _totals(rows: list[Row]) -> Row:
    totals = {
        "filed": sum(row["filed"] for row in rows),
        "open": sum(row["open"] for row in rows),
        "closed": sum(row["closed"] for row in rows),
        "reopened": sum(row["again"] for row in rows),
        "ratings": sum(row["ratings"] for row in rows),
    }
    scores = sum(row["scores"] or 0 for row in rows)
    return {**totals, "mean_score": scores / totals["ratings"] if totals["ratings"] else None}


def _by_community(rows: list[Row]) -> list[Row]:
    names = dict(Community.objects.filter(pk__in=[row["community"] for row in rows]).values_list("pk", "name"))
    shown = [
        {"name": names[row["community"]], **{key: row[key] for key in ("filed", "open", "resolve_minutes")}}
        for row in rows
    ]
    return sorted(shown, key=_most_filed)


def _grouped(filed: "QuerySet[Report]", by: str) -> list[Row]:
    """Filed, still open, and the median minutes to the result, the most filed first."""
    rows = filed.values(name=F(by)).annotate(
        filed=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        resolve_minutes=Median("result_minutes"),
    )
    return sorted(map(dict, rows), key=_most_filed)


def _most_filed(row: Row) -> tuple[int, Any]:
    return -row["filed"], row["name"]


def _by_building(filed: "QuerySet[Report]") -> list[Row]:
    """Namesakes of several communities are kept apart by `community`."""
    rows = _grouped(filed, "building")
    places = Building.objects.select_related("community").in_bulk([row["name"] for row in rows])
    for row in rows:
        place = places[row["name"]]
        row |= {"community": place.community.name, "name": place.name}
    return sorted(rows, key=_most_filed)


def _by_hour(days: Days) -> list[list[int]]:
    """Seven rows from Monday, of 24 hours each."""
    counts = [[0] * 24 for _ in range(7)]
    for day, brought in days.items():
        row = counts[day.weekday()]
        counts[day.weekday()] = [n + more for n, more in zip(row, brought.hours, strict=True)]
    return counts


def _trend(period: Period, days: Days) -> list[Row]:
    """For each day: filed, and reports for which a result was given (each once a day)."""
    nothing = Brought()
    return [
        {"day": day.isoformat(), "filed": sum(brought.hours), "resolved": brought.resolved}
        for day in period.days
        for brought in [days.get(day, nothing)]
    ]
