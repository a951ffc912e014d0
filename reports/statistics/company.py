"""The figures of several communities side by side: what waits now, and this month on each community's own clock."""

from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from reports.attention import ATTENTION
from reports.models import Report, ReportEvent
from reports.querysets import ReportQuerySet

from .parts import A_MONTH, DONE, Communities, Median, first_claims, in_this_month, minutes_between, of_communities
from .staff import LEAST_RATINGS

Row = dict[str, Any]

#: What of a month can be listed.
MONTH = ("filed", "resolved")
NOTHING: Row = {
    **dict.fromkeys(("open", "unclaimed", "overdue", "reopened", "filed", "resolved", "ratings"), 0),
    **dict.fromkeys(("claim_minutes", "resolve_minutes", "score")),
}


def company_figures(communities: Communities) -> dict[int, Row]:
    """By the community's key; one that has no reports is not there, and has `NOTHING`. Seven queries, however many.

    - `open`, `unclaimed`, `overdue`, `reopened`: as in `standing_now`
    - `filed`, `resolved`: reports filed, and reports for which a result was given, this month
    - `claim_minutes`, `resolve_minutes`, `score`, `ratings`: of those filed this month, as in `figures`; no score of
      fewer than `LEAST_RATINGS` ratings
    """
    now, reports = timezone.now(), of_communities(communities)
    counted = {
        "open": reports.open(),
        **{word: ATTENTION[word](reports, now) for word in ("unclaimed", "overdue", "reopened")},
        "resolved": of_this_month(reports, "resolved", now),
    }
    rows: dict[int, Row] = {}
    for name, found in counted.items():
        for pk, number in found.values_list("community").annotate(n=Count("pk")):
            rows.setdefault(pk, dict(NOTHING))[name] = number
    filed = of_this_month(reports, "filed", now)
    for row in (*_filed(filed), *_claimed(filed, now - A_MONTH)):
        rows.setdefault(row.pop("community"), dict(NOTHING)).update(row)
    return rows


def of_this_month(reports: ReportQuerySet, what: str, now: datetime) -> ReportQuerySet:
    """Those `filed` this month, or those for which a result was given in it (`resolved`), whenever filed."""
    if what == "filed":
        return in_this_month(reports, now, "created_at")
    results = ReportEvent.objects.filter(report=OuterRef("pk"), kind="resolve")
    return reports.filter(Exists(in_this_month(results, now, "at", "report__community")))


def _filed(filed: "QuerySet[Report]") -> list[Row]:
    rows: Any = filed.values("community").annotate(
        filed=Count("pk"),
        resolve_minutes=Median(minutes_between("created_at", "resolved_at"), filter=DONE),
        ratings=Count("rating"),
        score=Avg("rating__score"),
    )
    return [row if row["ratings"] >= LEAST_RATINGS else {**row, "score": None} for row in rows]


def _claimed(filed: "QuerySet[Report]", since: datetime) -> list[Row]:
    medians: Any = (
        first_claims(filed, since)
        .values(community=F("report__community"))
        .annotate(claim_minutes=Median(minutes_between("report__created_at", "claimed_at")))
    )
    return list(medians)
