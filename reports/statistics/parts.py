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
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils import timezone

from reports.models import Claim, Report, ReportEvent
from reports.querysets import ReportQuerySet
from reports.states import Status

#: Keys of communities; None: all of them.
Communities = Collection[int] | None
#: No month is longer, on whatever clock.
A_MONTH = timedelta(days=33)
Rows = TypeVar("Rows", bound=QuerySet[Any])


class Median(Aggregate):
    """Interpolated; null over nothing."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class Percentiles(Aggregate):
    """Median and ninetieth percentile, interpolated; null over nothing."""

    template = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


#: Reports that are done now; those with a result have its time in `resolved_at`, which reopening takes away.
DONE = Q(status__in=(Status.RESOLVED, Status.CLOSED))


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


def claims_of(filed: "QuerySet[Report]", since: datetime | None) -> "QuerySet[Claim]":
    """The claims of reports that were filed at or after `since`: none of them is older either."""
    return _claims_after(since).filter(report__in=filed)


def first_claims(filed: "QuerySet[Report]", since: datetime | None) -> "QuerySet[Claim]":
    """The first claim of each of the reports, filed at or after `since`, that was ever claimed."""
    before = _claims_after(since).filter(report=OuterRef("report"), id__lt=OuterRef("id"))
    return claims_of(filed, since).filter(~Exists(before))


def _claims_after(since: datetime | None) -> "QuerySet[Claim]":
    claims = Claim.objects.order_by()
    return claims if since is None else claims.filter(claimed_at__gte=since)


def reopened(since: datetime | None) -> Q:
    """Reports, filed at or after `since`, whose reporter ever said that it is not solved."""
    return Q(pk__in=_told("reopen", since))


def overdue(since: datetime | None) -> tuple[Q, Q]:
    """Which reports, filed at or after `since`, have a deadline that counts, and which of these missed it."""
    waiting = Q(status__in=(Status.SUBMITTED, Status.CLAIMED), due_at__lte=timezone.now())
    counting = Q(due_at__isnull=False) & ~Q(status__in=(Status.WITHDRAWN, Status.DISMISSED, Status.MERGED))
    return counting, waiting | Q(resolved_at__gt=F("due_at")) | Q(pk__in=_told("overdue", since))


def _told(kind: str, since: datetime | None) -> "QuerySet[ReportEvent, Any]":
    """Keys of the reports with such an event. They are few, and looked up once: an EXISTS would ask for each report."""
    events = ReportEvent.objects.order_by().filter(kind=kind)
    return (events if since is None else events.filter(at__gte=since)).values("report")


def minutes_between(start: str, end: str) -> Func:
    """As a float: EXTRACT would give a numeric, which takes several times as long to reckon with."""
    took = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    return Func(took, template="(date_part('epoch', %(expressions)s) / 60)", output_field=FloatField())


def local(moment: str, community: str = "community") -> Func:
    """The moment on the clock of the row's community: a timestamp without zone."""
    return Func(F(f"{community}__timezone"), F(moment), function="timezone", output_field=DateTimeField())


def local_day(moment: str, community: str = "community") -> Func:
    return Func(local(moment, community), template="(%(expressions)s)::date", output_field=DateField())


def local_hour(moment: str) -> Func:
    """The beginning of the hour."""
    return Func(local(moment), template="date_trunc('hour', %(expressions)s)", output_field=DateTimeField())


def in_this_month(rows: Rows, now: datetime, moment: str, community: str = "community") -> Rows:
    """Those whose `moment` falls into the month that it is on the clock of their community."""
    here: Any = Func(F(f"{community}__timezone"), Value(now), function="timezone", output_field=DateTimeField())
    months = {"month_": local(moment, community), "this_month_": here}
    cut = {
        name: Func(clock, template="date_trunc('month', %(expressions)s)", output_field=DateTimeField())
        for name, clock in months.items()
    }
    lately = rows.filter(**{f"{moment}__gte": now - A_MONTH})  # what an index finds
    return lately.alias(**cut).filter(month_=F("this_month_"))
