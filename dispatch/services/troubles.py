"""What is wrong between us and WeChat as a whole, as the answers show it. In the database: it must survive Redis."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Random

from dispatch.models import Delivery, Trouble

log = structlog.get_logger(__name__)

#: WeChat answers nobody: not at all, busy, or refusing the account's credentials.
SILENT = "silent"
#: A silence shorter than this leaves nobody with a long pause.
SHORT = timedelta(seconds=10)
#: How long a channel without quota is spared, then asked again: an operator may have cleared the quota.
QUOTA_PAUSE = timedelta(minutes=10)
#: What waited for the end of a silence is sent at this rate (a second), and within so many seconds.
PACE, WITHIN = 100, 20


def is_silent() -> bool:
    return Trouble.objects.filter(key=SILENT).exists()


def note(key: str, detail: str, now: datetime) -> None:
    """Remember a trouble, or that it goes on."""
    said = detail[:200]
    if not Trouble.objects.filter(key=key).update(detail=said, last_at=now, times=F("times") + 1):
        Trouble.objects.bulk_create([Trouble(key=key, detail=said, since=now, last_at=now)], ignore_conflicts=True)
        log.error("wechat_trouble", key=key, detail=said)


def works(endings: Collection[str]) -> None:
    """What the keys with these endings were about works again."""
    keys = Trouble.objects.values_list("key", flat=True)  # a handful at most
    if mended := [key for key in keys if key.endswith(tuple(endings))]:
        Trouble.objects.filter(key__in=mended).delete()
        log.info("wechat_trouble_over", keys=mended)


def spared_until() -> dict[str, datetime]:
    """Channels without quota, by name, and when each is asked again."""
    troubles = Trouble.objects.filter(key__startswith="quota:").values_list("key", "last_at")
    return {key.removeprefix("quota:"): last_at + QUOTA_PAUSE for key, last_at in troubles}


def silence_is_over(now: datetime) -> None:
    """WeChat has answered: what failed since it fell silent need not wait for its next turn."""
    silence = Trouble.objects.select_for_update().filter(key=SILENT).first()
    if silence is None:
        return
    silence.delete()
    if now - silence.since < SHORT:
        return
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, failed_at__gte=silence.since, due_at__gt=now)
    spread = timedelta(seconds=min(WITHIN, waiting.count() / PACE))
    soon = ExpressionWrapper(
        Value(now) + ExpressionWrapper(Random() * Value(spread), DurationField()), output_field=DateTimeField()
    )
    count = waiting.update(due_at=soon)
    log.info("wechat_answers_again", silent_seconds=round((now - silence.since).total_seconds()), waiting=count)


def probe(now: datetime, every: timedelta) -> None:
    """While WeChat is silent and everybody's pause is long: make one delivery due, to see whether it answers again."""
    if not Trouble.objects.filter(key=SILENT, last_at__lte=now - every).exists():
        return
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, failed_at__isnull=False)
    first = waiting.order_by("failed_at").values("pk")[:1]
    Delivery.objects.filter(pk__in=first, status=Delivery.Status.PENDING, due_at__gt=now).update(due_at=now)
