"""The desk's figures: what waits now, the last days, and a period by category, building, hour, person and day.

Every list is in the order in which it is shown. Minutes and shares are not rounded; a figure without data is null.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from reports.attention import ATTENTION
from reports.models import Rating, Report, ReportEvent
from reports.states import OPEN, Status

from .parts import (
    Communities,
    Median,
    filed_in,
    local_day,
    local_hour,
    local_weekday,
    minutes_between,
    of_communities,
)
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
    filed = filed_in(communities, period.since, period.until)
    return {
        "since": period.first.isoformat(),
        "until": period.last.isoformat(),
        "now": standing_now(communities),
        "lately": _lately(communities, period.zone),
        "totals": _totals(filed),
        "by_category": _grouped(filed, "category__name"),
        "by_building": _by_building(filed.exclude(building=None)),
        "by_community": _grouped(filed, "community__name"),
        "by_hour": _by_hour(filed),
        "by_staff": by_staff(filed, period.since),
        "trend": _trend(communities, period),
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


def _totals(filed: "QuerySet[Report]") -> Row:
    reopened = Exists(ReportEvent.objects.filter(report=OuterRef("pk"), kind="reopen"))
    ratings = Rating.objects.filter(report__in=filed).aggregate(mean=Avg("score"), n=Count("pk"))
    counts = filed.aggregate(
        filed=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        closed=Count("pk", filter=Q(status=Status.CLOSED)),
        reopened=Count("pk", filter=Q(reopened)),
    )
    return {**counts, "ratings": ratings["n"], "mean_score": ratings["mean"]}


def _grouped(filed: "QuerySet[Report]", by: str, *apart: str) -> list[Row]:
    """Filed, still open, and the median minutes to the result, the most filed first; `apart` keeps namesakes apart."""
    solved = Q(status__in=(Status.RESOLVED, Status.CLOSED), resolved_at__isnull=False)
    rows = filed.values(*apart, name=F(by)).annotate(
        filed=Count("pk"),
        open=Count("pk", filter=Q(status__in=OPEN)),
        resolve_minutes=Median(minutes_between("created_at", F("resolved_at")), filter=solved),
    )
    return [dict(row) for row in rows.order_by("-filed", "name")]


def _by_building(filed: "QuerySet[Report]") -> list[Row]:
    """Namesakes of several communities are kept apart by `community`."""
    rows = _grouped(filed, "building__name", "building", "community__name")
    names = ("name", "filed", "open", "resolve_minutes")
    return [{"community": row["community__name"], **{name: row[name] for name in names}} for row in rows]


def _by_hour(filed: "QuerySet[Report]") -> list[list[int]]:
    """Seven rows from Monday, of 24 hours each, on the clock of each report's community."""
    rows = filed.values(day=local_weekday("created_at"), hour=local_hour("created_at")).annotate(n=Count("pk"))
    counts = {(row["day"], row["hour"]): row["n"] for row in rows}
    return [[counts.get((day, hour), 0) for hour in range(24)] for day in range(1, 8)]


def _trend(communities: Communities, period: Period) -> list[Row]:
    """For each day: filed, and reports for which a result was given (each once a day)."""
    filed = filed_in(communities, period.since, period.until)
    came = dict(filed.values_list(local_day("created_at")).annotate(n=Count("pk")))
    results = _events(communities, period).filter(kind="resolve").values_list(local_day("at", "report__community"))
    done = dict(results.annotate(n=Count("report", distinct=True)))
    return [{"day": day.isoformat(), "filed": came.get(day, 0), "resolved": done.get(day, 0)} for day in period.days]
