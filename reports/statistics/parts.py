"""What the figures are made of: which reports are meant, spans, medians, days and hours on a community's clock."""

from collections.abc import Collection
from datetime import datetime

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
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Extract

from reports.models import Report
from reports.querysets import ReportQuerySet

#: Keys of communities; None: all of them.
Communities = Collection[int] | None


class Median(Aggregate):
    """Interpolated; null over nothing."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


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
