"""What is wrong between us and WeChat (or another way out) as a whole, as the answers show it, and the breaker of each
channel that follows from it. In the database: it must survive Redis.

A trouble's key is `silent`, `quota:<way>`, or `<code>:<way>` for what is permanent for the account: that way is
stopped, messages go round it, and now and then one asks whether it works again. A way is a channel ("text"), one kind's
template ("template:new_report"), or a group robot ("robot:3").
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.functions import Random
from django.utils import timezone

from community_report.wechat.errors import ErrorKind, WeChatError
from dispatch.channel_names import OUTSIDE_WECHAT
from dispatch.channels import Channel
from dispatch.models import Delivery, Trouble

from . import alarms, reviving

log = structlog.get_logger(__name__)

#: WeChat answers nobody: not at all, busy, or refusing the account's credentials.
SILENT = "silent"
#: The longest that a message waits for a channel without quota, and how long the channel is spared at first: then one
#: message asks whether somebody has cleared the quota. The pauses grow with the trouble.
QUOTA_PAUSE, FIRST_QUOTA_PAUSE = timedelta(minutes=10), timedelta(seconds=25)
#: The same of a way that is stopped, where asking costs one message a detour.
FIRST_STOP_PAUSE = timedelta(seconds=10)
_QUOTA = "quota:"
#: Codes that concern one kind's template; every other one that is permanent stops the whole channel.
OF_A_TEMPLATE = frozenset({40036, 40037, 47003})
#: What waited for the end of a silence is sent at this rate (a second), and within so many seconds.
PACE, WITHIN = 100, 20


class Stops:
    """The ways that are stopped, for one wave: what goes round them, and who asks whether one works again."""

    def __init__(self, troubles: Iterable[Trouble], now: datetime) -> None:
        stopping = [trouble for trouble in troubles if is_stop(trouble)]
        self._codes = {way_of(trouble.key): trouble.key.partition(":")[0] for trouble in stopping}
        self._closed = {way_of(trouble.key) for trouble in stopping if now < _asked_again_at(trouble)}

    def passable(self, channels: list[Channel], kind: str) -> list[Channel]:
        return [channel for channel in channels if self._closed.isdisjoint(ways(channel.name, kind))]

    def ask(self, channel: str, kind: str) -> None:
        """A message goes this way; where it is stopped, one is enough to ask."""
        self._closed |= self._codes.keys() & set(ways(channel, kind))

    def code(self, channel: str, kind: str) -> str:
        """Why this way is stopped; "" when it is not."""
        return next((self._codes[way] for way in ways(channel, kind) if way in self._codes), "")


def ways(channel: str, kind: str) -> tuple[str, str]:
    return channel, f"{channel}:{kind}"


def way_of(key: str) -> str:
    return key.partition(":")[2]


def way_stopped_by(code: int | None, channel: str, kind: str) -> str:
    """What an answer that is permanent for the account stops."""
    return f"{channel}:{kind}" if code in OF_A_TEMPLATE else channel


def is_stop(trouble: Trouble) -> bool:
    return trouble.key != SILENT and not trouble.key.startswith(_QUOTA)


def is_silent() -> bool:
    return Trouble.objects.filter(key=SILENT).exists()


def stops(now: datetime) -> Stops:
    return Stops(Trouble.objects.all(), now)  # a handful at most


def stopping(way: str) -> Trouble | None:
    """What stops this way; None when it works as far as we know."""
    found = Trouble.objects.filter(key__endswith=f":{way}")
    return next((trouble for trouble in found if is_stop(trouble) and way_of(trouble.key) == way), None)


def closed(way: str, now: datetime) -> bool:
    """Is this way stopped, and not to be asked again yet?"""
    trouble = stopping(way)
    return trouble is not None and now < _asked_again_at(trouble)


def note(key: str, detail: str, now: datetime, *, code: str = "") -> None:
    """Remember a trouble, or that it goes on; where its `code` is another by now the managers are told anew."""
    said: dict[str, Any] = {"detail": detail[:200], "last_at": now}
    again: dict[str, Any] = {"times": F("times") + 1}
    if code:
        said["code"] = code
        again["told_at"] = Case(When(code=code, then=F("told_at")), default=None)
    if not Trouble.objects.filter(key=key).update(**said, **again):
        Trouble.objects.bulk_create([Trouble(key=key, since=now, **said)], ignore_conflicts=True)
        log.error("sending_trouble", key=key, detail=said["detail"])


def note_silence(error: WeChatError, now: datetime) -> None:
    """WeChat did not answer this message, or refused the account as a whole: then with its code."""
    refused = error.kind in (ErrorKind.ACCOUNT, ErrorKind.TOKEN)
    note(SILENT, str(error), now, code=str(error.code or "") if refused else "")


def works(mended: Collection[str]) -> None:
    """These ways work again; what waited for a quota need not wait longer, what was given up meanwhile goes again."""
    now = timezone.now()
    for trouble in Trouble.objects.all():  # a handful at most
        if trouble.key == SILENT or way_of(trouble.key) not in mended:
            continue
        trouble.delete()
        log.info("sending_trouble_over", key=trouble.key)
        alarms.tell_of_the_end(trouble)
        if trouble.key.startswith(_QUOTA):
            _send_soon(_spared([way_of(trouble.key)], now), now)
        else:
            _revive(trouble, now)


def asked(ways: Collection[str], now: datetime) -> None:
    """These ways were asked, and the answers say nothing of why one is stopped: it is left alone again."""
    stopped = [trouble.pk for trouble in Trouble.objects.all() if is_stop(trouble) and way_of(trouble.key) in ways]
    if stopped:
        Trouble.objects.filter(pk__in=stopped).update(last_at=now)


def ask_again(way: str) -> None:
    """Something about this way was changed by hand: the next message asks whether it works now."""
    long_ago = timezone.now() - 2 * QUOTA_PAUSE
    Trouble.objects.filter(key__endswith=f":{way}").update(last_at=long_ago, probed_at=None)


def spared_until() -> dict[str, datetime]:
    """Channels without quota, by name, and how long their messages are held; not where it is time to ask again."""
    now = timezone.now()
    troubles = Trouble.objects.filter(key__startswith=_QUOTA)
    return {way_of(t.key): t.last_at + QUOTA_PAUSE for t in troubles if now < _asked_again_at(t)}


def _asked_again_at(trouble: Trouble) -> datetime:
    return trouble.last_at + _pause_after(trouble, trouble.last_at)


def _pause_after(trouble: Trouble, asked_at: datetime) -> timedelta:
    first = FIRST_STOP_PAUSE if is_stop(trouble) else FIRST_QUOTA_PAUSE
    return min(max(first, (asked_at - trouble.since) / 10), QUOTA_PAUSE)


def _spared(channels: Collection[str], now: datetime) -> QuerySet[Delivery]:
    """What waits because its channel has no quota."""
    return Delivery.objects.filter(
        status=Delivery.Status.PENDING, channel__in=channels, failed_at=None, leased_until=None, due_at__gt=now
    )


def _revive(trouble: Trouble, now: datetime) -> None:
    again = reviving.revive(reviving.given_up(way_of(trouble.key), trouble.since, now))
    log.info("sent_again", key=trouble.key, count=_send_soon(again, now))


def silence_is_over(now: datetime) -> None:
    """WeChat has answered: what failed since it fell silent need not wait for its next turn, or goes again."""
    silence = Trouble.objects.select_for_update().filter(key=SILENT).first()
    if silence is None:
        return
    silence.delete()
    alarms.tell_of_the_end(silence)
    if now - silence.since < reviving.SHORT:
        return
    again = reviving.revive(reviving.died_in_silence(silence.since, now))
    log.info("sent_again", key=SILENT, count=_send_soon(again, now))
    count = _send_soon(_failed().filter(failed_at__gte=silence.since, due_at__gt=now), now)
    log.info("wechat_answers_again", silent_seconds=round((now - silence.since).total_seconds()), waiting=count)


def _failed() -> QuerySet[Delivery]:
    """What waits for WeChat's answers to come again."""
    failed = Delivery.objects.filter(status=Delivery.Status.PENDING, failed_at__isnull=False)
    return failed.exclude(channel__in=OUTSIDE_WECHAT)


