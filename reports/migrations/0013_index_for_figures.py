"""What was filled is there from now on; the spans that the database reckons itself, and the indexes of the figures."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression


def minutes_between(start: str, end: str) -> models.Func:
    took = models.ExpressionWrapper(
        CombinedExpression(models.F(end), "-", models.F(start)), output_field=models.DurationField()
    )
    return models.Func(
        took, output_field=models.FloatField(), template="(date_part('epoch', %(expressions)s) / 60)"
    )


def minutes_field(start: str, end: str) -> models.GeneratedField:
    return models.GeneratedField(
        db_persist=True, expression=minutes_between(start, end), output_field=models.FloatField()
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_text_pairs"), ("reports", "0012_fill_kept_for_figures")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.AlterField(
            "claim",
            "community",
            models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.community",
            ),
        ),
        migrations.AlterField("claim", "filed_at", models.DateTimeField(editable=False)),
        migrations.AlterField("claim", "first", models.BooleanField(editable=False)),
        migrations.AlterField("claim", "held_before", models.BooleanField(editable=False)),
        migrations.AlterField("claim", "resolved_before", models.BooleanField(editable=False)),
        migrations.AddField("claim", "claim_minutes", minutes_field("filed_at", "claimed_at")),
        migrations.AddField("claim", "result_minutes", minutes_field("claimed_at", "resolved_at")),
        migrations.AddField("report", "result_minutes", minutes_field("created_at", "resolved_at")),
        migrations.AddIndex("claim", models.Index(fields=["community", "filed_at"], name="claim_by_filing")),
        migrations.RemoveIndex("report", "reports_rep_communi_0baaa8_idx"),
        migrations.AddIndex(
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
    ]
