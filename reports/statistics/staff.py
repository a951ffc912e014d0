"""The staff's figures, of the reports filed in a period."""

from typing import Any

from django.db.models import Avg, Case, Count, Q, QuerySet, When

from accounts.models import User
from reports.models import Claim, Report
from reports.people import person

from .parts import Median

#: Fewer ratings than this say more about the raters than about the rated.
LEAST_RATINGS = 5

Row = dict[str, Any]


def telling(mean: float | None, ratings: int) -> float | None:
    """The mean score of so many ratings; None where they are too few to say something."""
    return mean if ratings >= LEAST_RATINGS else None


#: Of one person's claims the reports that they held, and those for which they gave a result, each once: counting what
#: is distinct would sort all of them.
CLAIMED = Count("pk", filter=Q(held_before=False))
RESOLVED = Count("pk", filter=Q(resolved_at__isnull=False, resolved_before=False))
#: Whose reporter said after a result of theirs, so after the first, that it is not solved.
REOPENED = Count("pk", filter=Q(reopened=True, resolved_before=False))


def by_staff(filed: "QuerySet[Report]", claims: "QuerySet[Claim]") -> list[Row]:
    """One row for each person who held one of these reports, whose claims are given too, or was rated for one.

    - `claimed`, `resolved`: reports that they held, and gave a result for, each counted once
    - `claim_minutes`: median from filing to the first claim, over the reports whose first claim is theirs
    - `resolve_minutes`: median from their claim to its result, over their claims that have one
    - `reopened`: reports for which they gave a result and whose reporter then said that it is not solved
    - `score`, `ratings`: the scores given while they held it; no mean below `LEAST_RATINGS` of them
    """
    held = claims.values("staff").annotate(
        claimed=CLAIMED,
        resolved=RESOLVED,
        resolve_minutes=Median("result_minutes"),
        to_claim=Median(Case(When(first=True, then="claim_minutes"))),
        again=REOPENED,
    )
    parts: list[dict[Any, Row]] = [
        {row.pop("staff"): _named(row) for row in map(dict, held)},
        {row.pop("claimed_by"): row for row in scores_of(filed)},
    ]
    return _joined(parts)


def scores_of(filed: "QuerySet[Report]") -> list[Row]:
    """For each person who held rated reports (`claimed_by`) the number of `ratings` and their `mean`."""
    rated = filed.filter(claimed_by__isnull=False, score__isnull=False).values("claimed_by")
    return [dict(row) for row in rated.annotate(ratings=Count("pk"), mean=Avg("score"))]


def _named(row: Row) -> Row:
    """An annotation cannot have the name of a field."""
    row["claim_minutes"], row["reopened"] = row.pop("to_claim"), row.pop("again")
    return row


def _joined(parts: list[dict[Any, Row]]) -> list[Row]:
    people = User.objects.in_bulk({pk for part in parts for pk in part})
    nothing: Row = {"claimed": 0, "resolved": 0, "claim_minutes": None, "resolve_minutes": None, "reopened": 0}
    rows = []
    for pk, user in people.items():
        row: Row = {"user": person(user), **nothing, "ratings": 0, "mean": None}
        for part in parts:
            row |= part.get(pk, {})
        row["score"] = telling(row.pop("mean"), row["ratings"])
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["resolved"], -row["claimed"], row["user"]["display_name"]))
