"""A weekly rota for each role; the days that are worked, or not, against the published calendar."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_bindings_without_home"),
    ]

    operations = [
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "星期一"),
                            (2, "星期二"),
                            (3, "星期三"),
                            (4, "星期四"),
                            (5, "星期五"),
                            (6, "星期六"),
                            (7, "星期日"),
                        ],
                        verbose_name="星期",
                    ),
                ),
                ("starts", models.TimeField(verbose_name="上班时间")),
                ("ends", models.TimeField(help_text="不晚于上班时间的，算到第二天", verbose_name="下班时间")),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shifts",
                        to="accounts.role",
                        verbose_name="角色",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shifts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="人员",
                    ),
                ),
            ],
            options={
                "verbose_name": "排班",
                "verbose_name_plural": "排班",
                "ordering": ["role", "weekday", "starts", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("role", "user", "weekday", "starts"), name="shift_once"),
                    models.CheckConstraint(
                        condition=models.Q(("weekday__gte", 1), ("weekday__lte", 7)), name="shift_on_a_day_of_the_week"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpecialDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="日期")),
                ("working", models.BooleanField(default=False, verbose_name="上班")),
                ("note", models.CharField(blank=True, max_length=60, verbose_name="说明")),
                (
                    "community",
                    models.ForeignKey(
                        blank=True,
                        help_text="留空表示所有小区",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="special_days",
                        to="accounts.community",
                        verbose_name="小区",
                    ),
                ),
            ],
            options={
                "verbose_name": "特殊日子",
                "verbose_name_plural": "特殊日子",
                "ordering": ["-day", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("community", "day"), name="special_day_once", nulls_distinct=False)
                ],
            },
        ),
    ]
