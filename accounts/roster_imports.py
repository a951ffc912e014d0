"""One import of the roster: looked at before it is done, and undone while nothing stands on it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RosterImport(models.Model):
    """A file of residents. Prepared (nothing is changed yet), applied, and perhaps undone."""

    community = models.ForeignKey(
        "accounts.Community", models.CASCADE, related_name="roster_imports", verbose_name=_("小区")
    )
    file_name = models.CharField(_("文件"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("上传人")
    )
    created_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    applied_at = models.DateTimeField(_("导入时间"), null=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True)
    added = models.PositiveIntegerField(_("新增"), default=0)
    updated = models.PositiveIntegerField(_("修改"), default=0)
    unchanged = models.PositiveIntegerField(_("不变"), default=0)
    #: How many rows could not be taken. (By the database's default too: older code writes rows without it.)
    bad = models.PositiveIntegerField(_("有问题的行"), default=0, db_default=0)
    #: [[number, building, unit, room, name, phone], …]: emptied when it is applied.
    rows = models.JSONField(default=list)
    #: [[number, why, the row's words], …]; without the words where it is from before they were kept.
    #: Emptied some days after it was applied.
    rejected = models.JSONField(default=list)
    #: [[home, [name, phone] | null, [name, phone], entry | null], …]: what it will do, and then what it did.
    changes = models.JSONField(default=list)
    new_homes = models.JSONField(default=list)

    class Meta:
        verbose_name = _("名册导入")
        verbose_name_plural = pgettext_lazy("复数", "名册导入")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(applied_at__isnull=False), name="undone_only_when_applied"
            )
        ]

    def __str__(self) -> str:
        return self.file_name
