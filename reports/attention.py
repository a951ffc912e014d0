"""Which reports need a manager first."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Exists, OuterRef

from .models import ReportEvent
from .querysets import ReportQuerySet
from .states import Status


def unclaimed(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    """Waiting for somebody to claim them for longer than their category allows."""
    return reports.filter(status=Status.SUBMITTED, category__claimable=True, claim_due_at__lte=now)


def overdue(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    return reports.overdue(now)


def reopened(reports: ReportQuerySet, now: datetime) -> ReportQuerySet:
    """Whose reporter said that it is not solved, and which are not done since."""
    said = Exists(ReportEvent.objects.filter(report=OuterRef("pk"), kind="reopen"))
    return reports.filter(said, status__in=(Status.SUBMITTED, Status.CLAIMED))


#: By the word that stands for it in the address of the managers' list.
ATTENTION: dict[str, Callable[[ReportQuerySet, datetime], ReportQuerySet]] = {
    "unclaimed": unclaimed,
    "overdue": overdue,
    "reopened": reopened,
}
