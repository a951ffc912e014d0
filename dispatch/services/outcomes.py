"""Writing down what became of a wave: sent, again later, by the next channel, or never. One transaction."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from community_report.wechat.errors import CODES, ErrorKind, WeChatError
from dispatch.channel_names import OUTSIDE_WECHAT
from dispatch.models import Contact, Delivery, RobotPost

from . import grants, troubles
from .leasing import LEASE, Shipment
from .rows import save_leased
from .texting import LOST

log = structlog.get_logger(__name__)

#: The first retry comes within two seconds, with the pulse that finds it; later the pause is as long as the failing has
#: lasted, at most `SOON` for ten minutes and then growing. After a day it is given up.
FIRST_PAUSE, SOON, LONGEST = 0.4, 25.0, 600.0
EARLY = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=1)
#: WeChat's limit per minute is not met by asking again at once.
PER_MINUTE_LIMIT, PER_MINUTE_PAUSE = 45011, 8.0
UNREACHABLE, REFUSED = "unreachable", "refused"

#: After the first and the second answer of somebody outside of WeChat that was lost; there is no fourth message.
LOST_PAUSES = (timedelta(minutes=1), timedelta(minutes=5))

_OF_THE_PERSON = frozenset(map(str, CODES[ErrorKind.PERSON] | CODES[ErrorKind.UNFOLLOWED]))
_HAND_OVER = frozenset({ErrorKind.NOT_THIS_WAY, ErrorKind.ACCOUNT, ErrorKind.PERMANENT, ErrorKind.MEDIA_GONE})
_FOR_THE_PERSONS_SAKE = frozenset({ErrorKind.NOT_THIS_WAY, ErrorKind.PERSON, ErrorKind.UNFOLLOWED})
_SAVED = [
    "status", "channel", "tried", "code", "due_at", "leased_until", "message_id", "sent_at",
    "first_failed_at", "failed_at", "leader", "lost_answers",
]  # fmt: skip
_dice = SystemRandom()


@dataclass(frozen=True)
class Accepted:
    """WeChat took it; `message_id` is "" where the channel has none."""

    message_id: str = ""


Outcome = Accepted | WeChatError


def only_waiting_helps(error: WeChatError) -> bool:
    """Nothing about this message or person: WeChat is away, or refuses the account as a whole."""
    return error.kind in (ErrorKind.TRANSIENT, ErrorKind.TOKEN) or error.blocks_every_channel


def may_have_arrived(error: WeChatError) -> bool:
    """Somebody outside of WeChat was asked, and the answer was lost."""
    return error.kind is ErrorKind.TRANSIENT and getattr(error, "maybe_done", True)


def code_of(error: WeChatError) -> str:
    if error.code is not None:
        return str(error.code)
    return REFUSED if error.kind is ErrorKind.PERSON else UNREACHABLE


def record(results: Iterable[tuple[Shipment, Outcome]]) -> None:
    """Write down every outcome; a row that is no longer ours (its lease ran out) is left to who has it now."""
    results = list(results)
    now = timezone.now()
    for shipment, outcome in results:
        for row in shipment.rows:
            settle(row, shipment, outcome, now)
    with transaction.atomic():
        save_leased([(row, shipment.lease) for shipment, _ in results for row in shipment.rows], _SAVED)
        for shipment, outcome in results:
            _note(shipment, outcome, now)
        if any(_is_an_answer(outcome) and _by_wechat(shipment) for shipment, outcome in results):
            troubles.silence_is_over(now)
        troubles.works({way for shipment, outcome in results for way in _working(shipment, outcome)})
        if left := {way for shipment, outcome in results for way in _no_wiser(shipment, outcome)}:
            troubles.asked(left, now)


def settle(row: Delivery, shipment: Shipment, outcome: Outcome, now: datetime) -> None:
    """Set the row's fields to what the outcome means; the caller saves."""
    row.leased_until = None
    row.channel = shipment.channel.name
    if isinstance(outcome, Accepted):
        _sent(row, shipment, outcome, now)
    elif not _by_wechat(shipment) and may_have_arrived(outcome):
        _lose(row, shipment.rows[0], now)
    elif only_waiting_helps(outcome):
        _wait(row, outcome, now)
    elif outcome.kind is ErrorKind.QUOTA:
        row.code, row.due_at = code_of(outcome), now + troubles.QUOTA_PAUSE
    elif outcome.kind in _HAND_OVER:
        hand_over(row, code_of(outcome), now, last=len(shipment.channels) == 1)
    elif shipment.channels[-1].name in OUTSIDE_WECHAT:
        _leave_wechat(row, shipment, outcome, now)
    else:
        unfollowed = outcome.kind is ErrorKind.UNFOLLOWED
        row.status = Delivery.Status.SKIPPED if unfollowed else Delivery.Status.DEAD
        row.code, row.due_at = code_of(outcome), now


def _leave_wechat(row: Delivery, shipment: Shipment, error: WeChatError, now: datetime) -> None:
    """WeChat does not reach this person in any way: on to the channel outside of it, the last; dead where it was that.

    What WeChat said of the person stays readable where the last channel refuses them too.
    """
    if _by_wechat(shipment):
        row.tried = [*row.tried, *(one.name for one in shipment.channels[1:] if one.name not in OUTSIDE_WECHAT)]
        hand_over(row, code_of(error), now, last=False)
    else:
        hand_over(row, row.code if row.code in _OF_THE_PERSON else code_of(error), now, last=True)


