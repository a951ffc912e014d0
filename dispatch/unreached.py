"""Messages that did not arrive by any channel, which a manager may have to tell by telephone."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Community

from .models import Delivery

#: What is older is history: the back office and `manage.py deliveries` have it.
RECENT = timedelta(days=14)


def unreached(community: Community, now: datetime) -> QuerySet[Delivery]:
    """Dead deliveries of the last two weeks that their person has not read in the inbox either, newest first."""
    dead = Delivery.objects.filter(community=community, status=Delivery.Status.DEAD, created_at__gte=now - RECENT)
    waiting = dead.filter(read_at=None, user__is_active=True)
    return waiting.select_related("user", "report", "notice").order_by("-created_at")
