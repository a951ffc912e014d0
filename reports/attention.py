"""Which reports need a manager first."""

from collections.abc import Callable
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .querysets import ReportQuerySet
from .states import Status


def unclaimed(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    """Waiting for somebody to claim them for longer than their category allows."""
    return reports.waiting_for_staff().filter(claim_due_at__lte=now)


def overdue(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    return reports.overdue(now)


def reopened(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    """Whose reporter said that it is not solved, and which are not done since."""
    return reports.filter(reopened=True, status__in=(Status.SUBMITTED, Status.CLAIMED))


#: A score of this or less is a low one.
LOW_SCORE = 2


def low_score(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    """Whose reporter was not content with how it was handled."""
    return reports.filter(rating__score__lte=LOW_SCORE)


#: By the word that stands for it in the address of the managers' list.
ATTENTION: dict[str, Callable[[ReportQuerySet, datetime], ReportQuerySet]] = {
    "unclaimed": unclaimed,
    "overdue": overdue,
    "reopened": reopened,
    "low_score": low_score,
}

#: What these are called.
NEEDS: dict[str, str | Promise] = {
    "unclaimed": _("超时没人接单"),
    "overdue": _("已超过期限"),
    "reopened": _("业主说没解决"),
    "low_score": _("评分低"),
}
