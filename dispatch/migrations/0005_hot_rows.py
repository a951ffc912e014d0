"""Deliveries change several times within seconds, and each change is written into every index: fewer indexes.

The new one finds what goes before thousands of broadcasts that are due as well.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE, Q


def _reference(to: str, name: str, *, null: bool) -> models.ForeignKey:
    return models.ForeignKey(to, CASCADE, related_name=name, null=null, blank=null, db_index=False)


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_grants")]

    operations = [
        migrations.AlterField("delivery", "community", _reference("accounts.community", "+", null=True)),
        migrations.AlterField("delivery", "notice", _reference("notices.notice", "deliveries", null=True)),
        migrations.AlterField("delivery", "outbox", _reference("dispatch.outbox", "deliveries", null=False)),
        migrations.AlterField("delivery", "report", _reference("reports.report", "deliveries", null=True)),
        migrations.AlterField("delivery", "user", _reference(settings.AUTH_USER_MODEL, "deliveries", null=False)),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["due_at"],
                condition=Q(status="pending") & ~Q(kind__in=("notice", "board_post")),
                name="delivery_due_first",
            ),
        ),
        # By default a fifth of the table must be dead first: years of messages, while today's are looked for among them.
        migrations.RunSQL(
            "ALTER TABLE dispatch_delivery SET (autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE dispatch_delivery RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        ),
    ]
