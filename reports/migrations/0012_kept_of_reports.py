"""What reports keep for the figures: one ALTER, by itself, so that claims are not held meanwhile."""

from django.db import migrations, models
from django.db.models.expressions import CombinedExpression

COLUMNS = """
ALTER TABLE reports_report
    ADD COLUMN reopened boolean DEFAULT false NOT NULL,
    ADD COLUMN told_overdue boolean DEFAULT false NOT NULL,
    ADD COLUMN score smallint NULL CHECK (score >= 0),
    ADD COLUMN result_minutes double precision
        GENERATED ALWAYS AS (date_part('epoch', resolved_at - created_at) / 60) STORED
"""
GONE = """
ALTER TABLE reports_report
    DROP COLUMN result_minutes, DROP COLUMN reopened, DROP COLUMN told_overdue, DROP COLUMN score
"""


def minutes_field(start: str, end: str) -> models.GeneratedField:
    took = models.ExpressionWrapper(
        CombinedExpression(models.F(end), "-", models.F(start)), output_field=models.DurationField()
    )
    minutes = models.Func(
        took, output_field=models.FloatField(), template="(date_part('epoch', %(expressions)s) / 60)"
    )
    return models.GeneratedField(db_persist=True, expression=minutes, output_field=models.FloatField())


FIELDS = [
    migrations.AddField("report", "reopened", models.BooleanField(db_default=False, default=False, editable=False)),
    migrations.AddField("report", "told_overdue", models.BooleanField(db_default=False, default=False, editable=False)),
    migrations.AddField("report", "score", models.PositiveSmallIntegerField(editable=False, null=True)),
    migrations.AddField("report", "result_minutes", minutes_field("created_at", "resolved_at")),
]


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_kept_for_figures")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(COLUMNS, GONE, state_operations=FIELDS),
    ]
