"""The managers' figures, computed in the database from reports, claims, events and ratings (docs/statistics.md)."""

from datetime import datetime
from typing import Any

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Extract, Floor
from django.utils import timezone

from accounts.models import Community, User
from reports.models import Category, Claim, Rating, Report, ReportEvent
from reports.people import person
from reports.states import Status

from .parts import Percentiles, first_claim, last_result, minutes_between

Figures = dict[str, Any]


def figures(community: Community, since: datetime | None = None, until: datetime | None = None) -> Figures:
    """What became, up to now, of the reports filed in `since` ≤ time < `until` (None: no limit).

    The shape is the contract's `GET stats`. Minutes and shares (0 to 1) are not rounded; a figure without data is null.

    - `total`, `by_status`, `by_category`, `by_building`: reports by what they are now; every status and every active
      category is there, of buildings only those with reports.
    - `by_staff`: reports that a person held (`claimed`), and reported as done (`resolved`), each counted once; the
      scores that they were given.
    - `claim_minutes`: from filing to the first claim. `resolve_minutes`: from filing to the last result, of those that
      are resolved or closed.
    - `overdue_share`: of the reports with a deadline and not withdrawn, dismissed or merged, those that missed it.
    - `reopened_share`: of the reports that were ever resolved or closed, those that were reopened.
    """
    filed = Report.objects.filter(community=community).order_by()
    if since is not None:
        filed = filed.filter(created_at__gte=since)
    if until is not None:
        filed = filed.filter(created_at__lt=until)
    return {
        "total": filed.count(),
        "by_status": _by_status(filed),
        "by_category": _by_category(filed, community),
        "by_building": _counted(filed.exclude(building=None).order_by("building__position"), "building__name"),
        "by_staff": _by_staff(filed),
        "claim_minutes": _spread(filed, first_claim()),
        "resolve_minutes": _spread(filed.filter(status__in=(Status.RESOLVED, Status.CLOSED)), last_result()),
        "overdue_share": _overdue_share(filed),
        "reopened_share": _reopened_share(filed),
        "mean_score": Rating.objects.filter(report__in=filed).aggregate(mean=Avg("score"))["mean"],
    }


def _counted(filed: "QuerySet[Report]", by: str) -> dict[str, int]:
    return {row[by]: row["n"] for row in filed.values(by).annotate(n=Count("pk"))}


def _by_status(filed: "QuerySet[Report]") -> dict[str, int]:
    found = _counted(filed, "status")
    return {status: found.get(status, 0) for status in Status.values}


def _by_category(filed: "QuerySet[Report]", community: Community) -> dict[str, int]:
    active = Category.objects.filter(community=community, active=True).values_list("slug", flat=True)
    return dict.fromkeys(active, 0) | _counted(filed, "category__slug")


def _by_staff(filed: "QuerySet[Report]") -> list[Figures]:
    claimed = _per_person(Claim.objects.filter(report__in=filed), "staff")
    resolved = _per_person(ReportEvent.objects.filter(report__in=filed, kind="resolve"), "actor")
    rated = Rating.objects.filter(report__in=filed).exclude(staff=None).order_by().values("staff")
    scores = {row["staff"]: row for row in rated.annotate(mean=Avg("score"), n=Count("pk"))}
    people = User.objects.in_bulk(claimed.keys() | resolved.keys() | scores.keys())
    rows = [
        {
            "user": person(people[pk]),
            "claimed": claimed.get(pk, 0),
            "resolved": resolved.get(pk, 0),
            "mean_score": scores[pk]["mean"] if pk in scores else None,
            "ratings": scores[pk]["n"] if pk in scores else 0,
        }
        for pk in people
    ]
    return sorted(rows, key=lambda row: (-row["resolved"], -row["claimed"], row["user"]["display_name"]))


def _per_person(rows: "QuerySet[Any]", field: str) -> dict[Any, int]:
    counted = rows.order_by().values(field).annotate(n=Count("report", distinct=True))
    return {row[field]: row["n"] for row in counted if row[field] is not None}


