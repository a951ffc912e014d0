"""What each day brought: reports filed, by the hour, and reports for which a result was given.

Neither is ever taken back. So each day of each community is counted once when it is over, and kept (`DayCount`): the
figures of years look at days, not at everything that happened in them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from accounts.models import Community
from reports.models import DayCount, Report, ReportEvent

from .parts import Communities, clocks, local_day, local_hour

#: So long after its midnight a day is counted for good: whatever happened in it is committed by then.
SETTLED = timedelta(hours=1)


@dataclass
class Brought:
    """Filed in each hour, and reports for which a result was given (each once a day)."""

    hours: list[int] = field(default_factory=lambda: [0] * 24)
    resolved: int = 0

    def add(self, hours: list[int], resolved: int) -> None:
        self.hours = [n + more for n, more in zip(self.hours, hours, strict=True)]
        self.resolved += resolved


Days = dict[date, Brought]
#: Each from its first moment to before its second.
Spans = list[tuple[datetime, datetime]]


def days_of(communities: Communities, since: datetime, until: datetime) -> Days:
    """By the day on the clock of each report's community; what is not within `since` ≤ time < `until` is left out.

    Days without anything need not be there.
    """
    days: Days = defaultdict(Brought)
    for clock in _clocks(communities):
        clock.add_days(days, since, until)
    return days


def count_finished() -> None:
    """Keeps the days of all communities that are over and were not counted, one community after the other."""
    for clock in _clocks(None):
        for pk, day in clock.begun.items():
            _Clock(clock.zone, {pk: day}).keep(day, clock.unsettled())


def _clocks(communities: Communities) -> "Iterator[_Clock]":
    """Communities with reports, by their clock."""
    first = Report.objects.filter(community=OuterRef("pk")).order_by("created_at").values("created_at")[:1]
    earliest = dict(Community.objects.order_by().values_list("pk", Subquery(first)))
    for zone, keys in clocks(communities).items():
        begun = {pk: earliest[pk].astimezone(ZoneInfo(zone)).date() for pk in keys if earliest.get(pk)}
        if begun:
            yield _Clock(zone, begun)


@dataclass(frozen=True)
class _Clock:
    """Communities on one clock, each with the day of its earliest report: before it there is nothing."""

    zone: str
    begun: dict[int, date]

    def add_days(self, days: Days, since: datetime, until: datetime) -> None:
        """Whole days that are over from what is kept, and what remains before and after from the rows."""
        since = max(since, self._midnight(min(self.begun.values())))
        first, last = self._whole(since, until)
        if first >= last:
            return self._add_live(days, [(since, until)])
        for day, hours, resolved in self._kept(first, last):
            days[day].add(hours, resolved)
        return self._add_live(days, [(since, self._midnight(first)), (self._midnight(last), until)])

    def _whole(self, since: datetime, until: datetime) -> tuple[date, date]:
        """The first day that lies within and is over, and the day after the last one."""
        first = self._day(since)
        if self._midnight(first) < since:
            first += timedelta(days=1)
        return first, min(self._day(until), self.unsettled())

    def unsettled(self) -> date:
        """The first day that is not over."""
        return self._day(timezone.now() - SETTLED)

    def _kept(self, first: date, last: date) -> list[tuple[date, list[int], int]]:
        """All communities' together, by day; counts first what was never counted."""
        self.keep(first, last)
        sums = {f"at{hour}": Sum(f"hours__{hour}") for hour in range(24)}
        rows: Any = self._counts(first, last).values("day").annotate(all_resolved=Sum("resolved"), **sums)
        return [(row["day"], [row[name] for name in sums], row["all_resolved"]) for row in rows]

    def _counts(self, first: date, last: date) -> "QuerySet[DayCount]":
        return DayCount.objects.order_by().filter(
            community__in=self.begun, zone=self.zone, day__gte=first, day__lt=last
        )

    def keep(self, first: date, last: date) -> None:
        """Counts the days of those communities that lack some from `first` to before `last`."""
        counted = dict(self._counts(first, last).values_list("community").annotate(n=Count("pk")))
        lacking = {pk: day for pk, day in self.begun.items() if counted.get(pk, 0) < (last - max(first, day)).days}
        if lacking:
            _Clock(self.zone, lacking)._keep(first, last)

    def _keep(self, first: date, last: date) -> None:
        known = set(self._counts(first, last).values_list("community", "day"))
        days = [first + timedelta(days=n) for n in range((last - first).days)]
        missing = [(pk, day) for pk, begun in self.begun.items() for day in days if day >= begun]
        missing = [one for one in missing if one not in known]
        if not missing:  # of a community whose older reports were taken away
            return
        found = self.count(min(day for _pk, day in missing), max(day for _pk, day in missing) + timedelta(days=1))
        rows = [
            DayCount(community_id=pk, zone=self.zone, day=day, hours=one.hours, resolved=one.resolved)
            for pk, day in missing
            for one in [found[pk, day]]
        ]
        DayCount.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)

    def count(self, first: date, last: date) -> dict[tuple[int, date], Brought]:
        """Each community's days from `first` to before `last`, from the rows."""
        found: dict[tuple[int, date], Brought] = defaultdict(Brought)
        for pk, day, hours, resolved in self._counted([(self._midnight(first), self._midnight(last))]):
            found[pk, day].add(hours, resolved)
        return found

    def _add_live(self, days: Days, spans: Spans) -> None:
        for _pk, day, hours, resolved in self._counted([span for span in spans if span[0] < span[1]]):
            days[day].add(hours, resolved)

    def _counted(self, spans: Spans) -> Iterator[tuple[int, date, list[int], int]]:
        """From reports and events: what both figures mean."""
        if not spans:
            return
        filed = Report.objects.order_by().filter(_within("created_at", spans), community__in=self.begun)
        for pk, hour, n in filed.values_list("community", local_hour("created_at")).annotate(n=Count("pk")):
            yield pk, hour.date(), [n if hour.hour == at else 0 for at in range(24)], 0
        results = ReportEvent.objects.order_by().filter(
            _within("at", spans), kind="resolve", report__community__in=self.begun
        )
        by_day = results.values_list("report__community", local_day("at", "report__community"))
        for pk, day, n in by_day.annotate(n=Count("report", distinct=True)):
            yield pk, day, [0] * 24, n

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone))


def _within(moment: str, spans: Spans) -> Q:
    either = [Q(**{f"{moment}__gte": begin, f"{moment}__lt": end}) for begin, end in spans]
    return Q(*either, _connector=Q.OR)


def recount(*, keep: bool) -> int:
    """Counts every kept day anew; how many were wrong, which are right now if they are to be kept so."""
    kept = defaultdict(list)
    for row in DayCount.objects.order_by("day"):
        kept[row.zone].append(row)
    wrong = [row for zone, rows in kept.items() for row in _wrong(zone, rows)]
    if keep:
        DayCount.objects.bulk_update(wrong, ["hours", "resolved"], batch_size=1000)
    return len(wrong)


def _wrong(zone: str, rows: list[DayCount]) -> Iterator[DayCount]:
    """Rows in the order of their days that are not what is counted now, with what is."""
    clock = _Clock(zone, {row.community_id: rows[0].day for row in rows})
    found = clock.count(rows[0].day, rows[-1].day + timedelta(days=1))
    for row in rows:
        right = found[row.community_id, row.day]
        if (row.hours, row.resolved) != (right.hours, right.resolved):
            row.hours, row.resolved = right.hours, right.resolved
            yield row
