"""What reports and claims keep for the figures (see their models), held against events and ratings.

The services write it in the transaction that changes something; `manage.py check_figures` and the tests ask here
whether it is still so.
"""

from django.db import connection, transaction

from .days import recount

#: Each changes what is not as its origins say, and nothing else. In this order: claims look at reports.
_MENDING = {
    "reports": """
UPDATE reports_report AS report
SET reopened = told.reopened, told_overdue = told.overdue, score = told.score
FROM (
    SELECT report.id, coalesce(events.reopened, false) AS reopened, coalesce(events.overdue, false) AS overdue,
           rating.score
    FROM reports_report AS report
    LEFT JOIN reports_rating AS rating ON rating.report_id = report.id
    LEFT JOIN (
        SELECT report_id, bool_or(kind = 'reopen') AS reopened, bool_or(kind = 'overdue') AS overdue
        FROM reports_reportevent WHERE kind IN ('reopen', 'overdue') GROUP BY report_id
    ) AS events ON events.report_id = report.id
) AS told
WHERE told.id = report.id
  AND (report.reopened, report.told_overdue, report.score)
      IS DISTINCT FROM (told.reopened, told.overdue, told.score)
""",
    "claims": """
UPDATE reports_claim AS claim
SET community_id = told.community_id, filed_at = told.created_at, first = told.first,
    held_before = told.held_before, resolved_before = told.resolved_before, reopened = told.reopened
FROM (
    SELECT claim.id, report.community_id, report.created_at,
           claim.id = min(claim.id) OVER (PARTITION BY claim.report_id) AS first,
           count(*) OVER earlier > 0 AS held_before, count(claim.resolved_at) OVER earlier > 0 AS resolved_before,
           report.reopened AND EXISTS (
               SELECT FROM reports_reportevent AS given
               JOIN reports_reportevent AS said ON said.report_id = given.report_id AND said.id > given.id
               WHERE given.report_id = claim.report_id AND given.kind = 'resolve' AND said.kind = 'reopen'
                 AND given.actor_id = claim.staff_id AND given.at >= claim.claimed_at
                 AND (claim.ended_at IS NULL OR given.at <= claim.ended_at)
           ) AS reopened
    FROM reports_claim AS claim JOIN reports_report AS report ON report.id = claim.report_id
    WINDOW earlier AS (
        PARTITION BY claim.report_id, claim.staff_id ORDER BY claim.id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
) AS told
WHERE told.id = claim.id
  AND (claim.community_id, claim.filed_at, claim.first, claim.held_before, claim.resolved_before, claim.reopened)
      IS DISTINCT FROM
      (told.community_id, told.created_at, told.first, told.held_before, told.resolved_before, told.reopened)
""",
}


@transaction.atomic
def mend(*, keep: bool = True) -> dict[str, int]:
    """How many reports, claims and days were not as they should be; now they are, unless `keep` is False."""
    wrong = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # looks at everything that there is
        for name, sql in _MENDING.items():
            cursor.execute(sql)
            wrong[name] = cursor.rowcount
    wrong["days"] = recount()
    transaction.set_rollback(not keep)
    return wrong
