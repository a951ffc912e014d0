"""The staff's figures, of the reports filed in a period."""

from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, QuerySet

from accounts.models import User
from reports.models import Rating, Report, ReportEvent
from reports.people import person

from .parts import Median, claims_of, first_claims, minutes_between

#: Fewer ratings than this say more about the raters than about the rated.
LEAST_RATINGS = 5

Row = dict[str, Any]


def by_staff(filed: "QuerySet[Report]", since: datetime) -> list[Row]:
    """One row for each person who held one of these reports, gave a result for one, or was rated for one.

    None of them was filed before `since`, so nothing that happened to them was before it either.

    - `claimed`, `resolved`: reports that they held, and gave a result for, each counted once
    - `claim_minutes`: median from filing to the first claim, over the reports whose first claim is theirs
    - `resolve_minutes`: median from their claim to its result, over their claims that have one
    - `reopened`: reports for which they gave a result and whose reporter then said that it is not solved
    - `score`, `ratings`: the scores given while they held it; no mean below `LEAST_RATINGS` of them
    """
    claims = claims_of(filed, since)
    results = ReportEvent.objects.order_by().filter(report__in=filed, kind="resolve", at__gte=since)
    again = ReportEvent.objects.filter(report=OuterRef("report"), kind="reopen", at__gte=since, id__gt=OuterRef("id"))
    ratings = Rating.objects.order_by().filter(report__in=filed)
    parts = [
        _each(
            claims,
            "staff",
            claimed=Count("report", distinct=True),
            resolve_minutes=Median(minutes_between("claimed_at", "resolved_at")),  # of null there is no span
        ),
        _each(results, "actor", resolved=Count("report", distinct=True)),
        _each(
            first_claims(filed, since),
            "staff",
            claim_minutes=Median(minutes_between("report__created_at", "claimed_at")),
        ),
        _each(results.filter(Exists(again)), "actor", reopened=Count("report", distinct=True)),
        _each(ratings, "staff", ratings=Count("pk"), score=Avg("score")),
    ]
    return _joined(parts)


def _each(rows: "QuerySet[Any]", who: str, **what: Any) -> dict[Any, Row]:
    counted = rows.exclude(**{who: None}).values(who).annotate(**what)
    return {row[who]: {name: row[name] for name in what} for row in counted}


def _joined(parts: list[dict[Any, Row]]) -> list[Row]:
    people = User.objects.in_bulk({pk for part in parts for pk in part})
    nothing: Row = {"claimed": 0, "resolved": 0, "claim_minutes": None, "resolve_minutes": None, "reopened": 0}
    rows = []
    for pk, user in people.items():
        row: Row = {"user": person(user), **nothing, "score": None, "ratings": 0}
        for part in parts:
            row |= part.get(pk, {})
        if row["ratings"] < LEAST_RATINGS:
            row["score"] = None
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["resolved"], -row["claimed"], row["user"]["display_name"]))
