"""What the figures are made of: which reports are meant, spans, medians, days, hours, months on a community's clock."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    DateField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Extract

from reports.models import Claim, Report, ReportEvent
from reports.querysets import ReportQuerySet

#: Keys of communities; None: all of them.
Communities = Collection[int] | None
Rows = TypeVar("Rows", bound=QuerySet[Any])


class Median(Aggregate):
    """Interpolated; null over nothing."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class Percentiles(Aggregate):
    """Median and ninetieth percentile, interpolated; null over nothing."""

    template = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


def of_communities(communities: Communities) -> ReportQuerySet:
    reports = Report.objects.order_by()
    return reports if communities is None else reports.filter(community__in=communities)


def filed_in(communities: Communities, since: datetime | None, until: datetime | None) -> ReportQuerySet:
    """Reports filed in `since` ≤ time < `until` (None: no limit)."""
    filed = of_communities(communities)
    if since is not None:
        filed = filed.filter(created_at__gte=since)
    if until is not None:
        filed = filed.filter(created_at__lt=until)
    return filed


def minutes_between(start: str, end: Combinable) -> Combinable:
    took = ExpressionWrapper(end - F(start), output_field=DurationField())
    return Extract(took, "epoch") / 60.0


def first_claim() -> Subquery:
    """When a report was first taken on."""
    return Subquery(Claim.objects.filter(report=OuterRef("pk")).order_by("claimed_at").values("claimed_at")[:1])


def last_result() -> Subquery:
    """When its last result was given."""
    results = ReportEvent.objects.filter(report=OuterRef("pk"), kind="resolve")
    return Subquery(results.order_by("-id").values("at")[:1])


def local(moment: str, community: str = "community") -> Func:
    """The moment on the clock of the row's community: a timestamp without zone."""
    return Func(F(f"{community}__timezone"), F(moment), function="timezone", output_field=DateTimeField())


def local_day(moment: str, community: str = "community") -> Func:
    return Func(local(moment, community), template="(%(expressions)s)::date", output_field=DateField())


def local_hour(moment: str, community: str = "community") -> Func:
    return Func(
        local(moment, community), template="EXTRACT(HOUR FROM %(expressions)s)::int", output_field=IntegerField()
    )


def local_weekday(moment: str, community: str = "community") -> Func:
    """1 is Monday."""
    return Func(
        local(moment, community), template="EXTRACT(ISODOW FROM %(expressions)s)::int", output_field=IntegerField()
    )


def in_this_month(rows: Rows, now: datetime, moment: str, community: str = "community") -> Rows:
    """Those whose `moment` falls into the month that it is on the clock of their community."""
    here: Any = Func(F(f"{community}__timezone"), Value(now), function="timezone", output_field=DateTimeField())
    months = {"month_": local(moment, community), "this_month_": here}
    cut = {
        name: Func(clock, template="date_trunc('month', %(expressions)s)", output_field=DateTimeField())
        for name, clock in months.items()
    }
    lately = rows.filter(**{f"{moment}__gte": now - timedelta(days=33)})  # what an index finds
    return lately.alias(**cut).filter(month_=F("this_month_"))
