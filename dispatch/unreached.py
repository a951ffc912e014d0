"""Messages that did not arrive by any channel, which a manager may have to tell by telephone."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Community, User

from .models import Delivery

#: What is older is history: the back office and `manage.py deliveries` have it.
RECENT = timedelta(days=14)
#: Codes of what was not pushed because WeChat offers no way to the person.
NO_WAY = ("unfollowed", "43004", "no_wechat")

#: Somebody who got a later message can be reached.
ARRIVED = (Delivery.Status.SENT, Delivery.Status.DELIVERED)


def unreached(community: Community, reader: User, now: datetime) -> QuerySet[Delivery]:
    """As `unreached_in`, of one community, for who is to see to it: nobody telephones themselves."""
    return unreached_in([community.pk], now).exclude(user=reader)


def unreached_people(communities: Collection[int], reader: User, now: datetime) -> dict[int, int]:
    """How many people there are of them, by the community's key; one without any is not there. One query."""
    lost = unreached_in(communities, now).exclude(user=reader.pk).order_by()
    counted = lost.values_list("community").annotate(n=Count("user", distinct=True))
    return {pk: number for pk, number in counted if pk is not None}


def unreached_in(communities: Collection[int], now: datetime) -> QuerySet[Delivery]:
    """Of the last two weeks, what died or had no way to its person, who has not read it in the inbox either and got
    nothing since. Newest first.
    """
    lost = Q(status=Delivery.Status.DEAD) | Q(status=Delivery.Status.SKIPPED, code__in=NO_WAY)
    recent = Delivery.objects.filter(lost, community__in=communities, created_at__gte=now - RECENT)
    got = Delivery.objects.filter(user=OuterRef("user"), created_at__gt=OuterRef("created_at"), status__in=ARRIVED)
    waiting = recent.filter(~Exists(got), read_at=None, user__is_active=True)
    return waiting.select_related("user", "report", "notice").order_by("-created_at")