def _spread(filed: "QuerySet[Report]", end: Combinable) -> dict[str, float | None]:
    """p50 and p90 of the minutes from filing to `end`, over the reports that came so far."""
    found = filed.annotate(end=end).filter(end__isnull=False)
    spread = found.aggregate(spread=Percentiles(minutes_between("created_at", F("end"))))["spread"]
    p50, p90 = spread or (None, None)
    return {"p50": p50, "p90": p90}


def _overdue_share(filed: "QuerySet[Report]") -> float | None:
    counting, late = _overdue()
    return _share(filed.filter(counting), late)


def _overdue() -> tuple[Q, Q]:
    """Which reports have a deadline that counts, and which of these missed it."""
    told = Exists(ReportEvent.objects.filter(report=OuterRef("pk"), kind="overdue"))
    waiting = Q(status__in=(Status.SUBMITTED, Status.CLAIMED), due_at__lte=timezone.now())
    counting = Q(due_at__isnull=False) & ~Q(status__in=(Status.WITHDRAWN, Status.DISMISSED, Status.MERGED))
    return counting, waiting | Q(resolved_at__gt=F("due_at")) | Q(told)


def _reopened_share(filed: "QuerySet[Report]") -> float | None:
    done, reopened = _reopened()
    return _share(filed.filter(done), reopened)


def _reopened() -> tuple[Q, Q]:
    """Which reports were ever done, and which of these were reopened."""
    events = ReportEvent.objects.filter(report=OuterRef("pk"))
    done = Exists(events.filter(to_status__in=(Status.RESOLVED, Status.CLOSED)))
    return Q(done), Q(Exists(events.filter(kind="reopen")))


def _share(among: "QuerySet[Report]", those: Q) -> float | None:
    total = among.count()
    return among.filter(those).count() / total if total else None


#: The figures that have a course over time.
COURSES = ("total", "claim_minutes", "resolve_minutes", "overdue_share", "reopened_share", "mean_score")


def courses(community: Community, since: datetime, until: datetime, parts: int) -> dict[str, list[float | None]]:
    """How each of `COURSES` went: the figure for the reports filed in each of `parts` equal pieces of the time.

    Spans are medians. Null where a piece has no data; `total` is 0 there. One query.
    """
    seconds = (until - since).total_seconds() / parts
    since_then = ExpressionWrapper(F("created_at") - Value(since), output_field=DurationField())
    filed = Report.objects.filter(community=community, created_at__gte=since, created_at__lt=until).order_by()
    pieces = filed.annotate(piece=Floor(Extract(since_then, "epoch") / seconds)).values("piece")
    rows: list[Any] = list(pieces.annotate(**_course_figures()))
    found = {min(int(row["piece"]), parts - 1): row for row in rows}
    return {name: [_course(name, found.get(piece)) for piece in range(parts)] for name in COURSES}


def _course_figures() -> dict[str, Aggregate]:
    counting, late = _overdue()
    done, reopened = _reopened()
    ready = Q(status__in=(Status.RESOLVED, Status.CLOSED))
    return {
        "n": Count("pk"),
        "claims": Percentiles(minutes_between("created_at", first_claim())),
        "results": Percentiles(minutes_between("created_at", last_result()), filter=ready),
        "counting": Count("pk", filter=counting),
        "late": Count("pk", filter=counting & late),
        "done": Count("pk", filter=done),
        "reopened": Count("pk", filter=done & reopened),
        "score": Avg("rating__score"),
    }


def _course(name: str, row: dict[str, Any] | None) -> float | None:
    if row is None:
        return 0 if name == "total" else None
    match name:
        case "total":
            return float(row["n"])
        case "claim_minutes":
            return row["claims"][0] if row["claims"] else None
        case "resolve_minutes":
            return row["results"][0] if row["results"] else None
        case "overdue_share":
            return row["late"] / row["counting"] if row["counting"] else None
        case "reopened_share":
            return row["reopened"] / row["done"] if row["done"] else None
    return row["score"]
