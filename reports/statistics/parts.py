"""What the figures are made of: which reports are meant, medians, days, hours and months on a community's clock."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    DateField,
    DateTimeField,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
)
from django.utils import timezone

from accounts.models import Community
from reports.models import Claim, Report
from reports.querysets import ReportQuerySet
from reports.states import Status

#: Keys of communities; None: all of them.
Communities = Collection[int] | None
Rows = TypeVar("Rows", bound=QuerySet[Any])


class Median(Aggregate):
    """Interpolated; null over nothing. Takes no `filter`: make null what does not count.

    Each group's values are gathered and then sorted: to reckon it right away PostgreSQL would sort all rows by group
    first, which takes about as long again.
    """

    template = "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM unnest(array_agg(%(expressions)s)) AS v)"
    output_field = FloatField()


class MedianInOrder(Aggregate):
    """The same, for groups in whose order the rows come anyway."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class Percentiles(Aggregate):
    """Median and ninetieth percentile of all rows, interpolated; null over nothing."""

    template = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


#: Reports that are done now. Those with a result have its time in `resolved_at`, which nothing else has: reopening, the
#: only way out of these states, takes it away.
DONE = Q(status__in=(Status.RESOLVED, Status.CLOSED))


def of_communities(communities: Communities) -> ReportQuerySet:
    reports = Report.objects.order_by()
    return reports if communities is None else reports.filter(community__in=communities)


def filed_in(communities: Communities, since: datetime | None, until: datetime | None) -> ReportQuerySet:
    """Reports filed in `since` ≤ time < `until` (None: no limit)."""
    return _between(of_communities(communities), "created_at", since, until)


def claims_in(communities: Communities, since: datetime | None, until: datetime | None) -> "QuerySet[Claim]":
    """The claims of the reports filed in `since` ≤ time < `until`."""
    claims = Claim.objects.order_by()
    if communities is not None:
        claims = claims.filter(community__in=communities)
    return _between(claims, "filed_at", since, until)


def _between(rows: Rows, moment: str, since: datetime | None, until: datetime | None) -> Rows:
    if since is not None:
        rows = rows.filter(**{f"{moment}__gte": since})
    return rows if until is None else rows.filter(**{f"{moment}__lt": until})


def overdue() -> tuple[Q, Q]:
    """Which reports have a deadline that counts, and which of these missed it."""
    waiting = Q(status__in=(Status.SUBMITTED, Status.CLAIMED), due_at__lte=timezone.now())
    counting = Q(due_at__isnull=False) & ~Q(status__in=(Status.WITHDRAWN, Status.DISMISSED, Status.MERGED))
    return counting, waiting | Q(resolved_at__gt=F("due_at")) | Q(told_overdue=True)


def local(moment: str, community: str = "community") -> Func:
    """The moment on the clock of the row's community: a timestamp without zone."""
    return Func(F(f"{community}__timezone"), F(moment), function="timezone", output_field=DateTimeField())


def local_day(moment: str, community: str = "community") -> Func:
    return Func(local(moment, community), template="(%(expressions)s)::date", output_field=DateField())


def local_hour(moment: str) -> Func:
    """The beginning of the hour."""
    return Func(local(moment), template="date_trunc('hour', %(expressions)s)", output_field=DateTimeField())


def clocks(communities: Communities) -> dict[str, list[int]]:
    """The communities' keys by their time zone."""
    rows = Community.objects.order_by("pk").values_list("timezone", "pk")
    found = defaultdict(list)
    for zone, pk in rows if communities is None else rows.filter(pk__in=communities):
        found[zone].append(pk)
    return found


def in_this_month(rows: Rows, now: datetime, moment: str, community: str = "community") -> Rows:
    """Those whose `moment` falls into the month that it is on the clock of their community."""
    zones = clocks(None)
    if len(zones) == 1:  # then it is the same month everywhere, and nobody need look whose row it is
        return rows.filter(_month(moment, now, *zones))
    each = [_month(moment, now, zone) & Q((f"{community}__in", keys)) for zone, keys in zones.items()]
    return rows.filter(Q(*each, _connector=Q.OR)) if each else rows.none()


def _month(moment: str, now: datetime, zone: str) -> Q:
    first = now.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    after = (first + timedelta(days=32)).replace(day=1)
    return Q((f"{moment}__gte", first), (f"{moment}__lt", after))
