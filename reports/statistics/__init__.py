"""The managers' figures, computed in the database from reports, claims, events and ratings (docs/statistics.md)."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Aggregate, Avg, Count, F, FloatField, Func, IntegerField, Q, QuerySet, Value

from accounts.models import Community, User
from reports.models import Category, Claim, Report
from reports.people import person
from reports.states import Status

from .parts import DONE, Median, Percentiles, claims_in, filed_in, overdue
from .staff import CLAIMED, RESOLVED, scores_of, telling

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
    span = [community.pk], since, until
    filed = filed_in(*span)
    found = headline(community, since, until)
    by_kind, by_staff = _by_kind(filed, community), _by_staff(claims_in(*span), filed)
    return {"total": found.pop("total"), **by_kind, "by_staff": by_staff, **found}


def telling_score(found: Figures) -> float | None:
    """The mean score of `figures`; None where there are too few ratings to say something."""
    return telling(found["mean_score"], sum(row["ratings"] for row in found["by_staff"]))


def headline(community: Community, since: datetime | None, until: datetime | None) -> Figures:
    """Those of the `figures` that are one number, or two: one look at each report and one at each first claim."""
    span = [community.pk], since, until
    totals = filed_in(*span).aggregate(**_counts(), results=Percentiles("result_minutes"))
    claims = claims_in(*span).filter(first=True).aggregate(spread=Percentiles("claim_minutes"))
    return {
        "total": totals["n"],
        "claim_minutes": _spread(claims["spread"]),
        "resolve_minutes": _spread(totals["results"]),
        "overdue_share": _share(totals["late"], totals["counting"]),
        "reopened_share": _share(totals["again"], totals["done"]),
        "mean_score": totals["mean"],
    }


def _counts() -> dict[str, Aggregate]:
    """Ever done are those that are done now, and those that were reopened: nothing else leaves these states."""
    counting, late = overdue()
    return {
        "n": Count("pk"),
        "counting": Count("pk", filter=counting),
        "late": Count("pk", filter=counting & late),
        "done": Count("pk", filter=DONE | Q(reopened=True)),
        "again": Count("pk", filter=Q(reopened=True)),
        "mean": Avg("score"),
    }


def _by_kind(filed: "QuerySet[Report]", community: Community) -> Figures:
    """`by_status`, `by_category` and `by_building`, out of one count by all three."""
    active = Category.objects.filter(community=community, active=True).values_list("slug", flat=True)
    statuses, categories = Counter(dict.fromkeys(Status.values, 0)), Counter(dict.fromkeys(active, 0))
    buildings: Counter[tuple[int, str]] = Counter()
    names = ("status", "category__slug", "building__position", "building__name")
    for status, category, position, building, n in filed.values_list(*names).annotate(n=Count("pk")):
        statuses[status] += n
        categories[category] += n
        if building is not None:
            buildings[position, building] += n
    by_building = {name: buildings[position, name] for position, name in sorted(buildings)}
    return {"by_status": dict(statuses), "by_category": dict(categories), "by_building": by_building}


def _by_staff(claims: "QuerySet[Claim]", filed: "QuerySet[Report]") -> list[Figures]:
    held = {row["staff"]: row for row in claims.values("staff").annotate(claimed=CLAIMED, resolved=RESOLVED)}
    rated = {row["claimed_by"]: row for row in scores_of(filed)}
    people = User.objects.in_bulk(held.keys() | rated.keys())
    rows = [
        {
            "user": person(people[pk]),
            "claimed": held[pk]["claimed"] if pk in held else 0,
            "resolved": held[pk]["resolved"] if pk in held else 0,
            "mean_score": rated[pk]["mean"] if pk in rated else None,
            "ratings": rated[pk]["ratings"] if pk in rated else 0,
        }
        for pk in people
    ]
    return sorted(rows, key=lambda row: (-row["resolved"], -row["claimed"], row["user"]["display_name"]))


def _spread(percentiles: list[float | None] | None) -> dict[str, float | None]:
    p50, p90 = percentiles or (None, None)
    return {"p50": p50, "p90": p90}


def _share(part: float, total: int) -> float | None:
    return part / total if total else None


#: The figures that have a course over time.
COURSES = ("total", "claim_minutes", "resolve_minutes", "overdue_share", "reopened_share", "mean_score")


def courses(community: Community, since: datetime, until: datetime, parts: int) -> dict[str, list[float | None]]:
    """How each of `COURSES` went: the figure for the reports filed in each of `parts` equal pieces of the time.

    Spans are medians. Null where a piece has no data; `total` is 0 there. Two queries: of reports and of claims.
    """
    which, span = ([community.pk], since, until), (since, until, parts)
    pieces = filed_in(*which).values(piece=_piece("created_at", *span))
    rows = pieces.annotate(**_counts(), to_result=Median("result_minutes"))
    claims = claims_in(*which).filter(first=True).values_list(_piece("filed_at", *span))
    medians = dict(claims.annotate(spent=Median("claim_minutes")))
    found = {row["piece"]: {**row, "to_claim": medians.get(row["piece"])} for row in rows}
    return {name: [_course(name, found.get(piece)) for piece in range(1, parts + 1)] for name in COURSES}


def _piece(moment: str, since: datetime, until: datetime, parts: int) -> Func:
    """In which of the pieces a moment is, from 1."""
    seconds = Func(F(moment), template="date_part('epoch', %(expressions)s)", output_field=FloatField())
    bounds = (Value(since.timestamp()), Value(until.timestamp()), Value(parts))
    return Func(seconds, *bounds, function="width_bucket", output_field=IntegerField())


def _course(name: str, row: dict[str, Any] | None) -> float | None:
    if row is None:
        return 0 if name == "total" else None
    match name:
        case "total":
            return float(row["n"])
        case "claim_minutes":
            return row["to_claim"]
        case "resolve_minutes":
            return row["to_result"]
        case "overdue_share":
            return _share(row["late"], row["counting"])
        case "reopened_share":
            return _share(row["again"], row["done"])
    return row["mean"]
