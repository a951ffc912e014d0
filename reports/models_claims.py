"""Who held a report, how its reporter liked that, and what a day brought."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, GeneratedField, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Community

from .spans import minutes_between


class Claim(models.Model):
    """One staff member's hold on a report. At most one open claim a report: the database refuses a second."""

    class Outcome(models.TextChoices):
        CLOSED = "closed", _("已完成")
        RELEASED = "released", _("已退回")
        EXPIRED = "expired", _("超时退回")
        REASSIGNED = "reassigned", _("已转派")
        REMOVED = "removed", _("人员离岗")
        RECATEGORIZED = "recategorized", _("改分类")
        DISMISSED = "dismissed", _("已驳回")
        MERGED = "merged", _("已合并")

    report = models.ForeignKey("reports.Report", models.CASCADE, related_name="claims", verbose_name=_("报单"))
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="claims", verbose_name=_("处理人"))
    claimed_at = models.DateTimeField(_("接单时间"))
    resolved_at = models.DateTimeField(_("提交结果"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束"), null=True, blank=True)
    outcome = models.CharField(_("结果"), max_length=15, choices=Outcome, blank=True)
    #: For the figures, which would have to look at every report and event otherwise: where and when the report was
    #: filed; whether this is its first claim; whether the same person held it before, and gave a result before, so that
    #: each report counts once; and whether the reporter said of a result of this claim that it is none.
    #: `statistics.copies` holds them against reports and events. Null: claimed by the release before, which runs on for
    #: a while after the migration, and not mended yet; it counts for nobody until then. A later release may tighten it.
    community = models.ForeignKey(
        Community, models.PROTECT, null=True, db_index=False, related_name="+", editable=False
    )
    filed_at = models.DateTimeField(null=True, editable=False)
    first = models.BooleanField(null=True, editable=False)
    held_before = models.BooleanField(null=True, editable=False)
    resolved_before = models.BooleanField(null=True, editable=False)
    reopened = models.BooleanField(default=False, db_default=False, editable=False)
    claim_minutes = GeneratedField(
        expression=minutes_between("filed_at", "claimed_at"), output_field=models.FloatField(), db_persist=True
    )
    result_minutes = GeneratedField(
        expression=minutes_between("claimed_at", "resolved_at"), output_field=models.FloatField(), db_persist=True
    )

    class Meta:
        verbose_name = _("接单")
        verbose_name_plural = pgettext_lazy("复数", "接单")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["claimed_at"], name="claim_by_time"),
            models.Index(fields=["community", "filed_at"], name="claim_by_filing"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["report"], condition=Q(ended_at__isnull=True), name="one_open_claim"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("claimed_at")), name="claim_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.staff}"


class Rating(models.Model):
    """The reporter's score for how the report was handled, 1 to 5."""

    report = models.OneToOneField("reports.Report", models.CASCADE, related_name="rating", verbose_name=_("报单"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="ratings", verbose_name=_("处理人")
    )
    score = models.PositiveSmallIntegerField(_("评分"))
    comment = models.CharField(_("评价"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("评价")
        verbose_name_plural = pgettext_lazy("复数", "评价")
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="score_1_to_5")]

    def __str__(self) -> str:
        return f"{self.report.number} · {self.score}"


class DayCount(models.Model):
    """What a day that is over brought, on the clock `zone`: reports filed in each of its hours, and reports for which
    a result was given. Filings and events are never taken back, so it stays as it was first counted.
    """

    community = models.ForeignKey(Community, models.CASCADE, db_index=False, related_name="+")
    zone = models.CharField(max_length=60)
    day = models.DateField()
    hours = ArrayField(models.PositiveIntegerField(), size=24)
    resolved = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "zone", "day"], name="day_counted_once")]
