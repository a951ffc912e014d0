"""Residents whose home is not in the list yet are told apart by what they stated; admin links know their login name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="membership", name="one_live_membership"),
        migrations.AddField(
            model_name="adminlogin",
            name="username",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("home__isnull", False), ("status__in", ["active", "pending"])),
                fields=("user", "role", "home"),
                name="one_live_membership_per_home",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("home__isnull", True), ("status__in", ["active", "pending"])),
                fields=("user", "role", "stated_home"),
                name="one_live_membership_without_home",
                nulls_distinct=False,
            ),
        ),
    ]
