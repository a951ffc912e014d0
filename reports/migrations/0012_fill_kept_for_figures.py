"""What reports and claims keep for the figures, from events and ratings: as `statistics.copies` had it then."""

from django.db import migrations

REPORTS = """
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
"""
CLAIMS = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_kept_for_figures")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(REPORTS, migrations.RunSQL.noop),
        migrations.RunSQL(CLAIMS, migrations.RunSQL.noop),
    ]