def _send_soon(waiting: QuerySet[Delivery], now: datetime) -> int:
    """Make all of it due, paced; gives the number."""
    spread = timedelta(seconds=min(WITHIN, waiting.count() / PACE))
    soon = ExpressionWrapper(
        Value(now) + ExpressionWrapper(Random() * Value(spread), DurationField()), output_field=DateTimeField()
    )
    return waiting.update(due_at=soon)


def probe(now: datetime, every: timedelta) -> None:
    """While everybody's pause is long: make one delivery due, to see whether WeChat answers, or has quota, again.

    What became of it need not concern the trouble, so when it was made due is remembered, and counts for the pause.
    """
    for trouble in _of_what_is_in_use():
        asked_at = max(trouble.last_at, trouble.probed_at or trouble.last_at)
        pause = every if trouble.key == SILENT else _pause_after(trouble, asked_at)
        if asked_at + pause <= now and _one_asks(trouble, now):
            Trouble.objects.filter(pk=trouble.pk).update(probed_at=now)


def _of_what_is_in_use() -> list[Trouble]:
    """What troubles a way that is there; where it was removed or switched off nothing could ever end the trouble."""
    kept = []
    for trouble in Trouble.objects.all():
        if trouble.key == SILENT or reviving.is_in_use(way_of(trouble.key)):
            kept.append(trouble)
        else:
            trouble.delete()
            log.info("sending_trouble_forgotten", key=trouble.key)
    return kept


def _one_asks(trouble: Trouble, now: datetime) -> int:
    if trouble.key == SILENT:
        return _make_due(_failed().order_by("failed_at"), now)
    if trouble.key.startswith(_QUOTA):
        return _ask_for_quota(way_of(trouble.key), now)
    return _ask_whether_it_works(trouble, now)


def _ask_for_quota(channel: str, now: datetime) -> int:
    """One message of the channel becomes due, unless one is due or on its way."""
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING, channel=channel, failed_at=None)
    if pending.filter(_at_hand(now)).exists():
        return 0
    return _make_due(_spared([channel], now).order_by("created_at"), now)


def _ask_whether_it_works(trouble: Trouble, now: datetime) -> int:
    """One that this trouble itself had given up goes again, unless another message that may go this way asks."""
    code, _, way = trouble.key.partition(":")
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING, kind__in=reviving.kinds_of(way))
    if pending.filter(_at_hand(now)).exists():
        return 0
    return reviving.revive_one(reviving.given_up(way, trouble.since, now).filter(code=code))


def _at_hand(now: datetime) -> Q:
    return Q(due_at__lte=now) | Q(leased_until__gt=now)


def _make_due(waiting: QuerySet[Delivery], now: datetime) -> int:
    """The first of these; not one that is held back for longer than any pause, since it would only be held again."""
    soon = Q(due_at__gt=now, due_at__lte=now + QUOTA_PAUSE)
    first = waiting.filter(soon).values("pk")[:1]
    return Delivery.objects.filter(soon, pk__in=first, status=Delivery.Status.PENDING).update(due_at=now)
