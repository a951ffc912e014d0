"""What reports and claims keep for the figures, and the days counted for good: first the room for it."""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_text_pairs"), ("reports", "0010_prepared_answers")]

    operations = [
        migrations.AddField("report", "reopened", models.BooleanField(db_default=False, default=False, editable=False)),
        migrations.AddField(
            "report", "told_overdue", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        migrations.AddField("report", "score", models.PositiveSmallIntegerField(editable=False, null=True)),
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
    ]
