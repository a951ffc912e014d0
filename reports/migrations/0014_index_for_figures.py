"""The indexes of the figures, made while everything goes on. What was broken off leaves an invalid index: away with it
first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

#: It waits until every transaction that is older is over.
PATIENTLY = "SET statement_timeout = 0; SET lock_timeout = 0"
AS_BEFORE = "RESET statement_timeout; RESET lock_timeout"


def away(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reports", "0013_fill_kept_for_figures")]

    operations = [
        migrations.RunSQL(PATIENTLY, AS_BEFORE),
        away("claim_by_filing"),
        AddIndexConcurrently("claim", models.Index(fields=["community", "filed_at"], name="claim_by_filing")),
        away("report_figures"),
        AddIndexConcurrently(
            "report",
            models.Index(
                fields=["community", "-created_at", "id"],
                include=(
                    "status", "category", "building", "claimed_by", "due_at", "resolved_at", "reopened", "told_overdue",
                    "score", "result_minutes",
                ),
                name="report_figures",
            ),
        ),
        RemoveIndexConcurrently("report", "reports_rep_communi_0baaa8_idx"),
        migrations.RunSQL(AS_BEFORE, PATIENTLY),
    ]
