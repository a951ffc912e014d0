"""What only those who work on reports have: notes among themselves, and answers prepared for what is asked often."""

from django.conf import settings
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
