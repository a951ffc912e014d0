"""Searching by pairs of letters instead of trigrams, which find no Chinese word of two; what was filed by telephone; a month's claims."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Q, TextField, Value
from django.db.models.functions import Concat, Upper

from community_report.core.search import Pairs

WORDS = Upper(
    Concat("number", Value(" "), "title", Value(" "), "description", Value(" "), "address", output_field=TextField())
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_text_pairs"), ("reports", "0006_labels")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RemoveIndex("report", "report_words"),
        migrations.AddIndex("report", GinIndex(Pairs(WORDS), name="report_pairs")),
        migrations.AddIndex(
            "report", models.Index(fields=["community"], condition=Q(caller__isnull=False), name="report_telephoned")
        ),
        migrations.AddIndex(
            "reportevent", GinIndex(Pairs(Upper("note")), condition=~Q(note=""), name="event_note_pairs")
        ),
        migrations.AddIndex("claim", models.Index(fields=["claimed_at"], name="claim_by_time")),
        migrations.RunSQL("ANALYZE reports_report, reports_reportevent", migrations.RunSQL.noop),
    ]