def _sent(row: Delivery, shipment: Shipment, outcome: Accepted, now: datetime) -> None:
    row.status, row.code, row.sent_at = Delivery.Status.SENT, "", now
    row.message_id = outcome.message_id
    row.first_failed_at = row.failed_at = None
    leader = shipment.rows[0]
    row.leader_id = leader.pk if leader.pk != row.pk else None


def _wait(row: Delivery, error: WeChatError, now: datetime) -> None:
    row.code = code_of(error)
    row.failed_at = now
    row.first_failed_at = row.first_failed_at or now
    failing = now - row.first_failed_at
    if failing > GIVE_UP_AFTER:
        row.status, row.due_at = Delivery.Status.DEAD, now
        return
    row.due_at = now + timedelta(seconds=pause_after(failing, error.code))


def _lose(row: Delivery, first: Delivery, now: datetime) -> None:
    """Counted at the first row alone of those that one message stands for: it is one short message."""
    if row is first:
        first.lost_answers += 1
    row.first_failed_at, row.failed_at = row.first_failed_at or now, now
    lose(row, first.lost_answers, now)


def lose(row: Delivery | RobotPost, times: int, now: datetime) -> None:
    """What may have arrived `times` times is sent again a few times and with long pauses; then somebody has to look."""
    row.code = LOST
    if times > len(LOST_PAUSES):
        row.status, row.due_at = row.Status.DEAD, now
    else:
        row.due_at = now + LOST_PAUSES[times - 1]


def pause_after(failing: timedelta, code: int | None = None) -> float:
    """Seconds until the next attempt of a message that has been failing for so long; jittered."""
    seconds = failing.total_seconds()
    longest = SOON if failing < EARLY else min(LONGEST, seconds / 10)
    least = PER_MINUTE_PAUSE if code == PER_MINUTE_LIMIT else FIRST_PAUSE
    return min(max(seconds, least), longest) * _dice.uniform(0.7, 1.0)


def hand_over(row: Delivery, code: str, now: datetime, *, last: bool) -> None:
    """To the next channel, at once; dead where this was the last."""
    row.code, row.due_at = code, now
    row.tried = [*row.tried, row.channel]
    row.first_failed_at = row.failed_at = None
    if last:
        row.status = Delivery.Status.DEAD


def _by_wechat(shipment: Shipment) -> bool:
    return shipment.channel.name not in OUTSIDE_WECHAT


def _is_an_answer(outcome: Outcome) -> bool:
    return isinstance(outcome, Accepted) or not only_waiting_helps(outcome)


def _working(shipment: Shipment, outcome: Outcome) -> Collection[str]:
    """The ways that this answer shows to work: to be refused for the person's sake a call has to be let in."""
    channel = shipment.channel.name
    if isinstance(outcome, Accepted):
        return troubles.ways(channel, shipment.message.kind)
    # Whether it has looked at the template by then is not known.
    return (channel,) if outcome.kind in _FOR_THE_PERSONS_SAKE else ()


def _no_wiser(shipment: Shipment, outcome: Outcome) -> Collection[str]:
    """The ways that this answer leaves as they were."""
    if isinstance(outcome, Accepted) or only_waiting_helps(outcome):
        return ()
    concerns_the_way = outcome.kind in (ErrorKind.QUOTA, ErrorKind.ACCOUNT)
    return () if concerns_the_way else troubles.ways(shipment.channel.name, shipment.message.kind)


def _note(shipment: Shipment, outcome: Outcome, now: datetime) -> None:
    """What an outcome says about more than its own message: about the person, the account, WeChat."""
    _note_grant(shipment, outcome)
    if isinstance(outcome, Accepted):
        return
    detail = str(outcome)
    if only_waiting_helps(outcome):
        if _by_wechat(shipment):
            troubles.note_silence(outcome, now)
    elif outcome.kind is ErrorKind.QUOTA:
        troubles.note(f"quota:{shipment.channel.name}", detail, now)
    elif outcome.kind is ErrorKind.ACCOUNT:
        way = troubles.way_stopped_by(outcome.code, shipment.channel.name, shipment.message.kind)
        troubles.note(f"{code_of(outcome)}:{way}", detail, now)
    elif outcome.kind is ErrorKind.UNFOLLOWED:
        _unfollow(shipment, now)


def _note_grant(shipment: Shipment, outcome: Outcome) -> None:
    subscription = shipment.message.subscription
    if subscription is None or shipment.channel.name != "bizsend":
        return
    person = shipment.rows[0].user_id
    if isinstance(outcome, Accepted):
        grants.spend(person, subscription.template_id)
    elif outcome.code == grants.REFUSED:
        grants.refuse(person, subscription.template_id)


def _unfollow(shipment: Shipment, now: datetime) -> None:
    """Not where the person has followed the account since we asked."""
    began = (shipment.lease - LEASE).replace(microsecond=0)  # as exact as the CreateTime of what comes from WeChat
    left = {"subscribed": False, "subscription_changed_at": began}
    contact, made = Contact.objects.get_or_create(user_id=shipment.rows[0].user_id, defaults=left)
    if not made:
        older = Q(subscription_changed_at=None) | Q(subscription_changed_at__lt=began)
        Contact.objects.filter(older, pk=contact.pk).update(**left)
