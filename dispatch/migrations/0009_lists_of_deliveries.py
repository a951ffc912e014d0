"""A community's messages in the order in which they are listed; the rare ones of a status are found by the status."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0008_labels")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RemoveIndex("delivery", "dispatch_de_communi_2ce45a_idx"),
        migrations.AddIndex(
            "delivery", models.Index(fields=["community", "-created_at", "-id"], name="delivery_of_community")
        ),
    ]
