"""Sending again what was given up, when the cause is mended."""

from django.db.models import QuerySet
from django.utils import timezone

from community_report.core.errors import Invalid
from dispatch.models import Delivery

#: What somebody got is not sent again, and what waits comes by itself.
RETRIED = (Delivery.Status.DEAD, Delivery.Status.SKIPPED)


def retry_deliveries(deliveries: QuerySet[Delivery], *, status: str) -> int:
    """Make those with this status (dead or skipped) pending again, from the first channel on; gives their number.

    Whoever has muted them, left or is gone is skipped again when their turn comes. Raises Invalid for other states.
    """
    if status not in RETRIED:
        raise Invalid.field("status", "only dead and skipped deliveries can be sent again")
    return deliveries.filter(status=status).update(
        status=Delivery.Status.PENDING,
        channel="",
        group_message=None,
        code="",
        tried=[],
        due_at=timezone.now(),
        leased_until=None,
        first_failed_at=None,
        failed_at=None,
        gathered=False,
        leader=None,
    )
