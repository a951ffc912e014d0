"""The managers' figures a second, slower way: the events of each report replayed in Python, and counted one by one.

Reads events and what never changes of a report (when and where it was filed, its deadline); no claim, no rating, no
status and no other figure. What each figure means: docs/statistics.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from reports.models import Category, Report, ReportEvent

Row = dict[str, Any]


@dataclass
class Hold:
    """One person's hold on a report, with the last result that they gave in it."""

    staff: UUID
    since: datetime
    result: datetime | None = None


@dataclass
class Result:
    at: datetime
    actor: UUID | None
    reopened: bool = False


@dataclass
class Told:
    """A report as its events tell it."""

    report: Report
    category: str
    status: str = ""
    holder: UUID | None = None
    holding: bool = False
    holds: list[Hold] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    reopened: bool = False
    overdue: bool = False
    score: int | None = None
    closed: list[datetime] = field(default_factory=list)

    def hear(self, event: ReportEvent) -> None:
        match event.kind:
            case "claim":
                self._hold(event.actor_id, event.at)
            case "assign":
                self._hold(UUID(event.data["assignee"]), event.at)
            case "resolve":
                self.holds[-1].result = event.at
                self.results.append(Result(event.at, event.actor_id))
            case "reopen":
                self._reopen(event)
            case "recategorize":
                self.category = event.data["to"]
            case "overdue":
                self.overdue = True
        self.score = event.data.get("score", self.score)
        if event.to_status:
            self._enter(event)

    def _hold(self, staff: UUID | None, at: datetime) -> None:
        assert staff is not None
        self.holder, self.holding = staff, True
        self.holds.append(Hold(staff, at))

    def _reopen(self, event: ReportEvent) -> None:
        self.reopened, self.score = True, None
        for result in self.results:
            result.reopened = True
        if event.to_status == "claimed" and not self.holding:  # what was closed goes to the same person once more
            self._hold(self.holder, event.at)

    def _enter(self, event: ReportEvent) -> None:
        self.status = event.to_status or ""
        if self.status not in ("claimed", "resolved"):
            self.holding = False
        if self.status == "submitted":
            self.holder = None
        if self.status == "closed":
            self.closed.append(event.at)

    @property
    def filed(self) -> datetime:
        return self.report.created_at

    @property
    def is_open(self) -> bool:
        return self.status in ("submitted", "claimed", "resolved")

    @property
    def done(self) -> bool:
        return self.status in ("resolved", "closed")

    @property
    def result(self) -> datetime | None:
        """The last result, of what is done now; one that was reopened is none."""
        standing = [result.at for result in self.results if not result.reopened]
        return standing[-1] if standing and self.done else None

    def waits_past(self, due: datetime | None, now: datetime) -> bool:
        return self.status in ("submitted", "claimed") and due is not None and due <= now

    def missed(self, now: datetime) -> bool:
        due = self.report.due_at
        late = due is not None and self.result is not None and self.result > due
        return late or self.overdue or self.waits_past(due, now)


def told(communities: Collection[int]) -> list[Told]:
    first = {
        event.report_id: event.data["from"] for event in ReportEvent.objects.filter(kind="recategorize").order_by("-id")
    }
    rows = Report.objects.filter(community__in=communities).select_related("category", "building", "community")
    found = []
    for report in rows.prefetch_related("events"):
        one = Told(report, first.get(report.pk, report.category.slug))
        for event in sorted(report.events.all(), key=lambda event: event.pk):
            one.hear(event)
        found.append(one)
    return found


def filed_within(reports: Iterable[Told], since: datetime | None, until: datetime | None) -> list[Told]:
    return [one for one in reports if (not since or one.filed >= since) and (not until or one.filed < until)]


def minutes(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 60


def percentile(values: list[float], part: float) -> float | None:
    """Between two neighbours the straight line."""
    if not values:
        return None
    ordered, place = sorted(values), part * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: list[float]) -> Row:
    return {"p50": percentile(values, 0.5), "p90": percentile(values, 0.9)}


def share(part: float, total: float) -> float | None:
    return part / total if total else None


def average(scores: list[int]) -> float | None:
    return mean(scores) if scores else None


