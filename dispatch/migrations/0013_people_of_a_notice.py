"""A notice's people in the order in which the list of notices counts them; what is no notice's is not in it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0012_field_names")]
    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RemoveIndex("delivery", "dispatch_de_notice__e5f571_idx"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["notice", "user", "status"],
                condition=models.Q(notice__isnull=False),
                name="delivery_of_notice",
            ),
        ),
    ]
