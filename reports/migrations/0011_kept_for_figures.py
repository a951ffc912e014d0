"""What claims keep for the figures, and the days counted for good.

One ALTER a table, since each one that adds a column reckoned by the database writes the table anew. What the running
release does not write may be missing: it goes on while this is done, and is restarted afterwards.
"""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression

COLUMNS = """
ALTER TABLE reports_claim
    ADD COLUMN community_id bigint NULL
        CONSTRAINT reports_claim_community_id_34a4d789_fk_accounts_community_id
        REFERENCES accounts_community (id) DEFERRABLE INITIALLY DEFERRED,
    ADD COLUMN filed_at timestamp with time zone NULL,
    ADD COLUMN first boolean NULL,
    ADD COLUMN held_before boolean NULL,
    ADD COLUMN resolved_before boolean NULL,
    ADD COLUMN reopened boolean DEFAULT false NOT NULL,
    ADD COLUMN claim_minutes double precision
        GENERATED ALWAYS AS (date_part('epoch', claimed_at - filed_at) / 60) STORED,
    ADD COLUMN result_minutes double precision
        GENERATED ALWAYS AS (date_part('epoch', resolved_at - claimed_at) / 60) STORED
"""
GONE = """
ALTER TABLE reports_claim
    DROP COLUMN claim_minutes, DROP COLUMN result_minutes, DROP COLUMN community_id, DROP COLUMN filed_at,
    DROP COLUMN first, DROP COLUMN held_before, DROP COLUMN resolved_before, DROP COLUMN reopened
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
    migrations.AddField(
        "claim",
        "community",
        models.ForeignKey(
            db_index=False,
            editable=False,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="+",
            to="accounts.community",
        ),
    ),
    migrations.AddField("claim", "filed_at", models.DateTimeField(editable=False, null=True)),
    migrations.AddField("claim", "first", models.BooleanField(editable=False, null=True)),
    migrations.AddField("claim", "held_before", models.BooleanField(editable=False, null=True)),
    migrations.AddField("claim", "resolved_before", models.BooleanField(editable=False, null=True)),
    migrations.AddField("claim", "reopened", models.BooleanField(db_default=False, default=False, editable=False)),
    migrations.AddField("claim", "claim_minutes", minutes_field("filed_at", "claimed_at")),
    migrations.AddField("claim", "result_minutes", minutes_field("claimed_at", "resolved_at")),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_text_pairs"), ("reports", "0010_prepared_answers")]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("zone", models.CharField(max_length=60)),
                ("day", models.DateField()),
                ("hours", ArrayField(base_field=models.PositiveIntegerField(), size=24)),
                ("resolved", models.PositiveIntegerField()),
                (
                    "community",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.community",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("community", "zone", "day"), name="day_counted_once")
                ],
            },
        ),
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(COLUMNS, GONE, state_operations=FIELDS),
    ]
