"""What each way carries; what was given up while one was stopped or WeChat silent, and goes again afterwards."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from dispatch.channel_names import MASS, OUTSIDE_WECHAT, SMS
from dispatch.kinds import Kind
from dispatch.models import Delivery, GroupRobot, MessageForm, SubscriptionTemplate, Template

from .alarms import ROBOT
from .news import no_longer_true
from .retrying import retry_deliveries
from .texting import active_gateway

#: What died so shortly before a trouble was noted died of it.
SHORT = timedelta(seconds=10)
#: What was given up longer ago than this is not sent again by itself when its way works again, and how much at most.
WITHIN, AT_MOST = timedelta(days=1), 20_000
#: Written longer ago than this nothing goes again by itself, after however long a stop or silence.
STILL_NEWS = timedelta(days=7)


def kinds_of(way: str) -> set[str]:
    """The kinds of message to people that this way carries as it is set up; none of one that is not in use (any more).

    Group messages and robots have none: who was on a refused list goes by the other ways at once, and posts wait.
    """
    channel, _, kind = way.partition(":")
    carried = _carried_by(channel)
    return carried & {kind} if kind else carried


def is_in_use(way: str) -> bool:
    """Is it there, and switched on?"""
    channel, _, number = way.partition(":")
    if channel == ROBOT:
        return GroupRobot.objects.filter(pk=number, active=True).exists()
    return channel == MASS or bool(kinds_of(way))


def _carried_by(channel: str) -> set[str]:
    if channel == "template":
        return set(Template.objects.values_list("kind", flat=True))
    if channel == "bizsend":
        return set(SubscriptionTemplate.objects.values_list("kind", flat=True))
    if channel == SMS:
        gateway = active_gateway()
        return set(gateway.kinds) if gateway else set()
    pictures = set(MessageForm.objects.filter(form="news").values_list("kind", flat=True))
    if channel == "news":
        return pictures
    return set(Kind.values) if channel == "text" else set()


def given_up(way: str, since: datetime, now: datetime) -> QuerySet[Delivery]:
    """What died, whenever it was written, since this way is stopped, and that it might have carried."""
    return _dead(now).filter(kind__in=kinds_of(way), due_at__gte=max(since - SHORT, now - WITHIN))


def died_in_silence(since: datetime, now: datetime) -> QuerySet[Delivery]:
    """What was given up while WeChat answered nobody for longer than it is tried, and is still true."""
    dead = _dead(now).filter(failed_at__gte=since).exclude(channel__in=OUTSIDE_WECHAT)
    return dead.exclude(no_longer_true(now))


def _dead(now: datetime) -> QuerySet[Delivery]:
    """What is so old that nobody would want it any more is not even looked at."""
    return Delivery.objects.filter(status=Delivery.Status.DEAD, created_at__gte=now - STILL_NEWS)


def revive(given_up: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Make these due again, the oldest first where it is too much; gives those that are."""
    keys = list(given_up.order_by("created_at").values_list("pk", flat=True)[:AT_MOST])
    again = Delivery.objects.filter(pk__in=keys)
    if keys:
        retry_deliveries(again, status=Delivery.Status.DEAD)
    return again


def revive_one(given_up: QuerySet[Delivery]) -> int:
    """The newest of these is due again, to see whether its way works; gives the number."""
    first = given_up.order_by("-created_at").values("pk")[:1]
    return retry_deliveries(Delivery.objects.filter(pk__in=first), status=Delivery.Status.DEAD)
