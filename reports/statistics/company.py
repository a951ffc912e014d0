"""The figures of several communities side by side: what waits now, and this month on each community's own clock."""

from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from reports.attention import ATTENTION
from reports.models import Claim, Report, ReportEvent
from reports.querysets import ReportQuerySet

from .parts import Communities, MedianInOrder, claims_in, in_this_month, of_communities
from .staff import telling

Row = dict[str, Any]

#: What of a month can be listed.
MONTH = ("filed", "resolved")
NOTHING: Row = {
    **dict.fromkeys(("open", "unclaimed", "overdue", "reopened", "filed", "resolved", "ratings"), 0),
    **dict.fromkeys(("claim_minutes", "resolve_minutes", "score")),
}


def company_figures(communities: Communities) -> dict[int, Row]:
    """By the community's key; one that has no reports is not there, and has `NOTHING`. Ten queries, however many.

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
    first = claims_in(communities, None, None).filter(first=True)
    for row in (*_filed(of_this_month(reports, "filed", now)), *_claimed(in_this_month(first, now, "filed_at"))):
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
        resolve_minutes=MedianInOrder("result_minutes"),
        ratings=Count("score"),
        mean=Avg("score"),
    )
    found = [dict(row) for row in rows]
    for row in found:
        row["score"] = telling(row.pop("mean"), row["ratings"])
    return found


def _claimed(first: "QuerySet[Claim]") -> list[Row]:
    """Of first claims, by community."""
    medians = first.values_list("community").annotate(spent=MedianInOrder("claim_minutes"))
    return [{"community": pk, "claim_minutes": spent} for pk, spent in medians]
