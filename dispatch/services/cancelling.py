"""Taking back what has not been sent of something that no longer stands."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from dispatch.models import Delivery, RobotPost
from notices.models import Notice

WITHDRAWN = "withdrawn"


def cancel_notice(notice: Notice) -> None:
    """Skip what waits, for people and for groups; what somebody is sending now is asked again before it goes.

    Inside the transaction that withdraws it.
    """
    waiting = Delivery.objects.filter(_free(timezone.now()), notice=notice, status=Delivery.Status.PENDING)
    # Nothing is waited for: who holds a row finds the notice withdrawn when they look at it next.
    free = list(waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=free).update(status=Delivery.Status.SKIPPED, code=WITHDRAWN, leased_until=None)
    posts = RobotPost.objects.filter(_free(timezone.now()), outbox__notice=notice, status=RobotPost.Status.PENDING)
    held = list(posts.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    RobotPost.objects.filter(pk__in=held).update(status=RobotPost.Status.DEAD, code=WITHDRAWN)


def _free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=now)
