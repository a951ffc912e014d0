"""What is wrong between us and WeChat as a whole, as the answers show it. In the database: it must survive Redis."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Random
from django.utils import timezone

from dispatch.models import Delivery, Trouble

log = structlog.get_logger(__name__)

#: WeChat answers nobody: not at all, busy, or refusing the account's credentials.
SILENT = "silent"
#: A silence shorter than this leaves nobody with a long pause.
SHORT = timedelta(seconds=10)
#: The longest that a message waits for a channel without quota, and how long the channel is spared at first: then one
#: message asks whether somebody has cleared the quota. The pauses grow with the trouble.
QUOTA_PAUSE, FIRST_QUOTA_PAUSE = timedelta(minutes=10), timedelta(seconds=25)
_QUOTA = "quota:"
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
    """What the keys with these endings were about works again; what waited for a quota need not wait longer."""
    keys = Trouble.objects.values_list("key", flat=True)  # a handful at most
    if mended := [key for key in keys if key.endswith(tuple(endings))]:
        Trouble.objects.filter(key__in=mended).delete()
        log.info("wechat_trouble_over", keys=mended)
        channels = [key.removeprefix(_QUOTA) for key in mended if key.startswith(_QUOTA)]
        _send_soon(_spared(channels, timezone.now()), timezone.now())


def spared_until() -> dict[str, datetime]:
    """Channels without quota, by name, and how long their messages are held; not where it is time to ask again."""
    now = timezone.now()
    troubles = Trouble.objects.filter(key__startswith=_QUOTA)
    return {t.key.removeprefix(_QUOTA): t.last_at + QUOTA_PAUSE for t in troubles if now < _asked_again_at(t)}


def _asked_again_at(trouble: Trouble) -> datetime:
    lasted = trouble.last_at - trouble.since
    return trouble.last_at + min(max(FIRST_QUOTA_PAUSE, lasted / 10), QUOTA_PAUSE)


def _spared(channels: Collection[str], now: datetime) -> "QuerySet[Delivery]":
    """What waits because its channel has no quota."""
    return Delivery.objects.filter(
        status=Delivery.Status.PENDING, channel__in=channels, failed_at=None, leased_until=None, due_at__gt=now
    )


def silence_is_over(now: datetime) -> None:
    """WeChat has answered: what failed since it fell silent need not wait for its next turn."""
    silence = Trouble.objects.select_for_update().filter(key=SILENT).first()
    if silence is None:
        return
    silence.delete()
    if now - silence.since < SHORT:
        return
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, failed_at__gte=silence.since, due_at__gt=now)
    count = _send_soon(waiting, now)
    log.info("wechat_answers_again", silent_seconds=round((now - silence.since).total_seconds()), waiting=count)


def _send_soon(waiting: "QuerySet[Delivery]", now: datetime) -> int:
    """Make all of it due, paced; gives the number."""
    spread = timedelta(seconds=min(WITHIN, waiting.count() / PACE))
    soon = ExpressionWrapper(
        Value(now) + ExpressionWrapper(Random() * Value(spread), DurationField()), output_field=DateTimeField()
    )
    return waiting.update(due_at=soon)


def probe(now: datetime, every: timedelta) -> None:
    """While everybody's pause is long: make one delivery due, to see whether WeChat answers, or has quota, again."""
    for trouble in Trouble.objects.all():
        if trouble.key.startswith(_QUOTA) and now >= _asked_again_at(trouble):
            _ask_for_quota(trouble.key.removeprefix(_QUOTA), now)
        elif trouble.key == SILENT and trouble.last_at <= now - every:
            waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, failed_at__isnull=False)
            _make_due(waiting.order_by("failed_at"), now)


def _ask_for_quota(channel: str, now: datetime) -> None:
    """One message of the channel becomes due, unless one is due or on its way."""
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING, channel=channel, failed_at=None)
    if not pending.filter(Q(due_at__lte=now) | Q(leased_until__gt=now)).exists():
        _make_due(_spared([channel], now).order_by("created_at"), now)


def _make_due(waiting: "QuerySet[Delivery]", now: datetime) -> None:
    first = waiting.values("pk")[:1]
    Delivery.objects.filter(pk__in=first, status=Delivery.Status.PENDING, due_at__gt=now).update(due_at=now)