def to_claim(reports: Iterable[Told]) -> list[float]:
    return [minutes(one.filed, one.holds[0].since) for one in reports if one.holds]


def to_result(reports: Iterable[Told]) -> list[float]:
    return [minutes(one.filed, one.result) for one in reports if one.result]


def scores(reports: Iterable[Told]) -> list[int]:
    return [one.score for one in reports if one.score is not None]


def _shares(reports: list[Told], now: datetime) -> Row:
    counting = [one for one in reports if one.report.due_at and one.status not in ("withdrawn", "dismissed", "merged")]
    ever = [one for one in reports if one.done or one.reopened]
    return {
        "overdue_share": share(sum(one.missed(now) for one in counting), len(counting)),
        "reopened_share": share(sum(one.reopened for one in ever), len(ever)),
    }


def stats(community: Any, since: datetime | None, until: datetime | None, now: datetime) -> Row:
    """`reports.statistics.figures`."""
    reports = filed_within(told([community.pk]), since, until)
    statuses = ("submitted", "claimed", "resolved", "closed", "dismissed", "withdrawn", "merged")
    active = Category.objects.filter(community=community, active=True)
    categories = dict.fromkeys([category.slug for category in active], 0)
    return {
        "total": len(reports),
        "by_status": {status: sum(one.status == status for one in reports) for status in statuses},
        "by_category": categories | Counter(one.category for one in reports),
        "by_building": dict(Counter(one.report.building.name for one in reports if one.report.building)),
        "by_staff": {
            name: {"claimed": row["claimed"], "resolved": row["resolved"], "ratings": row["ratings"],
                   "mean_score": average(row["scores"])}
            for name, row in _staff(reports).items()
        },
        "claim_minutes": spread(to_claim(reports)),
        "resolve_minutes": spread(to_result(reports)),
        **_shares(reports, now),
        "mean_score": average(scores(reports)),
    }  # fmt: skip


def courses(community: Any, since: datetime, until: datetime, parts: int, now: datetime) -> Row:
    """`reports.statistics.courses`."""
    found = defaultdict(list)
    for one in filed_within(told([community.pk]), since, until):
        found[int((one.filed - since) / (until - since) * parts)].append(one)
    pieces = [found[piece] for piece in range(parts)]
    return {
        "total": [len(piece) for piece in pieces],
        "claim_minutes": [percentile(to_claim(piece), 0.5) for piece in pieces],
        "resolve_minutes": [percentile(to_result(piece), 0.5) for piece in pieces],
        "overdue_share": [_shares(piece, now)["overdue_share"] for piece in pieces],
        "reopened_share": [_shares(piece, now)["reopened_share"] for piece in pieces],
        "mean_score": [average(scores(piece)) for piece in pieces],
    }


def _staff(reports: list[Told]) -> dict[str, Row]:
    """Everybody who held one of them, by key: erased people share a name."""
    people = {hold.staff for one in reports for hold in one.holds}
    return {str(person): _person(reports, person) for person in people}


def _person(reports: list[Told], person: UUID) -> Row:
    held = [hold for one in reports for hold in one.holds if hold.staff == person]
    first = [one for one in reports if one.holds and one.holds[0].staff == person]
    gave = [[result for result in one.results if result.actor == person] for one in reports]
    return {
        "claimed": sum(any(hold.staff == person for hold in one.holds) for one in reports),
        "resolved": sum(bool(results) for results in gave),
        "claim_minutes": percentile(to_claim(first), 0.5),
        "resolve_minutes": percentile([minutes(hold.since, hold.result) for hold in held if hold.result], 0.5),
        "reopened": sum(any(result.reopened for result in results) for results in gave),
        "scores": scores(one for one in reports if one.holder == person),
        "ratings": len(scores(one for one in reports if one.holder == person)),
    }


def enough(found: list[int]) -> float | None:
    """No mean of fewer than five."""
    return average(found) if len(found) >= 5 else None


