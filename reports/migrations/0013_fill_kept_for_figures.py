"""What reports and claims keep for the figures, from events and ratings: as `statistics.copies` had it then.

A few reports at a time, each time held as a transition holds them, so that nobody waits long for it and nothing that
happens meanwhile is overwritten. It may be broken off and begun again.
"""

from typing import Any

from django.db import migrations, transaction

BATCH = 500
LOCK = "SELECT id FROM reports_report WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
REPORTS = """
UPDATE reports_report AS kept
SET reopened = told.reopened, told_overdue = told.told_overdue, score = told.score
FROM (
    SELECT report.id, rating.score,
           EXISTS (SELECT FROM reports_reportevent WHERE report_id = report.id AND kind = 'reopen') AS reopened,
           EXISTS (SELECT FROM reports_reportevent WHERE report_id = report.id AND kind = 'overdue') AS told_overdue
    FROM reports_report AS report LEFT JOIN reports_rating AS rating ON rating.report_id = report.id
    WHERE report.id = ANY(%s)
) AS told
WHERE told.id = kept.id
  AND (kept.reopened, kept.told_overdue, kept.score)
      IS DISTINCT FROM (told.reopened, told.told_overdue, told.score)
"""
CLAIMS = """
UPDATE reports_claim AS kept
SET community_id = told.community_id, filed_at = told.created_at, first = told.first,
    held_before = told.held_before, resolved_before = told.resolved_before, reopened = told.reopened
FROM (
    SELECT claim.id, report.community_id, report.created_at,
           claim.id = min(claim.id) OVER (PARTITION BY claim.report_id) AS first,
           count(*) OVER earlier > 0 AS held_before, count(claim.resolved_at) OVER earlier > 0 AS resolved_before,
           EXISTS (
               SELECT FROM reports_reportevent AS given
               JOIN reports_reportevent AS said ON said.report_id = given.report_id AND said.id > given.id
               WHERE given.report_id = claim.report_id AND given.kind = 'resolve' AND said.kind = 'reopen'
                 AND given.actor_id = claim.staff_id AND given.at >= claim.claimed_at
                 AND (claim.ended_at IS NULL OR given.at <= claim.ended_at)
           ) AS reopened
    FROM reports_claim AS claim JOIN reports_report AS report ON report.id = claim.report_id
    WHERE report.id = ANY(%s)
    WINDOW earlier AS (
        PARTITION BY claim.report_id, claim.staff_id ORDER BY claim.id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
) AS told
WHERE told.id = kept.id
  AND (kept.community_id, kept.filed_at, kept.first, kept.held_before, kept.resolved_before, kept.reopened)
      IS DISTINCT FROM
      (told.community_id, told.created_at, told.first, told.held_before, told.resolved_before, told.reopened)
"""


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM reports_report ORDER BY id")
        keys = [key for (key,) in cursor.fetchall()]
        for begin in range(0, len(keys), BATCH):
            batch = keys[begin : begin + BATCH]
            with transaction.atomic(using=schema_editor.connection.alias):
                for sql in (LOCK, REPORTS, CLAIMS):
                    cursor.execute(sql, [batch])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reports", "0012_kept_of_reports")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
