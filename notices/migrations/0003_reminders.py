"""Who has not read a notice can be reminded."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_group_message_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="reminded_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="上次提醒"),
        ),
        migrations.AddField(
            model_name="notice",
            name="reminders",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
