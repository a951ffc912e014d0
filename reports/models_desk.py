"""What only those who work on reports have: notes among themselves, and answers prepared for what is asked often."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class InternalNote(models.Model):
    """A line about a report among staff and managers: `Viewer.may_see_notes`. Append-only, in the database as well.

    A table of its own and no event: whatever shows, sends or gives out events cannot show it to a resident.
    """

    report = models.ForeignKey("reports.Report", models.PROTECT, related_name="internal_notes", verbose_name=_("报单"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="internal_notes", verbose_name=_("谁")
    )
    at = models.DateTimeField(_("时间"), default=timezone.now)
    text = models.TextField(_("内容"), blank=True)  # empty only once its author has been erased

    class Meta:
        verbose_name = _("内部备注")
        verbose_name_plural = _("内部备注")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class PreparedAnswer(models.Model):
    """常用答复: words offered where staff and managers write to a reporter, who may still change them."""

    class Use(models.TextChoices):
        """Named as the action that it is written with."""

        PROGRESS = "progress", _("更新进展")
        RESOLVE = "resolve", _("提交结果")
        DISMISS = "dismiss", _("驳回")

    community = models.ForeignKey("accounts.Community", models.CASCADE, related_name="+", verbose_name=_("小区"))
    category = models.ForeignKey(
        "reports.Category",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("信息分类"),
        help_text=_("留空表示所有分类"),
    )
    use = models.CharField(_("用在"), max_length=10, choices=Use, blank=True, help_text=_("留空表示所有场合"))
    title = models.CharField(_("名称"), max_length=20, help_text=_("按钮上的几个字"))
    text = models.TextField(_("内容"), max_length=1000)
    position = models.PositiveIntegerField(_("顺序"), default=0)
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("常用答复")
        verbose_name_plural = _("常用答复")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Its category is one of its community."""
        if self.category is not None and self.category.community_id != self.community_id:
            raise ValidationError({"category": _("请选择这个小区的分类")})
