"""An id that the sender makes: the same again is the same notice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0005_pictures_expiry_withdrawal"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="hashed_id",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
    ]