def desk(communities: Collection[int], period: Any, now: datetime) -> Row:
    """`reports.statistics.desk.desk_figures`; lists of groups and people by their names, in no order."""
    everything = told(communities)
    reports = filed_within(everything, period.since, period.until)
    return {
        "since": period.first.isoformat(),
        "until": period.last.isoformat(),
        "now": standing(everything, now),
        "lately": {
            "today": _happened(everything, period.zone, now, 1),
            "seven_days": _happened(everything, period.zone, now, 7),
        },
        "totals": {
            "filed": len(reports),
            "open": sum(one.is_open for one in reports),
            "closed": sum(one.status == "closed" for one in reports),
            "reopened": sum(one.reopened for one in reports),
            "ratings": len(scores(reports)),
            "mean_score": average(scores(reports)),
        },
        "by_category": _groups(reports, _category_name),
        "by_building": _groups(reports, lambda one: one.report.building and one.report.building.name),
        "by_community": _groups(reports, lambda one: one.report.community.name),
        "by_hour": _hours(reports),
        "by_staff": {
            name: {**{key: row[key] for key in row if key != "scores"}, "score": enough(row["scores"])}
            for name, row in _staff(reports).items()
        },
        "trend": list(_trend(everything, reports, period)),
    }


def standing(reports: list[Told], now: datetime) -> dict[str, int]:
    unclaimed = [one for one in reports if one.status == "submitted" and one.report.category.claimable]
    return {
        "open": sum(one.is_open for one in reports),
        "unclaimed": sum(one.waits_past(one.report.claim_due_at, now) for one in unclaimed),
        "overdue": sum(one.waits_past(one.report.due_at, now) for one in reports),
        "reopened": sum(one.reopened and one.status in ("submitted", "claimed") for one in reports),
    }


def _category_name(one: Told) -> str:
    category = Category.objects.get(community=one.report.community_id, slug=one.category)
    return category.name


def _happened(reports: list[Told], zone: str, now: datetime, days: int) -> dict[str, int]:
    today = now.astimezone(ZoneInfo(zone)).date()

    def lately(moment: datetime) -> bool:
        return today - timedelta(days=days - 1) <= moment.astimezone(ZoneInfo(zone)).date() <= today

    return {
        "filed": sum(lately(one.filed) for one in reports),
        "resolved": sum(any(lately(result.at) for result in one.results) for one in reports),
        "closed": sum(any(map(lately, one.closed)) for one in reports),
    }


def _groups(reports: list[Told], name: Callable[[Told], Any]) -> dict[str, Row]:
    found = defaultdict(list)
    for one in reports:
        if name(one):
            found[name(one)].append(one)
    return {
        key: {
            "filed": len(group),
            "open": sum(one.is_open for one in group),
            "resolve_minutes": percentile(to_result(group), 0.5),
        }
        for key, group in found.items()
    }


def _clock(one: Told, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(one.report.community.timezone))


def _hours(reports: list[Told]) -> list[list[int]]:
    counts = [[0] * 24 for _ in range(7)]
    for one in reports:
        at = _clock(one, one.filed)
        counts[at.weekday()][at.hour] += 1
    return counts


def _trend(everything: list[Told], reports: list[Told], period: Any) -> Iterator[Row]:
    came = Counter(_clock(one, one.filed).date() for one in reports)
    done: Counter[date] = Counter()
    for one in everything:
        within = [result for result in one.results if period.since <= result.at < period.until]
        done.update({_clock(one, result.at).date() for result in within})
    for day in period.days:
        yield {"day": day.isoformat(), "filed": came[day], "resolved": done[day]}


def company(communities: Collection[int], now: datetime) -> dict[int, Row]:
    """`reports.statistics.company.company_figures`, of communities that have reports."""
    found = defaultdict(list)
    for one in told(communities):
        found[one.report.community_id].append(one)
    return {key: _company(reports, now) for key, reports in found.items()}


def _company(reports: list[Told], now: datetime) -> Row:
    month = f"{_clock(reports[0], now):%Y-%m}"

    def this_month(one: Told, moment: datetime) -> bool:
        return f"{_clock(one, moment):%Y-%m}" == month

    filed = [one for one in reports if this_month(one, one.filed)]
    return {
        **standing(reports, now),
        "filed": len(filed),
        "resolved": sum(any(this_month(one, result.at) for result in one.results) for one in reports),
        "claim_minutes": median(to_claim(filed)) if to_claim(filed) else None,
        "resolve_minutes": percentile(to_result(filed), 0.5),
        "ratings": len(scores(filed)),
        "score": enough(scores(filed)),
    }
